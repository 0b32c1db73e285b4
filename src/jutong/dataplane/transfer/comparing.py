"""Snapshot comparison: both ends say a number for each row in the order of its key, and only what differs moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from jutong.dataplane.dirty import Dirty, RowRefused, Sifted, joined, without
from jutong.dataplane.engines.base import Engine, Key, Landing, Reading, Target
from jutong.dataplane.errors import RuleBroken, at_source
from jutong.dataplane.reconcile import PORTABLE, Unreconciled, difference, unmatched
from jutong.dataplane.transfer import quarantine
from jutong.dataplane.transfer.following import check_keyed
from jutong.dataplane.transfer.moving import Move, moved, sift
from jutong.dataplane.transfer.runs import Run
from jutong.wire.transfers import RunState, TableMode, Tally

AT_ONCE = 10_000
"""Differing keys that are fetched together; no more are held in memory."""

Batches = AsyncIterator[list[tuple[Key, str]]]


@dataclass(frozen=True, slots=True)
class Found:
    """A key at which the two ends differ; `there`: whether the source has it."""

    key: Key
    there: bool


class Side:
    """One end's rows, one at a time, in the order of their keys' bytes; `key` is None behind the last."""

    def __init__(self, batches: Batches) -> None:
        self.key: Key | None = None
        self.number = ""
        self._batches = batches
        self._rows: list[tuple[Key, str]] = []

    async def step(self) -> None:
        """Go on to the next row; `RuleBroken` for a key that is there twice, since nobody knows which row it would be."""
        if not self._rows:
            self._rows = (await anext(self._batches, []))[::-1]
        before = self.key
        self.key, self.number = self._rows.pop() if self._rows else (None, "")
        if before is not None and before == self.key:
            raise RuleBroken(f"主键 {'、'.join(before)[:60]} 的行不止一条，不能逐行比对，请清理重复记录。")

    @property
    def place(self) -> tuple[bool, tuple[bytes, ...]]:
        """Return what keys are ordered by; the end is behind every key."""
        return (True, ()) if self.key is None else (False, tuple(text.encode() for text in self.key))


async def differences(source: Batches, target: Batches) -> AsyncIterator[Found]:
    """Merge two sorted streams of keys and numbers and return where they differ, holding one batch of each."""
    ours, theirs = Side(source), Side(target)
    await ours.step()
    await theirs.step()
    while ours.key is not None or theirs.key is not None:
        mine, its = ours.place, theirs.place
        if ours.key is not None and (mine < its or (mine == its and ours.number != theirs.number)):
            yield Found(ours.key, there=True)
        elif theirs.key is not None and its < mine:
            yield Found(theirs.key, there=False)
        if mine <= its:
            await ours.step()
        if its <= mine:
            await theirs.step()


class Comparison:
    """One comparing order. changed, removed: how many rows; sifted: what the target would not hold, where it was asked."""

    def __init__(self, run: Run, reading: Reading, landing: Landing, *, relayed: bool, sifting: bool) -> None:
        self.changed = 0
        self.removed = 0
        self.sifted: Sifted | None = None
        self._run = run
        self._reading = reading
        self._landing = landing
        self._sifting = sifting
        self._move = Move(run, reading, landing, relayed=relayed, sifted=sifting)
        fields = {field.column: field for field in run.plan.fields}
        self._keys = tuple(fields[name] for name in run.plan.unique)

    async def apply(self) -> tuple[Tally, Tally]:
        """Stage what differs, merge it, and return the content of both ends as it then is, but for rows set aside.

        A row set aside leaves the target, too, if an older state of it was there: both ends hold the same good rows.
        """
        method = PORTABLE if self._sifting else self._move.method()
        waiting: list[Found] = []
        async for found in differences(self._reading.digests(method), self._landing.digests(method)):
            waiting.append(found)
            if len(waiting) == AT_ONCE:
                await self._fetch(waiting)
                waiting.clear()
        await self._fetch(waiting)
        self._reading.narrow(self._run.plan)
        with at_source():
            counted = await self._reading.tally(method)
        self._run.check_rows(counted)
        if self._sifting:
            counted = await self._without_dirty(counted)
        staged = Tally(self.changed, counted.checksum, method)
        await self._landing.settle(staged, at=datetime.now(UTC))
        return counted, await self._landing.whole(method)

    async def _without_dirty(self, counted: Tally) -> Tally:
        """Let the target sift what is staged, tell of what it would not hold, and return what is left of the source."""
        found = await sift(self._run, self._landing, 0)
        arrived = await self._landing.tally(PORTABLE)
        if finding := difference(found.clean, arrived):
            raise Unreconciled(finding)
        await quarantine.set_aside(self._run, found.dirty, found.aside, sifted=True)
        self.changed -= found.refused
        self.removed -= found.left.rows if found.left else 0
        self.sifted = found
        good = without(counted, without(found.came, found.clean))
        return joined(good, found.left) if found.left else good

    async def _fetch(self, found: list[Found]) -> None:
        """Bring the source's rows of these keys into the staging table and let the target's give way."""
        there = tuple(one.key for one in found if one.there)
        if found:
            await self._landing.give_way([one.key for one in found])
        if there:
            self._reading.narrow(replace(self._run.plan, key_columns=self._keys, keys=there))
            await self._move.stream()
        self.changed += len(there)
        self.removed += len(found) - len(there)
        self._run.tell(RunState.SENT, "正在比对。", done=self.changed + self.removed)


@dataclass(frozen=True, slots=True)
class Done:
    """A comparison that is about to land: both ends, what was done in words, rows set aside."""

    ends: tuple[Tally, Tally]
    told: str
    dirty: tuple[Dirty, ...] = ()
    aside: int = 0


async def compare(run: Run, source: Engine, sink: Engine, target: Target) -> None:
    """Run a comparing order to its release: afterwards the target holds what the source holds, or nothing changed.

    Rows that the target cannot hold are set aside where the order lets them be; it then holds all the others. A target
    that is not there yet is copied whole. Raises `Unreconciled` when both ends differ after all.
    """
    check_keyed(run)
    if run.plan.hashed:
        raise RuleBroken("含密钥散列数据项的授权不能逐行比对，请改用全量、增量读取或变更捕获。")
    target = replace(target, mode=TableMode.UPSERT, keyed=True)
    try:
        await _landed(run, source, sink, target)
    except RowRefused:
        if not run.order.most_dirty:
            raise
        await _landed(run, source, sink, replace(target, sift=True))


async def _landed(run: Run, source: Engine, sink: Engine, target: Target) -> None:
    """Land the comparison, or find that it has landed, and tell of it."""
    relayed = not target.sift and source.name in sink.capabilities.relay
    async with run.reading(source) as reading, sink.landing(target, reading.shapes) as landing:
        if landing.position is not None:
            tally = landing.position.tally
            done = Done((tally, tally), "此前已完成")
            receipt = (await run.book.receipts(run.order.id)).get("receiver") or await run.signed(
                done.ends, reconciled=True
            )
        else:
            done = await _compared(run, reading, landing, relayed=relayed, sifted=target.sift)
            finding = difference(*done.ends)
            receipt = await run.signed(done.ends, reconciled=not finding, dirty=done.aside)
            if finding:
                raise Unreconciled(finding)
            run.guard.seal(datetime.now(UTC))
    rows = done.ends[1].rows
    aside = f"，{quarantine.counted(done.aside, done.dirty)}" if done.aside else ""
    message = f"{done.told}，两端共 {rows} 行，核对一致{aside}。"
    run.tell(RunState.RELEASED, message, done=rows, total=rows, receipt=receipt, dirty=done.aside)


async def _compared(run: Run, reading: Reading, landing: Landing, *, relayed: bool, sifted: bool) -> Done:
    """Bring the target up to the source inside the landing and return both ends, with what was done."""
    if relayed:
        reading.cast(landing.casts)
    if not landing.existing:
        ends = await moved(run, reading, landing, relayed=relayed, sifted=sifted)
        if finding := unmatched(ends.legs):
            await run.signed(ends.legs[-1], reconciled=False)
            raise Unreconciled(finding)
        await quarantine.set_aside(run, ends.dirty, ends.aside, sifted=sifted)
        await landing.settle(ends.landed(), at=datetime.now(UTC))
        return Done(ends.legs[-1], "首次比对，已全量复制", ends.dirty, ends.aside)
    comparison = Comparison(run, reading, landing, relayed=relayed, sifting=sifted)
    await landing.give_way([])
    both = await comparison.apply()
    told = f"新增或更新 {comparison.changed} 行，删除 {comparison.removed} 行"
    found = comparison.sifted
    return Done(both, told, tuple(found.dirty), found.aside) if found else Done(both, told)
