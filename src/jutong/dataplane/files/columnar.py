"""Parquet as rows: batches of Arrow columns turned into canonical texts without a Python value per cell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.files.rows import Batch, by_value, checked
from jutong.wire.grants import Column, Kind

BATCH_ROWS = 20_000


def opened(file: BinaryIO) -> Any:
    """Open a Parquet file, or refuse what is none."""
    try:
        return parquet.ParquetFile(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RuleBroken("Parquet 文件无法打开（可能已损坏或加密），请重新导出。") from error


def kind_of(found: Any) -> Kind:
    """Return the kind of an Arrow type; what is nested is text."""
    tests = (
        (pa.types.is_boolean, Kind.BOOLEAN),
        (pa.types.is_integer, Kind.INTEGER),
        (pa.types.is_floating, Kind.NUMBER),
        (pa.types.is_decimal, Kind.NUMBER),
        (pa.types.is_date, Kind.DATE),
        (pa.types.is_timestamp, Kind.TIMESTAMP),
        (pa.types.is_binary, Kind.BINARY),
        (pa.types.is_large_binary, Kind.BINARY),
        (pa.types.is_fixed_size_binary, Kind.BINARY),
    )
    return next((kind for test, kind in tests if test(found)), Kind.TEXT)


def _plain_number(text: str) -> str:
    """Return a binary fraction as PostgreSQL writes a whole or plain one."""
    return text.removesuffix(".0")


def texts(column: Any) -> Any:
    """Return a column of any type as canonical texts; times with a zone in Beijing wall time."""
    found = column.type
    if pa.types.is_dictionary(found):
        return texts(column.dictionary_decode())
    if pa.types.is_floating(found):
        return by_value(pc.cast(column, pa.string()), _plain_number)
    if pa.types.is_timestamp(found):
        if found.tz:
            column = pc.local_timestamp(pc.cast(column, pa.timestamp(found.unit, "Asia/Shanghai")))
        plain = pc.cast(column, pa.string())
        return pc.replace_substring_regex(plain, r"(\.[0-9]*?)0+$", r"\1") if found.unit == "s" else _trimmed(plain)
    if kind_of(found) is Kind.BINARY:
        values = [None if value is None else value.hex() for value in column.to_pylist()]
        return pa.array(values, pa.string())
    if pa.types.is_nested(found):
        shown = [None if value is None else _json(value) for value in column.to_pylist()]
        return pa.array(shown, pa.string())
    return pc.cast(column, pa.string())


def _trimmed(column: Any) -> Any:
    """Drop zeros that mean nothing behind the seconds' point, and the point when nothing is left."""
    shorter = pc.replace_substring_regex(column, r"(\.[0-9]*?)0+$", r"\1")
    return pc.replace_substring_regex(shorter, r"\.$", "")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))


def batches(file: BinaryIO, wanted: Sequence[Column]) -> Iterator[Batch]:
    """Return all rows of a Parquet file; RuleBroken for a column that is not there."""
    found = opened(file)
    for column in wanted:
        if column.column not in found.schema_arrow.names:
            raise RuleBroken(f"文件缺少列“{column.column}”，请提供部门核对文件与资源挂接。")
    first = 1
    for columns, count in _read(found, wanted):
        yield checked(columns, wanted, lambda n, first=first: first + n)  # type: ignore[misc]
        first += count


def _read(found: Any, wanted: Sequence[Column]) -> Iterator[tuple[list[Any], int]]:
    """Return the columns of an opened file batch by batch; RuleBroken where it is damaged, which shows only on the way."""
    names = list(dict.fromkeys(column.column for column in wanted))
    try:
        for batch in found.iter_batches(BATCH_ROWS, columns=names):
            batch.validate(full=True)  # texts that are no UTF-8 would go through to the target
            yield [texts(batch.column(column.column)) for column in wanted], batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RuleBroken("Parquet 文件的内容已损坏，读到中途失败，请重新导出。") from error
