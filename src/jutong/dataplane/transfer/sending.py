"""The sending half of an order between two nodes: reads as any order does, and packs what it read into one parcel.

Nothing is noted as delivered here: how far the target has come is told by its own node, through the order (`Order.since`).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from jutong.crypto import sm3
from jutong.dataplane.book import Arrival
from jutong.dataplane.engines.base import Reading
from jutong.dataplane.engines.files import Listing, pattern_of
from jutong.dataplane.errors import RuleBroken, at_source
from jutong.dataplane.files.courier import Stopped, Throttle
from jutong.dataplane.files.stores import PIECE, Entry, Store
from jutong.dataplane.partitions import check_number, whole
from jutong.dataplane.reconcile import PORTABLE, Unreconciled, difference
from jutong.dataplane.transfer import divisions, quarantine, watermarks
from jutong.dataplane.transfer.drift import check_drift
from jutong.dataplane.transfer.folders import check_whole, is_new, store_of, stream_of, tally_of
from jutong.dataplane.transfer.frames import FrameWriter, framed, message
from jutong.dataplane.transfer.guard import together
from jutong.dataplane.transfer.halves import Leaving, Post, check_carried
from jutong.dataplane.transfer.lines import Hasher
from jutong.dataplane.transfer.moving import Pace
from jutong.dataplane.transfer.runs import Run
from jutong.wire.consignments import FILES, ROWS, CarriedType, Closing, FileEnd, FileHead, Heading
from jutong.wire.transfers import RunState, Tally

TELL_SECONDS = 1.0


def post_of(run: Run) -> Post:
    """Return the post of this node. RuleBroken beside the centre, where there is none."""
    if run.post is None:
        raise RuleBroken("本执行节点不是前置机，不能执行两台前置机之间的任务，请核对数据源的登记。")
    return run.post


async def send_table(run: Run) -> None:
    """Read the granted rows into a parcel and hand it over; every other end is an exception, and leaves no parcel."""
    check_carried(run.order)
    async with run.source() as source:
        await check_drift(run, source)
        async with run.reading(source) as reading:
            unassigned = await divisions.unassigned(run, reading)
            position = await watermarks.narrowed(run, reading, run.order.since)
            quarantine.allow(run, reading)
            with post_of(run).departing(run.order) as leaving:
                packing = RowPacking(run, reading, leaving)
                try:
                    closing = await packing.packed(_heading(run, reading, position, unassigned))
                except RuleBroken:
                    await quarantine.set_aside(
                        run, quarantine.dirty_of(reading), quarantine.aside_of(reading), sifted=False
                    )
                    raise
                await _handed_over(run, leaving, closing.tally, position=position, unassigned=unassigned)
    said = f"已读取 {closing.tally.rows} 行并封装，等待送达接收端。"
    run.tell(RunState.RELEASED, said, **await _told(run, closing.tally))


async def _told(run: Run, tally: Tally) -> dict[str, Any]:
    receipt = (await run.book.receipts(run.order.id))["sender"]
    return {"done": tally.rows, "total": tally.rows, "receipt": receipt}


async def _handed_over(run: Run, leaving: Leaving, tally: Tally, **details: Any) -> None:
    """Sign the sender's receipt, which names the parcel by its SM3, and let the parcel go after a last look at the grant."""
    digest, size = await asyncio.to_thread(leaving.end)
    at = datetime.now(UTC)
    receipt = run.clerk.receipt("sender", tally, tally, reconciled=True, at=at, digest=digest, size=size, **details)
    await run.book.keep_receipt(run.order.id, "sender", receipt, at=at)
    run.guard.seal(datetime.now(UTC))
    leaving.hand_over(receipt, digest)  # at once, so that no cancellation comes between the seal and the slip


def _heading(run: Run, reading: Reading | None, position: str = "", unassigned: int = 0) -> Heading:
    types = [(shape.name, shape.neutral) for shape in reading.shapes] if reading else []
    return Heading(
        order_id=run.order.id,
        grant_id=run.order.grant_id,
        request_digest=run.order.digest,
        made_at=datetime.now(UTC),
        columns=run.plan.fields,
        types=tuple(
            CarriedType(name, of.kind, of.length, of.precision, of.scale, of.bits, of.zoned) for name, of in types
        ),
        unique=run.plan.unique,
        since=run.order.since,
        position=position,
        unassigned=unassigned,
    )


class RowPacking:
    """One reading on its way into one parcel, counted by its source meanwhile."""

    def __init__(self, run: Run, reading: Reading, leaving: Leaving) -> None:
        self._run = run
        self._reading = reading
        self._leaving = leaving
        self._hasher = Hasher(run.plan) if run.plan.hashed else None
        self._writer = FrameWriter(leaving.write)
        self._rows = self._bytes = self._total = 0

    async def packed(self, heading: Heading) -> Closing:
        """Pack everything and return what the source counted, of the rows as they lie in the parcel."""
        self._leaving.begin(ROWS)
        self._writer.put(message(heading))
        telling = asyncio.ensure_future(self._tell())
        try:
            counted, sent = await together(self._count(), self._read())
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        closing = self._closing(counted, sent)
        await asyncio.to_thread(self._end, closing)
        return closing

    async def _count(self) -> dict[str, Tally]:
        cut = self._run.plan.cut
        with at_source():
            counted = await self._reading.parts(PORTABLE, cut) if cut else {"": await self._reading.tally(PORTABLE)}
        check_number(len(counted))
        self._total = self._run.check_rows(whole(counted, PORTABLE)).rows
        return counted

    async def _read(self) -> int:
        rate = self._run.order.rows_per_second
        pace = Pace(rate)

        async def take(chunk: bytes) -> None:
            rows = chunk.count(b"\n")
            if rate:
                await pace.keep(rows)
            await asyncio.to_thread(self._put, chunk)
            self._rows += rows
            self._bytes += len(chunk)

        return await self._reading.lines(take)

    def _put(self, chunk: bytes) -> None:
        chunk = self._hasher.feed(chunk) if self._hasher else chunk
        if chunk:
            self._writer.put(framed(chunk))

    def _closing(self, counted: dict[str, Tally], sent: int) -> Closing:
        """Hold what the source counted against what went through our hands. `Unreconciled` where they differ."""
        source = whole(counted, PORTABLE)
        passed = self._hasher.read.tally() if self._hasher else Tally(sent, source.checksum, PORTABLE)
        if fault := difference(source, passed):
            raise Unreconciled(fault)
        parts = counted if self._run.plan.cut else {}
        if not self._hasher:
            return Closing(source, parts)
        return Closing(self._hasher.sent.tally(), self._hasher.sent.parts() if self._run.plan.cut else {})

    def _end(self, closing: Closing) -> None:
        self._writer.put(framed(b""))
        self._writer.put(message(closing))
        self._writer.flush()

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            self._run.tell(RunState.SENT, "正在读取来源。", done=self._rows, total=self._total, bytes_done=self._bytes)


