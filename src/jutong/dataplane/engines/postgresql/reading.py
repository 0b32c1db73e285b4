"""One plan read from one snapshot of a PostgreSQL source: streamed out and, beside it, counted and summed there."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value bound
from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from jutong.dataplane.engines.base import Changes, Key, Reading, Shape, Sink
from jutong.dataplane.engines.postgresql import catalogue, sql, tallies
from jutong.dataplane.engines.postgresql.binary import BinaryRows
from jutong.dataplane.engines.postgresql.connect import connect_once, refusing
from jutong.dataplane.engines.postgresql.sql import Parts, quoted
from jutong.dataplane.engines.postgresql.types import NAME, neutral
from jutong.dataplane.partitions import Cut
from jutong.dataplane.policy import Plan
from jutong.dataplane.reconcile import PORTABLE
from jutong.wire.bundle import Access
from jutong.wire.transfers import Tally

WRAP = 1 << 32
"""Transaction numbers in the log have 32 bits and start again."""

FETCHED = 5000

BEGIN = "begin isolation level repeatable read read only"


class SnapshotReading:
    """A reading over two sessions that see one snapshot: one streams the rows, the other tallies them meanwhile."""

    def __init__(self, plan: Plan, title: str, sessions: tuple[Any, Any], natives: sql.Natives) -> None:
        self._plan = plan
        self._title = title
        self._stream, self._count = sessions
        self._natives = natives
        self._casts = tuple(sql.typed(field, natives)[1] for field in plan.fields)
        self.shapes = tuple(
            _shape(field.column, base, natives[field.column])
            for field, base in zip(plan.fields, self._casts, strict=True)
        )

    def narrow(self, plan: Plan) -> None:
        """See `Reading.narrow`."""
        self._plan = plan

    def _within(self, rows: Parts, field: tuple[str, str]) -> Parts:
        """Return the rows of the plan's partitions only. field: the cut's own field in these rows, with its type."""
        if not (self._plan.cut and self._plan.parts):
            return rows
        text = sql.canonical(f"r.{field[0]}", field[1])
        return ["select r.* from (", *rows, ") r where ", *tallies.among(text, self._plan.cut, self._plan.parts)]

    def _texts(self) -> tuple[Parts, list[tuple[str, str]]]:
        """Return the rows as canonical texts, with their fields."""
        fields = [(f"c{n}", "text") for n in range(len(self._plan.fields))]
        place = self._plan.cut.place if self._plan.cut else 0
        return self._within(sql.select_text(self._plan, self._natives), fields[place]), fields

    def _typed(self) -> tuple[Parts, list[tuple[str, str]]]:
        """Return the rows as the target takes them, with their fields."""
        fields = [(quoted(field.column), base) for field, base in zip(self._plan.fields, self._casts, strict=True)]
        place = self._plan.cut.place if self._plan.cut else 0
        return self._within(sql.select_typed(self._plan, self._natives, self._casts), fields[place]), fields

    async def _asked(self, parts: Parts) -> list[asyncpg.Record]:
        text, values = sql.parametrised(parts)
        with refusing(self._title):
            return list(await self._count.fetch(text, *values, timeout=None))

    async def tally(self, method: str) -> Tally:
        """See `Reading.tally`: by the server's own hash over the rows as relayed, or the portable method over texts."""
        rows, fields = self._texts() if method == PORTABLE else self._typed()
        [(count, checksum)] = await self._asked(tallies.tallied(rows, fields, method))
        return Tally(rows=count, checksum=checksum, method=method)

    async def parts(self, method: str, cut: Cut) -> dict[str, Tally]:
        """See `Reading.parts`."""
        rows, fields = self._texts() if method == PORTABLE else self._typed()
        found = await self._asked(tallies.tallied_by(rows, fields, method, cut))
        return {name: Tally(rows=count, checksum=checksum, method=method) for name, count, checksum in found}

    async def highest(self, column: str) -> tuple[str | None, bool]:
        """See `Reading.highest`."""
        text = sql.canonical(f"max(t.{quoted(column)})", self._natives[column].base)
        [(highest, missing)] = await self._asked(
            [
                f"select {text}, coalesce(bool_or(t.{quoted(column)} is null), false) from ",
                *sql.rows(self._plan, self._natives),
            ]
        )
        return highest, missing

    async def sees(self, changes: Changes) -> bool:
        """See `Reading.sees`: a transaction can be in the log a moment before it is in anybody's snapshot."""
        with refusing(self._title):
            found: str = await self._count.fetchval("select pg_current_snapshot()::text")
        _, end, running = found.split(":")
        unseen = {int(one) % WRAP for one in running.split(",") if one}
        return not any(one in unseen or (one - int(end)) % WRAP < WRAP // 2 for one in changes.seen)

    async def logged(self) -> str:
        """See `Reading.logged`: the beginning, since the slot knows from where on it tells."""
        return "0/0"

    async def digests(self, method: str) -> AsyncIterator[list[tuple[Key, str]]]:
        """See `Reading.digests`."""
        rows, fields = self._texts() if method == PORTABLE else self._typed()
        names = [field.column for field in self._plan.fields]
        keys = [names.index(name) for name in self._plan.unique]
        text, values = sql.parametrised(tallies.numbered(rows, fields, method, keys))
        with refusing(self._title):
            async for batch in batches(self._count, text, values):
                yield batch

    @property
    def methods(self) -> tuple[str, ...]:
        """See `Reading.methods`."""
        encoding = self._stream.get_settings().server_encoding
        return tallies.methods(self._stream.get_server_version().major, encoding, self._casts)

    def cast(self, casts: Sequence[str]) -> None:
        """See `Reading.cast`."""
        self._casts = tuple(casts)

    async def relay(self, sink: Sink) -> int:
        """See `Reading.relay`."""
        return await self._copy(self._typed()[0], sink, "binary")

    def counter(self) -> Callable[[bytes], int]:
        """See `Reading.counter`."""
        return BinaryRows().count

    async def lines(self, sink: Sink) -> int:
        """See `Reading.lines`."""
        return await self._copy(self._texts()[0], sink, "text")

    async def _copy(self, parts: Parts, sink: Sink, kind: str) -> int:
        """Stream a query and return the rows that the server says it sent."""
        with refusing(self._title):
            literals = [
                await self._stream.fetchval(
                    f"select quote_literal($1::text{'' if isinstance(place.value, str) else '[]'}::text)",
                    place.value if isinstance(place.value, str) else list(place.value),
                )
                for place in sql.bound(parts)
            ]
            query = sql.inlined(parts, literals)
            tag = await self._stream.copy_from_query(query, output=sink, format=kind, timeout=None)
        return int(tag.split()[1])


async def batches(connection: Any, statement: str, values: Sequence[Any]) -> AsyncIterator[list[tuple[Key, str]]]:
    """Return the rows of a statement as key and number, few at a time."""
    cursor = await connection.cursor(statement, *values)
    while found := await cursor.fetch(FETCHED):
        yield [(tuple(row[:-1]), row[-1]) for row in found]


def _shape(name: str, base: str, native: sql.Native) -> Shape:
    """Return a field as it leaves: in its own type, or as text where masking has made it one."""
    full = native.full if base == native.base else base
    return Shape(name, full, base, neutral(full, base), NAME)


async def _snapshot(stream: Any, count: Any) -> None:
    """Put both sessions on one snapshot."""
    await stream.execute(BEGIN)
    snapshot = await stream.fetchval("select pg_export_snapshot()")
    await count.execute(BEGIN)
    await count.execute(f"set transaction snapshot '{snapshot}'")


@asynccontextmanager
async def open_reading(access: Access, title: str, plan: Plan) -> AsyncIterator[Reading]:
    """Open the two sessions on one snapshot of the source; both end with the reading."""
    stream: asyncpg.Connection[Any] = await connect_once(access, title, reading=True)
    try:
        count: asyncpg.Connection[Any] = await connect_once(access, title, reading=True)
        try:
            with refusing(title):
                await _snapshot(stream, count)
                natives = await catalogue.natives_of(stream, plan, title)
            yield SnapshotReading(plan, title, (stream, count), natives)
        finally:
            count.terminate()
    finally:
        stream.terminate()
