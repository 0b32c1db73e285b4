"""What a PostgreSQL table asks of its rows beyond their types, held against staged values as sets, one test a constraint."""

# ruff: noqa: S608 - every name is quoted by the server or by `quoted`
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jutong.dataplane.engines.postgresql.sql import quoted

CHECKS = """
select pg_get_expr(c.conbin, c.conrelid) as test, c.conname,
       array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.conrelid and a.attnum = any(c.conkey)) as names
from pg_catalog.pg_constraint c where c.conrelid = to_regclass($1) and c.contype = 'c' order by c.conname
"""
UNIQUES = """
select array(select a.attname::text from pg_catalog.pg_attribute a
             where a.attrelid = i.indrelid and a.attnum = any(i.indkey)) as names
from pg_catalog.pg_index i
where i.indrelid = to_regclass($1) and i.indisunique and i.indpred is null and i.indexprs is null
order by i.indisprimary desc, i.indexrelid
"""
FOREIGN = """
select c.conname, format('%I.%I', n.nspname, r.relname) as other, c.confrelid = c.conrelid as own,
       c.confmatchtype = 'f' as whole,
       array(select a.attname::text from unnest(c.conkey) with ordinality k(num, place)
             join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.num order by place) as names,
       array(select a.attname::text from unnest(c.confkey) with ordinality k(num, place)
             join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.num order by place) as others
from pg_catalog.pg_constraint c
join pg_catalog.pg_class r on r.oid = c.confrelid join pg_catalog.pg_namespace n on n.oid = r.relnamespace
where c.conrelid = to_regclass($1) and c.contype = 'f'
  and coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
order by own, c.conname
"""
UNUSUAL = """
select c.relkind <> 'r'
    or exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled <> 'D')
    or exists (select from pg_catalog.pg_constraint x where x.conrelid = c.oid and x.contype = 'x')
    or exists (select from pg_catalog.pg_rewrite r where r.ev_class = c.oid)
    or exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisunique
               and (i.indpred is not null or i.indexprs is not null
                    or coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)))
    or exists (select from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
               where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and t.typtype = 'd')
from pg_catalog.pg_class c where c.oid = to_regclass($1)
"""
"""Whether a table may refuse a row for something that no set-based test here knows: then rows are tried one stretch at a time."""


class Sieving(Protocol):
    """What the tests need of a sieve of one landing."""

    @property
    def connection(self) -> Any:
        """Return the landing's session."""

    @property
    def known(self) -> Mapping[str, int]:
        """Return the quoted names of the columns that are written, each with its place."""

    def clean(self) -> str:
        """Return the query of the values that are not set aside; their line is `jutong_line`."""

    async def lines_aside(self, lines: str, n: int, reason: str) -> int:
        """Set aside the lines of a query, unless they are already; return how many were."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """The constraints of one table. table: its qualified name; goal: where its rows will stand; stays: which rows of it do.

    stays: a test on rows called `g`.
    """

    sieve: Sieving
    table: str
    goal: str
    stays: str

    async def apply(self) -> bool:
        """Set aside what breaks a constraint; return whether the table may refuse rows for something else besides."""
        unusual = bool(await self.sieve.connection.fetchval(UNUSUAL, self.table))
        foreign = list(await self.sieve.connection.fetch(FOREIGN, self.table))
        for found in await self.sieve.connection.fetch(CHECKS, self.table):
            unusual |= not await self._check(found)
        for found in foreign:
            if not found["own"]:
                unusual |= not await self._orphans(found)
        for found in await self.sieve.connection.fetch(UNIQUES, self.table):
            unusual |= not await self._twice([quoted(name) for name in found["names"]])
        own, gone = [found for found in foreign if found["own"]], True
        while own and gone:  # whoever is set aside may leave children behind
            gone = False
            for found in own:
                gone |= bool(await self._childless(found))
        return unusual

    def _places(self, names: Sequence[str]) -> list[str] | None:
        """Return names quoted, or None when one of them is not written."""
        listed = [quoted(name) for name in names]
        return listed if listed and set(listed) <= self.sieve.known.keys() else None

    async def _check(self, found: Any) -> bool:
        names = self._places(found["names"])
        if names is None:
            return False
        lines = f"select jutong_line from ({self.sieve.clean()}) r where not ({found['test']})"
        await self.sieve.lines_aside(lines, self.sieve.known[names[0]], f"不满足目标表的约束 {found['conname']}")
        return True

    async def _orphans(self, found: Any) -> bool:
        """Set aside what refers to a row that another table does not hold."""
        if self._places(found["names"]) is None:
            return False
        await self._without(found, f"exists (select from {found['other']} o where {_match(found, 'o')})")
        return True

    async def _childless(self, found: Any) -> int:
        """Set aside what refers to a row of the same table that neither comes nor stays; return how many."""
        if self._places(found["names"]) is None:
            return 0
        came = f"exists (select from ({self.sieve.clean()}) o where {_match(found, 'o')})"
        return await self._without(
            found, f"({came} or exists (select from {self.goal} g where {self.stays} and {_match(found, 'g')}))"
        )

    async def _without(self, found: Any, held: str) -> int:
        names = [quoted(name) for name in found["names"]]
        missing = " or ".join(f"r.{name} is null" for name in names)
        broken = f"not ({missing}) and not {held}"
        if found["whole"] and len(names) > 1:  # MATCH FULL: all of them or none
            some = " or ".join(f"r.{name} is not null" for name in names)
            broken = f"(({missing}) and ({some})) or ({broken})"
        reason = f"不满足目标表的外键 {found['conname']}：{found['other']} 中没有对应的 {'、'.join(found['others'])}"
        lines = f"select jutong_line from ({self.sieve.clean()}) r where {broken}"
        return await self.sieve.lines_aside(lines, self.sieve.known[names[0]], reason)

    async def _twice(self, names: Sequence[str]) -> bool:
        """Set aside what has the unique key of a row before it, or of one that stays in the target."""
        if not names or not set(names) <= self.sieve.known.keys():
            return False
        place, clean = self.sieve.known[names[0]], self.sieve.clean()
        present = " and ".join(f"r.{name} is not null" for name in names)
        ranked = f"row_number() over (partition by {', '.join(names)} order by jutong_line)"
        twice = f"select jutong_line from (select jutong_line, {ranked} as n from ({clean}) r where {present}) d where n > 1"
        await self.sieve.lines_aside(twice, place, "与前面的行在唯一键上重复")
        if self.stays != "false":
            match = " and ".join(f"g.{name} = r.{name}" for name in names)
            held = f"exists (select from {self.goal} g where {self.stays} and {match})"
            lines = f"select jutong_line from ({clean}) r where {held}"
            await self.sieve.lines_aside(lines, place, "目标表中已有相同的唯一键")
        return True


def _match(found: Any, other: str) -> str:
    pairs = zip(found["names"], found["others"], strict=True)
    return " and ".join(f"{other}.{quoted(theirs)} = r.{quoted(ours)}" for ours, theirs in pairs)
