"""One plan read from one state of a DB-API source, row by row in Python: filtered, masked, summed, written as lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from jutong.dataplane import policy
from jutong.dataplane.engines.base import Reading, Shape, Sink
from jutong.dataplane.engines.dbapi import sql
from jutong.dataplane.engines.dbapi.dialect import Dialect
from jutong.dataplane.engines.dbapi.sessions import open_session
from jutong.dataplane.engines.dbapi.sql import KEYS_AT_ONCE
from jutong.dataplane.engines.single import SingleReading
from jutong.dataplane.engines.types import TEXT
from jutong.dataplane.partitions import Cut
from jutong.dataplane.policy import Plan
from jutong.dataplane.reconcile import PORTABLE, RunningTally, row_digest
from jutong.dataplane.transfer.lines import written
from jutong.dataplane.values import order
from jutong.wire.bundle import Access
from jutong.wire.grants import Column, Masking
from jutong.wire.transfers import Tally

ROWS = 1000


class RowsReading(SingleReading):
    """A reading over one session whose transaction sees one state."""

    def __init__(self, plan: Plan, rows: sql.Rows, dialect: Dialect) -> None:
        super().__init__(plan)
        self._rows = rows
        self.shapes = tuple(self._shape(field, rows, dialect.name) for field in plan.fields)

    @staticmethod
    def _shape(field: Column, rows: sql.Rows, engine: str) -> Shape:
        """Return a field as it leaves: in its own type, or as text where masking has made it one."""
        if field.masking in (Masking.NONE, Masking.SUPPRESS):
            full, neutral = rows.full[field.column], rows.types[field.column]
            return Shape(field.column, full, full, neutral, engine)
        return Shape(field.column, "text", "text", TEXT, engine)

    def narrow(self, plan: Plan) -> None:
        """See `Reading.narrow`."""
        super().narrow(plan)
        self._rows = self._rows.narrowed(plan)

    async def _records(self) -> AsyncIterator[sql.Record]:
        """Yield the rows of the copy: of the asked keys and of the named partitions only, where there are any."""
        plan, cut = self._plan, self._plan.cut
        for start in range(0, len(plan.keys) or 1, KEYS_AT_ONCE):
            keys = plan.keys[start : start + KEYS_AT_ONCE]
            has_key = self._rows.telling(keys)
            async for row in self._rows.records(keys):
                if not policy.admits(plan, row) or (keys and not has_key(row)):
                    continue
                if not plan.parts or cut is None or cut.name(row[plan.fields[cut.place].column]) in plan.parts:
                    yield row

    async def _tallied(self, cut: Cut | None) -> RunningTally:
        running = RunningTally()
        async for row in self._records():
            shown = sql.masked(self._plan, row)
            running.add([row_digest(shown)], [cut.name(shown[cut.place])] if cut else [])
        return running

    async def _count(self) -> Tally:
        """See `SingleReading`."""
        return (await self._tallied(None)).tally()

    async def _parts(self, cut: Cut) -> dict[str, Tally]:
        """See `SingleReading`."""
        return (await self._tallied(cut)).parts()

    async def _highest(self, column: str) -> tuple[str | None, bool]:
        """See `Reading.highest`."""
        kind, highest, missing = self._rows.types[column].kind, None, False
        async for row in self._records():
            text = row[column]
            missing = missing or text is None
            if text is not None and (highest is None or order(kind, text) > order(kind, highest)):
                highest = text
        return highest, missing

    async def _numbered(self) -> AsyncIterator[list[tuple[Sequence[str | None], str]]]:
        """See `SingleReading`."""
        names = [field.column for field in self._plan.fields]
        keys = [names.index(name) for name in self._plan.unique]
        found = list[tuple[Sequence[str | None], str]]()
        async for record in self._records():
            row = sql.masked(self._plan, record)
            found.append(([row[n] for n in keys], str(row_digest(row))))
            if len(found) >= ROWS:
                yield found
                found = []
        yield found

    async def _stream(self, sink: Sink, *, summed: bool) -> Tally:
        """See `SingleReading`."""
        running, lines, count = RunningTally(), list[str](), 0
        async for record in self._records():
            row = sql.masked(self._plan, record)
            count += 1
            if summed:
                running.add([row_digest(row)])
            lines.append(written(row))
            if len(lines) >= ROWS:
                await sink("".join(lines).encode())
                lines = []
        if lines:
            await sink("".join(lines).encode())
        return running.tally() if summed else Tally(rows=count, checksum="", method=PORTABLE)


@asynccontextmanager
async def open_reading(access: Access, title: str, dialect: Dialect, plan: Plan) -> AsyncIterator[Reading]:
    """Open a session on one state of the source; it ends with the reading."""
    session = await open_session(access, title, dialect, reading=True)
    try:
        yield RowsReading(plan, await sql.Rows.of(session, plan), dialect)
    finally:
        session.close()
