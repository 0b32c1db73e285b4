"""What a MySQL table asks of its rows beyond their types, held against staged values as sets, one test a constraint."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value written by `literal`
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from asyncmy import errors

from jutong.dataplane.engines.mysql.connect import fetch
from jutong.dataplane.engines.mysql.keys import Foreign, keys_of
from jutong.dataplane.engines.mysql.sql import literal, qualified, quoted

BAD_FIELD, NO_TABLE = 1054, 1109

CHECKS = """
select c.constraint_name, c.check_clause from information_schema.check_constraints c
join information_schema.table_constraints t
  on t.constraint_schema = c.constraint_schema and t.constraint_name = c.constraint_name
where t.table_schema = {schema} and t.table_name = {table} and t.constraint_type = 'CHECK'
"""
OF_TABLE = " and c.table_name = t.table_name"
"""MariaDB lets two tables have checks of one name, and says whose each is; MySQL does neither."""

UNIQUES = """
select ifnull(group_concat(column_name order by seq_in_index separator '\\n'), ''),
       cast(max(sub_part is not null or column_name is null) as signed)
from information_schema.statistics
where table_schema = {schema} and table_name = {table} and non_unique = 0 group by index_name
order by index_name <> 'PRIMARY', index_name
"""
TRIGGERS = """
select count(*) from information_schema.triggers
where event_object_schema = {schema} and event_object_table = {table} and event_manipulation <> 'DELETE'
"""


class Sieving(Protocol):
    """What the tests need of a sieve of one landing."""

    @property
    def session(self) -> Any:
        """Return the landing's session."""

    @property
    def known(self) -> Mapping[str, int]:
        """Return the columns that are written, each with its place."""

    def clean(self) -> str:
        """Return the values that are not set aside as a table to select from; their line is `line`."""

    async def lines_aside(self, lines: str, place: int, reason: str) -> int:
        """Set aside the lines of a query, unless they are already; return how many were."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """The constraints of one table. goal: where its rows will stand; stays: which rows `g` of it do, beside the new."""

    sieve: Sieving
    schema: str
    table: str
    goal: str
    stays: str

    async def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        names = {"schema": literal(self.schema), "table": literal(self.table)}
        return await fetch(self.sieve.session, statement.format(**names))

    async def apply(self) -> bool:
        """Set aside what breaks a constraint; return whether the table may refuse rows for something else besides."""
        unusual = bool((await self._ask(TRIGGERS))[0][0])
        maria = "mariadb" in (await fetch(self.sieve.session, "select version()"))[0][0].lower()
        for name, clause in await self._ask(CHECKS + OF_TABLE * maria):
            unusual |= not await self._check(name, clause)
        foreign = await keys_of(self.sieve.session, self.schema, self.table)
        known = [key for key in foreign if set(key.columns) <= self.sieve.known.keys()]
        unusual |= len(known) < len(foreign)
        for key in known:
            if not key.own:
                await self._orphans(
                    key, f"exists (select 1 from {qualified(*key.other)} o where {key.match('v', 'o')})"
                )
        for listed, odd in await self._ask(UNIQUES):
            columns = listed.split("\n")
            if odd or not set(columns) <= self.sieve.known.keys():
                unusual = True
            else:
                await self._twice(columns)
        own, gone = [key for key in known if key.own], True
        while own and gone:  # whoever is set aside may leave children behind
            gone = False
            for key in own:
                came = f"exists (select 1 from {self.sieve.clean().removesuffix(' v')} o where {key.match('v', 'o')})"
                stays = f"exists (select 1 from {self.goal} g where {self.stays} and {key.match('v', 'g')})"
                gone |= bool(await self._orphans(key, f"({came} or {stays})"))
        return unusual

    async def _check(self, name: str, clause: str) -> bool:
        """Set aside what breaks a check; False where it speaks of columns that this run does not write."""
        place = next((n for column, n in self.sieve.known.items() if quoted(column) in clause), 0)
        lines = f"select line from {self.sieve.clean()} where not ({clause})"
        try:
            await self.sieve.lines_aside(lines, place, f"不满足目标表的约束 {name}")
        except errors.MySQLError as error:
            if error.args[0] not in (BAD_FIELD, NO_TABLE):
                raise
            return False
        return True

    async def _orphans(self, key: Foreign, held: str) -> int:
        """Set aside what refers to a row that is not there; return how many."""
        others = "、".join(theirs for _, theirs in key.pairs)
        reason = f"不满足目标表的外键 {key.name}：{'.'.join(key.other)} 中没有对应的 {others}"
        lines = f"select v.line from {self.sieve.clean()} where {key.refers('v')} and not {held}"
        return await self.sieve.lines_aside(lines, self.sieve.known[key.columns[0]], reason)

    async def _twice(self, columns: Sequence[str]) -> None:
        """Set aside what has the unique key of a row before it, or of one that stays in the target."""
        names, place = ", ".join(map(quoted, columns)), self.sieve.known[columns[0]]
        present = " and ".join(f"{quoted(name)} is not null" for name in columns)
        ranked = f"select line, row_number() over (partition by {names} order by line) as n from {self.sieve.clean()}"
        await self.sieve.lines_aside(
            f"select line from ({ranked} where {present}) d where n > 1", place, "与前面的行在唯一键上重复"
        )
        if self.stays != "false":
            match = " and ".join(f"g.{quoted(name)} = v.{quoted(name)}" for name in columns)
            held = f"exists (select 1 from {self.goal} g where {self.stays} and {match})"
            await self.sieve.lines_aside(
                f"select v.line from {self.sieve.clean()} where {held}", place, "目标表中已有相同的唯一键"
            )
