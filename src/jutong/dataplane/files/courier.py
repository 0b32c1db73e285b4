"""One file from one store into another, byte for byte: gone on with after a break, proved at both ends, visible whole."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from io import UnsupportedOperation
from typing import Any, BinaryIO, Protocol

from jutong.crypto import sm3
from jutong.dataplane.book import Arrival
from jutong.dataplane.errors import Unavailable
from jutong.dataplane.files.stores import PIECE, Entry, Store, digest, printable
from jutong.dataplane.reconcile import Unreconciled

CHECKPOINT = 64 << 20
"""Bytes between two notes of how far a file has come; after a break at most so much is sent again."""


class Changed(Unavailable):
    """A file changed while it was read; nothing of it was delivered, and it is tried again later."""


class Stopped(Exception):  # noqa: N818 - somebody else says why
    """The run ended while the file was under way."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far an unfinished file had safely come, and the SM3 (hex) of that much of the source."""

    offset: int
    sm3: str


class Notes(Protocol):
    """Where checkpoints are kept; called from threads."""

    def checkpoint(self, tag: str) -> Checkpoint | None:
        """Return the newest one of an unfinished file."""

    def note(self, tag: str, found: Checkpoint) -> None:
        """Keep one, durably."""


class Throttle:
    """Holds all threads together back to so many bytes a second; 0 lets them go."""

    def __init__(self, bytes_per_second: int) -> None:
        self._rate = bytes_per_second
        self._free_at = time.monotonic()
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Wait until so many bytes may pass."""
        if not self._rate:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + size / self._rate
            pause = self._free_at - now
        time.sleep(min(pause, 5.0))


@dataclass(frozen=True, slots=True)
class Courier:
    """Carries files between two stores for one stream of orders.

    folder: below the target's folder. stream: what names unfinished files, so that a later attempt finds them. may: raises
    when the grant or the order ended; asked right before a file becomes visible. stopped: looked at after each piece.
    """

    source: Store
    target: Store
    folder: str
    stream: str
    order_id: str
    notes: Notes
    throttle: Throttle
    may: Callable[[], None]
    stopped: Callable[[], bool]
    passed: Callable[[int], None]

    def place(self, name: str) -> str:
        """Return where a file goes."""
        return f"{self.folder}/{name}" if self.folder else name

    def deliver(self, entry: Entry, shown: str, known: Arrival | None, *, look: bool) -> Arrival:
        """Deliver one file. shown: its name at the target, before `folder`. known: how it was delivered before.

        look: the file may be at the target already without our knowing, since an attempt broke off. Raises `Changed`,
        `Unreconciled` when what lies at the target is not what was read, and whatever `may` does.
        """
        name = self.place(shown)
        if look and self._there(entry, name):
            return self._arrived(entry, self._digest(self.source.reader(entry.name)))
        tag = sha256(f"{self.stream}\0{entry.name}\0{entry.size}\0{entry.mark}".encode("utf-8", "surrogatepass"))
        part = tag.hexdigest()[:24]
        sent = self._copied(entry, name, part)
        if known is not None and known.sm3 == sent:
            self.target.discard(name, part)
            return self._arrived(entry, sent)
        with self.target.part_reader(name, part) as file:
            came, size = digest(file, stopped=self.stopped)
        self._check_stopped()
        if (came, size) != (sent, entry.size):
            self.target.discard(name, part)
            raise Unreconciled(f"文件“{printable(entry.name)}”两端内容不一致，未放行，目标文件夹中的原文件保持不变。")
        self.may()
        self.target.publish(name, part)
        return self._arrived(entry, sent)

    def _arrived(self, entry: Entry, found: str) -> Arrival:
        return Arrival(entry.name, entry.size, entry.mark, found, self.order_id)

    def _there(self, entry: Entry, name: str) -> bool:
        """Tell whether the target has the very same file already."""
        there = self.target.entry(name)
        if there is None or there.size != entry.size:
            return False
        return self._digest(self.target.reader(name)) == self._digest(self.source.reader(entry.name))

    def _digest(self, file: BinaryIO) -> str:
        with file:
            found, _ = digest(file, stopped=self.stopped)
        self._check_stopped()
        return found

    def _check_stopped(self) -> None:
        if self.stopped():
            raise Stopped

    def _begun(self, name: str, part: str) -> tuple[int, Any]:
        """Return from where on an unfinished file is gone on with, and the digest of what is there."""
        noted = self.notes.checkpoint(part) if self.target.resumes else None
        if noted is not None and self.target.started(name, part) >= noted.offset:
            running, left = sm3.new(), noted.offset
            with self.target.part_reader(name, part) as file:
                while left and (piece := file.read(min(PIECE, left))):
                    running.update(piece)
                    left -= len(piece)
                    self._check_stopped()
            if not left and running.hexdigest() == noted.sm3:
                return noted.offset, running
        return 0, sm3.new()

    def _copied(self, entry: Entry, name: str, part: str) -> str:
        """Copy what is missing of a file into its part and return the SM3 of the source's bytes."""
        offset, running = self._begun(name, part)
        size = noted = offset
        with self.source.reader(entry.name) as file, self.target.writer(name, part, offset) as out:
            file.seek(offset)
            while size < entry.size and (piece := file.read(min(PIECE, entry.size - size))):
                self.throttle.take(len(piece))
                running.update(piece)
                write_all(out, piece)
                size += len(piece)
                self.passed(len(piece))
                self._check_stopped()
                if size - noted >= CHECKPOINT and self.target.resumes:
                    sync(out)
                    self.notes.note(part, Checkpoint(size, running.hexdigest()))
                    noted = size
            sync(out)
        if size != entry.size or self.source.entry(entry.name) != entry:
            self.target.discard(name, part)
            raise Changed(f"文件“{printable(entry.name)}”在读取过程中发生变化，稍后自动重新读取。")
        return str(running.hexdigest())


def write_all(out: BinaryIO, piece: bytes) -> None:
    """Write a whole piece, however many calls a store takes for it."""
    view = memoryview(piece)
    while view:
        view = view[out.write(view) :]


def sync(out: BinaryIO) -> None:
    """Make what was written durable, where that is in our hands."""
    out.flush()
    with suppress(UnsupportedOperation):
        os.fsync(out.fileno())
