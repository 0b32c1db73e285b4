"""Batch files: rows written as CSV, JSON lines or XLSX into an encrypted container, and read back for reconciliation.

CSV: UTF-8 with BOM or GB18030, CRLF, header of item names, missing values empty, cells that a spreadsheet would run as a
formula led by an apostrophe. JSON lines: UTF-8, every value its canonical text or null. XLSX: text cells only, a new
sheet after 1,048,576 rows. Parquet: typed columns, zstd.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from jutong.dataplane.dirty import RowRefused
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.transfer.lines import Row
from jutong.wire.grants import Column, Kind, Masking

SHEET_ROWS = 1_048_576
CELL_LIMIT = 32_767
CODECS = {"utf-8": "utf-8-sig", "gb18030": "gb18030"}
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")

csv.field_size_limit(sys.maxsize)


class Format(Protocol):
    """How rows become bytes. Between `header` and `tail`, any number of `body`; `delivered` is what a reader will find.

    `delivered` returns the very row it was given when nothing changes.
    """

    def header(self) -> bytes:
        """Return what stands before the rows."""

    def body(self, rows: Iterable[Row]) -> bytes:
        """Return some rows."""

    def tail(self) -> Iterator[bytes]:
        """Return what stands behind the rows, in pieces."""

    def delivered(self, row: Row) -> Row:
        """Return a row as it reads after writing."""

    def fault(self, row: Row) -> tuple[int, str] | None:
        """Return the place and reason of what a row has that the format cannot hold, None for a row that it can."""

    def read(self, file: BinaryIO) -> Iterator[Row]:
        """Return the rows of a finished file."""


def neutral(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return "'" + text if text[:1] in _FORMULA else text


class Csv:
    """CSV for spreadsheets and programs."""

    def __init__(self, columns: Sequence[Column], codec: str) -> None:
        self._columns = columns
        self._codec = codec
        numeric = (Kind.INTEGER, Kind.NUMBER)
        self._texts = [n for n, c in enumerate(columns) if c.kind not in numeric or c.masking is not Masking.NONE]

    def header(self) -> bytes:
        """See `Format.header`."""
        return self._written([[neutral(column.item) for column in self._columns]], self._codec)

    def body(self, rows: Iterable[Row]) -> bytes:
        """See `Format.body`."""
        return self._written(rows, self._codec.removesuffix("-sig"))

    def tail(self) -> Iterator[bytes]:
        """See `Format.tail`: nothing."""
        return iter(())

    def delivered(self, row: Row) -> Row:
        """See `Format.delivered`: missing values become empty, formulas harmless."""
        shown: Row = [text or "" for text in row] if None in row else row
        for n in self._texts:
            text = shown[n] or ""
            if text[:1] in _FORMULA:
                shown = [*shown[:n], neutral(text), *shown[n + 1 :]]
        return shown

    def fault(self, row: Row) -> tuple[int, str] | None:  # noqa: ARG002 - any text can be written
        """See `Format.fault`: it holds everything."""
        return None

    def read(self, file: BinaryIO) -> Iterator[Row]:
        """See `Format.read`."""
        rows = csv.reader(io.TextIOWrapper(file, encoding=self._codec, newline=""), strict=True)
        next(rows)
        return rows  # type: ignore[return-value]

    def _written(self, rows: Iterable[Row] | list[list[str]], codec: str) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        return text.getvalue().encode(codec)


class JsonLines:
    """One JSON object a line."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._items = [column.item for column in columns]

    def header(self) -> bytes:
        """See `Format.header`: nothing."""
        return b""

    def body(self, rows: Iterable[Row]) -> bytes:
        """See `Format.body`."""
        lines = [msgspec.json.encode(dict(zip(self._items, row, strict=True))) for row in rows]
        return b"\n".join([*lines, b""])

    def tail(self) -> Iterator[bytes]:
        """See `Format.tail`: nothing."""
        return iter(())

    def delivered(self, row: Row) -> Row:
        """See `Format.delivered`: as it is."""
        return row

    def fault(self, row: Row) -> tuple[int, str] | None:  # noqa: ARG002 - any text can be written
        """See `Format.fault`: it holds everything."""
        return None

    def read(self, file: BinaryIO) -> Iterator[Row]:
        """See `Format.read`."""
        decoder = msgspec.json.Decoder(dict[str, str | None])
        for line in file:
            found = decoder.decode(line)
            yield [found[item] for item in self._items]