async def send_files(run: Run) -> None:
    """Pack the files that have not arrived as they are now; a file that changes meanwhile is left for the next run."""
    check_whole(run)
    async with run.source() as source:
        plan, store = run.plan, store_of(source)
        known = await _arrived(run)
        with at_source():
            listing = await asyncio.to_thread(Listing.of, store, pattern_of(plan.schema, plan.table))
        todo = [entry for entry in listing.entries if is_new(entry, known.get(entry.name))]
        prefix = "" if plan.schema in ("", ".") else plan.schema + "/"
        with post_of(run).departing(run.order) as leaving:
            packing = FilePacking(run, store, leaving, prefix)
            tally, sent = await packing.packed(todo)
            await run.book.drop_arrivals(_waiting(run))
            await run.book.add_arrivals(_waiting(run), sent, at=datetime.now(UTC))
            await _handed_over(run, leaving, tally)
    changed = len(todo) - len(sent)
    left = f"，{changed} 个文件在读取过程中发生变化，留待下次" if changed else ""
    told = f"已读取 {tally.rows} 个文件并封装，等待送达接收端{left}。"
    run.tell(RunState.RELEASED, told, bytes_done=packing.read, **await _told(run, tally))


def _waiting(run: Run) -> str:
    """Return the stream of files that were sent, but of which the target's node has not said yet that they arrived."""
    return f"{stream_of(run)}:sent"


async def _arrived(run: Run) -> dict[str, Arrival]:
    """Return the files that the target has, now that its node has told which order's arrived last."""
    sent = await run.book.arrivals(_waiting(run))
    if sent and sent[0].order_id == run.order.since:
        await run.book.add_arrivals(stream_of(run), sent, at=datetime.now(UTC))
    if not run.order.since:
        return {}
    return {each.name: each for each in await run.book.arrivals(stream_of(run))}


@dataclass
class FilePacking:
    """The files of one order on their way into one parcel, packed by a thread."""

    run: Run
    store: Store
    leaving: Leaving
    prefix: str
    stop: threading.Event = field(default_factory=threading.Event)
    done: int = 0
    read: int = 0

    async def packed(self, todo: Sequence[Entry]) -> tuple[Tally, list[Arrival]]:
        """Pack files and return their tally, with the files as the source has them; changed ones are left out."""
        working = asyncio.ensure_future(asyncio.to_thread(self._all, todo))
        telling = asyncio.ensure_future(self._tell(len(todo)))
        try:
            return await asyncio.shield(working)
        finally:
            self.stop.set()
            telling.cancel()
            await asyncio.gather(working, telling, return_exceptions=True)

    def _all(self, todo: Sequence[Entry]) -> tuple[Tally, list[Arrival]]:
        self.leaving.begin(FILES)
        writer = FrameWriter(self.leaving.write)
        throttle = Throttle(self.run.settings.file_bytes_per_second)
        writer.put(message(_heading(self.run, None)))
        sent = []
        for entry in todo:
            digest = self._one(entry, writer, throttle)
            if digest:
                sent.append(Arrival(entry.name, entry.size, entry.mark, digest, self.run.order.id))
            self.done += 1
        tally = tally_of(replace(each, name=each.name[len(self.prefix) :]) for each in sent)
        writer.put(framed(b""))
        writer.put(message(Closing(tally)))
        writer.flush()
        return tally, sent

    def _one(self, entry: Entry, writer: FrameWriter, throttle: Throttle) -> str:
        """Pack one file; return its SM3 (hex), or nothing where it was not the same from beginning to end."""
        name = entry.name[len(self.prefix) :].encode("utf-8", "surrogateescape")
        writer.put(message(FileHead(name, entry.size, entry.mark)))
        running, size = sm3.new(), 0
        for piece in self._pieces(entry):
            throttle.take(len(piece))
            running.update(piece)
            size += len(piece)
            self.read += len(piece)
            writer.put(framed(piece))
        writer.put(framed(b""))
        same = size == entry.size and self.store.entry(entry.name) == entry
        digest = running.hexdigest() if same else ""
        writer.put(message(FileEnd(digest)))
        return digest

    def _pieces(self, entry: Entry) -> Iterator[bytes]:
        left = entry.size
        with self.store.reader(entry.name) as file:
            while left and (piece := file.read(min(PIECE, left))):
                if self.stop.is_set():
                    raise Stopped
                left -= len(piece)
                yield piece

    async def _tell(self, total: int) -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            self.run.tell(RunState.SENT, "正在读取文件。", done=self.done, total=total, bytes_done=self.read)
