"""Change capture: what a source's own log says was touched is read anew and put in the place of what the target had.

The log tells which rows changed, not what they became. Each batch reads the touched keys from one snapshot of the
source, through the same plan as any copy: masks, row filter and types are one piece of code, a row that left the filter
or the table is simply no longer there, and however often a batch is repeated it ends the same. Both ends are tallied by
content for each batch, and the log's position is committed with the rows; the source forgets only afterwards.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from jutong.dataplane.book import Feed
from jutong.dataplane.dirty import RowRefused
from jutong.dataplane.engines.base import Changes, Engine, Landing, Log, Logging, Reading, Shape, Target
from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.dataplane.partitions import whole
from jutong.dataplane.reconcile import PORTABLE, Unreconciled, unmatched
from jutong.dataplane.transfer import quarantine
from jutong.dataplane.transfer.drift import check_drift
from jutong.dataplane.transfer.moving import moved
from jutong.dataplane.transfer.runs import Run
from jutong.wire.grants import Masking
from jutong.wire.transfers import Check, RunState, TableMode, Tally

POLL_SECONDS = 0.2
SEEN_SECONDS = 0.05
SEEN_LOOKS = 200
NOTHING = Tally(0, "0", PORTABLE)
FIRST = "0"
"""Stands for the position before a task's first landing."""


def feed_name(task_id: str) -> str:
    """Return the name under which a task's change log is held open at the source."""
    return "jutong_" + hashlib.sha256(task_id.encode()).hexdigest()[:24]


def check_keyed(run: Run) -> None:
    """Refuse a grant whose rows cannot be told apart at both ends."""
    plain = {field.column for field in run.plan.fields if field.masking is Masking.NONE}
    if not (run.plan.unique and set(run.plan.unique) <= plain):
        raise RuleBroken("逐行比对和变更捕获要求资源挂接时登记主键列，且主键列在授权范围内、未被脱敏。")
    if run.order.split or run.order.check is Check.STREAM:
        raise RuleBroken("逐行比对和变更捕获总是按内容核对，且不分区，请取消分区并改用内容核对。")


