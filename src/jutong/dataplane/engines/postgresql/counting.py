"""Counting over a table's columns in PostgreSQL: one statement, one pass over the first rows."""

# ruff: noqa: S608 - every name is quoted by `quoted`
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jutong.dataplane.engines.base import Count
from jutong.dataplane.engines.postgresql.sql import Natives, canonical, qualified, quoted
from jutong.dataplane.engines.postgresql.types import neutral
from jutong.dataplane.policy import Plan
from jutong.wire.grants import Kind

RANGED = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP})
"""Kinds whose smallest and greatest value say something."""


def statement(plan: Plan, natives: Natives) -> str:
    """Return the statement: the number of rows, then six columns for each field."""
    columns = ", ".join(f"t.{quoted(field.column)}" for field in plan.fields)
    counts = "".join(f", {_counted(field.column, natives)}" for field in plan.fields)
    return f"select count(*){counts} from (select {columns} from {qualified(plan.schema, plan.table)} t limit {plan.limit:d}) t"


def _counted(column: str, natives: Natives) -> str:
    native, name = natives[column], f"t.{quoted(column)}"
    kind, text = neutral(native.full, native.base).kind, canonical(name, native.base)
    if kind is Kind.BINARY:
        return f"count({name}), null::bigint, null, null, null::int, null::int"
    distinct = f"count({name}), count(distinct {text})"
    if kind in RANGED:
        ends = (canonical(f"{end}({name})", native.base) for end in ("min", "max"))
        return f"{distinct}, {', '.join(ends)}, null::int, null::int"
    return f"{distinct}, null, null, min(char_length({text})), max(char_length({text}))"


def counts(row: Sequence[Any]) -> tuple[int, tuple[Count, ...]]:
    """Return the answer in the port's words; also MySQL's, which asks the same."""
    cells = [row[place : place + 6] for place in range(1, len(row), 6)]
    return int(row[0]), tuple(
        Count(
            filled=int(filled),
            distinct=None if distinct is None else int(distinct),
            least=least or "",
            greatest=greatest or "",
            shortest=int(shortest or 0),
            longest=int(longest or 0),
        )
        for filled, distinct, least, greatest, shortest, longest in cells
    )
