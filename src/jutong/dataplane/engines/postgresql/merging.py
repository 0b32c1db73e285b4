"""From the staging table into a PostgreSQL target that stays: what gives way, what stays, what enters, by statements on sets."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value bound
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jutong.dataplane.dirty import LISTED, Dirty
from jutong.dataplane.engines.base import Key, Target
from jutong.dataplane.engines.postgresql import sql, tallies
from jutong.dataplane.engines.postgresql.sql import Parts, qualified, quoted
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.reconcile import PORTABLE, Unreconciled
from jutong.wire.transfers import TableMode, Tally

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
REFERRING = """
select c.conname, format('%I.%I', n.nspname, r.relname) as child, c.conrelid = c.confrelid as own,
       c.confdeltype in ('a', 'r') as held,
       array(select a.attname::text from unnest(c.conkey) with ordinality k(num, place)
             join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.num order by place) as names,
       array(select a.attname::text from unnest(c.confkey) with ordinality k(num, place)
             join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.num order by place) as others
from pg_catalog.pg_constraint c
join pg_catalog.pg_class r on r.oid = c.conrelid join pg_catalog.pg_namespace n on n.oid = r.relnamespace
where c.confrelid = to_regclass($1) and c.contype = 'f' and c.conparentid = 0 order by own, c.conname
"""
STUCK = "pg_temp.jutong_stuck"
"""Keys of rows that should go but cannot: other rows of the target's database refer to them."""


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
        self._keyed = False  # the target can tell by their keys which rows come again
        self._by_key = False  # a replacement changes the rows that come again, since others refer to them
        self._referring: list[Any] = []
        self._stuck = False

    async def look(self) -> None:
        """Look at who refers to the target's rows: those that come again must not be deleted on the way.

        `RuleBroken` where a replacement would delete, or change, rows of other tables by the way of a foreign key.
        """
        if not self._existing:
            return
        unique = sorted(self._target.unique)
        there = bool(unique) and set(unique) <= {name for name, _ in self._fields}
        self._keyed = there and await self._connection.fetchval(UNIQUE, self._goal, unique)
        self._referring = list(await self._connection.fetch(REFERRING, self._goal))
        others = [found for found in self._referring if not found["own"]]
        replacing = self._target.mode is TableMode.REPLACE
        self._by_key = bool(others) and replacing and self._keyed
        following = next((found for found in others if not found["held"]), None)
        if following and replacing and not self._keyed:
            raise RuleBroken(
                f"表 {following['child']} 的外键 {following['conname']} 引用目标表并随之删改，整表替换会丢失其中的数据，"
                "请在目标表的主键列上建立唯一约束，或改用按主键更新方式。"
            )

    async def give_way(self, keys: Sequence[Key]) -> None:
        """See `Landing.give_way`."""
        names = ", ".join(map(quoted, self._target.unique))
        if not self._giving:
            await self._connection.execute(
                f"create temp table {KEYS} on commit drop as select {names} from {self._goal} with no data"
            )
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

    def stays(self, came: str, row: str = "g") -> str:
        """Return the test that a row of the target stays beside those that come. came: a query of these."""
        if not self._existing:
            return "false"
        if self._giving:
            return f"not exists (select from {KEYS} k where {self._same('k', row)})"
        if self._target.parts and self._target.cut:
            name, base = self._fields[self._target.cut.place]
            part = tallies.partition(sql.canonical(f"{row}.{quoted(name)}", base), self._target.cut)
            return f"{part} <> all(array[{', '.join(map(sql.literal, self._target.parts))}])"
        if self._target.mode is TableMode.UPSERT:
            return f"not exists (select from ({came}) s where {self._same('s', row)})"
        return "true" if self._target.mode is TableMode.APPEND else "false"

    def _gone(self, came: str, held: Sequence[str]) -> Parts:
        """Return the test that a row `g` of the target gives way and does not come again."""
        again = f" and not exists (select from ({came}) s where {self._same('s', 'g')})"
        again = again if self._by_key or (self._giving and self._keyed) else ""
        spared = f" and not exists (select from {STUCK} k where {self._same('k', 'g')})" if self._stuck else ""
        if self._giving:
            return [f"exists (select from {KEYS} k where {self._same('k', 'g')}){again}{spared}"]
        if self._target.parts:
            parts = [name for name in self._target.parts if name not in held]  # what is held back keeps its rows
            return [*self.among(parts), again, spared]
        if self._target.mode is TableMode.REPLACE:
            return [*(["not (", *self.among(held), ")"] if held else ["true"]), again, spared]
        return ["false"]

    async def clear(self, held: Sequence[str], came: str) -> None:
        """Delete what gives way to the rows of a query. held: partitions that keep their rows."""
        if self._giving:
            await self._connection.execute(f"analyze {KEYS}")
        await self.execute([f"delete from {self._goal} g where ", *self._gone(came, held)])

    async def hold_back(self, came: str, most: int) -> tuple[Tally, list[Dirty]]:
        """Let rows stay that should go but that others refer to, and return them: their sum, and the first of them."""
        referring = [found for found in self._referring if found["held"]]
        if not referring or not (self._by_key or (self._giving and self._keyed)):
            return Tally(0, "0", PORTABLE), []
        names = ", ".join(f"g.{quoted(name)}" for name in self._target.unique)
        await self._connection.execute(
            f"create temp table jutong_stuck on commit drop as"
            f" select {names}, ''::text as jutong_reason from {self._goal} g limit 0"
        )
        self._stuck = True
        for found in referring:
            pairs = zip(found["names"], found["others"], strict=True)
            refers = " and ".join(f"c.{quoted(mine)} = g.{quoted(theirs)}" for mine, theirs in pairs)
            stays = self.stays(came, "c") if found["own"] else "true"
            reason = f"来源已没有这一行，但表 {found['child']} 的外键 {found['conname']} 仍引用它，未从目标表删除"
            statement = f"insert into {STUCK} select {names}, {sql.literal(reason)} from {self._goal} g where "
            child = f" and exists (select from {found['child']} c where {stays} and {refers})"
            await self.execute([statement, *self._gone(came, ()), child])
        texts = [f"{sql.canonical(f'g.{quoted(name)}', base)} as c{n}" for n, (name, base) in enumerate(self._fields)]
        rows = f"from {self._goal} g join {STUCK} k on {self._same('k', 'g')}"
        fields = [(f"c{n}", "text") for n in range(len(texts))]
        question, _ = sql.parametrised(tallies.tallied([f"select {', '.join(texts)} {rows}"], fields, PORTABLE))
        count, checksum = await self._connection.fetchrow(question)
        listed = await self._connection.fetch(
            f"select k.jutong_reason, {', '.join(texts)} {rows} limit {min(LISTED, most + 1)}"
        )
        dirty = [Dirty(0, "", "", reason, tuple(cells), masked=True) for reason, *cells in listed]
        return Tally(count, checksum, PORTABLE), dirty

    async def insert(self, came: str) -> int:
        """Let the rows of a query enter and return how many the server wrote."""
        conflict = ""
        overlaid = self._target.mode is TableMode.UPSERT and (self._keyed or not self._giving)
        if overlaid or self._by_key:
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