class Xlsx:
    """A workbook of text cells, written row by row into a private folder and handed over when it is complete."""

    def __init__(self, columns: Sequence[Column], folder: Path) -> None:
        from xlsxwriter import Workbook

        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._columns = columns
        self._path = folder / "book.xlsx"
        self._book = Workbook(str(self._path), {"constant_memory": True, "tmpdir": str(folder)})
        self._blank = self._book.add_format()
        self._blank.set_num_format("@")
        self._row = SHEET_ROWS

    def header(self) -> bytes:
        """See `Format.header`: every sheet gets its own."""
        self._turn()
        return b""

    def notice(self, text: str) -> None:
        """Put a sheet of its own before the data, with nothing but a notice in its first row."""
        sheet = self._book.add_worksheet("使用须知")
        sheet.write_row(0, 0, [])
        sheet.write_string(0, 0, text)

    def _turn(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.write_row(0, 0, [])
        for n, column in enumerate(self._columns):
            self._sheet.write_string(0, n, column.item)
        self._row = 1

    def body(self, rows: Iterable[Row]) -> bytes:
        """See `Format.body`: the bytes come with the tail. `RuleBroken` for a text that no cell can hold."""
        for row in rows:
            if self._row >= SHEET_ROWS:
                self._turn()
            for n, text in enumerate(row):
                if text and len(text) > CELL_LIMIT:
                    message = (
                        f"数据项“{self._columns[n].item}”有超过 {CELL_LIMIT} 个字符的值，XLSX 放不下，请改用 CSV。"
                    )
                    raise RowRefused(message)
                if text:
                    self._sheet.write_string(self._row, n, text)
                else:
                    self._sheet.write_blank(self._row, n, None, self._blank)
            self._row += 1
        return b""

    def tail(self) -> Iterator[bytes]:
        """See `Format.tail`."""
        self._book.close()
        with self._path.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece
        self._path.unlink()

    def delivered(self, row: Row) -> Row:
        """See `Format.delivered`: missing values become empty."""
        return [text or "" for text in row] if None in row else row

    def fault(self, row: Row) -> tuple[int, str] | None:
        """See `Format.fault`: a cell has its limit."""
        place = next((n for n, text in enumerate(row) if text and len(text) > CELL_LIMIT), None)
        return None if place is None else (place, f"超过 Excel 单元格的 {CELL_LIMIT} 个字符")

    def read(self, file: BinaryIO) -> Iterator[Row]:
        """See `Format.read`: sheet by sheet, in a stream."""
        from openpyxl import load_workbook
        from openpyxl.utils.escape import unescape

        book = load_workbook(file, read_only=True)
        try:
            for sheet in book.worksheets:
                for row in sheet.iter_rows(min_row=2, max_col=len(self._columns), values_only=True):
                    yield ["" if value is None else unescape(str(value)) for value in row]
        finally:
            book.close()


class Parquet:
    """A Parquet file: whole numbers, booleans and dates in their own types where they are shown plain, all else as text.

    Decimal numbers and times stay texts, since no one type holds every scale, range and offset a source may have.
    """

    def __init__(self, columns: Sequence[Column], folder: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = {Kind.INTEGER: pa.int64(), Kind.BOOLEAN: pa.bool_(), Kind.DATE: pa.date32()}
        types = [own.get(c.kind, pa.string()) if c.masking is Masking.NONE else pa.string() for c in columns]
        self._schema = pa.schema([(f"{n}", found) for n, found in enumerate(types)])
        self._names = [column.item for column in columns]
        self._path = folder / "rows.parquet"
        named = pa.schema(list(zip(self._names, types, strict=True)))
        self._file = parquet.ParquetWriter(self._path, named, compression="zstd")

    def notice(self, text: str) -> None:
        """Put a notice into the file's own metadata, where every reader of the format finds it under `notice`."""
        self._file.add_key_value_metadata({"notice": text})

    def header(self) -> bytes:
        """See `Format.header`: nothing."""
        return b""

    def body(self, rows: Iterable[Row]) -> bytes:
        """See `Format.body`: the bytes come with the tail. `RuleBroken` for a date that Parquet cannot hold."""
        import pyarrow as pa

        columns = list(zip(*rows, strict=True))
        if columns:
            try:
                made = [
                    pa.array(texts, pa.string()).cast(kind)
                    for texts, kind in zip(columns, self._schema.types, strict=True)
                ]
            except pa.ArrowInvalid as error:
                raise RowRefused("有日期或整数超出 Parquet 的取值范围，请改用 CSV。") from error
            self._file.write_batch(pa.record_batch(made, names=self._names))
        return b""

    def tail(self) -> Iterator[bytes]:
        """See `Format.tail`."""
        self._file.close()
        with self._path.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece
        self._path.unlink()

    def delivered(self, row: Row) -> Row:
        """See `Format.delivered`: as it is."""
        return row

    def fault(self, row: Row) -> tuple[int, str] | None:
        """See `Format.fault`: dates and whole numbers have their range."""
        import pyarrow as pa

        for n, (text, kind) in enumerate(zip(row, self._schema.types, strict=True)):
            try:
                pa.array([text], pa.string()).cast(kind)
            except pa.ArrowInvalid:
                return n, "超出 Parquet 的取值范围"
        return None

    def read(self, file: BinaryIO) -> Iterator[Row]:
        """See `Format.read`."""
        import pyarrow as pa
        from pyarrow import parquet

        for batch in parquet.ParquetFile(file).iter_batches(5000):
            columns = [column.cast(pa.string()).to_pylist() for column in batch.columns]
            yield from map(list, zip(*columns, strict=True))


def format_for(name: str, encoding: str, columns: Sequence[Column], folder: Path) -> Format:
    """Return the format an order asks for, or refuse one that is not offered. folder: private, for scratch files."""
    if encoding not in CODECS:
        raise RuleBroken(f"不支持的文件编码“{encoding}”，支持：{'、'.join(CODECS)}。")
    offered: dict[str, Callable[[], Format]] = {
        "csv": lambda: Csv(columns, CODECS[encoding]),
        "jsonl": lambda: JsonLines(columns),
        "xlsx": lambda: Xlsx(columns, folder),
        "parquet": lambda: Parquet(columns, folder),
    }
    if name not in offered:
        raise RuleBroken(f"不支持的文件格式“{name}”，支持：{'、'.join(offered)}。")
    if name != "csv" and encoding != "utf-8":
        raise RuleBroken(f"{name} 格式只支持 utf-8 编码，请更改编码或改用 csv。")
    return offered[name]()
