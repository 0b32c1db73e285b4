"""The receiving half of an order between two nodes: lands what its parcel brought exactly as if it had read the source.

Staging, sums, merge and position are those of every order; what the source counted comes at the end of the parcel.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from jutong.crypto import sm3
from jutong.dataplane.book import Arrival
from jutong.dataplane.engines.base import Reading, Shape, Sink
from jutong.dataplane.engines.plain import PlainReading
from jutong.dataplane.engines.types import Type
from jutong.dataplane.errors import NotAllowed, RuleBroken
from jutong.dataplane.files.courier import Stopped, sync, write_all
from jutong.dataplane.files.stores import Store, check_name, digest, printable
from jutong.dataplane.partitions import Cut
from jutong.dataplane.policy import Plan
from jutong.dataplane.reconcile import PORTABLE, Unreconciled
from jutong.dataplane.transfer.folders import (
    check_whole_grant,
    folder_of,
    noted,
    placed,
    store_of,
    stream_of,
    tally_of,
    write_manifest,
)
from jutong.dataplane.transfer.frames import Frames
from jutong.dataplane.transfer.halves import Came, check_carried
from jutong.dataplane.transfer.runs import Run
from jutong.dataplane.transfer.sending import post_of
from jutong.dataplane.transfer.tables import landed
from jutong.wire.consignments import FILES, ROWS, Closing, FileEnd, FileHead, Heading
from jutong.wire.grants import Grant
from jutong.wire.transfers import RunState, Tally

ENGINE: Final = "parcel"
"""What the rows come from, in place of an engine's name: no type of the source's own is believed, only the neutral ones."""

TELL_SECONDS = 1.0


class ConsignedReading(PlainReading):
    """The rows of a parcel, read once; tallies are those that the sending half's source counted."""

    def __init__(self, heading: Heading, frames: Frames) -> None:
        self.shapes = tuple(
            Shape(one.name, "", "", Type(one.kind, one.length, one.precision, one.scale, one.bits, one.zoned), ENGINE)
            for one in heading.types
        )
        self._frames = frames
        self._rows = frames.until_empty()
        self._closing: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()

    @property
    def methods(self) -> tuple[str, ...]:
        """See `Reading.methods`."""
        return (PORTABLE,)

    async def tally(self, method: str) -> Tally:  # noqa: ARG002 - there is one
        """See `Reading.tally`; known when all rows have been handed over."""
        return (await asyncio.shield(self._closing)).tally

    async def parts(self, method: str, cut: Cut) -> dict[str, Tally]:  # noqa: ARG002 - as the sending half was told to
        """See `Reading.parts`."""
        return (await asyncio.shield(self._closing)).parts

    async def highest(self, column: str) -> tuple[str | None, bool]:
        """See `Reading.highest`: the sending half has asked, so nobody asks here."""
        raise TypeError(f"the mark of {column} is in the heading")

    def narrow(self, plan: Plan) -> None:
        """See `Reading.narrow`: what is in the parcel is what was asked for."""

    async def lines(self, sink: Sink) -> int:
        """See `Reading.lines`."""
        rows = 0
        while piece := await asyncio.to_thread(next, self._rows, b""):
            rows += piece.count(b"\n")
            await sink(piece)
        self._closing.set_result(await asyncio.to_thread(self._closed))
        return rows

    def _closed(self) -> Closing:
        closing = self._frames.message(Closing)
        self._frames.end()
        return closing


async def receive_table(run: Run) -> None:
    """Land the rows of the order's parcel; every other end is an exception, as of any table order."""
    check_carried(run.order)
    with post_of(run).opened(run.order) as came:
        run, frames, heading = await _begun(run, came, ROWS)
        async with run.target() as sink:
            await landed(run, partial(_reading, heading, frames), sink)


@asynccontextmanager
async def _reading(heading: Heading, frames: Frames) -> AsyncIterator[Reading]:
    yield ConsignedReading(heading, frames)


async def _begun(run: Run, came: Came, name: str) -> tuple[Run, Frames, Heading]:
    """Open a consignment, held against order and grant, and tell of it with the sending half's receipt.

    The run goes on by what the heading says.
    """
    frames = Frames(came.pieces)
    heading = await asyncio.to_thread(frames.message, Heading)
    order = run.order
    named = (heading.order_id, heading.grant_id, heading.request_digest, came.name)
    if named != (order.id, order.grant_id, order.digest, name):
        raise RuleBroken("包裹中的数据不属于本次任务，已拒收，请重新执行。")
    _check_granted(heading, run.guard.grant)
    await run.book.keep_receipt(order.id, "sender", came.sealed, at=datetime.now(UTC))
    run.tell(RunState.RECEIVED, "数据包已送达，正在写入目标。", receipt=came.sealed)
    return replace(run, heading=heading), frames, heading


def _check_granted(heading: Heading, grant: Grant) -> None:
    """Refuse rows that are not of the granted items, masked as granted; nothing else may reach the target."""
    told = [(column.item, column.masking) for column in heading.columns]
    if told != [(column.item, column.masking) for column in grant.columns]:
        raise NotAllowed("包裹中的数据项或脱敏方式与现行授权不一致，没有数据放行，请按最新授权重新执行。")
    names = [column.column for column in heading.columns]
    if len(set(names)) != len(names) or (heading.types and [one.name for one in heading.types] != names):
        raise RuleBroken("包裹中的列与数据项不一致，已拒收，请检查两端前置机的版本。")


