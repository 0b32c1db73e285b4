"""Rows handed over as they stand in a CSV file, where a target reads every byte of them exactly as we do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Csv:
    """How a piece of CSV is written: whole records in UTF-8, quotes doubled, an empty cell a missing value.

    columns: all of them, in their order. crlf: how lines end, all alike.
    """

    delimiter: str
    columns: tuple[str, ...]
    crlf: bool = False


Piece = tuple[bytes, Csv | None]
"""Some rows of a stream: as CSV, or (None) as canonical text lines."""

PieceSink = Callable[[Piece], Awaitable[None]]


@runtime_checkable
class TakingCsv(Protocol):
    """A landing that takes CSV as well as canonical text lines, and reads the same values from both."""

    async def receive_pieces(self, pieces: AsyncIterator[Piece]) -> int:
        """Do what `Landing.receive` does with a stream that changes its form on the way."""


def alike(block: bytes, delimiter: str) -> bool:
    r"""Tell whether every reader of CSV finds the same cells in a block of whole lines, none of which continues in a next.

    A quote stands around a whole cell or doubled within one; no NUL is there, nor a line of `\.`, which would end a COPY.
    """
    if b"\0" in block or (b"\\" in block and b"\\." in block):
        return False
    if b'"' not in block:
        return True
    first, *between, last = block.split(b'"')
    if len(between) % 2 == 0:
        return False  # a quote without its fellow
    sides = b"\0".join([first[-1:], *between[1::2], last[:1]]).translate(_edges(delimiter))
    return b"\0x" not in sides and b"x\0" not in sides


def _edges(delimiter: str) -> bytes:
    """Return a table that makes a comma of what may stand beside a quoted cell, and an x of every other sign."""
    table = bytearray(b"x" * 256)
    table[0] = 0
    for sign in (*delimiter.encode(), *b"\r\n"):
        table[sign] = ord(",")
    return bytes(table)
