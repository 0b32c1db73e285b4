"""Rows taken as texts and held against a PostgreSQL table before they enter it: which fit, which do not, and why not."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value bound
from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from jutong.dataplane.dirty import LISTED, Dirty, Sifted, check_number, joined
from jutong.dataplane.engines.postgresql import sql, tallies
from jutong.dataplane.engines.postgresql.sql import quoted
from jutong.dataplane.reconcile import PORTABLE, RunningTally, row_digest
from jutong.dataplane.transfer.lines import parsed
from jutong.wire.transfers import Tally

TEXTS = "jutong_texts"
ASIDE = "pg_temp.jutong_aside"
VALUES, LINE = "pg_temp.jutong_values", "jutong_line"
"""The rows whose texts are values, as values: made once, so that no plan casts a text that has been set aside."""
ASKABLE = 16
"""The version from which a server can be asked whether a text is a value of a type; before it, one tries."""

TRIED = """
create function pg_temp.jutong_valid(given text, wanted text) returns boolean language plpgsql as $$
begin
    execute format('select $1::%s', wanted) using given;
    return true;
exception when data_exception or integrity_constraint_violation or feature_not_supported then
    return false;
end $$
"""
NUL, SHOWN_NUL = b"\0", "␀".encode()
"""What PostgreSQL cannot hold in any text, and what stands for it in the list."""

CHECKS = """
select pg_get_expr(c.conbin, c.conrelid) as test, c.conname,
       array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.conrelid and a.attnum = any(c.conkey)) as names
from pg_catalog.pg_constraint c where c.conrelid = to_regclass($1) and c.contype = 'c'
"""
UNIQUES = """
select array(select a.attname::text from pg_catalog.pg_attribute a
             where a.attrelid = i.indrelid and a.attnum = any(i.indkey)) as names
