"""One run of one order: what it works with, how it tells its progress, and how it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import msgspec

from jutong.crypto import CryptoRefused, sm2
from jutong.dataplane import engines, policy
from jutong.dataplane.book import Book
from jutong.dataplane.engines.base import Engine, Reading
from jutong.dataplane.errors import NotAllowed, RuleBroken, Unavailable, at_source
from jutong.dataplane.identity import Identity
from jutong.dataplane.partitions import cut_of
from jutong.dataplane.reconcile import Unreconciled, unmatched
from jutong.dataplane.settings import Settings
from jutong.dataplane.transfer.guard import Guard
from jutong.dataplane.transfer.halves import Post
from jutong.dataplane.transfer.receipts import Clerk
from jutong.dataplane.transfer.reports import Reports
from jutong.wire.bundle import Access
from jutong.wire.consignments import Heading
from jutong.wire.transfers import Order, Progress, RunState, Tally


@dataclass(frozen=True)
class Run:
    """One attempt at one order. post: of a front-end node; heading: of the parcel that a receiving half lands."""

    order: Order
    attempt: int
    guard: Guard
    settings: Settings
    identity: Identity
    book: Book
    reports: Reports
    started_at: datetime
    post: Post | None = None
    heading: Heading | None = None

    @cached_property
    def plan(self) -> policy.Plan:
        """Return what the grant lets through, compiled, and cut into the partitions that the order names."""
        if self.heading is not None:
            return self._cut(policy.Plan("", "", fields=self.heading.columns, unique=self.heading.unique))
        grant = self.guard.grant
        mount = self.guard.snapshot.mounts.get(grant.resource_id)
        if mount is None:
            raise Unavailable("资源没有挂接到数据源，请联系提供部门。")
        try:
            key = self.identity.signer.unseal(grant.hash_key) if grant.hash_key else b""
        except CryptoRefused as error:
            raise Unavailable("本节点无法打开授权的散列密钥，请在控制面重新登记本节点。") from error
        return self._cut(policy.compile_copy(grant, mount, hash_key=key))

    def _cut(self, plan: policy.Plan) -> policy.Plan:
        if self.order.split is None:
            return plan
        return replace(plan, cut=cut_of(self.order.split, plan.fields), parts=self.order.repair)

    @property
    def live(self) -> bool:
        """Tell whether rows are read from the source itself, not from a parcel or a correction."""
        return not self.order.corrected and self.heading is None

    @property
    def hashes(self) -> bool:
        """Tell whether keyed hashes are still to be applied to the rows that are read."""
        return bool(self.plan.hashed) and self.live

    @cached_property
    def clerk(self) -> Clerk:
        """Return the writer of this run's receipts."""
        return Clerk(
            order=self.order,
            grant=self.guard.grant,
            columns=self.plan.fields,
            node=self.identity.name,
            signer=self.identity.signer,
            started_at=self.started_at,
        )

    def source(self) -> AbstractAsyncContextManager[Engine]:
        """Open the source of the granted resource."""
        return self._opened(self.guard.snapshot.mounts[self.guard.grant.resource_id].source_id, provides=True)

    @asynccontextmanager
    async def reading(self, source: Engine) -> AsyncIterator[Reading]:
        """Open a reading of what the grant lets through."""
        async with AsyncExitStack() as stack:
            with at_source():
                reading = await stack.enter_async_context(source.reading(self.plan))
            yield reading

    def target(self) -> AbstractAsyncContextManager[Engine]:
        """Open the target, which must be a source of the consuming department itself; one not yet told is waited for."""
        found = self.guard.snapshot.sources.get(self.order.target_source_id)
        if found is not None and found.department_id != self.guard.grant.consumer_id:
            raise NotAllowed("目标数据源不属于授权的需求部门，请选择本部门登记的数据源。")
        return self._opened(self.order.target_source_id)

    @asynccontextmanager
    async def _opened(self, source_id: str, *, provides: bool = False) -> AsyncIterator[Engine]:
        source = self.guard.snapshot.sources.get(source_id)
        if source is None or not source.active:
            raise Unavailable("数据源已停用或不在授权包中，请联系其所属部门。")
        try:
            access = msgspec.json.decode(self.identity.signer.unseal(source.sealed), type=Access)
        except (CryptoRefused, msgspec.MsgspecError) as error:
            message = f"本节点无法打开数据源“{source.title}”的访问凭据，请在控制面重新登记本节点或更新凭据。"
            raise Unavailable(message) from error
        with at_source(live=provides):
            engine = await engines.open(source, access)
        try:
            yield engine
        finally:
            await engine.close()

    def tell(
        self,
        state: RunState,
        message: str = "",
        *,
        done: int = 0,
        total: int = 0,
        receipt: bytes = b"",
        artefact: str = "",
        **details: Any,
    ) -> None:
        """Report progress. done, total: rows; message: a Chinese sentence; details: other fields of `Progress`."""
        report = Progress(
            order_id=self.order.id,
            attempt=self.attempt,
            state=state,
            at=datetime.now(UTC),
            rows_done=done,
            rows_total=total,
            message=message,
            receipt=receipt,
            artefact_id=artefact,
            **details,
        )
        self.reports.put(report)

    def check_rows(self, tally: Tally) -> Tally:
        """Refuse more rows than the grant's quota allows in one run."""
        most = self.guard.grant.quota.rows_per_batch
        if most and tally.rows > most:
            raise RuleBroken(
                f"本次共 {tally.rows} 行，超过授权的每批 {most} 行上限，没有数据放行，请缩小范围或申请调整。"
            )
        return tally

    async def compare(self, legs: list[tuple[Tally, Tally]], *, digest: str = "", size: int = 0) -> bytes:
        """Compare both ends of every leg, sign and keep both receipts, and return the receiver's.

        legs: (sent, arrived) from the source's own count to what lies at the target; the last leg is the receipt's.
        Raises `Unreconciled` with the sentence after the refusing receipt has been kept.
        """
        difference = unmatched(legs)
        receipt = await self.signed(legs[-1], reconciled=not difference, digest=digest, size=size)
        if difference:
            raise Unreconciled(difference)
        return receipt

    async def signed(self, ends: tuple[Tally, Tally], *, reconciled: bool, **details: Any) -> bytes:
        """Sign and keep both receipts of what was (sent, arrived), tell of them, and return the receiver's.

        Of a parcel the sending half has signed its own.

        details: see `Clerk.receipt`.
        """
        at = datetime.now(UTC)
        sent, arrived = ends
        for side in ("sender", "receiver") if self.heading is None else ("receiver",):
            receipt = self.clerk.receipt(side, sent, arrived, reconciled=reconciled, at=at, **details)
            await self.book.keep_receipt(self.order.id, side, receipt, at=at)
            if side == "sender":
                self.tell(RunState.RECEIVED, done=arrived.rows, total=sent.rows, receipt=receipt)
        if reconciled:
            self.tell(RunState.VALIDATED, done=arrived.rows, total=sent.rows)
        return receipt

    def sealed(self, key: bytes) -> bytes:
        """Seal a file's key, or rows to be corrected, to this node."""
        return sm2.seal(self.identity.signer.public, key)
