"""One order arriving as a file: written beside its place, read back and compared, made visible whole, once per order.

Mode replace writes `TABLE.ENDING` in the schema's folder, append `TABLE-ORDER.ENDING`. Beside it lies a manifest for
people and programs (`….manifest.json`); a hidden one named by the order says that the order has landed. Whoever dies
between the two writes the same file again.
"""

# ruff: noqa: ARG002 - the port's arguments, some without meaning here
from __future__ import annotations

import asyncio
import io
import tempfile
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from jutong.crypto import sm3
from jutong.dataplane.dirty import LISTED, Dirty, Sifted, check_number, joined
from jutong.dataplane.engines.base import Landing, Position, Shape, Target
from jutong.dataplane.engines.plain import PlainLanding
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.files.stores import Store, check_name
from jutong.dataplane.partitions import Cut
from jutong.dataplane.reconcile import PORTABLE, RunningTally, Unreconciled, difference, row_digest
from jutong.wire.grants import Column
from jutong.wire.transfers import TableMode, Tally

ENDINGS = {"csv": "csv", "jsonl": "jsonl", "json": "jsonl", "xlsx": "xlsx", "parquet": "parquet"}
READ_ROWS = 5000


class FileManifest(msgspec.Struct, frozen=True):
    """What lies beside a written file. sm3: of its bytes, hex."""

    order_id: str
    grant_id: str
    file: str
    rows: int
    bytes: int
    sm3: str
    checksum: str
    method: str
    columns: tuple[str, ...]
    format: str
    encoding: str
    at: datetime


