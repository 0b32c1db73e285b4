"""Receipts: what each side of a run says it sent or received, signed with the node's key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from jutong.crypto import Signer
from jutong.dataplane import envelopes
from jutong.wire.grants import Column, Grant
from jutong.wire.transfers import Order, Part, Receipt, Tally


@dataclass(frozen=True, slots=True)
class Clerk:
    """Writes the receipts of one run."""

    order: Order
    grant: Grant
    columns: tuple[Column, ...]
    node: str
    signer: Signer
    started_at: datetime

    def receipt(
        self,
        side: str,
        source: Tally,
        target: Tally,
        *,
        reconciled: bool,
        at: datetime,
        digest: str = "",
        size: int = 0,
        parts: tuple[Part, ...] = (),
        position: str = "",
        dirty: int = 0,
        unassigned: int = 0,
    ) -> bytes:
        """Return a signed receipt (msgspec-JSON envelope of kind "receipt"). side: sender or receiver.

        digest: SM3 (hex) and size: bytes of the file, for a batch. parts: both ends of each partition. position: how far
        the task has come. dirty: rows set aside. unassigned: rows of the source without a division.
        """
        found = Receipt(
            order_id=self.order.id,
            grant_id=self.grant.id,
            grant_version=self.grant.version,
            request_digest=self.order.digest,
            side=side,
            source=source,
            target=target,
            reconciled=reconciled,
            started_at=self.started_at,
            finished_at=at,
            columns=self.columns,
            artefact_digest=digest,
            bytes=size,
            node=self.node,
            parts=parts,
            dirty=dirty,
            position=position,
            corrected=self.order.corrected,
            unassigned=unassigned,
        )
        return msgspec.json.encode(envelopes.seal("receipt", msgspec.json.encode(found), self.signer))
