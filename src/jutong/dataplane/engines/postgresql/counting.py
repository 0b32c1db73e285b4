"""Counting over a table's columns in PostgreSQL: one statement, one pass over the first rows."""

from __future__ import annotations

from functools import partial

from jutong.dataplane.engines import counting
from jutong.dataplane.engines.postgresql.sql import Natives, canonical, qualified, quoted
from jutong.dataplane.engines.postgresql.types import neutral
from jutong.dataplane.policy import Plan
from jutong.wire.grants import Kind


def statement(plan: Plan, natives: Natives) -> str:
    """Return the statement: the number of rows, then six columns for each field."""
    table = qualified(plan.schema, plan.table)
    return counting.statement(plan, table, quoted, partial(_counted, natives=natives))


def _counted(column: str, *, natives: Natives) -> str:
    native, name = natives[column], f"t.{quoted(column)}"
    kind, text = neutral(native.full, native.base).kind, canonical(name, native.base)
    if kind is Kind.BINARY:
        return f"count({name}), null::bigint, null, null, null::int, null::int"
    distinct = f"count({name}), count(distinct {text})"
    if kind in counting.RANGED:
        ends = (canonical(f"{end}({name})", native.base) for end in ("min", "max"))
        return f"{distinct}, {', '.join(ends)}, null::int, null::int"
    return f"{distinct}, null, null, min(char_length({text})), max(char_length({text}))"
