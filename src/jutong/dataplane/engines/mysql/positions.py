"""Places in a MariaDB server's binlog: compared, written down as a task's mark, and recognised again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering
from typing import Any

from jutong.dataplane.engines.mysql.connect import fetch
from jutong.dataplane.engines.mysql.sql import literal

KNOWN = 120
"""Characters of a GTID that a mark keeps; a server has one or two domains, and each counts on in its first digits."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Position:
    """A file of the binlog and the byte in it; files are counted by the number behind their last dot."""

    file: str
    byte: int

    @classmethod
    def of(cls, mark: str) -> Position:
        """Return the position of a mark: `file:byte`, or with what `named` adds."""
        file, byte = mark.split(":", 2)[:2]
        return cls(file, int(byte))

    def __str__(self) -> str:
        """Return it as `of` reads it."""
        return f"{self.file}:{self.byte}"

    @property
    def place(self) -> tuple[int, int]:
        """Return what positions of one server are ordered by; a server without binlog is before every other."""
        number = self.file.rpartition(".")[2]
        return (int(number) if number.isdigit() else -1, self.byte)

    def __lt__(self, other: Position) -> bool:
        """Compare by file number, then by byte."""
        return self.place < other.place


async def gtid(session: Any, position: Position) -> str:
    """Return the global transaction id that the server has reached there; empty when it knows no such place."""
    question = f"select ifnull(binlog_gtid_pos({literal(position.file)}, {position.byte:d}), '')"
    return str((await fetch(session, question))[0][0])[:KNOWN]


async def named(session: Any, position: Position, born: int) -> str:
    """Return the mark of a position: `file:byte:gtid@born`.

    The GTID tells later whether the file holds the same transactions; a log that was reset counts them anew, so the time
    at which the server began the file (seconds of the epoch) tells whether it is the same file at all.
    """
    return f"{position}:{await gtid(session, position)}@{born}"
