"""Rows' numbers put in the order of their keys on this side, where a source lends its state to one session, or no bytes' order."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Self

from jutong.dataplane.engines.base import Key
from jutong.dataplane.errors import RuleBroken

FETCHED = 5000
CACHE_KIB = 16_384


class Sorted:
    """Keys with their numbers, put in as they come, taken out in the order of the bytes of the keys' texts.

    They lie in a nameless database of SQLite's, which sorts on the disk of this machine what does not fit its cache: a
    department's database is not made to sort, and memory stays bounded however many rows there are.
    """

    def __init__(self, columns: int) -> None:
        self._names = [f"k{n}" for n in range(columns)]
        self._base = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._base.execute(f"pragma cache_size = -{CACHE_KIB}")
        self._base.execute("pragma journal_mode = off")
        self._base.execute(f"create table found ({', '.join(self._names)}, number)")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()

    async def add(self, rows: Sequence[tuple[Sequence[str | None], str]]) -> None:
        """Put in rows' keys and numbers; `RuleBroken` for a row without a key, which nobody could tell from another."""
        if any(None in key for key, _ in rows):
            raise RuleBroken("有主键为空的行，不能逐行比对，请补全主键或清理这些行。")
        places = ", ".join("?" * (len(self._names) + 1))
        given = [(*(str(text).encode() for text in key), number) for key, number in rows]
        await asyncio.to_thread(self._base.executemany, f"insert into found values ({places})", given)  # noqa: S608

    async def batches(self) -> AsyncIterator[list[tuple[Key, str]]]:
        """Return what was put in, some thousand at a time."""
        names = ", ".join(self._names)
        cursor = await asyncio.to_thread(self._base.execute, f"select * from found order by {names}")  # noqa: S608
        while rows := await asyncio.to_thread(cursor.fetchmany, FETCHED):
            yield [(tuple(str(key, "utf-8") for key in row[:-1]), row[-1]) for row in rows]
