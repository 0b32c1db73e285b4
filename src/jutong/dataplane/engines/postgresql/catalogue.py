"""What a PostgreSQL source says about itself: tables, columns, comments, estimated rows, types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg

from jutong.dataplane.engines.base import used
from jutong.dataplane.engines.postgresql.sql import Native, qualified
from jutong.dataplane.engines.postgresql.types import neutral
from jutong.dataplane.errors import Unavailable
from jutong.dataplane.policy import Plan
from jutong.wire.probe import FoundColumn, FoundTable

TABLES = """
select n.nspname as schema, c.relname as name, coalesce(obj_description(c.oid, 'pg_class'), '') as comment,
       greatest(c.reltuples, 0)::bigint as rows
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and ($1 = '' or n.nspname = $1) and ($2 = '' or c.relname = $2)
  and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
order by 1, 2 limit 5000
"""

COLUMNS = """
with recursive found as (
    select a.attname, a.attnum, a.attnotnull, a.attrelid, a.atttypid as type, a.atttypmod as modifier,
           a.attgenerated <> '' or a.attidentity = 'a' as computed
    from pg_catalog.pg_attribute a
    where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
), based as (
    select attnum, type, modifier from found
    union all
    select b.attnum, t.typbasetype, case when b.modifier = -1 then t.typtypmod else b.modifier end
    from based b join pg_catalog.pg_type t on t.oid = b.type and t.typtype = 'd'
)
select f.attname as name, format_type(b.type, b.modifier) as full, format_type(b.type, -1) as base,
       t.typnamespace = 'pg_catalog'::regnamespace and t.typname not like 'reg%' as common,
       not f.attnotnull as nullable, f.computed,
       coalesce(col_description(f.attrelid, f.attnum), '') as comment,
       coalesce((select f.attnum = any(i.indkey) from pg_catalog.pg_index i
                 where i.indrelid = f.attrelid and i.indisprimary), false) as key
from found f join based b using (attnum) join pg_catalog.pg_type t on t.oid = b.type and t.typtype <> 'd'
order by f.attnum
"""


async def columns_of(connection: asyncpg.Connection[Any], name: str) -> list[asyncpg.Record]:
    """Return the columns of a qualified, quoted table name; empty when it is not there."""
    return list(await connection.fetch(COLUMNS, name))


async def natives_of(connection: asyncpg.Connection[Any], plan: Plan, title: str) -> Mapping[str, Native]:
    """Return each column's type; `Unavailable` when the mounted table or a column of the plan is not there."""
    if plan.schema.startswith("pg_") or plan.schema == "information_schema":
        raise Unavailable(f"系统模式 {plan.schema} 中的表不能作为资源，请联系提供部门修正资源挂接。")
    found = await columns_of(connection, qualified(plan.schema, plan.table))
    if not found:
        raise Unavailable(f"数据源“{title}”中没有表 {plan.table}，或账号无权查看，请联系提供部门修正资源挂接。")
    natives = {row["name"]: Native(row["full"], row["base"], row["common"]) for row in found}
    for column in used(plan):
        if column not in natives:
            raise Unavailable(f"数据源“{title}”的表 {plan.table} 没有列 {column}，请联系提供部门修正资源挂接。")
    return natives


def found_columns(rows: list[asyncpg.Record]) -> tuple[FoundColumn, ...]:
    """Return columns in the words of the wire."""
    return tuple(
        FoundColumn(
            name=row["name"],
            kind=neutral(row["full"], row["base"]).kind,
            native=row["full"],
            comment=row["comment"],
            nullable=row["nullable"],
            primary_key=row["key"],
        )
        for row in rows
    )


async def found_tables(connection: asyncpg.Connection[Any], schema: str, table: str = "") -> tuple[FoundTable, ...]:
    """Return tables and views, without columns."""
    rows = await connection.fetch(TABLES, schema, table)
    return tuple(FoundTable(row["schema"], row["name"], row["comment"], row["rows"]) for row in rows)
