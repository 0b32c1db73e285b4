"""A plan as PostgreSQL text: identifiers quoted from the mount, values always bound or quoted by the server."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value bound
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jutong.dataplane.masking import expression
from jutong.dataplane.policy import Plan, Predicate
from jutong.wire.grants import Column, Kind, Masking, Operator

INTEGERS = {"smallint", "integer", "bigint"}
COMPARE = {
    Operator.EQ: "=",
    Operator.NE: "<>",
    Operator.LT: "<",
    Operator.LE: "<=",
    Operator.GT: ">",
    Operator.GE: ">=",
}


@dataclass(frozen=True, slots=True)
class Native:
    """A column's own type: `full` with its length, `base` without; `common` when every PostgreSQL has it."""

    full: str
    base: str
    common: bool = True


Natives = Mapping[str, Native]
"""Column name to its type."""


def quoted(name: str) -> str:
    """Return an identifier quoted for PostgreSQL."""
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, table: str) -> str:
    """Return schema and table quoted."""
    return f"{quoted(schema)}.{quoted(table)}"


def literal(text: str) -> str:
    """Return a text of our own, or of the server's catalogue, as a literal."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Bound:
    """A place for a value in a statement: a text, or a list of texts."""

    value: str | tuple[str, ...]


Parts = list[str | Bound]


def parametrised(parts: Parts) -> tuple[str, list[str | list[str]]]:
    """Return a statement with $1, $2 … and its arguments."""
    text, arguments = [], list[str | list[str]]()
    for part in parts:
        if isinstance(part, Bound):
            arguments.append(part.value if isinstance(part.value, str) else list(part.value))
            text.append(f"${len(arguments)}::text" + ("" if isinstance(part.value, str) else "[]"))
        else:
            text.append(part)
    return "".join(text), arguments


def inlined(parts: Parts, literals: Sequence[str]) -> str:
    """Return a statement with the literals that the server itself quoted, for COPY, which takes no parameters."""
    left = iter(literals)
    return "".join(
        part if isinstance(part, str) else next(left) + ("::text" if isinstance(part.value, str) else "::text[]")
        for part in parts
    )


def bound(parts: Parts) -> list[Bound]:
    """Return the places of a statement in order."""
    return [part for part in parts if isinstance(part, Bound)]


def canonical(column: str, base: str) -> str:
    """Return the expression for a column's canonical text; `column` is quoted already.

    A single float keeps its own shortest digits, written as a double writes them: 1000000, not 1e+06. Adding nothing
    takes the sign from a zero, which other engines do not keep.
    """
    if base == "real":
        return f"({column}::text::double precision + 0)::text"
    if base == "double precision":
        return f"({column} + 0)::text"
    return f"encode({column}, 'hex')" if base == "bytea" else f"{column}::text"


def _cast(native: Native) -> str:
    """Return what a text value is cast to before it is compared with a column, keeping its index usable."""
    if native.base in INTEGERS:
        return "bigint"
    return "text" if native.base == "character varying" else native.base


def value(native: Native, text: Parts) -> Parts:
    """Return a bound text as it is compared with a column of this type."""
    return ["decode(", *text, ", 'hex')"] if native.base == "bytea" else ["(", *text, f")::{_cast(native)}"]


def predicate(test: Predicate, natives: Natives) -> Parts:
    """Return one row test on table `t`."""
    tested = _tested(test, natives)
    return ["(", *tested, f" or t.{quoted(test.column)} is null)"] if test.or_missing else tested


def _tested(test: Predicate, natives: Natives) -> Parts:
    column = f"t.{quoted(test.column)}"
    if test.operator is Operator.IS_NULL:
        return [f"{column} is null"]
    if test.operator is Operator.NOT_NULL:
        return [f"{column} is not null"]
    if test.operator is Operator.PREFIX:
        parts: Parts = ["("]
        for n, given in enumerate(test.values):
            parts += [" or "] * bool(n) + [f"starts_with({column}::text, ", Bound(given), ")"]
        return [*parts, ")"]
    if test.operator is Operator.IN:
        parts = [f"{column} in ("]
        for n, given in enumerate(test.values):
            parts += [", "] * bool(n) + value(natives[test.column], [Bound(given)])
        return [*parts, ")"]
    ordering = test.operator not in (Operator.EQ, Operator.NE)
    if test.kind is Kind.TEXT and ordering:
        return [f'{column}::text collate "C" {COMPARE[test.operator]} ', Bound(test.values[0])]
    return [f"{column} {COMPARE[test.operator]} ", *value(natives[test.column], [Bound(test.values[0])])]


def conjunction(tests: Sequence[Predicate], natives: Natives) -> Parts:
    """Return all tests joined by AND; `true` without any."""
    parts: Parts = ["true"]
    for test in tests:
        parts += [" and ", *predicate(test, natives)]
    return parts


def shown(column: Column, natives: Natives) -> str:
    """Return a field as masked canonical text; a keyed hash leaves the source as plain text, for the data plane."""
    text = canonical(f"t.{quoted(column.column)}", natives[column.column].base)
    return text if column.masking is Masking.KEYED_HASH else expression(column.masking, text)


def typed(column: Column, natives: Natives) -> tuple[str, str]:
    """Return a field's expression in its own type and the base type it then has, for copies into a table."""
    native = natives[column.column]
    if native.common and column.masking is Masking.NONE:
        return f"t.{quoted(column.column)}", native.base
    if native.common and column.masking is Masking.SUPPRESS:
        return f"null::{native.base}", native.base
    return shown(column, natives), "text"


