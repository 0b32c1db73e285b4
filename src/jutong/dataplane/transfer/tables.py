"""A table order: from the provider's source into the consumer's own table, exactly once, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from jutong.dataplane.dirty import LISTED, RowRefused
from jutong.dataplane.engines.base import Engine, Landing, Reading, Target
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.reconcile import Unreconciled, unmatched
from jutong.dataplane.transfer import correcting, divisions, quarantine, watermarks
from jutong.dataplane.transfer.comparing import compare
from jutong.dataplane.transfer.drift import check_drift
from jutong.dataplane.transfer.following import follow
from jutong.dataplane.transfer.moving import Ends, moved
from jutong.dataplane.transfer.runs import Run
from jutong.wire.grants import Masking
from jutong.wire.transfers import Check, Read, RunState, TableMode, Tally

Opened = Callable[[], AbstractAsyncContextManager[Reading]]

NAMED = 10
"""Partitions that a sentence names; the report has them all."""


def _target(run: Run) -> Target:
    """Return where the order goes, or refuse an order that cannot work."""
    order, plan = run.order, run.plan
    unmasked = {field.column for field in plan.fields if field.masking in (Masking.NONE, Masking.KEYED_HASH)}
    if order.target_mode is TableMode.UPSERT and not (plan.unique and set(plan.unique) <= unmasked):
        raise RuleBroken("按主键更新要求资源挂接时登记主键列，且主键列在授权范围内、未被脱敏，请改用替换或追加方式。")
    if not order.target_table:
        raise RuleBroken("目标表名为空，请填写。")
    if max(len(name.encode()) for name in (order.target_table, order.target_schema)) > 63:  # noqa: PLR2004
        raise RuleBroken("目标模式或表名超过 63 字节，请缩短。")
    _check_repair(run)
    if order.read is Read.WATERMARK:
        watermarks.check(order, plan)
    return Target(
        order_id=order.id,
        grant_id=run.guard.grant.id,
        schema=order.target_schema,
        table=order.target_table,
        mode=order.target_mode,
        unique=plan.unique,
        task_id=order.task_id if order.read in (Read.WATERMARK, Read.CHANGES) else "",
        cut=plan.cut,
        parts=plan.parts,
    )


def _check_repair(run: Run) -> None:
    """Refuse partitions that cannot be told apart or put right."""
    order = run.order
    if order.split and order.check is Check.STREAM:
        raise RuleBroken("按分区核对需要内容校验，请把核对方式改为内容校验，或取消分区。")
    if order.repair and order.split is None:
        raise RuleBroken("修复分区的任务没有说明分区方式，请填写分区数据项。")
    if order.read in (Read.COMPARE, Read.CHANGES) and order.target_mode is TableMode.APPEND:
        raise RuleBroken("逐行比对和变更捕获不能用追加方式写入，请改用按主键更新方式。")
    if order.repair and (order.target_mode is TableMode.APPEND or order.read is not Read.FULL):
        raise RuleBroken("只有全量读取、按替换或主键更新写入的任务可以只修复分区，请重新执行整个任务。")


async def run_table(run: Run) -> None:
    """Run a table order to its release; every other end is an exception.

    `Unreconciled`: quarantined. A refusal: nothing has reached the target. The rows, their position and nothing else
    are committed after the last look at the grant. Where the order names partitions and its mode may be repeated, the
    agreeing ones land and the others stay as they were in the target, red until they are repaired.
    """
    target = _target(run)
    if run.order.corrected:
        async with run.target() as sink:
            return await landed(run, partial(correcting.reading, run), sink)
    async with run.source() as source, run.target() as sink:
        shape = await check_drift(run, source)
        if run.order.read is Read.CHANGES:
            return await follow(run, source, sink, target, shape=shape)
        if run.order.read is Read.COMPARE:
            return await compare(run, source, sink, target)
        opened, relayed = partial(run.reading, source), _relayed(run, source, sink)
        return _released(run, *await _sifted(run, opened, sink, target, relayed=relayed))


async def landed(run: Run, opened: Opened, sink: Engine) -> None:
    """Land the rows of a reading that is not a source's own, as canonical texts, to the order's release."""
    _released(run, *await _sifted(run, opened, sink, _target(run), relayed=False))


async def _sifted(run: Run, opened: Opened, sink: Engine, target: Target, *, relayed: bool) -> tuple[Ends, bytes]:
    """Move the rows; where the target refuses one of them and the order lets rows be set aside, find out which."""
    try:
        return await _moved(run, opened, sink, target, relayed=relayed)
    except RowRefused:
        if not run.order.most_dirty:
            raise
    cut = target.cut if target.parts else None  # what is repaired still gives way by partition
    return await _moved(run, opened, sink, replace(target, sift=True, cut=cut), relayed=False)


def _released(run: Run, ends: Ends, receipt: bytes) -> None:
    """Tell of the release; `Unreconciled` where some partitions were left out of it."""
    if ends.differing:
        raise Unreconciled(_named(ends.differing, rest="其余分区已放行"), ends.differing)
    rows = ends.legs[-1][1].rows
    aside = f"，{quarantine.counted(ends.aside, ends.dirty)}" if ends.aside else ""
    message = f"已放行 {rows} 行，两端核对一致{aside}。"
    run.tell(RunState.RELEASED, message, done=rows, total=rows, receipt=receipt, dirty=ends.aside)


async def _moved(run: Run, opened: Opened, sink: Engine, target: Target, *, relayed: bool) -> tuple[Ends, bytes]:
    """Land the order, or find that it has landed; return both ends with the receiver's receipt."""
    async with opened() as reading, sink.landing(target, reading.shapes) as landing:
        if landing.position is None:
            return await _landed(run, reading, landing, relayed=relayed, sifted=target.sift)
    tally = landing.position.tally
    return Ends([(tally, tally)]), await _again(run, tally)


