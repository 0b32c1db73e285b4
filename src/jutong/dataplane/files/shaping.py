"""A grant applied to columns of texts: row filter, masking, COPY text and row digests, equal to `policy` to the byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jutong.dataplane import values
from jutong.dataplane.files.rows import by_value
from jutong.dataplane.masking import mask
from jutong.dataplane.partitions import Cut
from jutong.dataplane.policy import Plan, Predicate
from jutong.wire.grants import Column, Masking

_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"), ("\b", "\\b"), ("\f", "\\f"), ("\v", "\\v"))


def needed(plan: Plan) -> tuple[Column, ...]:
    """Return the columns that a plan has to read: its fields, its keys and whatever its tests look at, each once."""
    tested = (*plan.where, *plan.facts)
    found = [*plan.fields, *plan.key_columns, *(Column(test.item, test.column, test.kind) for test in tested)]
    return tuple({column.column: column for column in reversed(found)}.values())[::-1]


def _passing(column: Any, test: Predicate) -> Any:
    """Return which rows pass one test, decided once for each distinct value."""
    coded = column.dictionary_encode()
    told = [values.passes(text, test.kind, test.operator, test.values) for text in coded.dictionary.to_pylist()]
    of_nothing = values.passes(None, test.kind, test.operator, test.values)
    return pc.fill_null(pa.array(told, pa.bool_()).take(coded.indices), of_nothing)


def by_value_or(column: Any, rule: Callable[[str | None], str]) -> Any:
    """Apply a rule to every distinct value of a column, the missing one included."""
    done = by_value(column, rule)
    return pc.fill_null(done, rule(None)) if done.null_count else done


def within(fields: list[Any], cut: Cut, parts: Sequence[str]) -> list[Any]:
    """Return the rows of some partitions only."""
    inside = pc.is_in(by_value_or(fields[cut.place], cut.name), value_set=pa.array(list(parts), pa.string()))
    return [field.filter(inside) for field in fields]


def truths(told: Sequence[bool]) -> Any:
    """Return which rows are kept, as a filter takes it."""
    return pa.array(told, pa.bool_())


def admitted(plan: Plan, columns: dict[str, Any]) -> dict[str, Any]:
    """Return the rows that pass the plan's row filter."""
    passing = None
    for test in plan.where:
        found = _passing(columns[test.column], test)
        passing = found if passing is None else pc.and_(passing, found)
    return columns if passing is None else {name: column.filter(passing) for name, column in columns.items()}


def _stars(count: Any) -> Any:
    return pc.binary_repeat(pa.scalar("*"), pc.max_element_wise(count, 0))


def _identity(column: Any) -> Any:
    """`masking._identity` in Arrow."""
    size = pc.utf8_length(column)
    ends = pc.utf8_slice_codeunits(column, 0, 6), pc.utf8_slice_codeunits(column, -4)
    shown = pc.binary_join_element_wise(ends[0], _stars(pc.subtract(size, 10)), ends[1], "")
    return pc.if_else(pc.greater(size, 10), shown, _stars(size))


def _name(column: Any) -> Any:
    """`masking._name` in Arrow."""
    size = pc.utf8_length(column)
    first = pc.utf8_slice_codeunits(column, 0, 1)
    shown = pc.binary_join_element_wise(first, _stars(pc.subtract(size, 1)), "")
    return pc.if_else(pc.greater(size, 1), shown, _stars(size))


_ARROW: dict[Masking, Callable[[Any], Any]] = {Masking.IDENTITY: _identity, Masking.NAME: _name}


def masked(column: Any, masking: Masking, key: bytes = b"") -> Any:
    """Return a column of canonical texts as a masking shows it."""
    if masking is Masking.NONE:
        return column
    if masking is Masking.SUPPRESS:
        return pa.nulls(len(column), pa.string())
    if masking in _ARROW:
        return _ARROW[masking](column)
    return by_value(column, partial(mask, masking, key=key))


def shaped(plan: Plan, columns: dict[str, Any], *, hashed: bool) -> list[Any]:
    """Return a plan's fields, masked. hashed: keyed hashes are applied too, else they leave as plain text."""
    return [
        columns[field.column]
        if field.masking is Masking.KEYED_HASH and not hashed
        else masked(columns[field.column], field.masking, plan.hash_key)
        for field in plan.fields
    ]


def _escaped(column: Any) -> Any:
    """Return a column of texts as cells of COPY text; its bytes are looked through as a whole first."""
    data = column.buffers()[2]
    held = data.to_pybytes() if data is not None else b""
    for sign, written in _ESCAPES:
        if sign.encode() in held:
            column = pc.replace_substring(column, sign, written)
    return pc.fill_null(column, "\\N") if column.null_count else column


def copy_text(columns: Sequence[Any]) -> bytes:
    """Return rows of texts as PostgreSQL COPY text lines."""
    return _joined([_escaped(column) for column in columns])


def _joined(cells: Sequence[Any]) -> bytes:
    """Return rows of cells joined by tabs, each with its line end."""
    *front, last = cells
    ended = pc.binary_join_element_wise(last, "\n", "")
    return _bytes(pc.binary_join_element_wise(*front, ended, "\t") if front else ended)


def _bytes(column: Any) -> bytes:
    """Return the texts of a column without missing values, one behind the other."""
    column = pc.cast(column, pa.large_string())
    if not len(column):
        return b""
    offsets = pa.Array.from_buffers(pa.int64(), len(column) + 1, [None, column.buffers()[1]], offset=column.offset)
    return column.buffers()[2][offsets[0].as_py() : offsets[-1].as_py()].to_pybytes()  # type: ignore[no-any-return]


def digests(columns: Sequence[Any]) -> list[int]:
    """Return the `reconcile.row_digest` of every row."""
    sizes = [pc.fill_null(pc.cast(pc.utf8_length(column), pa.string()), "-") for column in columns]
    head = pc.binary_join_element_wise(*sizes, ":") if len(sizes) > 1 else sizes[0]
    texts = [pc.fill_null(column, "") for column in columns]
    rows = pc.binary_join_element_wise(pc.binary_join_element_wise(head, texts[0], ";"), *texts[1:], "")
    number = int.from_bytes
    return [number(sha256(row).digest()[:7]) for row in pc.cast(rows, pa.binary()).to_pylist()]
