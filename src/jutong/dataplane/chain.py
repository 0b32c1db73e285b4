"""The node's own audit chain: SM3-chained lines, flushed to disk in batches before any answer leaves, sealed and shipped."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from jutong.crypto import sm3
from jutong.dataplane.errors import Refusal, Unavailable
from jutong.dataplane.gathering import GATHER_SECONDS, Gathering
from jutong.dataplane.identity import Identity
from jutong.dataplane.link import Link
from jutong.dataplane.segments import Position, seal_segment, walk
from jutong.wire.envelope import Envelope
from jutong.wire.usage import ChainRecord, Segment

log = logging.getLogger(__name__)

WRITERS = 64
"""Processes of one node that may write at once, each its own chain: node, node-2, node-3 …"""
SHIP_PAUSE_SECONDS = 1.0
REST = 8
"""How many times as long as a delivery took the next one waits."""
_ENCODER = msgspec.json.Encoder()


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What a line says, before it gets its place in the chain; see `wire.ChainRecord` for the fields."""

    at: datetime
    who: str
    department: str
    act: str
    grant: str
    purpose: str
    outcome: str
    rows: int = 0
    key: str = ""
    reason: str = ""
    address: str = ""
    trace: str = ""
    person: str = ""
    service_item: str = ""

    def record(self, n: int, prev: str) -> ChainRecord:
        """Return the line at position `n` after the line with SM3 `prev`."""
        return ChainRecord(
            n, prev, self.at, self.who, self.department, self.act, self.grant, self.purpose, self.outcome,
            self.rows, self.key, self.reason, self.address, self.trace, self.person, self.service_item,
        )  # fmt: skip


def _lock_a_writer(folder: Path, node: str) -> tuple[str, BinaryIO]:
    """Take the first writer's name that no living process holds; the lock ends with the process."""
    for number in range(1, WRITERS + 1):
        name = node if number == 1 else f"{node}-{number}"
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / name / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        return name, lock
    raise Unavailable(f"审计链目录 {folder} 的 {WRITERS} 个写入位置都被占用，请减少网关进程数。")


