"""Rows taken as texts and held against a MySQL table before they enter it: which fit, which do not, and why not.

`INSERT IGNORE` lets the server itself make values of the texts, adjusting what it must; a row that does not read back as
it came was not held by the table. What is compared is the canonical text, byte for byte.
"""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value written by `literal`
from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from jutong.dataplane.dirty import LISTED, Dirty, RowRefused, Sifted, check_number
from jutong.dataplane.engines.mysql import sql
from jutong.dataplane.engines.mysql.connect import fetch, refusing
from jutong.dataplane.engines.mysql.constraints import Constraints
from jutong.dataplane.engines.mysql.loading import assigned, load
from jutong.dataplane.engines.mysql.merging import Merge
from jutong.dataplane.engines.mysql.sql import Native, literal, qualified, quoted
from jutong.dataplane.engines.mysql.types import CHARACTERS
from jutong.dataplane.engines.trying import refused
from jutong.dataplane.engines.types import TEXT, Type
from jutong.dataplane.reconcile import PORTABLE
from jutong.wire.grants import Kind
from jutong.wire.transfers import Tally

LINE = "jutong_line"


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
    """One landing's texts. names: the database, the typed staging table, the target, and which of them has constraints."""

    def __init__(self, session: Any, title: str, places: Sequence[Place], names: tuple[str, str, str, str]) -> None:
        schema, staging, table, constrained = names
        self.session = session
        self.known = {place.column: n for n, place in enumerate(places)}
        self._title = title
        self._places = places
        self._schema, self._constrained = schema, constrained
        self._goal, self._stage = qualified(schema, table), qualified(schema, staging)
        self._texts, self._typed = (qualified(schema, f"{staging}_{end}") for end in ("txt", "val"))
        self._aside = qualified(schema, f"{staging}_out")
        self._columns = ", ".join(quoted(place.column) for place in places)

    async def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        return await fetch(self.session, statement)

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

    async def receive(self, chunks: AsyncIterator[bytes]) -> int:
        """Take canonical lines as they are."""
        columns = [(f"c{n}", Type(Kind.TEXT)) for n in range(len(self._places))]
        await load(self.session, self._title, self._texts, columns, chunks)
        taken: int = (await self._ask(f"select count(*) from {self._texts}"))[0][0]
        return taken

    async def sweep(self) -> None:
        """Drop the tables of this sieve."""
        for name in (self._texts, self._typed, self._aside):
            await self._ask(f"drop table if exists {name}")

    async def lines_aside(self, lines: str, place: int, reason: str) -> int:
        """See `Sieving.lines_aside`."""
        cursor = self.session.cursor()
        await cursor.execute(
            f"insert into {self._aside} select line, {place}, {literal(reason)} from ({lines}) found"
            f" where line not in (select line from {self._aside})"
        )
        return int(cursor.rowcount)

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

    def clean(self) -> str:
        """See `Sieving.clean`."""
        kept = f"where {LINE} not in (select line from {self._aside})"
        return f"(select {LINE} as line, {self._columns} from {self._typed} {kept}) v"

    async def _tried(self, most: int, merge: Merge) -> None:
        """Set aside what the target itself refuses: the merge is tried, stretch by stretch, and undone."""
        ends = (await self._ask(f"select min(line), max(line) from {self.clean()}"))[0]
        if ends[0] is None:
            return

        async def trial(first: int, last: int) -> RowRefused | None:
            came = f"(select {self._columns} from {self.clean()} where line between {first:d} and {last:d})"
            await self._ask("savepoint jutong_try")
            try:
                with refusing(self._title):
                    await merge.insert(came)
            except RowRefused as refusal:
                await self._ask("rollback to savepoint jutong_try")
                return refusal
            return None

        async with merge.begun():
            await merge.clear(f"(select {self._columns} from {self.clean()})", ())
            found = await refused(ends[0], ends[1], most, trial)
            await self._ask("rollback")
        for line, refusal in found:
            await self.lines_aside(f"select {line:d} as line", self.known.get(refusal.column, 0), refusal.reason)

    async def _tally(self, where: str) -> Tally:
        texts = [sql.canonical(f"c{n}", Native("longtext", "longtext", TEXT)) for n in range(len(self._places))]
        count, checksum, _ = (await self._ask(sql.summed(sql.digest(texts), f"{self._texts} where {where}")))[0]
        return Tally(count, checksum, PORTABLE)

    async def sift(self, most: int, merge: Merge) -> Sifted:
        """See `Sifting.sift`. merge: how the rows will enter the target."""
        await self._values()
        stays = merge.stays(self.clean().removesuffix(" v"))
        unusual = await Constraints(self, self._schema, self._constrained, self._goal, stays).apply()
        if unusual:
            await self._tried(most, merge)
        texts = [sql.canonical(f"g.{quoted(place.column)}", place.native) for place in self._places]
        left, stuck = await merge.hold_back(self.clean().removesuffix(" v"), texts, most)
        dirty = [*await self._listed(), *stuck][:LISTED]
        count = (await self._ask(f"select count(*) from {self._aside}"))[0][0] + left.rows
        check_number(dirty, count, most, tried=unusual)
        await self._ask(f"insert into {self._stage} ({self._columns}) select {self._columns} from {self.clean()}")
        clean = await self._tally(f"line not in (select line from {self._aside})")
        return Sifted(await self._tally("true"), clean, dirty, left)

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
