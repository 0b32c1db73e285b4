"""Row images of a binlog, read for the key alone: every other value is passed over by its length and never looked at.

What an application has stored in a column that is no key, in whatever encoding, can thus neither leave the source nor
stop its capture; and a wide table costs little more than a narrow one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pymysqlreplication.constants import FIELD_TYPE
from pymysqlreplication.row_event import RowsEvent, UpdateRowsEvent

from jutong.dataplane.engines.base import Key

FIXED = {
    FIELD_TYPE.TINY: 1, FIELD_TYPE.SHORT: 2, FIELD_TYPE.INT24: 3, FIELD_TYPE.LONG: 4, FIELD_TYPE.LONGLONG: 8,
    FIELD_TYPE.FLOAT: 4, FIELD_TYPE.DOUBLE: 8, FIELD_TYPE.YEAR: 1, FIELD_TYPE.DATE: 3, FIELD_TYPE.NEWDATE: 3,
    FIELD_TYPE.TIME: 3, FIELD_TYPE.DATETIME: 8, FIELD_TYPE.TIMESTAMP: 4,
}  # fmt: skip
"""Bytes of a value."""

FRACTIONED = {FIELD_TYPE.DATETIME2: 5, FIELD_TYPE.TIMESTAMP2: 4, FIELD_TYPE.TIME2: 3}
"""Bytes of a value beside its fraction of a second, two digits in a byte."""

SIZED = {FIELD_TYPE.ENUM: "size", FIELD_TYPE.SET: "size", FIELD_TYPE.BIT: "bytes"}
"""Where the library keeps the bytes of a value."""

INTEGERS = frozenset(
    {FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG}
)  # fmt: skip
TEXTS = frozenset({FIELD_TYPE.VARCHAR, FIELD_TYPE.STRING, FIELD_TYPE.VAR_STRING})
PREFIXED = frozenset({FIELD_TYPE.BLOB, FIELD_TYPE.GEOMETRY, FIELD_TYPE.JSON})
GROUP = 9
DIGIT_BYTES = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)
"""Bytes of so many decimal digits; nine of them make a group."""
LONG_TEXT = 255

Told = Callable[[bytes], str | None]


def _decimal_bytes(digits: int) -> int:
    return digits // GROUP * DIGIT_BYTES[GROUP] + DIGIT_BYTES[digits % GROUP]


def _step(column: Any) -> tuple[int, int]:
    """Return the bytes of a column's values, and of the length before each where they differ.

    Raises LookupError for a type that the log's descriptions do not tell the length of.
    """
    kind = column.type
    if kind in TEXTS:
        return 0, 2 if column.max_length > LONG_TEXT else 1
    if kind in PREFIXED:
        return 0, column.length_size
    if kind in FRACTIONED:
        return FRACTIONED[kind] + (column.fsp + 1) // 2, 0
    if kind == FIELD_TYPE.NEWDECIMAL:
        return _decimal_bytes(column.precision - column.decimals) + _decimal_bytes(column.decimals), 0
    if kind in SIZED:
        return getattr(column, SIZED[kind]), 0
    return FIXED[kind], 0


def _whole(data: bytes, digits: int) -> int:
    """Return the number that groups of digits make, the odd ones before the full ones."""
    odd = DIGIT_BYTES[digits % GROUP]
    number = int.from_bytes(data[:odd])
    for start in range(odd, len(data), DIGIT_BYTES[GROUP]):
        number = number * 10**GROUP + int.from_bytes(data[start : start + DIGIT_BYTES[GROUP]])
    return number


def _fixed(column: Any) -> Told:
    """Return what tells a fixed number: its digits in groups, the first bit its sign, all bits turned where negative."""
    before, behind = column.precision - column.decimals, column.decimals
    split, odd = _decimal_bytes(before), behind % GROUP

    def told(data: bytes) -> str:
        negative = not data[0] & 0x80
        plain = bytes([data[0] ^ 0x80, *data[1:]])
        if negative:
            plain = bytes(byte ^ 0xFF for byte in plain)
        text = f"{'-' * negative}{_whole(plain[:split], before)}"
        if not behind:
            return text
        full = len(plain) - DIGIT_BYTES[odd]
        groups = (plain[n : n + DIGIT_BYTES[GROUP]] for n in range(split, full, DIGIT_BYTES[GROUP]))
        fraction = "".join(f"{int.from_bytes(group):0{GROUP}d}" for group in groups)
        return f"{text}.{fraction}{f'{int.from_bytes(plain[full:]):0{odd}d}' if odd else ''}"

    return told


def _day(data: bytes) -> str | None:
    number = int.from_bytes(data, "little")
    year, month, day = number >> 9, number >> 5 & 15, number & 31
    return f"{year:04d}-{month:02d}-{day:02d}" if year and month and day else None


def _read(column: Any) -> Told:
    """Return what tells a key's value as canonical text, None where it cannot be told."""
    if column.type in INTEGERS:
        return lambda data: str(int.from_bytes(data, "little", signed=not column.unsigned))
    if column.type == FIELD_TYPE.NEWDECIMAL:
        return _fixed(column)
    if column.type in (FIELD_TYPE.DATE, FIELD_TYPE.NEWDATE):
        return _day
    if column.type not in TEXTS or not column.character_set_name:
        return lambda _: None
    encoding = RowsEvent.charset_to_encoding(column.character_set_name)

    def told(data: bytes) -> str | None:
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            return None

    return told


class Images:
    """What finds the keys in one table's images. columns: as the log describes them, in their order."""

    def __init__(self, columns: Sequence[Any], unique: Sequence[str]) -> None:
        self.columns = columns
        names = [column.name for column in columns]
        places = [names.index(name) for name in unique]  # a table that has lost its key raises ValueError
        told = {place: _read(columns[place]) for place in places}
        self._places = places
        self._steps = [(n, 1 << n, *_step(column), told.get(n)) for n, column in enumerate(columns)]

    def keys(self, event: Any) -> Iterator[Key | None]:
        """Return the key of each image in an event of rows, None where it is not told; ValueError where lengths lie."""
        first = int.from_bytes(event.columns_present_bitmap, "little")
        present = [first]
        if isinstance(event, UpdateRowsEvent):
            present.append(int.from_bytes(event.columns_present_bitmap2, "little"))
        data = event.packet.read(event.event_size - event.packet.read_bytes)
        at = 0
        while at < len(data):
            for columns in present:
                at, key = self._key(data, at, columns)
                yield key
        if at != len(data):
            raise ValueError("row images of other lengths than described")

    def _key(self, data: bytes, at: int, present: int) -> tuple[int, Key | None]:
        """Return where the image that begins at a byte ends, and its key. present: a bit for each column that it has."""
        width = (present.bit_count() + 7) // 8
        missing = int.from_bytes(data[at : at + width], "little")
        at += width
        found: dict[int, str | None] = {}
        bit = 1
        for n, mine, size, prefix, told in self._steps:
            if not present & mine:
                continue
            if missing & bit:
                bit <<= 1
                continue
            bit <<= 1
            if prefix:
                size = int.from_bytes(data[at : at + prefix], "little")  # noqa: PLW2901 - of this value
                at += prefix
            if told:
                found[n] = told(data[at : at + size])
            at += size
        key = tuple(found.get(n) for n in self._places)
        return at, None if None in key else key  # type: ignore[return-value]