class Follower:
    """One order that follows a change log.

    done: the tallies of what its batches moved; aside: rows set aside. shape: the source's, as accepted.
    """

    def __init__(self, run: Run, source: Engine, sink: Engine, target: Target, log: Log, *, shape: str = "") -> None:
        self.done: list[tuple[Tally, Tally]] = []
        self.aside = 0
        self.position = ""
        self._run = run
        self._source = source
        self._sink = sink
        self._log = log
        self._shape = shape
        self._shapes: tuple[Shape, ...] = ()
        self._target = replace(target, step=True, keyed=True)
        fields = {field.column: field for field in run.plan.fields}
        self._keys = tuple(fields[name] for name in run.plan.unique)

    async def begin(self) -> None:
        """Open the log, and copy the whole table unless an earlier run of the task did and nothing was missed since."""
        anew = await self._log.open()
        await self._sifting(partial(self._copy, anew=anew))
        await self._log.resume(self.position)

    async def _copy(self, *, anew: bool, sift: bool) -> None:
        """Copy the whole table, where that has not been done."""
        target = replace(self._target, mode=TableMode.REPLACE, sift=sift)
        async with (
            self._run.reading(self._source) as reading,
            self._sink.landing(target, reading.shapes) as landing,
        ):
            self._shapes = reading.shapes
            if landing.mark and landing.existing and not anew:
                self.position = landing.mark
            else:
                mark = await self._log.named(await reading.logged())
                await self._land(reading, landing, mark, sift=sift)

    async def _sifting(self, land: Callable[..., Awaitable[None]]) -> None:
        """Land something; where the target refuses a row and the order lets rows be set aside, find out which."""
        try:
            await land(sift=False)
        except RowRefused:
            if not self._run.order.most_dirty:
                raise
            await land(sift=True)

    async def run(self, *, until: datetime | None) -> None:
        """Land batch after batch: until an instant, or until what had happened when it began has landed."""
        began = datetime.now(UTC)
        while True:
            at = await self.step()
            if (until is None and (at is None or at >= began)) or (until is not None and datetime.now(UTC) >= until):
                return
            if at is None:
                await asyncio.sleep(POLL_SECONDS)

    async def step(self) -> datetime | None:
        """Land what happened since and return when the newest of it was committed; None when nothing happened."""
        changes = await self._log.read()
        if changes is None:
            return None
        if changes.everything:
            await self._check_shape()
        await self._sifting(partial(self._apply, changes))
        await self._log.forget(changes.position)
        lag = (datetime.now(UTC) - changes.at).total_seconds()
        rows = sum(tally.rows for _, tally in self.done)
        self._run.tell(RunState.SENT, "正在同步变更。", done=rows, lag_seconds=max(0.0, lag))
        return changes.at

    async def _apply(self, changes: Changes, *, sift: bool) -> None:
        """Put what the touched rows have become in the place of what the target has, together with the position."""
        mode = TableMode.REPLACE if changes.everything else TableMode.UPSERT
        target = replace(self._target, mode=mode, sift=sift)
        async with self._seeing(changes) as reading, self._sink.landing(target, reading.shapes) as landing:
            if not landing.existing:
                raise Unavailable("目标表已不存在，将重新全量复制。")
            if changes.keys and not changes.everything:
                reading.narrow(replace(self._run.plan, key_columns=self._keys, keys=tuple(changes.keys)))
                await landing.give_way(changes.keys)
            if changes.keys or changes.everything:
                await self._land(reading, landing, changes.position, sift=sift)
            else:
                await landing.settle(NOTHING, at=datetime.now(UTC), mark=changes.position)
                self.position = changes.position

    @asynccontextmanager
    async def _seeing(self, changes: Changes) -> AsyncIterator[Reading]:
        """Open a reading that sees all of these changes."""
        for _ in range(SEEN_LOOKS):
            async with self._run.reading(self._source) as reading:
                if await reading.sees(changes):
                    if reading.shapes != self._shapes:
                        await self._check_shape()
                    self._shapes = reading.shapes
                    yield reading
                    return
            await asyncio.sleep(SEEN_SECONDS)
        raise Unavailable("来源有事务迟迟没有提交完毕，稍后自动重试。")

    async def _check_shape(self) -> None:
        """Refuse (`Drifted`) to go on with columns that are no longer the accepted ones, while the run lasts."""
        if self._shape:
            await check_drift(self._run, self._source, self._shape)

    async def _land(self, reading: Reading, landing: Landing, mark: str, *, sift: bool) -> None:
        """Move, compare and settle one landing; its rows set aside are told of before it is committed."""
        relayed = not sift and self._source.name in self._sink.capabilities.relay and not self._run.plan.hashed
        if relayed:
            reading.cast(landing.casts)
        ends = await moved(self._run, reading, landing, relayed=relayed, sifted=sift, spent=self.aside)
        difference = unmatched(ends.legs)
        if difference:
            await self._run.signed(ends.legs[-1], reconciled=False, position=self.position)
            raise Unreconciled(difference)
        group = landing.mark or FIRST
        await quarantine.set_aside(self._run, ends.dirty, ends.aside, sifted=sift, group=group, first=not self.done)
        await landing.settle(ends.landed(), at=datetime.now(UTC), mark=mark)
        self._run.guard.check(datetime.now(UTC))
        self.done.append(ends.legs[-1])
        self.aside += ends.aside
        self.position = mark

    def total(self) -> tuple[Tally, Tally]:
        """Return both ends of all batches together."""
        method = self.done[-1][0].method if self.done else ""
        sent, arrived = ({str(n): pair[end] for n, pair in enumerate(self.done)} for end in (0, 1))
        return whole(sent, method), whole(arrived, method)


async def follow(run: Run, source: Engine, sink: Engine, target: Target, *, shape: str = "") -> None:
    """Run a change-capture order: until it has caught up, or, where it has a window, until that ends.

    shape: the digest of the source's columns (see `drift`) with which the order began and is to go on.
    Raises `Unreconciled` for a batch that did not arrive as it was sent; earlier batches stay.
    """
    check_keyed(run)
    if not run.order.task_id:
        raise RuleBroken("变更捕获的任务没有所属任务编号，请由任务发起。")
    if not isinstance(source, Logging):
        raise RuleBroken("该类型的数据源不支持变更捕获，请改用快照比对或增量读取。")
    name = feed_name(run.order.task_id)
    mount = run.guard.snapshot.mounts[run.guard.grant.resource_id]
    async with source.log(name, run.plan) as log:
        follower = Follower(run, source, sink, target, log, shape=shape)
        await run.book.keep_feed(Feed(name, mount.source_id, run.guard.grant.id, run.order.id, datetime.now(UTC)))
        await follower.begin()
        await follower.run(until=run.order.not_after)
    aside = follower.aside
    receipt = await run.signed(follower.total(), reconciled=True, position=follower.position, dirty=aside)
    rows = follower.total()[1].rows
    message = f"变更已同步，共写入 {rows} 行，两端核对一致{f'，{aside} 行问题数据已隔离待修正' if aside else ''}。"
    run.tell(RunState.RELEASED, message, done=rows, total=rows, receipt=receipt)
