"""Counting over a table's columns in MySQL and MariaDB: one statement, one pass over the first rows."""

# ruff: noqa: S608 - every name is quoted by `quoted`
from __future__ import annotations

from jutong.dataplane.engines.mysql.sql import Natives, canonical, qualified, quoted
from jutong.dataplane.engines.postgresql.counting import RANGED
from jutong.dataplane.policy import Plan
from jutong.wire.grants import Kind


def statement(plan: Plan, natives: Natives) -> str:
    """Return the statement: the number of rows, then six columns for each field."""
    columns = ", ".join(f"t.{quoted(field.column)}" for field in plan.fields)
    counts = "".join(f", {_counted(field.column, natives)}" for field in plan.fields)
    return f"select count(*){counts} from (select {columns} from {qualified(plan.schema, plan.table)} t limit {plan.limit:d}) t"


def _counted(column: str, natives: Natives) -> str:
    native, name = natives[column], f"t.{quoted(column)}"
    kind, text = native.neutral.kind, canonical(name, native)
    if kind is Kind.BINARY:
        return f"count({name}), null, null, null, null, null"
    distinct = f"count({name}), count(distinct cast({text} as binary))"
    if kind in RANGED:
        ends = (canonical(f"{end}({name})", native) for end in ("min", "max"))
        return f"{distinct}, {', '.join(ends)}, null, null"
    return f"{distinct}, null, null, min(char_length({text})), max(char_length({text}))"