class FileLanding(PlainLanding):
    """The landing of one order; see `open_landing` for its life."""

    mark = ""

    def __init__(self, store: Store, target: Target, shapes: Sequence[Shape], shape: Any, ending: str) -> None:
        self.position: Position | None = None
        self.casts = tuple(each.base for each in shapes)
        self._store = store
        self._target = target
        self._columns = tuple(each.name for each in shapes)
        self._format = shape
        self._ending = ending
        once = sha256(target.order_id.encode()).hexdigest()[:24]
        folder = "" if target.schema in ("", ".", "public") else target.schema + "/"
        self._tag = once
        self._hidden = check_name(f"{folder}.jutong-{once}.json")
        last = target.table if target.mode is TableMode.REPLACE else f"{target.table}-{target.order_id}"
        self.file = check_name(f"{folder}{last}.{ENDINGS[ending]}")
        self._came, self._shown, self._gone = RunningTally(), RunningTally(), RunningTally()
        self._taken = 0
        self._dirty: list[Dirty] = []
        self._digest, self._size = sm3.new(), 0
        self._out: BinaryIO | None = None
        self._manifest: FileManifest | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """See `Landing.methods`."""
        return (PORTABLE,)

    def landed(self) -> Position | None:
        """Return what the hidden manifest says."""
        if self._store.entry(self._hidden) is None:
            return None
        with self._store.reader(self._hidden) as file:
            found = msgspec.json.decode(file.read(), type=FileManifest)
        return Position(found.order_id, Tally(found.rows, found.checksum, found.method), found.at)

    def _write(self, plain: bytes) -> None:
        self._digest.update(plain)
        self._size += len(plain)
        view = memoryview(plain)
        while view and self._out is not None:
            view = view[self._out.write(view) :]

    def _begin(self) -> None:
        self._out = self._store.writer(self.file, self._tag, 0)
        self._write(self._format.header())

    def _feed(self, lines: Any, chunk: bytes) -> None:
        """Write the rows completed by this chunk."""
        from jutong.dataplane.transfer.lines import parsed

        rows = [parsed(line) for line in lines.cut(chunk)]
        self._taken += len(rows)
        if self._target.sift:
            rows = self._sound(rows)
        self._came.add([row_digest(row) for row in rows])
        shown = [self._format.delivered(row) for row in rows]
        self._shown.add([row_digest(row) for row in shown])
        self._write(self._format.body(shown))

    def _sound(self, rows: list[list[str | None]]) -> list[list[str | None]]:
        """Set aside the rows that the format cannot hold; return the others."""
        sound = []
        for number, row in enumerate(rows, self._taken - len(rows) + 1):
            fault = self._format.fault(row)
            if fault is None:
                sound.append(row)
                continue
            self._gone.add([row_digest(row)])
            if len(self._dirty) < LISTED:
                place, reason = fault
                column, cells = self._columns[place], tuple(row)
                self._dirty.append(Dirty(number, column, row[place] or "", reason, cells, masked=True))
        return sound

    async def sift(self, most: int) -> Sifted:
        """See `dirty.Sifting.sift`: it has happened on the way."""
        gone, clean = self._gone.tally(), self._came.tally()
        check_number(self._dirty, gone.rows, most)
        return Sifted(joined(clean, gone), clean, self._dirty)

    def _end(self) -> None:
        for piece in self._format.tail():
            self._write(piece)
        if self._out is not None:
            self._out.close()
            self._out = None

    async def receive(self, chunks: AsyncIterator[bytes], *, binary: bool) -> int:
        """See `Landing.receive`: canonical text lines only."""
        from jutong.dataplane.transfer.lines import Lines

        if binary:
            raise RuleBroken("文件目标不接收二进制数据流。")
        lines = Lines()
        await asyncio.to_thread(self._begin)
        async for chunk in chunks:
            await asyncio.to_thread(self._feed, lines, chunk)
        await asyncio.to_thread(self._end)
        return self._taken

    async def rows_done(self) -> int:
        """See `Landing.rows_done`."""
        return self._taken

    async def tally(self, method: str) -> Tally:
        """See `Landing.tally`: the file is read back and must hold the rows as its format shows them."""
        stopped = threading.Event()
        try:
            found = await asyncio.to_thread(self._read_back, stopped)
        finally:
            stopped.set()
        differing = difference(self._shown.tally(), found)
        if differing:
            raise Unreconciled(differing)
        return self._came.tally()

    def _read_back(self, stopped: threading.Event) -> Tally:
        tally = RunningTally()
        with self._store.part_reader(self.file, self._tag) as file:
            rows = self._format.read(file if isinstance(file, io.BufferedReader) else io.BufferedReader(file))  # type: ignore[type-var]
            while not stopped.is_set() and (digests := [row_digest(row) for row in islice(rows, READ_ROWS)]):
                tally.add(digests)
        return tally.tally()

    async def parts(self, method: str, cut: Cut) -> dict[str, Tally]:
        """See `Landing.parts`: files are not divided."""
        raise RuleBroken("文件目标不支持分区核对，请取消分区或改用数据库目标。")

    async def settle(self, tally: Tally, *, at: datetime, mark: str = "", held: Sequence[str] = ()) -> None:
        """See `Landing.settle`: what becomes visible is agreed on; it happens when the landing is left in peace."""
        if mark or held:
            raise RuleBroken("文件目标不支持按水位增量或分区修复，请改用全量。")
        self._manifest = FileManifest(
            order_id=self._target.order_id,
            grant_id=self._target.grant_id,
            file=self.file,
            rows=tally.rows,
            bytes=self._size,
            sm3=self._digest.hexdigest(),
            checksum=tally.checksum,
            method=tally.method,
            columns=self._columns,
            format=self._ending,
            encoding=getattr(self._format, "codec", "utf-8"),
            at=at,
        )

    def leave(self) -> None:
        """Make a settled file visible, its manifest behind it, the order's own last; forget what was not settled."""
        if self._out is not None:
            self._out.close()
        if self._manifest is None:
            self._store.discard(self.file, self._tag)
            return
        self._store.publish(self.file, self._tag)
        told = msgspec.json.format(msgspec.json.encode(self._manifest), indent=1)
        for name in (f"{self.file}.manifest.json", self._hidden):
            with self._store.writer(name, self._tag, 0) as file:
                file.write(told)
            self._store.publish(name, self._tag)


@asynccontextmanager
async def open_landing(
    store: Store, options: Mapping[str, str], target: Target, shapes: Sequence[Shape]
) -> AsyncIterator[Landing]:
    """Open the landing of one order. Left after `settle` the file is there; left otherwise nothing has happened."""
    from jutong.dataplane.transfer.files import format_for

    if target.mode is TableMode.UPSERT:
        raise RuleBroken("文件目标不支持按主键更新，请改用替换或追加方式。")
    ending = options.get("format") or "csv"
    if ending not in ENDINGS:
        raise RuleBroken(f"不支持写出的文件格式“{ending}”，支持：{'、'.join(ENDINGS)}。")
    columns = [Column(each.name, each.name, each.neutral.kind) for each in shapes]
    with tempfile.TemporaryDirectory(prefix="jutong-") as scratch:
        name = "jsonl" if ending == "json" else ending
        encoding = (options.get("encoding") or "utf-8") if name == "csv" else "utf-8"
        shape = format_for(name, encoding, columns, Path(scratch, "work"))
        landing = FileLanding(store, target, shapes, shape, ending)
        landing.position = await asyncio.to_thread(landing.landed)
        try:
            yield landing
        except BaseException:
            landing._manifest = None  # noqa: SLF001 - what was settled is undone
            await asyncio.shield(asyncio.to_thread(landing.leave))
            raise
        if landing.position is None:
            await asyncio.to_thread(landing.leave)
