"""From the staging table into a PostgreSQL target that stays: what gives way, what stays, what enters, by statements on sets."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value bound
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jutong.dataplane.engines.base import Key, Target
from jutong.dataplane.engines.postgresql import sql, tallies
from jutong.dataplane.engines.postgresql.sql import Parts, qualified, quoted
from jutong.dataplane.reconcile import Unreconciled
from jutong.wire.transfers import TableMode

KEYS = "pg_temp.jutong_keys"
PLAIN = """
select c.relkind = 'r' and c.relacl is null and c.reloptions is null and not c.relhasindex and not c.relhastriggers
   and not c.relhasrules and not c.relhassubclass and not c.relispartition and not c.relrowsecurity
   and not exists (select from pg_catalog.pg_inherits where inhrelid = c.oid)
   and not exists (select from pg_catalog.pg_attrdef where adrelid = c.oid)
   and not exists (select from pg_catalog.pg_constraint where conrelid = c.oid and contype <> 'n')
   and not exists (select from pg_catalog.pg_publication_rel where prrelid = c.oid)
   and not exists (select from pg_catalog.pg_depend where refobjid = c.oid and refclassid = 'pg_class'::regclass
                   and deptype = 'n')
from pg_catalog.pg_class c where c.oid = to_regclass($1)
"""
UNIQUE = """
select exists (select from pg_catalog.pg_index i where i.indrelid = to_regclass($1) and i.indisunique and i.indisvalid
    and i.indimmediate and i.indpred is null and i.indexprs is null
    and $2::text[] = (select array_agg(a.attname::text order by a.attname::text) from pg_catalog.pg_attribute a
                      where a.attrelid = i.indrelid and a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1])))
"""


class Merging:
    """How one order's rows enter the target. fields: the columns that come, each with its base type in the target."""

    def __init__(self, connection: Any, target: Target, fields: Sequence[tuple[str, str]], *, existing: bool) -> None:
        self._connection = connection
        self._target = target
        self._fields = fields
        self._columns = ", ".join(quoted(name) for name, _ in fields)
        self._goal = qualified(target.schema, target.table)
        self._existing = existing
        self._giving = False  # rows of asked keys give way
        self._keyed = False  # and the target can tell which of them come again

    async def give_way(self, keys: Sequence[Key]) -> None:
        """See `Landing.give_way`."""
        names = ", ".join(map(quoted, self._target.unique))
        if not self._giving:
            await self._connection.execute(
                f"create temp table {KEYS} on commit drop as select {names} from {self._goal} with no data"
            )
            self._keyed = await self._connection.fetchval(UNIQUE, self._goal, sorted(self._target.unique))
            self._giving = True
        if not keys:
            return
        bases = dict(self._fields)
        columns = list(zip(*keys, strict=True))
        given = ", ".join(
            f"decode(k{n}, 'hex')" if bases[name] == "bytea" else f"k{n}::{bases[name]}"
            for n, name in enumerate(self._target.unique)
        )
        listed = ", ".join(f"k{n}" for n in range(len(columns)))
        arrays = ", ".join(f"${n + 1}::text[]" for n in range(len(columns)))
        statement = f"insert into {KEYS} select {given} from unnest({arrays}) u({listed})"
        await self._connection.execute(statement, *map(list, columns), timeout=None)

    async def execute(self, parts: Parts) -> int:
        """Run a statement and return how many rows it touched."""
        text, values = sql.parametrised(parts)
        tag: str = await self._connection.execute(text, *values, timeout=None)
        return int(tag.rsplit(maxsplit=1)[-1])

    def among(self, names: Sequence[str]) -> Parts:
        """Return the test that a row, staged or in the target, lies in one of these partitions."""
        cut = self._target.cut
        if cut is None:  # one partition, without a name
            return ["true"]
        name, base = self._fields[cut.place]
        return tallies.among(sql.canonical(quoted(name), base), cut, names)

    def _same(self, one: str, other: str) -> str:
        return " and ".join(f"{one}.{name} = {other}.{name}" for name in map(quoted, self._target.unique))

    def stays(self, came: str) -> str:
        """Return the test that a row `g` of the target stays beside those that come. came: a query of these."""
        if not self._existing:
            return "false"
        if self._giving:
            return f"not exists (select from {KEYS} k where {self._same('k', 'g')})"
        if self._target.parts and self._target.cut:
            name, base = self._fields[self._target.cut.place]
            part = tallies.partition(sql.canonical(f"g.{quoted(name)}", base), self._target.cut)
            return f"{part} <> all(array[{', '.join(map(sql.literal, self._target.parts))}])"
        if self._target.mode is TableMode.UPSERT:
            return f"not exists (select from ({came}) s where {self._same('s', 'g')})"
        return "true" if self._target.mode is TableMode.APPEND else "false"

    async def clear(self, held: Sequence[str], came: str) -> None:
        """Delete what gives way to the rows of a query. held: partitions that keep their rows."""
        if self._giving:
            again = f" and not exists (select from ({came}) s where {self._same('s', 'g')})" if self._keyed else ""
            await self._connection.execute(f"analyze {KEYS}")
            gone = f"delete from {self._goal} g using {KEYS} k where {self._same('g', 'k')}{again}"
            await self._connection.execute(gone, timeout=None)
        elif self._target.parts:
            parts = [name for name in self._target.parts if name not in held]  # what is held back keeps its rows
            await self.execute([f"delete from {self._goal} where ", *self.among(parts)])
        elif self._target.mode is TableMode.REPLACE:
            rest: Parts = [" where not (", *self.among(held), ")"] if held else []
            await self.execute([f"delete from {self._goal}", *rest])

    async def insert(self, came: str) -> int:
        """Let the rows of a query enter and return how many the server wrote."""
        conflict = ""
        if self._target.mode is TableMode.UPSERT and (self._keyed or not self._giving):
            others = [name for name, _ in self._fields if name not in self._target.unique] or [self._fields[0][0]]
            changes = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in others)
            conflict = f" on conflict ({', '.join(map(quoted, self._target.unique))}) do update set {changes}"
        return await self.execute([f"insert into {self._goal} ({self._columns}) {came}{conflict}"])

    async def merge(self, stage: str, rows: int, held: Sequence[str]) -> None:
        """Put the staged rows into the target as its mode says; `Unreconciled` when not all of them are there."""
        came = f"select {self._columns} from {stage}"
        await self.clear(held, came)
        done = await self.insert(came)
        if done != rows:
            message = (
                f"目标表实际写入 {done} 行，应为 {rows} 行（目标表可能有触发器或规则），"
                "本次数据已隔离，原有数据保持不变。"
            )
            raise Unreconciled(message)