def _relayed(run: Run, source: Engine, sink: Engine) -> bool:
    """Tell whether the rows go through in the engine's own stream."""
    return source.name in sink.capabilities.relay and not run.plan.hashed


async def _landed(run: Run, reading: Reading, landing: Landing, *, relayed: bool, sifted: bool) -> tuple[Ends, bytes]:
    """Move, compare and settle one landing, and return both ends with the receiver's receipt."""
    if relayed:
        reading.cast(landing.casts)
    unassigned = await divisions.unassigned(run, reading)
    mark = await watermarks.narrowed(run, reading, landing.mark)
    quarantine.allow(run, reading)
    try:
        ends = await moved(run, reading, landing, relayed=relayed, sifted=sifted)
    except RowRefused:
        raise
    except RuleBroken:
        await quarantine.set_aside(run, quarantine.dirty_of(reading), quarantine.aside_of(reading), sifted=sifted)
        raise
    dirty = (*quarantine.dirty_of(reading), *ends.dirty)[:LISTED]
    ends = replace(ends, dirty=dirty, aside=quarantine.aside_of(reading) + ends.aside)
    await quarantine.set_aside(run, ends.dirty, ends.aside, sifted=sifted)
    difference = unmatched(ends.legs)
    receipt = await run.signed(
        ends.legs[-1],
        reconciled=not (difference or ends.differing),
        parts=ends.parts,
        position=mark,
        dirty=ends.aside,
        unassigned=unassigned,
    )
    if ends.differing and run.order.target_mode is TableMode.APPEND:
        raise Unreconciled(_named(ends.differing, rest="原有数据保持不变"), ends.differing)
    if difference and not ends.differing:
        raise Unreconciled(difference)
    await landing.settle(ends.landed(), at=datetime.now(UTC), mark=mark, held=ends.differing)
    run.guard.seal(datetime.now(UTC))
    return ends, receipt


def _named(names: tuple[str, ...], *, rest: str) -> str:
    """Return the sentence of a quarantine that names its partitions."""
    shown = "、".join(name or "（空）" for name in names[:NAMED])
    more = f"等 {len(names)} 个" if len(names) > NAMED else ""
    return f"两端内容不一致的分区：{shown}{more}。这些分区已隔离，{rest}，请只修复这些分区。"


async def _again(run: Run, tally: Tally) -> bytes:
    """Return the receiver's receipt of an order that had landed before its runner died."""
    kept = (await run.book.receipts(run.order.id)).get("receiver")
    return kept or run.clerk.receipt("receiver", tally, tally, reconciled=True, at=datetime.now(UTC))