class Chain:
    """One writer's chain. Files: `00000001.open` (being written), `.jsonl` with `.seal` (closed), `shipped/` (delivered)."""

    def __init__(
        self, folder: Path, lock: BinaryIO, identity: Identity, *, most_lines: int, most_seconds: float
    ) -> None:
        self.writer = folder.name
        self._folder = folder
        self._lock = lock
        self._identity = identity
        self._most_lines = most_lines
        self._most_seconds = most_seconds
        self._sealed = Position()
        self._position = Position()
        self._size = 0
        self._begun = 0.0
        self._broken = False
        self._file: BinaryIO | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chain")
        self._gathering: Gathering[Entry | None, int] = Gathering(self._write, most=4000, pause=GATHER_SECONDS)

    @classmethod
    def open(cls, folder: Path, identity: Identity, *, most_lines: int, most_seconds: float) -> Self:
        """Take a free writer's place and recover what a killed process left: a torn last line, an unsealed file.

        Raises `Unavailable` when the left file is broken other than at its end, naming it: that is no crash.
        """
        name, lock = _lock_a_writer(folder, identity.name)
        chain = cls(folder / name, lock, identity, most_lines=most_lines, most_seconds=most_seconds)
        (folder / name / "shipped").mkdir(mode=0o700, exist_ok=True)
        chain._recover()
        return chain

    @property
    def usable(self) -> bool:
        """Tell whether lines can be written; False after a failure that only a restart mends."""
        return not self._broken

    @property
    def lines(self) -> int:
        """Return how many lines this chain has."""
        return self._position.n

    def waiting(self) -> int:
        """Return how many sealed segments have not been shipped yet."""
        return sum(1 for _seal in self._folder.glob("*.seal"))

    def append(self, entry: Entry) -> asyncio.Future[int]:
        """Write a line; the future gives its number once it is on disk, or `Unavailable`: then answer nothing."""
        return self._gathering.ask(entry)

    async def close(self) -> None:
        """Flush, seal what is open and give the writer's place back."""
        await self._gathering.settled()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._rotate)
        self._thread.shutdown()
        if self._file:
            self._file.close()
        self._lock.close()

    async def keep(self, link: Link, *, keep_days: int) -> None:
        """Seal by time and ship sealed segments in order, until cancelled; a refusal is tried again."""
        trouble = ""
        while True:
            try:
                await self._gathering.ask(None)
                await self.ship(link, at=datetime.now(UTC), keep_days=keep_days)
                trouble = ""
            except Refusal as refusal:
                if refusal.sentence != trouble:
                    log.warning("审计段未能送达：%s", refusal.sentence)
                    trouble = refusal.sentence
            await asyncio.sleep(min(SHIP_PAUSE_SECONDS, self._most_seconds))

    async def ship(self, link: Link, *, at: datetime, keep_days: int) -> None:
        """Deliver every sealed segment, oldest first; delivered ones stay in `shipped/` for `keep_days`.

        Between two it rests, so that a chain long unshipped crowds no calls out.
        """
        for seal in sorted(self._folder.glob("*.seal")):
            shipped = self._folder / "shipped" / seal.name
            lines = seal.with_suffix(".jsonl")
            if not lines.exists():  # killed between the two moves below
                lines = shipped.with_suffix(".jsonl")
            envelope = msgspec.json.decode(seal.read_bytes(), type=Envelope)
            began = time.monotonic()
            await link.post_segment(envelope, await asyncio.to_thread(lines.read_bytes))
            lines.replace(shipped.with_suffix(".jsonl"))
            seal.replace(shipped)
            await asyncio.sleep(REST * (time.monotonic() - began))
        limit = (at - timedelta(days=keep_days)).timestamp()
        for seal in sorted((self._folder / "shipped").glob("*.seal"))[:-1]:
            if seal.stat().st_mtime < limit:
                seal.with_suffix(".jsonl").unlink(missing_ok=True)
                seal.unlink()

    async def _write(self, entries: list[Entry | None]) -> Sequence[int | Exception]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, entries)

    def _commit(self, entries: list[Entry | None]) -> Sequence[int]:
        """Write a batch with one flush to disk; None only asks whether the file is due to be closed."""
        n, head = self._position.n, self._position.head
        places: list[int] = []
        lines: list[bytes] = []
        encode = _ENCODER.encode
        for entry in entries:
            if entry is not None:
                n += 1
                line = encode(entry.record(n, head))
                head = sm3.hexdigest(line)
                lines.append(line)
            places.append(n)
        if lines:
            self._flush(b"\n".join(lines) + b"\n")
            self._position = Position(n, head, self._sealed.segment)
        if self._due():
            self._rotate()
        return places

    def _flush(self, data: bytes) -> None:
        if self._broken:
            raise Unavailable("审计链文件处于未知状态，已停止对外应答，请检查磁盘后重新启动本服务。")
        try:
            if self._file is None:
                self._file = self._open()
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fdatasync(self._file.fileno())
        except OSError as error:
            self._undo()
            raise Unavailable("审计记录无法写入磁盘，已停止对外应答，请检查磁盘空间与权限。") from error
        self._size += len(data)

    def _undo(self) -> None:
        """Cut a half-written batch off again; where even that fails nothing more is written before a restart."""
        try:
            if self._file:
                os.ftruncate(self._file.fileno(), self._size)
                os.fsync(self._file.fileno())
        except OSError:
            self._broken = True
            log.exception("审计链文件无法回退，请检查磁盘")

    def _path(self, suffix: str) -> Path:
        return self._folder / f"{self._sealed.segment + 1:08d}{suffix}"

    def _open(self) -> BinaryIO:
        if self._path(".jsonl").exists():  # closed, but its signing failed
            self._seal(at=datetime.now(UTC))
        file = self._path(".open").open("ab", buffering=0)
        _flush_folder(self._folder)
        self._size = self._path(".open").stat().st_size
        self._begun = time.monotonic()
        return file

    def _due(self) -> bool:
        lines = self._position.n - self._sealed.n
        return lines >= self._most_lines or (lines > 0 and time.monotonic() - self._begun >= self._most_seconds)

    def _rotate(self) -> None:
        """Close the open file, if it has lines, and sign it; what fails here is made good before the next line."""
        if self._position.n == self._sealed.n or self._broken:
            return
        try:
            if self._file:
                self._file.close()
                self._file = None
                self._path(".open").replace(self._path(".jsonl"))
            self._seal(at=datetime.now(UTC))
        except OSError:
            log.exception("审计段未能封签，请检查磁盘空间与权限")

    def _seal(self, *, at: datetime) -> None:
        path = self._path(".jsonl")
        envelope = seal_segment(
            self.writer, self._sealed, path.read_bytes(), last=self._position, at=at, signer=self._identity.signer
        )
        with self._path(".tmp").open("wb") as file:
            file.write(msgspec.json.encode(envelope))
            file.flush()
            os.fsync(file.fileno())
        self._path(".tmp").replace(self._path(".seal"))
        _flush_folder(self._folder)
        self._sealed = self._position = Position(self._position.n, self._position.head, self._sealed.segment + 1)

    def _recover(self) -> None:
        seals = sorted(self._folder.rglob("*.seal"), key=lambda path: path.name)
        if seals:
            envelope = msgspec.json.decode(seals[-1].read_bytes(), type=Envelope)
            last = msgspec.json.decode(envelope.payload, type=Segment)
            self._sealed = self._position = Position(last.last, last.head, last.number)
        if self._path(".jsonl").exists():  # killed between closing and signing
            self._position = self._read(self._path(".jsonl"))
            self._seal(at=datetime.now(UTC))
        if self._path(".open").exists():
            self._position = self._read(self._path(".open"))
            self._file = self._open()

    def _read(self, path: Path) -> Position:
        """Cut a torn last line off and return where the file's chain ends."""
        raw = path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        position = self._sealed
        for n, fault, head in walk(whole, self._sealed):
            if fault:
                raise Unavailable(f"审计链文件 {path} 已损坏（{fault}），网关不能启动，请保全该文件并联系安全审计员。")
            position = Position(n, head, self._sealed.segment)
        if len(whole) < len(raw):
            with path.open("r+b") as file:
                file.truncate(len(whole))
                os.fsync(file.fileno())
        return position


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
