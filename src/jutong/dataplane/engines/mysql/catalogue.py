"""What a MySQL or MariaDB source says about itself: tables, columns, comments, estimated rows, types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jutong.dataplane.engines.base import used
from jutong.dataplane.engines.mysql.connect import fetch
from jutong.dataplane.engines.mysql.sql import Native, literal
from jutong.dataplane.engines.mysql.types import neutral
from jutong.dataplane.errors import Unavailable
from jutong.dataplane.policy import Plan
from jutong.wire.probe import FoundColumn, FoundTable

SYSTEM = frozenset({"mysql", "information_schema", "performance_schema", "sys"})
"""Databases of the server itself, never a resource and never a target."""

_TABLES = """
select table_schema, table_name, if(table_type like '%VIEW', '', table_comment), cast(ifnull(table_rows, 0) as signed)
from information_schema.tables where table_schema not in ('mysql', 'information_schema', 'performance_schema', 'sys')
"""
_COLUMNS = """
select column_name, column_type, data_type, is_nullable, column_comment, column_key, extra
from information_schema.columns
"""


async def database_of(connection: Any, schema: str) -> str:
    """Return the database a name without one means: the session's own."""
    return schema or (await fetch(connection, "select ifnull(database(), '')"))[0][0]


async def columns_of(connection: Any, schema: str, table: str) -> list[tuple[Any, ...]]:
    """Return name, full type, base type, nullable, comment, key and extra of each column; empty if it is not there."""
    database = await database_of(connection, schema)
    where = f"where table_schema = {literal(database)} and table_name = {literal(table)} order by ordinal_position"
    return await fetch(connection, _COLUMNS + where)


async def natives_of(connection: Any, plan: Plan, title: str) -> Mapping[str, Native]:
    """Return each column's type; `Unavailable` when the mounted table or a column of the plan is not there."""
    if plan.schema.lower() in SYSTEM:
        raise Unavailable(f"系统模式 {plan.schema} 中的表不能作为资源，请联系提供部门修正资源挂接。")
    found = await columns_of(connection, plan.schema, plan.table)
    if not found:
        raise Unavailable(f"数据源“{title}”中没有表 {plan.table}，或账号无权查看，请联系提供部门修正资源挂接。")
    kinds = {column.column: column.kind for column in (*plan.key_columns, *plan.fields)}
    kinds |= {test.column: test.kind for test in (*plan.where, *plan.facts) if test.column not in kinds}
    natives = {
        name: Native(full.lower(), base.lower(), neutral(full.lower(), base.lower(), kinds.get(name)))
        for name, full, base, *_ in found
    }
    for column in used(plan):
        if column not in natives:
            raise Unavailable(f"数据源“{title}”的表 {plan.table} 没有列 {column}，请联系提供部门修正资源挂接。")
    return natives


def found_columns(rows: list[tuple[Any, ...]]) -> tuple[FoundColumn, ...]:
    """Return columns in the words of the wire."""
    return tuple(
        FoundColumn(
            name=name,
            kind=neutral(full.lower(), base.lower()).kind,
            native=re.sub(r" .*", "", full) if base in ("enum", "set") else full,
            comment=comment,
            nullable=nullable == "YES",
            primary_key=key == "PRI",
        )
        for name, full, base, nullable, comment, key, _ in rows
    )


async def found_tables(connection: Any, schema: str, table: str = "") -> tuple[FoundTable, ...]:
    """Return tables and views, without columns."""
    where = f" and table_schema = {literal(schema)}" if schema else ""
    where += f" and table_name = {literal(table)}" if table else ""
    rows = await fetch(connection, f"{_TABLES}{where} order by 1, 2 limit 5000")
    return tuple(FoundTable(*row) for row in rows)
