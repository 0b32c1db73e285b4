"""Foreign keys of a MySQL table, its own and those of others that refer to it, and the question whether all of them hold."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value written by `literal`
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jutong.dataplane.engines.mysql.connect import fetch
from jutong.dataplane.engines.mysql.sql import literal, qualified, quoted

_FOUND = """
select k.constraint_name, k.table_schema, k.table_name, k.column_name,
       k.referenced_table_schema, k.referenced_table_name, r.delete_rule, k.referenced_column_name
from information_schema.key_column_usage k join information_schema.referential_constraints r
  on r.constraint_schema = k.constraint_schema and r.constraint_name = k.constraint_name and r.table_name = k.table_name
where k.referenced_table_name is not null and {where}
order by k.table_schema, k.table_name, k.constraint_name, k.ordinal_position
"""


@dataclass(frozen=True, slots=True)
class Foreign:
    """One foreign key: columns of `table` that refer to columns of `other`; both tables with their databases.

    held: a row that is referred to cannot be deleted; else the rows that refer to it are deleted or changed with it.
    """

    name: str
    table: tuple[str, str]
    other: tuple[str, str]
    pairs: tuple[tuple[str, str], ...]
    held: bool

    @property
    def own(self) -> bool:
        """Whether it refers to the table itself."""
        return self.table == self.other

    @property
    def columns(self) -> list[str]:
        """The referring columns."""
        return [column for column, _ in self.pairs]

    def match(self, referring: str, referred: str) -> str:
        """Return the test that a row refers to another; both as they are called in the query."""
        return " and ".join(f"{referred}.{quoted(theirs)} = {referring}.{quoted(ours)}" for ours, theirs in self.pairs)

    def refers(self, row: str) -> str:
        """Return the test that a row refers to anything: one column that is missing lets it refer to nothing."""
        return " and ".join(f"{row}.{quoted(ours)} is not null" for ours, _ in self.pairs)


async def _keys(session: Any, where: str) -> list[Foreign]:
    found: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for name, schema, table, column, *other, theirs in await fetch(session, _FOUND.format(where=where)):
        found.setdefault((name, schema, table, *other), []).append((column, theirs))
    return [
        Foreign(name, (schema, table), (far, there), tuple(pairs), held=rule in ("RESTRICT", "NO ACTION"))
        for (name, schema, table, far, there, rule), pairs in found.items()
    ]


async def keys_of(session: Any, schema: str, table: str) -> list[Foreign]:
    """Return the foreign keys of a table, those to other tables first."""
    found = await _keys(session, f"k.table_schema = {literal(schema)} and k.table_name = {literal(table)}")
    return sorted(found, key=lambda key: key.own)


async def keys_to(session: Any, schema: str, table: str) -> list[Foreign]:
    """Return the foreign keys that refer to a table, those of other tables first."""
    where = f"k.referenced_table_schema = {literal(schema)} and k.referenced_table_name = {literal(table)}"
    return sorted(await _keys(session, where), key=lambda key: key.own)


async def broken(session: Any, keys: list[Foreign]) -> Foreign | None:
    """Return a key that does not hold for all rows now; what the others refer to stays until the transaction ends."""
    for key in keys:
        missing = f"not exists (select 1 from {qualified(*key.other)} o where {key.match('r', 'o')})"
        question = f"select 1 from {qualified(*key.table)} r where {key.refers('r')} and {missing} limit 1"
        if await fetch(session, f"{question} lock in share mode"):
            return key
    return None
