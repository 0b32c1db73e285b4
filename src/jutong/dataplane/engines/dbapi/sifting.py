"""Staged rows tried against a target table inside a savepoint: whole stretches at once, halved where one row refuses."""

# ruff: noqa: S608 - every name is quoted by the dialect, every value bound
from __future__ import annotations

from collections.abc import Sequence

from jutong.dataplane.dirty import LISTED, Dirty, RowRefused, Sifted, check_number, without
from jutong.dataplane.engines.base import Target
from jutong.dataplane.engines.dbapi.sessions import Session
from jutong.dataplane.engines.dbapi.texts import canonical
from jutong.dataplane.engines.types import Type
from jutong.dataplane.reconcile import RunningTally, row_digest
from jutong.wire.grants import Kind
from jutong.wire.transfers import TableMode

LINE, LINE_TYPE = "jutong_line", Type(Kind.INTEGER, bits=64)
STRETCH = 2000
"""Rows that are tried at once."""


class Sieve:
    """One landing's rows: those no value could be made of, and those the table refuses. came: all as they came."""

    def __init__(self, session: Session, target: Target, tables: tuple[str, str], names: Sequence[str]) -> None:
        self._session = session
        self._dialect = session.dialect
        self._target = target
        self._stage, self._goal = tables
        self._names = names
        self._columns = self._dialect.listed(names)
        self._line = self._dialect.quoted(LINE)
        self._gone = RunningTally()
        self.came = RunningTally()
        self.dirty: list[Dirty] = []

    def drop(self, dirty: Dirty) -> None:
        """Set a row aside; the first `LISTED` are kept."""
        self._gone.add([row_digest(dirty.cells)])
        if len(self.dirty) < LISTED:
            self.dirty.append(dirty)

    async def sift(self, types: Sequence[Type], most: int, *, existing: bool) -> Sifted:
        """See `Sifting.sift`."""
        if existing:
            refused = await self._refused()
            for line, reason, column in refused:
                await self._drop(types, line, reason, column)
            await self._session.insert(
                f"delete from {self._stage} where {self._line} = {self._dialect.place(1)}",
                [(line,) for line, _, _ in refused],
            )
        self.dirty.sort(key=lambda each: each.number)
        gone, came = self._gone.tally(), self.came.tally()
        check_number(self.dirty, gone.rows, most)
        return Sifted(came, without(came, gone), self.dirty)

    async def _refused(self) -> list[tuple[int, str, str]]:
        """Return line, reason and column of what the target refuses, leaving the target as it was."""
        ends = (await self._session.fetch(f"select min({self._line}), max({self._line}) from {self._stage}"))[0]
        if ends[0] is None:
            return []
        await self._session.execute("savepoint jutong_sift")
        found = list[tuple[int, str, str]]()
        try:
            await self._make_room()
            waiting = [(n, min(n + STRETCH - 1, ends[1])) for n in range(ends[0], ends[1] + 1, STRETCH)][::-1]
            while waiting:
                first, last = waiting.pop()
                refusal = await self._tried(first, last)
                if refusal and first == last:
                    found.append((first, refusal.reason, refusal.column))
                elif refusal:
                    half = (first + last) // 2
                    waiting += [(half + 1, last), (first, half)]
        finally:
            await self._session.execute("rollback to jutong_sift")
            await self._session.execute("release jutong_sift")
        return found

    async def _make_room(self) -> None:
        """Take away, for the trial, what the new rows will replace."""
        if self._target.mode is TableMode.REPLACE:
            await self._session.execute(f"delete from {self._goal}")
        elif self._target.mode is TableMode.UPSERT:
            quoted = self._dialect.quoted
            match = " and ".join(f"s.{quoted(name)} = {self._goal}.{quoted(name)}" for name in self._target.unique)
            await self._session.execute(
                f"delete from {self._goal} where exists (select 1 from {self._stage} s where {match})"
            )

    async def _tried(self, first: int, last: int) -> RowRefused | None:
        """Insert a stretch of lines; the refusal when the target does not take all of them, which leaves none."""
        await self._session.execute("savepoint jutong_try")
        try:
            await self._session.execute(
                f"insert into {self._goal} ({self._columns}) select {self._columns} from {self._stage}"
                f" where {self._line} between {self._dialect.place(1)} and {self._dialect.place(2)} order by {self._line}",
                (first, last),
            )
        except RowRefused as refusal:
            await self._session.execute("rollback to jutong_try")
            return refusal
        finally:
            await self._session.execute("release jutong_try")
        return None

    async def _drop(self, types: Sequence[Type], line: int, reason: str, column: str) -> None:
        """Set a staged line aside."""
        place = self._dialect.place(1)
        rows = await self._session.fetch(
            f"select {self._columns} from {self._stage} where {self._line} = {place}", (line,)
        )
        cells = tuple(map(canonical, rows[0], types))
        n = self._names.index(column) if column in self._names else 0
        self.drop(Dirty(line, self._names[n], cells[n] or "", reason, cells, masked=True))
