"""Rows on their way from a reading into a landing: streamed, paced, measured, and tallied at both ends meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from jutong.dataplane.dirty import Dirty, Sifted, Sifting
from jutong.dataplane.engines.base import Landing, Reading
from jutong.dataplane.engines.passing import PassReading
from jutong.dataplane.errors import RuleBroken, at_source
from jutong.dataplane.partitions import check_number, differing, paired, whole
from jutong.dataplane.reconcile import PORTABLE, Meter
from jutong.dataplane.transfer.guard import together
from jutong.dataplane.transfer.lines import Hasher
from jutong.dataplane.transfer.quarantine import aside_of
from jutong.dataplane.transfer.runs import Run
from jutong.dataplane.verbatim import Piece, TakingCsv
from jutong.wire.transfers import Check, Part, RunState, Tally

QUEUED_CHUNKS = 4
TELL_SECONDS = 1.0

Parts = Mapping[str, Tally]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Ends:
    """What both ends say. legs: (sent, arrived) from the source's own count to what lies at the target.

    parts: both ends of each partition; differing: the names of those that do not agree on some leg. dirty: the first of
    the rows set aside, aside: how many there are.
    """

    legs: list[tuple[Tally, Tally]]
    parts: tuple[Part, ...] = ()
    differing: tuple[str, ...] = ()
    dirty: tuple[Dirty, ...] = ()
    aside: int = 0

    def landed(self) -> Tally:
        """Return the tally of what lands: of the agreeing partitions, where there are partitions."""
        arrived = self.legs[-1][1]
        agreeing = {part.name: part.target for part in self.parts if part.name not in self.differing}
        return whole(agreeing, arrived.method) if self.differing else arrived


class Pace:
    """Holds rows back to so many a second (0: as fast as they come), in steps of a chunk."""

    def __init__(self, rows_per_second: int) -> None:
        self._rate = rows_per_second
        self._began = time.monotonic()
        self._rows = 0

    async def keep(self, rows: int) -> None:
        """Count rows that passed and wait until they may have."""
        self._rows += rows
        ahead = self._rows / self._rate - (time.monotonic() - self._began)
        if ahead > 0:
            await asyncio.sleep(ahead)


class Move:
    """One reading streamed into one landing: as the engine's own stream where both are of one kind, else as lines.

    sent, taken: rows as the source and the target themselves counted them. meters: the stream as it leaves the source,
    as it enters the hasher, as it leaves it, as it enters the target.
    """

    def __init__(self, run: Run, reading: Reading, landing: Landing, *, relayed: bool, sifted: bool = False) -> None:
        self._run = run
        self._reading = reading
        self._landing = landing
        self._relayed = relayed
        self.hasher = Hasher(run.plan) if run.hashes else None
        self._as_csv = (
            isinstance(reading, PassReading)
            and isinstance(landing, TakingCsv)
            and not (self.hasher or sifted or run.order.rows_per_second)  # each of them goes by the ends of lines
        )
        self.meters = [Meter() for _ in range(4)]
        self.total = 0
        self.sent = 0
        self.taken = 0

    def method(self) -> str:
        """Return the cheapest way of summing contents that both ends know."""
        common = [method for method in self._reading.methods if method in self._landing.methods]
        return common[0] if common and self._relayed else PORTABLE

    async def stream(self) -> None:
        """Relay the rows through a short queue: a slow target holds back the source, and memory stays bounded."""
        queue: asyncio.Queue[Piece | None] = asyncio.Queue(QUEUED_CHUNKS)
        pace, rate = Pace(self._run.order.rows_per_second), self._run.order.rows_per_second
        counter: Callable[[bytes], int] = self._reading.counter() if self._relayed else _newlines

        async def put(piece: Piece) -> None:
            self.meters[0].take(piece[0])
            if rate:
                await pace.keep(counter(piece[0]))
            await queue.put(piece)

        async def put_chunk(chunk: bytes) -> None:
            await put((chunk, None))

        async def read() -> None:
            with at_source(live=self._run.live):
                if self._as_csv and isinstance(self._reading, PassReading):
                    self.sent = await self._reading.pieces(put)
                else:
                    self.sent = await (self._reading.relay if self._relayed else self._reading.lines)(put_chunk)
            await queue.put(None)

        async def pieces() -> AsyncIterator[Piece]:
            while (piece := await queue.get()) is not None:
                yield await self._passed(piece[0]), piece[1]

        async def write() -> None:
            if self._as_csv and isinstance(self._landing, TakingCsv):
                self.taken = await self._landing.receive_pieces(pieces())
            else:
                chunks = (chunk async for chunk, _ in pieces())
                self.taken = await self._landing.receive(chunks, binary=self._relayed)

        await together(read(), write())

    async def _passed(self, chunk: bytes) -> bytes:
        """Take a chunk through the hasher, where there is one, measuring it on the way."""
        if self.hasher:
            self.meters[1].take(chunk)
            chunk = await asyncio.to_thread(self.hasher.feed, chunk)
            self.meters[2].take(chunk)
        self.meters[3].take(chunk)
        return chunk


def _newlines(chunk: bytes) -> int:
    return chunk.count(b"\n")


async def moved(
    run: Run, reading: Reading, landing: Landing, *, relayed: bool, sifted: bool = False, spent: int = 0
) -> Ends:
    """Move all rows into the staging table and return what both ends say, by the check that the order asks for.

    relayed: in the engine's own stream, which both ends may sum in a way of their own; else as canonical text lines.
    sifted: the target looks at the rows one by one and sets aside what it cannot hold. spent: rows that earlier landings
    of the order have set aside.
    """
    move = Move(run, reading, landing, relayed=relayed, sifted=sifted)
    if sifted:
        return await _sifted(run, move, reading, landing, spent)
    if run.order.check is Check.STREAM:
        await _told(run, landing, move, move.stream())
        return _by_stream(run, move)
    method, cut = move.method(), run.plan.cut

    async def count() -> Parts:
        with at_source(live=run.live):
            counted = await reading.parts(method, cut) if cut else {"": await reading.tally(method)}
        check_number(len(counted))
        move.total = run.check_rows(whole(counted, method)).rows
        return counted

    counted, _ = await _told(run, landing, move, together(count(), move.stream()))
    arrived = await landing.parts(method, cut) if cut else {"": await landing.tally(method)}
    pairs: list[tuple[Parts, Parts]] = [(counted, arrived)]
    if move.hasher:
        read, sent = move.hasher.read, move.hasher.sent
        seen = (read.parts(), sent.parts()) if cut else ({"": read.tally()}, {"": sent.tally()})
        pairs = [(counted, seen[0]), (seen[1], arrived)]
    legs = [(whole(one, method), whole(two, method)) for one, two in pairs]
    if not cut:
        return Ends(legs)
    named = {name for one, two in pairs for name in differing(paired(one, two, method))}
    return Ends(legs, paired(*pairs[-1], method), tuple(sorted(named)))


async def sift(run: Run, landing: Landing, spent: int) -> Sifted:
    """Let the target look at the staged texts; `RuleBroken` when more of them do not fit than the order lets pass."""
    if not isinstance(landing, Sifting):
        raise RuleBroken("该类型的目标库不能逐行隔离问题数据，请修正数据后重试。")
    return await landing.sift(run.order.most_dirty - spent)


async def _sifted(run: Run, move: Move, reading: Reading, landing: Landing, spent: int) -> Ends:
    """Move all rows as texts, let the target sift them, and return one leg more: from the clean texts into the table."""

    async def count() -> Tally:
        with at_source(live=run.live):
            counted = await reading.tally(PORTABLE)
        return run.check_rows(counted)

    counted, _ = await _told(run, landing, move, together(count(), move.stream()))
    found = await sift(run, landing, aside_of(reading) + spent)
    arrived = await landing.tally(PORTABLE)
    legs = [(counted, found.came), (found.clean, arrived)]
    if move.hasher:
        legs = [(counted, move.hasher.read.tally()), (move.hasher.sent.tally(), found.came), (found.clean, arrived)]
    return Ends(legs, dirty=tuple(found.dirty), aside=found.aside)


def _by_stream(run: Run, move: Move) -> Ends:
    """Return the rows that both ends counted, each with the measure of the stream where it left or entered."""
    meters = move.meters
    run.check_rows(meters[0].tally(move.sent))
    if move.hasher:
        first = (meters[0].tally(move.sent), meters[1].tally(move.hasher.read.rows))
        return Ends([first, (meters[2].tally(move.hasher.sent.rows), meters[3].tally(move.taken))])
    return Ends([(meters[0].tally(move.sent), meters[3].tally(move.taken))])


async def _told(run: Run, landing: Landing, move: Move, work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work, reporting meanwhile how far the rows have come."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            run.tell(RunState.SENT, "正在传输。", done=await landing.rows_done(), total=move.total)

    telling = asyncio.ensure_future(tell())
    try:
        return await work
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
