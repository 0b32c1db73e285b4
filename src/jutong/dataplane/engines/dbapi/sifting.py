"""Staged rows tried against a target table inside a savepoint: whole stretches at once, halved where one row refuses."""

# ruff: noqa: S608 - every name is quoted by the dialect, every value bound
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jutong.dataplane.dirty import LISTED, Dirty, RowRefused, Sifted, check_number, without
from jutong.dataplane.engines.dbapi.merging import Merge
from jutong.dataplane.engines.dbapi.sessions import Session
from jutong.dataplane.engines.dbapi.texts import canonical
from jutong.dataplane.engines.trying import refused
from jutong.dataplane.engines.types import Type
from jutong.dataplane.reconcile import RunningTally, row_digest
from jutong.wire.grants import Kind

LINE, LINE_TYPE = "jutong_line", Type(Kind.INTEGER, bits=64)
Row = tuple[Any, ...]
Texts = tuple[str | None, ...]


class Sieve:
    """One landing's rows: those no value could be made of, and those the table refuses. came: all as they came.

    stage: the staging table; merge: how its rows enter the target.
    """

    def __init__(self, session: Session, merge: Merge, stage: str, names: Sequence[str]) -> None:
        self._session = session
        self._dialect = session.dialect
        self._merge = merge
        self._stage = stage
        self._names = names
        self._columns = self._dialect.listed(names)
        self._line = self._dialect.quoted(LINE)
        self._gone = RunningTally()
        self.came = RunningTally()
        self.dirty: list[Dirty] = []

    def drop(self, line: int, texts: Texts, refusal: RowRefused) -> None:
        """Set a row aside; the first `LISTED` are kept."""
        self._gone.add([row_digest(texts)])
        if len(self.dirty) < LISTED:
            n = self._place(refusal.column)
            self.dirty.append(Dirty(line, self._names[n], texts[n] or "", refusal.reason, texts, masked=True))

    def _place(self, column: str) -> int:
        """Return the place of a column as a server calls it: some call all of them in capitals."""
        known = [name.lower() for name in self._names]
        return known.index(column.lower()) if column.lower() in known else 0

    async def stage(self, rows: Sequence[tuple[Row, Texts]]) -> None:
        """Put rows into the staging table, each a row of values with its line last beside its texts; halve where one refuses."""
        names = self._dialect.listed([*self._names, LINE])
        statement = f"insert into {self._stage} ({names}) values ({self._dialect.places(len(self._names) + 1)})"
        await self._point("jutong_stage")
        try:
            await self._session.insert(statement, [values for values, _ in rows])
        except RowRefused as refusal:
            await self._back("jutong_stage")
            if len(rows) == 1:
                self.drop(rows[0][0][-1], rows[0][1], refusal)
                return
            half = len(rows) // 2
            await self.stage(rows[:half])
            await self.stage(rows[half:])
        else:
            await self._release("jutong_stage")

    async def _point(self, name: str) -> None:
        await self._session.execute(self._dialect.savepoint[0].format(name))

    async def _back(self, name: str) -> None:
        """Undo what was done since a savepoint, and forget it."""
        await self._session.execute(self._dialect.savepoint[1].format(name))
        await self._release(name)

    async def _release(self, name: str) -> None:
        if self._dialect.savepoint[2]:
            await self._session.execute(self._dialect.savepoint[2].format(name))

    async def sift(self, types: Sequence[Type], most: int, *, existing: bool) -> Sifted:
        """See `Sifting.sift`."""
        if existing:
            found = await self._refused(types, most - self._gone.rows)
            for line, refusal in found:
                await self._drop(types, line, refusal)
            if found:
                gone = f"delete from {self._stage} where {self._line} = {self._dialect.place(1)}"
                await self._session.insert(gone, [(line,) for line, _ in found])
        self.dirty.sort(key=lambda each: each.number)
        gone_, came = self._gone.tally(), self.came.tally()
        check_number(self.dirty, gone_.rows, most, tried=existing)
        return Sifted(came, without(came, gone_), self.dirty)

    async def _refused(self, types: Sequence[Type], most: int) -> list[tuple[int, RowRefused]]:
        """Return line and refusal of what the target does not take, leaving the target as it was."""
        ends = (await self._session.fetch(f"select min({self._line}), max({self._line}) from {self._stage}"))[0]
        if ends[0] is None:
            return []
        await self._point("jutong_sift")
        try:
            await self._merge.make_room(types)
            return await refused(int(ends[0]), int(ends[1]), most, self._trial)
        finally:
            await self._back("jutong_sift")

    async def _trial(self, first: int, last: int) -> RowRefused | None:
        """Insert a stretch of lines; the refusal when the target does not take all of them, which leaves none."""
        await self._point("jutong_try")
        try:
            await self._session.execute(
                f"insert into {self._merge.goal} ({self._columns}) select {self._columns} from {self._stage}"
                f" where {self._line} between {self._dialect.place(1)} and {self._dialect.place(2)} order by {self._line}",
                (first, last),
            )
        except RowRefused as refusal:
            await self._back("jutong_try")
            return refusal
        await self._release("jutong_try")
        return None

    async def _drop(self, types: Sequence[Type], line: int, refusal: RowRefused) -> None:
        """Set a staged line aside."""
        place = self._dialect.place(1)
        rows = await self._session.fetch(
            f"select {self._columns} from {self._stage} where {self._line} = {place}", (line,)
        )
        self.drop(line, tuple(map(canonical, rows[0], types)), refusal)
