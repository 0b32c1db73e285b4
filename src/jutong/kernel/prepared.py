"""Questions that every page asks, compiled once: the statement is kept, its holes are filled anew each time.

Building and compiling a queryset costs as much as asking it, and what an entry's page asks differs by one number.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, Generic, ParamSpec, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import BigIntegerField, BooleanField, Expression, Field, Func, QuerySet
from django.db.models.sql.compiler import SQLCompiler

R = TypeVar("R")
P = ParamSpec("P")
SHAPES: Final = 256
"""Shapes of one question that are kept: one a set of departments that somebody serves."""


class Hole(Expression):
    """The place of a value in a prepared question, filled by its name; typed as the field that it is compared with."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """Return a parameter that is the hole itself."""
        del compiler, connection
        return "%s", [self]


class Among(Func):
    """The condition that a column is one of a hole's values, which are one parameter however many they are."""

    template = "%(expressions)s)"
    arg_joiner = " = any("
    output_field = BooleanField()

    def __init__(self, column: str, name: str) -> None:
        super().__init__(column, Hole(name, BigIntegerField()))


@dataclass(frozen=True, slots=True)
class Written:
    """A statement as text, to be asked as it stands or as a part of another, and its parameters, holes among them."""

    sql: str
    parameters: tuple[Any, ...]

    def filled(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the parameters with these values in their holes. KeyError for a hole without one."""
        return tuple(values[one.name] if isinstance(one, Hole) else one for one in self.parameters)


def written(rows: QuerySet[Any, Any]) -> Written | None:
    """Return the statement of a queryset in any order; None where nothing can be meant."""
    try:
        sql, parameters = rows.order_by().query.sql_with_params()
    except EmptyResultSet:
        return None
    return Written(sql, tuple(parameters))


class Prepared(Generic[R]):
    """One queryset whose statement is compiled at the first asking."""

    def __init__(self, rows: QuerySet[Any, R]) -> None:
        self._rows = rows

    @cached_property
    def _compiled(self) -> tuple[SQLCompiler, Written]:
        compiler = self._rows.query.get_compiler(using=self._rows.db)
        sql, parameters = compiler.as_sql()
        return compiler, Written(sql, tuple(parameters))

    def ask(self, **values: Any) -> list[R]:
        """Return the rows for these values of the holes. KeyError for a hole without one."""

        def compiler(*_with: Any, **_more: Any) -> SQLCompiler:
            return self._filled(values)

        query = copy.copy(self._rows.query)
        query.get_compiler = compiler  # type: ignore[method-assign]
        asked: QuerySet[Any, R] = QuerySet(self._rows.model, query, self._rows.db)
        asked._iterable_class = self._rows._iterable_class  # noqa: SLF001 - no public name says what a row becomes
        asked._fields = self._rows._fields  # type: ignore[attr-defined]
        try:
            return list(asked)
        except EmptyResultSet:  # nothing can be meant, as of somebody who serves no department
            return []

    def first(self, **values: Any) -> R | None:
        """Return the first row for these values, or None."""
        return next(iter(self.ask(**values)), None)

    def _filled(self, values: dict[str, Any]) -> SQLCompiler:
        """Return the compiler as it stood after compiling, with this thread's connection and the values in their holes."""
        kept, statement = self._compiled
        compiler, filled = copy.copy(kept), statement.filled(values)
        compiler.connection = connections[self._rows.db]
        compiler.as_sql = lambda *_with, **_more: (statement.sql, filled)  # type: ignore[method-assign]
        return compiler


def prepared(build: Callable[P, QuerySet[Any, R]]) -> Callable[P, Prepared[R]]:
    """Keep what `build` returns, by its arguments: they give the question its shape and are few and hashable."""

    @lru_cache(SHAPES)
    def kept(*shape: Hashable, **named: Hashable) -> Prepared[R]:
        return Prepared(build(*shape, **named))  # type: ignore[arg-type]

    return kept  # type: ignore[return-value]