def select_text(plan: Plan, natives: Natives) -> Parts:
    """Return the whole plan as canonical texts, named c0, c1 and so on."""
    fields = ", ".join(f"{shown(field, natives)} as c{n}" for n, field in enumerate(plan.fields))
    limit = f" limit {plan.limit:d}" if plan.limit else ""
    return [f"select {fields} from ", *rows(plan, natives), limit]


def select_typed(plan: Plan, natives: Natives, casts: Sequence[str]) -> Parts:
    """Return the whole plan in native types, each field cast to a base type of the target."""
    fields = []
    for field, cast in zip(plan.fields, casts, strict=True):
        text, base = typed(field, natives)
        fields.append((text if base == cast else f"({text})::{cast}") + f" as {quoted(field.column)}")
    return [f"select {', '.join(fields)} from ", *rows(plan, natives)]


def rows(plan: Plan, natives: Natives) -> Parts:
    """Return the rows t of a plan: of the asked keys only, where it has any."""
    if plan.keys:
        return _asked(plan, natives)
    return [f"{qualified(plan.schema, plan.table)} t where ", *conjunction(plan.where, natives)]


def _asked(plan: Plan, natives: Natives) -> Parts:
    """Return the join of the asked keys k (numbered n from 1) with the table t."""
    lists = [Bound(tuple(key[n] for key in plan.keys)) for n in range(len(plan.key_columns))]
    parts: Parts = ["unnest("]
    for n, values in enumerate(lists):
        parts += [", "] * bool(n) + [values]
    names = ", ".join(f"v{n}" for n in range(len(lists)))
    parts.append(f") with ordinality as k({names}, n) join {qualified(plan.schema, plan.table)} t on true")
    for n, column in enumerate(plan.key_columns):
        parts += [f" and t.{quoted(column.column)} = ", *value(natives[column.column], [f"k.v{n}"])]
    return [*parts, " where ", *conjunction(plan.where, natives)]


def select_keys(plan: Plan, natives: Natives) -> Parts:
    """Return the lookup: number of the key (from 1), then the fields as masked canonical texts."""
    fields = "".join(f", {shown(field, natives)}" for field in plan.fields)
    limit = f" limit {plan.limit + 1:d}" if plan.limit else ""
    return [f"select k.n{fields} from ", *_asked(plan, natives), limit]


def select_facts(plan: Plan, natives: Natives) -> Parts:
    """Return the confirmation: how many records the key has, and how many of them carry all facts."""
    return [
        "select count(*), count(*) filter (where ",
        *conjunction(plan.facts, natives),
        ") from ",
        *_asked(plan, natives),
    ]
