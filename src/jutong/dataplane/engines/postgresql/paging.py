"""A page of records in the order of their key, after a given key: the index is walked, nothing is counted or skipped."""

from __future__ import annotations

from jutong.dataplane.engines.postgresql import sql
from jutong.dataplane.policy import Plan


def select_page(plan: Plan, natives: sql.Natives) -> sql.Parts:
    """Return the listing: the key columns as canonical texts, then the fields masked; ordered, limited, without OFFSET."""
    keys = [f"t.{sql.quoted(column.column)}" for column in plan.key_columns]
    texts = [
        sql.canonical(key, natives[column.column].base) for key, column in zip(keys, plan.key_columns, strict=True)
    ]
    fields = ", ".join([*texts, *(sql.shown(field, natives) for field in plan.fields)])
    parts: sql.Parts = [f"select {fields} from {sql.qualified(plan.schema, plan.table)} t where "]  # noqa: S608 - quoted
    parts += [*sql.conjunction(plan.where, natives), *(f" and {key} is not null" for key in keys)]
    if plan.after:
        parts.append(f" and ({', '.join(keys)}) > (")
        for n, column in enumerate(plan.key_columns):
            parts += [*[", "] * bool(n), *sql.value(natives[column.column], [sql.Bound(plan.after[n])])]
        parts.append(")")
    return [*parts, f" order by {', '.join(keys)} limit {plan.limit:d}"]
