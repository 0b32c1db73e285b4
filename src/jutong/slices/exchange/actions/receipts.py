"""Receipts: believed only with the node's signature and for this very order, and counter-signed by this instance."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.crypto import CryptoRefused, sm2, sm3
from jutong.kernel import keys, nodes
from jutong.kernel.errors import Unavailable
from jutong.slices.exchange.models import Run, RunReceipt
from jutong.slices.exchange.rules import foreign, unreconciled
from jutong.wire.envelope import Envelope
from jutong.wire.transfers import Receipt

SIDES: Final = ("sender", "receiver")
CENTRE: Final = "centre"
KIND: Final = "receipt"
PROOF: Final = "proof"


class Confirmation(msgspec.Struct, frozen=True):
    """What this instance signs: which receipts it has seen for which request, by their SM3 (hex)."""

    order_id: str
    grant_id: str
    grant_version: int
    request_digest: str
    receipts: dict[str, str]
    rows: int
    checksum: str
    method: str
    instance: str
    at: datetime


def signed_bytes(kind: str, payload: bytes) -> bytes:
    """Return what an envelope's signature covers."""
    return kind.encode() + b"\n" + payload


def keep(run: Run, packed: bytes, *, node: str, at: datetime) -> str:
    """Store a receipt that the node has signed for this order; else return the sentence saying what is wrong."""
    try:
        envelope = msgspec.json.decode(packed, type=Envelope)
        receipt = msgspec.json.decode(envelope.payload, type=Receipt)
        signed = envelope.kind == KIND and sm2.verify(
            nodes.public_key(node), signed_bytes(KIND, envelope.payload), envelope.signature
        )
    except (msgspec.MsgspecError, CryptoRefused, Unavailable):
        signed = False
    if not signed:
        return _("节点“%s”的回执没有有效签名，数据已隔离，请平台管理员核查该节点。") % node
    if receipt.side not in SIDES:
        return _("回执没有说明是发送方还是接收方，数据已隔离，请平台管理员核查该节点。")
    if fault := foreign(receipt, order_id=run.order_id, grant_id=str(run.grant_id), digest=run.digest):
        return fault
    RunReceipt.objects.update_or_create(
        order_id=run.order_id,
        side=receipt.side,
        defaults={"run": run, "envelope": packed, "digest": sm3.hexdigest(packed), "at": at},
    )
    return ""


def kept(run: Run) -> dict[str, RunReceipt]:
    """Return the stored receipts of the run's present order by side."""
    return {row.side: row for row in run.receipts.filter(order_id=run.order_id)}


def opened(row: RunReceipt) -> Receipt:
    """Return the receipt in a stored envelope of a sender or receiver."""
    envelope = msgspec.json.decode(bytes(row.envelope), type=Envelope)
    return msgspec.json.decode(envelope.payload, type=Receipt)


def unproven(run: Run) -> str:
    """Return why the receiver's receipt does not prove the delivery, or an empty text when it does."""
    row = kept(run).get("receiver")
    if row is None:
        return _("运行节点报告已放行，但没有接收方的签名回执，数据已隔离。")
    receipt = opened(row)
    return unreconciled(receipt.source, receipt.target, said=receipt.reconciled)


def countersign(run: Run, *, at: datetime) -> int:
    """Sign, with the instance's SM2 key, which receipts prove this delivery; returns the rows delivered."""
    rows = kept(run)
    receipt = opened(rows["receiver"])
    signer = keys.instance()
    said = Confirmation(
        order_id=run.order_id,
        grant_id=str(run.grant_id),
        grant_version=receipt.grant_version,
        request_digest=run.digest,
        receipts={side: rows[side].digest for side in SIDES if side in rows},
        rows=receipt.target.rows,
        checksum=receipt.target.checksum,
        method=receipt.target.method,
        instance=signer.key_id,
        at=at,
    )
    payload = msgspec.json.encode(said)
    packed = msgspec.json.encode(Envelope(PROOF, payload, signer.sign(signed_bytes(PROOF, payload)), signer.key_id))
    RunReceipt.objects.update_or_create(
        order_id=run.order_id,
        side=CENTRE,
        defaults={"run": run, "envelope": packed, "digest": sm3.hexdigest(packed), "at": at},
    )
    return receipt.target.rows
