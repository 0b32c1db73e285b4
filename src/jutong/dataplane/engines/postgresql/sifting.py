"""Rows taken as texts and held against a PostgreSQL table before they enter it: which fit, which do not, and why not."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value bound
from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from jutong.dataplane.dirty import LISTED, Dirty, RowRefused, Sifted, check_number, joined
from jutong.dataplane.engines.postgresql import sql, tallies
from jutong.dataplane.engines.postgresql.connect import refusing
from jutong.dataplane.engines.postgresql.constraints import Constraints
from jutong.dataplane.engines.postgresql.merging import Merging
from jutong.dataplane.engines.trying import refused
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


@dataclass(frozen=True, slots=True)
class Place:
    """A column of the target: its quoted name, full type, base type, whether it may be empty, its bare name."""

    name: str
    full: str
    base: str
    nullable: bool
    column: str = ""


class Sieve:
    """One landing's texts. tables: the typed staging table, the target, and which of them has the constraints."""

    def __init__(self, connection: Any, title: str, places: Sequence[Place], tables: tuple[str, str, str]) -> None:
        self.connection = connection
        self.known = {place.name: n for n, place in enumerate(places)}
        self._title = title
        self._places = places
        self._stage, self._goal, self._table = tables
        self._valid = "pg_input_is_valid"
        self._nul = RunningTally()  # the rows that hold a NUL, as they came

    async def prepare(self) -> None:
        """Make the table of texts, and what asks an older server about them."""
        if self.connection.get_server_version().major < ASKABLE:
            await self.connection.execute(TRIED)
            self._valid = "pg_temp.jutong_valid"
        texts = ", ".join(f"c{n} text" for n in range(len(self._places)))
        await self.connection.execute(
            f"create temp table {TEXTS} (line bigint generated always as identity, {texts}, nul int)"
            " on commit drop;"
            f"create temp table jutong_aside (line bigint, place int, reason text) on commit drop"
        )

    async def receive(self, chunks: AsyncIterator[bytes]) -> int:
        """Take canonical lines as they are; only a NUL is shown as something else, and its row set aside."""
        columns = [*(f"c{n}" for n in range(len(self._places))), "nul"]
        tag = await self.connection.copy_to_table(
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

    async def _aside(self, where: str, n: int, reason: str) -> int:
        """Set aside the lines that a test finds, unless they are already; return how many."""
        tag = await self.connection.execute(
            f"insert into {ASIDE} select line, {n}, {sql.literal(reason)} from {TEXTS} t where ({where})"
            f" and not exists (select from {ASIDE} a where a.line = t.line)",
            timeout=None,
        )
        return int(tag.split()[-1])

    async def _values(self) -> None:
        """Set aside what is no value of its column, would change in it, or is missing where nothing may be."""
        for n, place in enumerate(self._places):
            await self._aside(f"nul = {n}", n, "含有空字符，PostgreSQL 不能保存")
            if place.base == "bytea":
                fits = f"c{n} ~ '^([0-9a-f]{{2}})*$'"
            else:
                fits = f"{self._valid}(c{n}, {sql.literal(place.full)})"
            await self._aside(f"c{n} is not null and not ({fits})", n, f"不符合目标列的类型 {place.full}")
            same = f"{sql.canonical(f'({self._typed(n)})', place.base)} is not distinct from c{n}"
            await self._aside(
                f"c{n} is not null and not case when {fits} then {same} else true end", n, "写入目标列后值会改变"
            )
            if not place.nullable:
                await self._aside(f"c{n} is null", n, "目标列不允许为空")

    def clean(self) -> str:
        """See `Sieving.clean`."""
        return f"select * from {VALUES} v where not exists (select from {ASIDE} a where a.line = v.{LINE})"

    async def lines_aside(self, lines: str, n: int, reason: str) -> int:
        """See `Sieving.lines_aside`."""
        return await self._aside(f"line in ({lines})", n, reason)

    async def _constraints(self, stays: str) -> bool:
        """Set aside what breaks a constraint of the target; return whether it may refuse rows for something else."""
        row = ", ".join(f"{self._typed(n)} as {place.name}" for n, place in enumerate(self._places))
        await self.connection.execute(
            f"create temp table jutong_values on commit drop as select line as {LINE}, {row} from {TEXTS} t"
            f" where not exists (select from {ASIDE} a where a.line = t.line)",
            timeout=None,
        )
        await self.connection.execute(f"analyze {VALUES}")
        return await Constraints(self, self._table, self._goal, stays).apply()

    async def _tried(self, most: int, merging: Merging) -> None:
        """Set aside what the target itself refuses: the merge is tried, stretch by stretch, and undone."""
        ends = await self.connection.fetchrow(f"select min({LINE}), max({LINE}) from {VALUES}")
        if ends[0] is None:
            return
        names = ", ".join(place.name for place in self._places)

        async def trial(first: int, last: int) -> RowRefused | None:
            rows = f"select {names} from ({self.clean()}) r where {LINE} between {first:d} and {last:d} order by {LINE}"
            await self.connection.execute("savepoint jutong_try")
            try:
                with refusing(self._title):
                    await merging.insert(rows)
                    await self.connection.execute("set constraints all immediate")
            except RowRefused as refusal:
                await self.connection.execute("rollback to savepoint jutong_try")
                return refusal
            await self.connection.execute("release savepoint jutong_try")
            return None

        await self.connection.execute("savepoint jutong_sift")
        await merging.clear((), self.clean())
        found = await refused(ends[0], ends[1], most, trial)
        await self.connection.execute("rollback to savepoint jutong_sift")
        for line, refusal in found:
            n = next((n for n, place in enumerate(self._places) if place.column == refusal.column), 0)
            await self._aside(f"line = {line:d}", n, refusal.reason or "目标表不接受该行")

    async def _tally(self, where: str) -> Tally:
        fields = [(f"c{n}", "text") for n in range(len(self._places))]
        text, _ = sql.parametrised(tallies.tallied([f"select * from {TEXTS} t where {where}"], fields, PORTABLE))
        count, checksum = await self.connection.fetchrow(text, timeout=None)
        return Tally(count, checksum, PORTABLE)

    async def sift(self, most: int, merging: Merging) -> Sifted:
        """See `Sifting.sift`. merging: how the rows will enter the target."""
        await self._values()
        unusual = await self._constraints(merging.stays(self.clean()))
        if unusual:
            await self._tried(most, merging)
        left, stuck = await merging.hold_back(self.clean(), most)
        dirty = [*await self._listed(), *stuck][:LISTED]
        count = await self.connection.fetchval(f"select count(*) from {ASIDE}")
        check_number(dirty, count + left.rows, most, tried=unusual)
        clean = f"not exists (select from {ASIDE} a where a.line = t.line)"
        names = ", ".join(place.name for place in self._places)
        await self.connection.execute(
            f"insert into {self._stage} ({names}) select {names} from {VALUES} v"
            f" where not exists (select from {ASIDE} a where a.line = v.{LINE})",
            timeout=None,
        )
        came, nul = await self._tally("nul is null"), self._nul.tally()
        return Sifted(joined(came, nul), await self._tally(clean), dirty, left)

    async def _listed(self) -> list[Dirty]:
        cells = ", ".join(f"t.c{n}" for n in range(len(self._places)))
        rows = await self.connection.fetch(
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
