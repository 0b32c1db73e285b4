"""One plan read from one snapshot of a PostgreSQL source: streamed out and, beside it, counted and summed there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from jutong.dataplane.engines.base import Reading, Shape, Sink
from jutong.dataplane.engines.postgresql import catalogue, sql
from jutong.dataplane.engines.postgresql.connect import connect_once, refusing
from jutong.dataplane.engines.postgresql.types import NAME, neutral
from jutong.dataplane.policy import Plan
from jutong.dataplane.reconcile import PORTABLE
from jutong.wire.bundle import Access
from jutong.wire.transfers import Tally

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

    async def tally(self, method: str) -> Tally:
        """See `Reading.tally`: by the server's own hash over the rows as relayed, or the portable method over texts."""
        if method == PORTABLE:
            rows = sql.select_text(self._plan, self._natives)
            parts = sql.tally_text(rows, len(self._plan.fields))
        else:
            parts = sql.tally_typed(sql.select_typed(self._plan, self._natives, self._casts), method)
        text, values = sql.parametrised(parts)
        with refusing(self._title):
            count, checksum = await self._count.fetchrow(text, *values, timeout=None)
        return Tally(rows=count, checksum=checksum, method=method)

    @property
    def methods(self) -> tuple[str, ...]:
        """See `Reading.methods`."""
        encoding = self._stream.get_settings().server_encoding
        return sql.methods(self._stream.get_server_version().major, encoding, self._casts)

    def cast(self, casts: Sequence[str]) -> None:
        """See `Reading.cast`."""
        self._casts = tuple(casts)

    async def relay(self, sink: Sink) -> None:
        """See `Reading.relay`."""
        await self._copy(sql.select_typed(self._plan, self._natives, self._casts), sink, "binary")

    async def lines(self, sink: Sink) -> None:
        """See `Reading.lines`."""
        await self._copy(sql.select_text(self._plan, self._natives), sink, "text")

    async def _copy(self, parts: sql.Parts, sink: Sink, kind: str) -> None:
        with refusing(self._title):
            literals = [
                await self._stream.fetchval(
                    f"select quote_literal($1::text{'' if isinstance(place.value, str) else '[]'}::text)",
                    place.value if isinstance(place.value, str) else list(place.value),
                )
                for place in sql.bound(parts)
            ]
            query = sql.inlined(parts, literals)
            await self._stream.copy_from_query(query, output=sink, format=kind, timeout=None)


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
