"""The messages of PostgreSQL's `pgoutput` (protocol version 1), read for one thing: which keys a transaction touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from struct import error, unpack_from

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
Key = tuple[str, ...]
MISSING, UNCHANGED = b"n", b"u"


class Unreadable(ValueError):  # noqa: N818 - it says what the bytes are
    """A key value is not in the message, or the message is of no kind we know."""


@dataclass(slots=True)
class Touched:
    """What the transactions read so far have touched. position: end of the last commit; everything: a table was emptied."""

    keys: dict[Key, None] = field(default_factory=dict)
    transactions: set[int] = field(default_factory=set)
    changes: int = 0
    position: int = 0
    at: datetime = EPOCH
    everything: bool = False


class Decoder:
    """Takes messages in their order; `names` are the key columns in the order of the keys."""

    def __init__(self, names: Sequence[str], *, binary: Sequence[bool] = ()) -> None:
        self.touched = Touched()
        self._names = tuple(names)
        self._binary = tuple(binary) or (False,) * len(self._names)
        self._places: dict[int, tuple[int, ...]] = {}

    def feed(self, message: bytes) -> None:
        """Take one message in; raises `Unreadable` when it holds a change whose key it does not tell, or is cut off."""
        try:
            self._take(message)
        except (error, IndexError, KeyError, OverflowError, ValueError) as reason:
            raise Unreadable("a message that ends too early or names what it did not describe") from reason

    def _take(self, message: bytes) -> None:
        kind = message[:1]
        if kind in b"IUD":
            self._change(message)
        elif kind == b"B":
            (transaction,) = unpack_from(">I", message, 17)
            self.touched.transactions.add(transaction)
        elif kind == b"C":
            _, self.touched.position, microseconds = unpack_from(">QQq", message, 2)
            self.touched.at = EPOCH + timedelta(microseconds=microseconds)
        elif kind == b"R":
            self._relation(message)
        elif kind == b"T":
            self.touched.everything = True

    def _relation(self, message: bytes) -> None:
        """Learn at which places the keys stand."""
        (relation,) = unpack_from(">I", message, 1)
        at = message.index(b"\0", message.index(b"\0", 5) + 1) + 2
        (count,) = unpack_from(">H", message, at)
        at, names = at + 2, []
        for _ in range(count):
            end = message.index(b"\0", at + 1)
            names.append(message[at + 1 : end].decode())
            at = end + 9
        self._places[relation] = tuple(names.index(name) for name in self._names)

    def _change(self, message: bytes) -> None:
        """Note the keys before and after a change."""
        (relation,) = unpack_from(">I", message, 1)
        at = 5
        self.touched.changes += 1
        old: Key | None = None
        if message[at : at + 1] in (b"K", b"O"):
            cells, at = _cells(message, at + 1)
            old = self._key(relation, cells, None)
            self.touched.keys[old] = None
        if message[at : at + 1] == b"N":
            cells, at = _cells(message, at + 1)
            self.touched.keys[self._key(relation, cells, old)] = None

    def _key(self, relation: int, cells: Sequence[bytes | None], old: Key | None) -> Key:
        """Return the canonical texts of a row's key; a value that was left out because it did not change is the old one."""
        key = []
        for n, (place, binary) in enumerate(zip(self._places[relation], self._binary, strict=True)):
            cell = cells[place]
            if cell is None and old is None:
                raise Unreadable("a key value is missing")
            text = old[n] if cell is None and old else (cell or b"").decode()
            key.append(text.removeprefix("\\x") if binary else text)
        return tuple(key)


def _cells(message: bytes, at: int) -> tuple[list[bytes | None], int]:
    """Return the texts of one row and where it ends; what is missing or was left out is None."""
    (count,) = unpack_from(">H", message, at)
    at += 2
    cells: list[bytes | None] = []
    for _ in range(count):
        kind = message[at : at + 1]
        at += 1
        if kind in (MISSING, UNCHANGED):
            cells.append(None)
        elif kind == b"t":
            (size,) = unpack_from(">I", message, at)
            if len(message) < at + 4 + size:
                raise Unreadable("a value that is cut off would be another key")
            cells.append(message[at + 4 : at + 4 + size])
            at += 4 + size
        else:
            raise Unreadable(f"a value of kind {kind!r}")
    return cells, at
