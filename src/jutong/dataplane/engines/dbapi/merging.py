"""From the staging table into the target by statements of standard SQL, all in the landing's last transaction."""

# ruff: noqa: S608 - every name is quoted by the dialect, every value bound
from __future__ import annotations

from collections.abc import Callable, Sequence

from jutong.dataplane.dirty import RowRefused
from jutong.dataplane.engines.base import Target
from jutong.dataplane.engines.dbapi.sessions import Session
from jutong.dataplane.engines.dbapi.texts import canonical
from jutong.dataplane.engines.types import Type
from jutong.wire.transfers import TableMode


class Merge:
    """How one order's staged rows (`stage`) reach the target table (`goal`); both are quoted names.

    gone: the table of keys whose rows give way, where there is one.
    """

    def __init__(self, session: Session, target: Target, tables: tuple[str, str], names: Sequence[str]) -> None:
        self._session = session
        self._dialect = session.dialect
        self._target = target
        self._stage, self.goal = tables
        self.gone = ""
        self._names = names

    def _match(self, one: str, other: str) -> str:
        """Return the test that two rows have the same key."""
        return " and ".join(
            f"{one}.{self._dialect.quoted(name)} = {other}.{self._dialect.quoted(name)}" for name in self._target.unique
        )

    async def merge(self, types: Sequence[Type], held: Sequence[str]) -> int:
        """Write the staged rows into the target as its mode says; return how many are there of them.

        held: partitions whose staged rows are given up and whose old rows stay.
        """
        cut = self._target.cut
        if cut is not None and held:
            await self._drop(self._stage, cut.column, types[cut.place], lambda text: cut.name(text) in held)
        await self._clear(types, held)
        if self._target.mode is TableMode.UPSERT:
            return await self._upserted()
        columns = self._dialect.listed(self._names)
        return await self._session.execute(f"insert into {self.goal} ({columns}) select {columns} from {self._stage}")

    async def make_room(self, types: Sequence[Type]) -> None:
        """Take away whatever the staged rows will replace, so that they can be tried as they will stand."""
        await self._clear(types, ())
        if self._target.mode is TableMode.UPSERT:
            staged = f"select 1 from {self._stage} s where {self._match('s', self.goal)}"
            await self._session.execute(f"delete from {self.goal} where exists ({staged})")

    async def _clear(self, types: Sequence[Type], held: Sequence[str]) -> None:
        """Delete what gives way to the staged rows, by key or by mode, but for the partitions that keep their rows."""
        if self.gone:
            touched = f"select 1 from {self.gone} g where {self._match('g', self.goal)}"
            staged = f"select 1 from {self._stage} s where {self._match('s', self.goal)}"
            await self._session.execute(f"delete from {self.goal} where exists ({touched}) and not exists ({staged})")
        cut = self._target.cut
        if cut is not None:
            kind = types[cut.place]
            if self._target.parts:
                parts = set(self._target.parts) - set(held)
                await self._drop(self.goal, cut.column, kind, lambda text: cut.name(text) in parts)
            elif self._target.mode is TableMode.REPLACE:
                await self._drop(self.goal, cut.column, kind, lambda text: cut.name(text) not in held)
        elif self._target.mode is TableMode.REPLACE:
            await self._session.execute(f"delete from {self.goal}")

    async def _drop(self, table: str, column: str, kind: Type, gone: Callable[[str | None], bool]) -> None:
        """Delete the rows whose value of a column is to go, value by value as the driver gave them."""
        name = self._dialect.quoted(column)
        found = [row[0] for row in await self._session.fetch(f"select distinct {name} from {table}")]
        values = [(value,) for value in found if value is not None and gone(canonical(value, kind))]
        if values:
            await self._session.insert(f"delete from {table} where {name} = {self._dialect.place(1)}", values)
        if None in found and gone(None):
            await self._session.execute(f"delete from {table} where {name} is null")

    async def _upserted(self) -> int:
        """Change the rows whose keys are there, insert the others; return how many of them are in the target then."""
        quoted, stage, goal = self._dialect.quoted, self._stage, self.goal
        keys = self._dialect.listed(self._target.unique)
        if await self._session.fetch(f"select count(*) from {stage} group by {keys} having count(*) > 1"):
            raise RowRefused("来源数据中主键重复，不能按主键更新，请清理重复记录。")
        match = self._match("s", goal)
        there = f"select 1 from {stage} s where {match}"
        rest = [name for name in self._names if name not in self._target.unique]
        if rest:
            changes = ", ".join(
                f"{quoted(name)} = (select s.{quoted(name)} from {stage} s where {match})" for name in rest
            )
            await self._session.execute(f"update {goal} set {changes} where exists ({there})")
        done = int((await self._session.fetch(f"select count(*) from {goal} where exists ({there})"))[0][0])
        columns = self._dialect.listed(self._names)
        staged = ", ".join(f"s.{quoted(name)}" for name in self._names)
        missing = f"not exists (select 1 from {goal} where {match})"
        insert = f"insert into {goal} ({columns}) select {staged} from {stage} s where {missing}"
        return done + await self._session.execute(insert)