async def receive_files(run: Run) -> None:
    """Put the files of the order's parcel into the target folder, each exactly once, and reconcile them with the sender's.

    What was put there before an exception stays and is noted; the order then goes on from there.
    """
    check_whole_grant(run.guard.grant)
    with post_of(run).opened(run.order) as came:
        run, frames, _heading = await _begun(run, came, FILES)
        async with run.target() as sink:
            store = store_of(sink)
            known = {each.name: each for each in await _own(run)}
            unpacking = FileUnpacking(run, store, frames, known)
            closing = await unpacking.unpacked()
            arrived = sorted(await _own(run), key=lambda each: each.name)
            manifest = await asyncio.to_thread(write_manifest, run, store.another, "", arrived)
    tally, size = tally_of(arrived), sum(each.size for each in arrived)
    receipt = await run.compare([(closing.tally, tally)], digest=manifest, size=size)
    run.guard.seal(datetime.now(UTC))
    message = f"已交付 {tally.rows} 个文件，共 {size} 字节，两端摘要一致。"
    run.tell(RunState.RELEASED, message, done=tally.rows, total=tally.rows, receipt=receipt, bytes_done=size)


async def _own(run: Run) -> list[Arrival]:
    """Return the files that this order has brought so far."""
    return [each for each in await run.book.arrivals(stream_of(run)) if each.order_id == run.order.id]


@dataclass
class FileUnpacking:
    """The files of one parcel on their way into one store, unpacked by a thread. known: delivered by an earlier attempt."""

    run: Run
    store: Store
    frames: Frames
    known: dict[str, Arrival]
    stop: threading.Event = field(default_factory=threading.Event)
    done: int = 0
    bytes_done: int = 0

    async def unpacked(self) -> Closing:
        """Unpack everything, entering into the book what has arrived, and return what the sending half counted."""
        loop, arriving = asyncio.get_running_loop(), asyncio.Queue[Arrival | None]()

        def arrived(each: Arrival | None) -> None:
            loop.call_soon_threadsafe(arriving.put_nowait, each)

        def work() -> Closing:
            try:
                return self._all(arrived)
            finally:
                arrived(None)

        working = asyncio.ensure_future(asyncio.to_thread(work))
        telling = asyncio.ensure_future(self._tell())
        try:
            await noted(self.run, self, arriving)
            return await working
        finally:
            self.stop.set()
            telling.cancel()
            await asyncio.gather(asyncio.shield(working), telling, return_exceptions=True)

    def _all(self, arrived: Callable[[Arrival], Any]) -> Closing:
        for frame in self.frames.until_empty():
            head = self.frames.decoded(frame, FileHead)
            found = self._one(head)
            if found is not None and found.name not in self.known:
                arrived(found)
        closing = self.frames.message(Closing)
        self.frames.end()
        return closing

    def _one(self, head: FileHead) -> Arrival | None:
        """Write one file beside its place, prove it, and make it visible; None for one that the sender gave up."""
        shown = check_name(head.name.decode("utf-8", "surrogateescape"))
        name, tag = (
            placed(folder_of(self.run), shown),
            sm3.hexdigest(f"{self.run.order.id}\0".encode() + head.name)[:24],
        )
        if shown in self.known:
            self._skip()
            return self.known[shown]
        running, size = sm3.new(), 0
        with self.store.writer(name, tag, 0) as out:
            for piece in self.frames.until_empty():
                if self.stop.is_set():
                    raise Stopped
                write_all(out, piece)
                running.update(piece)
                size += len(piece)
                self.bytes_done += len(piece)
            sync(out)
        sent = self.frames.message(FileEnd).sm3
        if not sent:
            self.store.discard(name, tag)
            return None
        self._publish(name, tag, sent, running.hexdigest())
        return Arrival(shown, size, head.mark, sent, self.run.order.id)

    def _skip(self) -> None:
        for _ in self.frames.until_empty():
            if self.stop.is_set():
                raise Stopped
        self.frames.message(FileEnd)

    def _publish(self, name: str, tag: str, sent: str, came: str) -> None:
        """Make a file visible after what lies in the store was read again; the very same file is not put there twice."""
        with self.store.part_reader(name, tag) as file:
            lies, size = digest(file, stopped=self.stop.is_set)
        if self.stop.is_set():
            raise Stopped
        if not sent == came == lies:
            self.store.discard(name, tag)
            raise Unreconciled(f"文件“{printable(name)}”两端内容不一致，未放行，目标文件夹中的原文件保持不变。")
        there = self.store.entry(name) if self.run.attempt > 1 else None
        if there is not None and there.size == size:
            with self.store.reader(name) as file:
                same, _ = digest(file, stopped=self.stop.is_set)
            if same == sent:
                self.store.discard(name, tag)
                return
        self.run.guard.check(datetime.now(UTC))
        self.store.publish(name, tag)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            self.run.tell(RunState.SENT, "正在写入文件。", done=self.done, bytes_done=self.bytes_done)
