"""Writing what changed in a set of rows: one statement for as many rows as it can carry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from django.db import models
from django.db.models import Case as Choice
from django.db.models import Field, Value, When
from django.db.models.functions import Cast

from jutong.kernel.audit import columns_of

TOGETHER: Final = 100
"""Rows of one statement that gives each its own value: it is searched from its beginning for every row."""


def changed(row: models.Model, before: Mapping[str, Any]) -> set[str]:
    """Return the columns (attnames) whose value is not what `columns_of` said before."""
    return {name for name, value in columns_of(row).items() if value != before[name]}


def save_set(rows: Sequence[models.Model], names: Collection[str], also: Mapping[str, Any] | None = None) -> None:
    """Write these columns of rows of one table, as the rows have them now; also: expressions for every row.

    A column that is the same everywhere is a constant of the statement; only one that is not is told row by row.
    """
    if not rows or not (names or also):
        return
    table = type(rows[0])
    fields = [field for field in table._meta.concrete_fields if field.attname in names]
    same = {f.name: getattr(rows[0], f.attname) for f in fields if _same(rows, f.attname)}
    apart = [f for f in fields if f.name not in same]
    together = TOGETHER if apart else len(rows)
    for some in (rows[start : start + together] for start in range(0, len(rows), together)):
        own = {field.name: _choice(some, field) for field in apart}
        table._default_manager.filter(pk__in=[row.pk for row in some]).update(**same, **own, **(also or {}))


def _same(rows: Sequence[models.Model], name: str) -> bool:
    first = getattr(rows[0], name)
    return all(getattr(row, name) == first for row in rows)


def _choice(rows: Sequence[models.Model], field: Field[Any, Any]) -> Cast:
    """Return the expression that finds a row's own value."""
    own = [When(pk=row.pk, then=Value(getattr(row, field.attname), output_field=field)) for row in rows]
    return Cast(Choice(*own, output_field=field), output_field=field)
