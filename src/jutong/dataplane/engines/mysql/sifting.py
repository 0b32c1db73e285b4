"""Rows taken as texts and held against a MySQL table before they enter it: which fit, which do not, and why not.

`INSERT IGNORE` lets the server itself make values of the texts, adjusting what it must; a row that does not read back as
it came was not held by the table. What is compared is the canonical text, byte for byte.
"""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value written by `literal`
from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from asyncmy import errors

from jutong.dataplane.dirty import LISTED, Dirty, Sifted, check_number
from jutong.dataplane.engines.mysql import sql
from jutong.dataplane.engines.mysql.connect import fetch
from jutong.dataplane.engines.mysql.loading import assigned, load
from jutong.dataplane.engines.mysql.sql import Native, literal, qualified, quoted
from jutong.dataplane.engines.mysql.types import CHARACTERS
from jutong.dataplane.engines.types import TEXT, Type
from jutong.dataplane.reconcile import PORTABLE
from jutong.wire.grants import Kind
from jutong.wire.transfers import Tally

LINE = "jutong_line"
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
select group_concat(column_name order by seq_in_index separator '\\n') from information_schema.statistics
where table_schema = {schema} and table_name = {table} and non_unique = 0 group by index_name
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A column of the target: its bare name, its type, whether it may be empty."""

    column: str
    native: Native
    nullable: bool

    def reason(self, text: str | None) -> str:
        """Return why the column does not hold a text that did not read back as it was."""
        if text is None:
            return "目标列不允许为空"
        kind = self.native.neutral
        if self.native.base not in CHARACTERS:
            return f"不符合目标列的类型 {self.native.full}，或超出其范围"
        if kind.length and len(text) > kind.length:
            return f"超过目标列的长度 {kind.length} 个字符"
        return "目标列的字符集不能保存其中的字符，或写入后值会改变"


class Sieve:
    """One landing's texts. staging: the typed staging table; table: the target; adding: its rows stay beside the new."""

    def __init__(self, session: Any, places: Sequence[Place], names: tuple[str, str, str], *, adding: bool) -> None:
        schema, staging, table = names
        self._session = session
        self._places = places
        self._schema, self._table = schema, table
        self._adding = adding
        self._goal, self._stage = qualified(schema, table), qualified(schema, staging)
        self._texts, self._typed = (qualified(schema, f"{staging}_{end}") for end in ("txt", "val"))
        self._aside = qualified(schema, f"{staging}_out")
        self._columns = ", ".join(quoted(place.column) for place in places)

    async def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        return await fetch(self._session, statement)

    async def prepare(self) -> None:
        """Make the table of texts, one of values as the target would hold them, and one of what is set aside."""
        texts = ", ".join(f"c{n} longtext" for n in range(len(self._places)))
        plain = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin"
        await self._ask(f"create table {self._texts} (line bigint auto_increment primary key, {texts}) {plain}")
        await self._ask(
            f"create table {self._typed} ({LINE} bigint not null default 0 primary key) engine=InnoDB"
            f" as select {self._columns} from {self._stage} limit 0"
        )
        await self._ask(f"create table {self._aside} (line bigint primary key, place int, reason text) {plain}")

    async def receive(self, title: str, chunks: AsyncIterator[bytes]) -> int:
        """Take canonical lines as they are."""
        columns = [(f"c{n}", Type(Kind.TEXT)) for n in range(len(self._places))]
        await load(self._session, title, self._texts, columns, chunks)
        taken: int = (await self._ask(f"select count(*) from {self._texts}"))[0][0]
        return taken

    async def sweep(self) -> None:
        """Drop the tables of this sieve."""
        for name in (self._texts, self._typed, self._aside):
            await self._ask(f"drop table if exists {name}")

    async def _set_aside(self, lines: str, place: int, reason: str) -> None:
        """Set aside lines found by a query, unless they are already."""
        await self._ask(
            f"insert into {self._aside} select line, {place}, {literal(reason)} from ({lines}) found"
            f" where line not in (select line from {self._aside})"
        )

    async def _values(self) -> None:
        """Set aside what does not read back as it came, by the first column of each row."""
        values = ", ".join(assigned(f"c{n}", place.native.neutral) for n, place in enumerate(self._places))
        await self._ask(
            f"insert ignore into {self._typed} ({LINE}, {self._columns}) select line, {values} from {self._texts}"
        )
        tests = []
        for n, place in enumerate(self._places):
            back = sql.canonical(f"v.{quoted(place.column)}", place.native)
            lost = "" if place.nullable else f" or c{n} is null"
            tests.append(f"when not (cast({back} as binary) <=> cast(c{n} as binary)){lost} then {n}")
        await self._ask(
            f"insert into {self._aside} select line, place, '' from (select line, case {' '.join(tests)} end as place"
            f" from {self._texts} t left join {self._typed} v on v.{LINE} = t.line) told where place is not null"
        )

    def _clean(self) -> str:
        """Return the values that are not set aside, as a table to select from."""
        kept = f"where {LINE} not in (select line from {self._aside})"
        return f"(select {LINE} as line, {self._columns} from {self._typed} {kept}) v"

    async def _constraints(self) -> None:
        """Set aside what breaks a check or a unique key of the target."""
        names = {"schema": literal(self._schema), "table": literal(self._table)}
        maria = "mariadb" in (await self._ask("select version()"))[0][0].lower()
        known = {place.column: n for n, place in enumerate(self._places)}
        for name, clause in await self._ask((CHECKS + OF_TABLE * maria).format(**names)):
            place = next((n for column, n in known.items() if quoted(column) in clause), 0)
            try:
                await self._set_aside(
                    f"select line from {self._clean()} where not ({clause})", place, f"不满足目标表的约束 {name}"
                )
            except errors.MySQLError as error:
                if error.args[0] not in (BAD_FIELD, NO_TABLE):  # it speaks of columns that this run does not write
                    raise
        for (listed,) in await self._ask(UNIQUES.format(**names)):
            columns = listed.split("\n")
            if set(columns) <= known.keys():
                await self._unique(columns, known[columns[0]])

    async def _unique(self, columns: Sequence[str], place: int) -> None:
        """Set aside what has the unique key of a row before it, or of one that stays in the target."""
        names = ", ".join(map(quoted, columns))
        present = " and ".join(f"{quoted(name)} is not null" for name in columns)
        ranked = f"select line, row_number() over (partition by {names} order by line) as n from {self._clean()}"
        await self._set_aside(
            f"select line from ({ranked} where {present}) d where n > 1", place, "与前面的行在唯一键上重复"
        )
        if self._adding:
            match = " and ".join(f"g.{quoted(name)} = v.{quoted(name)}" for name in columns)
            held = f"select v.line from {self._clean()} join {self._goal} g on {match}"
            await self._set_aside(held, place, "目标表中已有相同的唯一键")

    async def _tally(self, where: str) -> Tally:
        texts = [sql.canonical(f"c{n}", Native("longtext", "longtext", TEXT)) for n in range(len(self._places))]
        count, checksum, _ = (await self._ask(sql.summed(sql.digest(texts), f"{self._texts} where {where}")))[0]
        return Tally(count, checksum, PORTABLE)

    async def sift(self, most: int) -> Sifted:
        """See `Sifting.sift`."""
        await self._values()
        await self._constraints()
        dirty = await self._listed()
        check_number(dirty, (await self._ask(f"select count(*) from {self._aside}"))[0][0], most)
        await self._ask(f"insert into {self._stage} ({self._columns}) select {self._columns} from {self._clean()}")
        return Sifted(
            await self._tally("true"), await self._tally(f"line not in (select line from {self._aside})"), dirty
        )

    async def _listed(self) -> list[Dirty]:
        cells = ", ".join(f"c{n}" for n in range(len(self._places)))
        rows = await self._ask(
            f"select a.line, a.place, a.reason, {cells} from {self._aside} a join {self._texts} t on t.line = a.line"
            f" order by a.line limit {LISTED}"
        )
        found = []
        for line, n, reason, *texts in rows:
            place = self._places[n]
            found.append(
                Dirty(line, place.column, texts[n] or "", reason or place.reason(texts[n]), tuple(texts), masked=True)
            )
        return found
