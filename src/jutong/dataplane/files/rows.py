"""Rows of files on their way: columns of texts in Arrow, made canonical by kind, and the rows that must be set aside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jutong.dataplane import values
from jutong.dataplane.dirty import Dirty
from jutong.dataplane.verbatim import Csv
from jutong.wire.grants import Column, Kind

_LARGEST_EXPONENT = 400
_DAY = (
    "[12][0-9]{3}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"  # no leap day
)
_PLAIN = {
    Kind.INTEGER: r"^(0|-?[1-9][0-9]{0,17})$",
    Kind.NUMBER: r"^(0|-?[1-9][0-9]{0,60})(\.[0-9]{1,60})?$",
    Kind.DATE: f"^{_DAY}$",
    Kind.TIMESTAMP: rf"^{_DAY} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{{0,5}}[1-9])?$",
}
"""What is canonical already, by far the most of most files; a rule is asked about the others only."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some good rows as columns of canonical texts, in the order asked for, and the dirty rows between them.

    csv: the very same rows as they stand in a file, where they may be handed over so, with how they are written.
    """

    columns: list[Any]
    rows: int
    dirty: list[Dirty] = field(default_factory=list)
    csv: tuple[bytes, Csv] | None = None


Numbers = Callable[[int], int]
"""The number of a row by its place in a batch."""


def _number(text: str) -> str | None:
    """Return a decimal number without sign or zeros that mean nothing, its scale kept."""
    with suppress(InvalidOperation):
        found = Decimal(text)
        if found.is_finite() and abs(int(found.as_tuple().exponent)) <= _LARGEST_EXPONENT and text.isascii():
            plain = f"{found:f}" if "_" not in text else None
            return plain.lstrip("-") if plain and not found else plain
    return None


def _moment(text: str) -> str | None:
    """Return a time without zeros that mean nothing behind the seconds' point."""
    found = values.canonical(Kind.TIMESTAMP, text)
    return found.rstrip("0").rstrip(".") if found and "." in found else found


_RULES: dict[Kind, tuple[Callable[[str], str | None], str]] = {
    Kind.INTEGER: (lambda text: values.canonical(Kind.INTEGER, text), "应为 64 位以内的整数"),
    Kind.NUMBER: (_number, "应为十进制数"),
    Kind.DATE: (lambda text: values.canonical(Kind.DATE, text), "应为真实存在的日期，如 2026-01-31"),
    Kind.TIMESTAMP: (_moment, "应为时间，如 2026-01-31 08:30:00"),
    Kind.BOOLEAN: (lambda text: values.canonical(Kind.BOOLEAN, text), "应为 true 或 false"),
    Kind.BINARY: (lambda text: values.canonical(Kind.BINARY, text), "应为十六进制字节串"),
}


def by_value(column: Any, rule: Callable[[str], str | None]) -> Any:
    """Apply a rule to every distinct value of a column of texts; what is missing stays so."""
    coded = column.dictionary_encode()
    done = pa.array([rule(text) for text in coded.dictionary.to_pylist()], pa.string())
    return done.take(coded.indices)


def _canonical(column: Any, kind: Kind) -> tuple[Any, Any, str]:
    """Return a column as canonical texts, which rows are wrong (None: no row), and why."""
    if kind is Kind.TEXT:
        wrong = pc.match_substring(column, "\0")
        return column, wrong if pc.any(wrong).as_py() else None, "含有空字符"
    rule, reason = _RULES[kind]
    if kind not in _PLAIN:
        done = by_value(column, rule)
    else:
        other = pc.invert(pc.fill_null(pc.match_substring_regex(column, _PLAIN[kind]), fill_value=True))
        if not pc.any(other).as_py():
            return column, None, ""
        done = pc.replace_with_mask(column, other, by_value(column.filter(other), rule))
    wrong = pc.and_(pc.is_null(done), pc.is_valid(column))
    return done, wrong if pc.any(wrong).as_py() else None, reason


def checked(found: Sequence[Any], wanted: Sequence[Column], numbers: Numbers) -> Batch:
    """Return the rows of these columns of texts that fit their kinds, and the others as dirty rows."""
    rows = len(found[0])
    good, all_wrong, dirty = [], None, dict[int, Dirty]()
    for texts, column in zip(found, wanted, strict=True):
        done, wrong, reason = _canonical(texts, column.kind)
        good.append(done)
        if wrong is None:
            continue
        wrong = pc.fill_null(wrong, fill_value=False)
        all_wrong = wrong if all_wrong is None else pc.or_(all_wrong, wrong)
        for n in pc.indices_nonzero(wrong).to_pylist():
            if n not in dirty:
                cells = tuple(each[n].as_py() for each in found)
                dirty[n] = Dirty(numbers(n), column.column, texts[n].as_py(), f"“{column.column}”{reason}", cells)
    if all_wrong is None:
        return Batch(good, rows)
    kept = pc.invert(all_wrong)
    good = [column.filter(kept) for column in good]
    return Batch(good, rows - len(dirty), [dirty[n] for n in sorted(dirty)])


def from_rows(
    rows: Sequence[Sequence[str | None]], wanted: Sequence[Column], numbers: Sequence[int], dirty: Sequence[Dirty] = ()
) -> Batch:
    """Return a batch of rows of texts, each in the order of `wanted`; `dirty` were found before."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(wanted)
    made = [pa.array(column, pa.string()) for column in columns]
    batch = checked(made, wanted, numbers.__getitem__)
    if not dirty:
        return batch
    return Batch(batch.columns, batch.rows, sorted([*dirty, *batch.dirty], key=lambda each: each.number))


def missing(column: Any, tokens: Sequence[str]) -> Any:
    """Return a column of texts where the empty text and these tokens are missing values."""
    gone = pc.is_in(column, value_set=pa.array(["", *tokens], pa.string()))
    return pc.if_else(gone, pa.scalar(None, pa.string()), column) if pc.any(gone).as_py() else column


def guessed(texts: Sequence[str | None]) -> Kind:
    """Return the kind that every given text fits; whatever could be a code (leading zeros, long digits) stays text."""
    told = [text for text in texts if text]
    tests = (
        (Kind.INTEGER, r"0|-?[1-9][0-9]{0,9}"),
        (Kind.NUMBER, r"-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,10})?"),
        (Kind.DATE, r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        (Kind.TIMESTAMP, r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"),
        (Kind.BOOLEAN, r"true|false"),
    )
    for kind, shape in tests:
        if told and all(re.fullmatch(shape, text) for text in told):
            return kind if kind not in _RULES or all(_RULES[kind][0](text) for text in told) else Kind.TEXT
    return Kind.TEXT


def batches_of(
    rows: Iterator[tuple[int, Sequence[str | None]] | Dirty], wanted: Sequence[Column], *, size: int = 5000
) -> Iterator[Batch]:
    """Gather numbered rows and dirty ones into batches."""
    good: list[Sequence[str | None]] = []
    numbers: list[int] = []
    dirty: list[Dirty] = []
    for found in rows:
        if isinstance(found, Dirty):
            dirty.append(found)
        else:
            numbers.append(found[0])
            good.append(found[1])
        if len(good) + len(dirty) >= size:
            yield from_rows(good, wanted, numbers, dirty)
            good, numbers, dirty = [], [], []
    if good or dirty:
        yield from_rows(good, wanted, numbers, dirty)
