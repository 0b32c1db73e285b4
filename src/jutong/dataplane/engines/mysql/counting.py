"""Counting over a table's columns in MySQL and MariaDB: one statement, one pass over the first rows."""

from __future__ import annotations

from functools import partial

from jutong.dataplane.engines import counting
from jutong.dataplane.engines.mysql.sql import Natives, canonical, qualified, quoted
from jutong.dataplane.policy import Plan
from jutong.wire.grants import Kind


def statement(plan: Plan, natives: Natives) -> str:
    """Return the statement: the number of rows, then six columns for each field."""
    table = qualified(plan.schema, plan.table)
    return counting.statement(plan, table, quoted, partial(_counted, natives=natives))


def _counted(column: str, *, natives: Natives) -> str:
    native, name = natives[column], f"t.{quoted(column)}"
    kind, text = native.neutral.kind, canonical(name, native)
    if kind is Kind.BINARY:
        return f"count({name}), null, null, null, null, null"
    distinct = f"count({name}), count(distinct cast({text} as binary))"
    if kind in counting.RANGED:
        ends = (canonical(f"{end}({name})", native) for end in ("min", "max"))
        return f"{distinct}, {', '.join(ends)}, null, null"
    return f"{distinct}, null, null, min(char_length({text})), max(char_length({text}))"