from pg_catalog.pg_index i
where i.indrelid = to_regclass($1) and i.indisunique and i.indpred is null and i.indexprs is null
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A column of the target: its quoted name, full type, base type, whether it may be empty, its bare name."""

    name: str
    full: str
    base: str
    nullable: bool
    column: str = ""


class Sieve:
    """One landing's texts. stage: the typed staging table; goal: the target; adding: whether its rows stay beside the new."""

    def __init__(self, connection: Any, places: Sequence[Place], *, stage: str, goal: str, adding: bool) -> None:
        self._connection = connection
        self._places = places
        self._stage = stage
        self._goal = goal
        self._adding = adding
        self._valid = "pg_input_is_valid"
        self._nul = RunningTally()  # the rows that hold a NUL, as they came

    async def prepare(self) -> None:
        """Make the table of texts, and what asks an older server about them."""
        if self._connection.get_server_version().major < ASKABLE:
            await self._connection.execute(TRIED)
            self._valid = "pg_temp.jutong_valid"
        texts = ", ".join(f"c{n} text" for n in range(len(self._places)))
        await self._connection.execute(
            f"create temp table {TEXTS} (line bigint generated always as identity, {texts}, nul int)"
            " on commit drop;"
            f"create temp table jutong_aside (line bigint, place int, reason text) on commit drop"
        )

    async def receive(self, chunks: AsyncIterator[bytes]) -> int:
        """Take canonical lines as they are; only a NUL is shown as something else, and its row set aside."""
        columns = [*(f"c{n}" for n in range(len(self._places))), "nul"]
        tag = await self._connection.copy_to_table(
            TEXTS, schema_name="pg_temp", columns=columns, source=self._told(chunks), format="text", timeout=None
        )
        return int(tag.split()[1])

    async def _told(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Return lines with one cell more: the place of the first cell that holds a NUL, if any."""
        rest = b""
        async for chunk in chunks:
            whole, cut, rest = (rest + chunk).rpartition(b"\n")
            whole += cut
            if NUL in whole:
                yield b"".join(map(self._without_nul, whole.splitlines(keepends=True)))
            else:
                yield whole.replace(b"\n", b"\t\\N\n")

    def _without_nul(self, line: bytes) -> bytes:
        cells = line.removesuffix(b"\n").split(b"\t")
        place = next((n for n, cell in enumerate(cells) if NUL in cell), None)
        if place is None:
            return b"\t".join([*cells, b"\\N\n"])
        self._nul.add([row_digest(parsed(line.decode().removesuffix("\n")))])
        return b"\t".join([*cells, b"%d\n" % place]).replace(NUL, SHOWN_NUL)

    def _typed(self, n: int) -> str:
        place = self._places[n]
        return f"decode(c{n}, 'hex')" if place.base == "bytea" else f"c{n}::{place.full}"

    async def _aside(self, where: str, n: int, reason: str, *values: Any) -> None:
        """Set aside the lines that a test finds, unless they are already."""
        await self._connection.execute(
            f"insert into {ASIDE} select line, {n}, {sql_text(reason)} from {TEXTS} t where ({where})"
            f" and not exists (select from {ASIDE} a where a.line = t.line)",
            *values,
            timeout=None,
        )

    async def _values(self) -> None:
        """Set aside what is no value of its column, would change in it, or is missing where nothing may be."""
        for n, place in enumerate(self._places):
            await self._aside(f"nul = {n}", n, "含有空字符，PostgreSQL 不能保存")
            if place.base == "bytea":
                fits = f"c{n} ~ '^([0-9a-f]{{2}})*$'"
            else:
                fits = f"{self._valid}(c{n}, {sql_text(place.full)})"
            await self._aside(f"c{n} is not null and not ({fits})", n, f"不符合目标列的类型 {place.full}")
            same = f"{sql.canonical(f'({self._typed(n)})', place.base)} is not distinct from c{n}"
            await self._aside(
                f"c{n} is not null and not case when {fits} then {same} else true end", n, "写入目标列后值会改变"
            )
            if not place.nullable:
                await self._aside(f"c{n} is null", n, "目标列不允许为空")

    async def _constraints(self) -> None:
        """Set aside what breaks a check or a unique key of the target."""
        known = {place.name: n for n, place in enumerate(self._places)}
        row = ", ".join(f"{self._typed(n)} as {place.name}" for n, place in enumerate(self._places))
        await self._connection.execute(
            f"create temp table jutong_values on commit drop as select line as {LINE}, {row} from {TEXTS} t"
            f" where not exists (select from {ASIDE} a where a.line = t.line)",
            timeout=None,
        )
        clean = f"select * from {VALUES} v where not exists (select from {ASIDE} a where a.line = v.{LINE})"
        for found in await self._connection.fetch(CHECKS, self._goal):
            names = [quoted(name) for name in found["names"]]
            if names and set(names) <= known.keys():
                broken = f"line in (select {LINE} from ({clean}) r where not ({found['test']}))"
                await self._aside(broken, known[names[0]], f"不满足目标表的约束 {found['conname']}")
        for found in await self._connection.fetch(UNIQUES, self._goal):
            names = [quoted(name) for name in found["names"]]
            if not set(names) <= known.keys():
                continue
            listed = ", ".join(names)
            present = " and ".join(f"r.{name} is not null" for name in names)
            ranked = f"row_number() over (partition by {listed} order by {LINE})"
            twice = f"select {LINE} from (select {LINE}, {ranked} as n from ({clean}) r where {present}) d where n > 1"
            await self._aside(f"line in ({twice})", known[names[0]], "与前面的行在唯一键上重复")
            if self._adding:
                match = " and ".join(f"g.{name} = r.{name}" for name in names)
                held = f"select {LINE} from ({clean}) r where exists (select from {self._goal} g where {match})"
                await self._aside(f"line in ({held})", known[names[0]], "目标表中已有相同的唯一键")

    async def _tally(self, where: str) -> Tally:
        fields = [(f"c{n}", "text") for n in range(len(self._places))]
        text, _ = sql.parametrised(tallies.tallied([f"select * from {TEXTS} t where {where}"], fields, PORTABLE))
        count, checksum = await self._connection.fetchrow(text, timeout=None)
        return Tally(count, checksum, PORTABLE)

    async def sift(self, most: int) -> Sifted:
        """See `Sifting.sift`."""
        await self._values()
        await self._constraints()
        dirty = await self._listed()
        check_number(dirty, await self._connection.fetchval(f"select count(*) from {ASIDE}"), most)
        clean = f"not exists (select from {ASIDE} a where a.line = t.line)"
        names = ", ".join(place.name for place in self._places)
        await self._connection.execute(
            f"insert into {self._stage} ({names}) select {names} from {VALUES} v"
            f" where not exists (select from {ASIDE} a where a.line = v.{LINE})",
            timeout=None,
        )
        came, nul = await self._tally("nul is null"), self._nul.tally()
        return Sifted(joined(came, nul), await self._tally(clean), dirty)

    async def _listed(self) -> list[Dirty]:
        cells = ", ".join(f"t.c{n}" for n in range(len(self._places)))
        rows = await self._connection.fetch(
            f"select a.line, a.place, a.reason, t.nul, array[{cells}] as cells from {ASIDE} a join {TEXTS} t using (line)"
            f" order by a.line limit {LISTED}"
        )
        return [self._dirty(row) for row in rows]

    def _dirty(self, row: Any) -> Dirty:
        """Return a row set aside with its cells as they came, whatever stood for a NUL."""
        cells, n = tuple(row["cells"]), row["place"]
        if row["nul"] is not None:
            cells = tuple(cell and cell.replace(SHOWN_NUL.decode(), "\0") for cell in cells)
        return Dirty(row["line"], self._places[n].column, cells[n] or "", row["reason"], cells, masked=True)


def sql_text(text: str) -> str:
    """Return a text of our own or of the server's catalogue as a literal."""
    return "'" + text.replace("'", "''") + "'"
