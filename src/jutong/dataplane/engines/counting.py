"""Counting over a table's columns: one statement, one pass over the first rows, the same question in every dialect."""

# ruff: noqa: S608 - the names come quoted
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jutong.dataplane.engines.base import Count
from jutong.dataplane.policy import Plan
from jutong.wire.grants import Kind

RANGED = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP})
"""Kinds whose smallest and greatest value say something."""


def statement(plan: Plan, table: str, quoted: Callable[[str], str], counted: Callable[[str], str]) -> str:
    """Return the statement: the number of rows, then six columns for each field.

    table: as the dialect names it; quoted: a column's name; counted: the six columns of a field.
    """
    columns = ", ".join(f"t.{quoted(field.column)}" for field in plan.fields)
    counts = "".join(f", {counted(field.column)}" for field in plan.fields)
    return f"select count(*){counts} from (select {columns} from {table} t limit {plan.limit:d}) t"


def counts(row: Sequence[Any]) -> tuple[int, tuple[Count, ...]]:
    """Return the answer in the port's words."""
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
