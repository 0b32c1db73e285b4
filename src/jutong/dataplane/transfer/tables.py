"""A table order: from the provider's source into the consumer's own table, exactly once, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from jutong.dataplane.engines.base import Landing, Reading, Target
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.reconcile import PORTABLE
from jutong.dataplane.transfer.guard import together
from jutong.dataplane.transfer.lines import Hasher
from jutong.dataplane.transfer.runs import Run
from jutong.wire.grants import Masking
from jutong.wire.transfers import RunState, TableMode, Tally

QUEUED_CHUNKS = 8
TELL_SECONDS = 1.0


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
    return Target(
        order_id=order.id,
        grant_id=run.guard.grant.id,
        schema=order.target_schema or "public",
        table=order.target_table,
        mode=order.target_mode,
        unique=plan.unique,
    )


async def run_table(run: Run) -> None:
    """Run a table order to its release; every other end is an exception.

    `Unreconciled`: quarantined. A refusal: nothing has reached the target. The rows, their position and nothing else
    are committed after the last look at the grant.
    """
    target = _target(run)
    async with run.source() as source, run.target() as sink:
        async with source.reading(run.plan) as reading, sink.landing(target, reading.shapes) as landing:
            if landing.position is None:
                relayed = source.name in sink.capabilities.relay and not run.plan.hashed
                if relayed:
                    reading.cast(landing.casts)
                legs = await _moved(run, reading, landing, relayed=relayed)
                receipt = await run.compare(legs)
                await landing.settle(legs[-1][1], at=datetime.now(UTC))
                run.guard.seal(datetime.now(UTC))
        if landing.position is not None:
            receipt = await _again(run, landing.position.tally)
            legs = [(landing.position.tally, landing.position.tally)]
    rows = legs[-1][1].rows
    run.tell(RunState.RELEASED, f"已放行 {rows} 行，两端核对一致。", done=rows, total=rows, receipt=receipt)


async def _again(run: Run, tally: Tally) -> bytes:
    """Return the receiver's receipt of an order that had landed before its runner died."""
    kept = (await run.book.receipts(run.order.id)).get("receiver")
    return kept or run.clerk.receipt("receiver", tally, tally, reconciled=True, at=datetime.now(UTC))


async def _moved(run: Run, reading: Reading, landing: Landing, *, relayed: bool) -> list[tuple[Tally, Tally]]:
    """Move all rows into the staging table and return the tallies of every leg.

    relayed: in the engine's own stream, which both ends may sum in a way of their own; else as canonical text lines.
    """
    hasher = Hasher(run.plan) if run.plan.hashed else None
    common = [method for method in reading.methods if method in landing.methods]
    method = common[0] if common and relayed else PORTABLE
    counting = asyncio.ensure_future(reading.tally(method))
    telling = asyncio.ensure_future(_told(run, landing, counting))
    try:
        counted, _ = await together(_counted(run, counting), _streamed(reading, landing, hasher, relayed=relayed))
    finally:
        for task in (telling, counting):
            task.cancel()
        await asyncio.gather(telling, counting, return_exceptions=True)
    arrived = await landing.tally(method)
    if hasher:
        return [(counted, hasher.read.tally()), (hasher.sent.tally(), arrived)]
    return [(counted, arrived)]


async def _counted(run: Run, counting: asyncio.Future[Tally]) -> Tally:
    """Return the source's tally; too many rows stop the run at once."""
    return run.check_rows(await counting)


async def _told(run: Run, landing: Landing, counting: asyncio.Future[Tally]) -> None:
    """Report how far the rows have come, until cancelled."""
    while True:
        await asyncio.sleep(TELL_SECONDS)
        total = counting.result().rows if counting.done() and not counting.exception() else 0
        run.tell(RunState.SENT, "正在传输。", done=await landing.rows_done(), total=total)


async def _streamed(reading: Reading, landing: Landing, hasher: Hasher | None, *, relayed: bool) -> None:
    """Relay the rows through a short queue, so that a slow target holds back the source and memory stays bounded."""
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUED_CHUNKS)

    async def read() -> None:
        await (reading.relay(queue.put) if relayed else reading.lines(queue.put))
        await queue.put(None)

    async def chunks() -> AsyncIterator[bytes]:
        while (chunk := await queue.get()) is not None:
            yield await asyncio.to_thread(hasher.feed, chunk) if hasher else chunk

    await together(read(), landing.receive(chunks(), binary=relayed))
