"""CSV as it is found in departments: any usual delimiter, quotes, line ends and encoding, ragged rows and broken bytes.

Whole blocks of clean rows are parsed by Arrow. A block that Arrow does not take, or that holds anything unusual, is read
record by record, which is the rule: a quote means something only at the beginning of a cell, an empty line is no row, an
empty cell is a missing value. Where a record of several lines has the wrong number of cells or never ends, only its first
line is set aside and reading goes on with the next, so that one stray quote costs one row.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from jutong.dataplane.dirty import Dirty
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.files.encodings import MARK, marked, utf8
from jutong.dataplane.files.rows import Batch, checked, from_rows, missing
from jutong.dataplane.verbatim import Csv, alike
from jutong.wire.grants import Column

DELIMITERS = ",;\t|"
LONGEST_RECORD = 1 << 20
MOST_LINES = 1000
"""Characters and lines after which a record that did not end counts as broken."""

HEADER = 256 << 10
"""Bytes within which the header must end."""

GUARD = "\x01"
"""The cells of a row put behind each block that Arrow parses: it comes back only where no quote was left open."""

csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True, slots=True)
class Record:
    """One record. lines: how many it takes. cells: None when its quote never ends. text: as written."""

    lines: int
    cells: list[str] | None
    text: str


class _Runaway(Exception):  # noqa: N818 - a finding about the file
    """A record is longer than any can be."""


class _Feed:
    """Lines for `csv.reader`, which asks for the next one between records and inside a quoted cell alike."""

    def __init__(self, lines: Sequence[str], start: int) -> None:
        self._lines = lines
        self._at = start
        self.taken = 0
        self.length = 0
        self.ended = False

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self._at == len(self._lines):
            self.ended = True
            raise StopIteration
        if self.taken >= MOST_LINES or self.length > LONGEST_RECORD:
            raise _Runaway
        line = self._lines[self._at]
        self._at += 1
        self.taken += 1
        self.length += len(line)
        return line


def records(text: str, delimiter: str, width: int, *, final: bool) -> tuple[list[Record], int]:
    """Return the records of a text and how many of its characters they take; the rest waits for more, unless `final`.

    width: cells of a row, 0 when not known yet.
    """
    lines = io.StringIO(text, newline="").readlines()
    if not final and lines and (not lines[-1].endswith("\n")):
        lines.pop()
    done: list[Record] = []
    at = 0
    while at < len(lines):
        at, broken = _read(lines, at, delimiter, width, done)
        if broken is None or (not final and broken):
            break
        done.append(Record(1, None, lines[at]))
        at += 1
    return done, sum(len(line) for line in lines[:at])


def _read(lines: list[str], at: int, delimiter: str, width: int, done: list[Record]) -> tuple[int, bool | None]:
    """Read records from a line on until one is broken: where it begins, and whether it may only be unfinished."""
    feed = _Feed(lines, at)
    try:
        for cells in csv.reader(feed, delimiter=delimiter):
            if feed.ended:
                return at, True
            taken = feed.taken
            if taken > 1 and width and len(cells) != width:
                return at, False
            done.append(
                Record(taken, cells, "" if taken == 1 and len(cells) == width else "".join(lines[at : at + taken]))
            )
            at += taken
            feed.taken = feed.length = 0
    except _Runaway:
        return at, False
    return at, None


def delimiter_of(text: str) -> str:
    """Return the delimiter that a header line has most of; a comma when it has none."""
    line = text.lstrip("\r\n").replace("\r", "\n").partition("\n")[0]
    bare = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=bare.count)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written. codec: of Python. delimiter: empty to be found. missing: texts that mean no value."""

    codec: str = "utf-8"
    delimiter: str = ""
    header: bool = True
    missing: tuple[str, ...] = ()


@dataclass
class Layout:
    """What the first line told: names of all columns in order, and the delimiter."""

    names: list[str]
    delimiter: str
    places: list[int] = field(default_factory=list)

    def find(self, wanted: Sequence[Column]) -> None:
        """Note where the wanted columns stand. RuleBroken for one that is missing or named twice."""
        for column in wanted:
            if self.names.count(column.column) != 1:
                why = "有重名的列" if column.column in self.names else "缺少列"
                raise RuleBroken(f"文件{why}“{column.column}”，请提供部门核对文件表头与资源挂接。")
            self.places.append(self.names.index(column.column))


def named(cells: Sequence[str], *, header: bool) -> list[str]:
    """Return column names from a header row, or their numbers where a file has none."""
    return [cell.strip() for cell in cells] if header else [f"第{n}列" for n in range(1, len(cells) + 1)]


class Reader:
    """One pass over one CSV file."""

    def __init__(self, file: BinaryIO, wanted: Sequence[Column], dialect: Dialect) -> None:
        self._pieces = utf8(file, dialect.codec)
        self._wanted = wanted
        self._dialect = dialect
        self._buffer = b""
        self._line = 1
        self._ended = False

    def _more(self) -> None:
        """Take another piece into the buffer."""
        piece = next(self._pieces, None)
        self._ended = piece is None
        self._buffer += piece or b""

    def layout(self) -> Layout:
        """Read up to the first record and return what it tells; an empty file has no columns."""
        while True:
            self._more()
            head = self._buffer[:HEADER]
            text = head.decode("utf-8", MARK)
            delimiter = self._dialect.delimiter or delimiter_of(text)
            found, _ = records(text, delimiter, 0, final=self._ended and len(head) == len(self._buffer))
            first = next((record for record in found if record.cells), None)
            if first is not None or (self._ended and len(head) == len(self._buffer)):
                break
            if len(head) < len(self._buffer):
                raise RuleBroken("文件的表头超过 256 KB 或引号没有闭合，请提供部门修正文件。")
        if first is None:
            return Layout([], delimiter)
        if self._dialect.header:
            skipped = found[: found.index(first) + 1]
            self._take("".join(record.text for record in skipped), sum(record.lines for record in skipped))
        return Layout(named(first.cells or [], header=self._dialect.header), delimiter)

    def _take(self, text: str, lines: int) -> None:
        """Cut what was read off the buffer."""
        self._buffer = self._buffer[len(text.encode("utf-8", "surrogateescape")) :]
        self._line += lines

    def batches(self) -> Iterator[Batch]:
        """Return all rows; RuleBroken when a wanted column is not there."""
        layout = self.layout()
        if not layout.names:
            return
        layout.find(self._wanted)
        while True:
            batch = self._quick(layout) or self._careful(layout)
            if batch is not None and (batch.rows or batch.dirty):
                yield batch
            if self._ended and not self._buffer:
                return
            if not self._ended:
                self._more()

    def _whole(self) -> bytes:
        """Return the whole records at the buffer's beginning, as far as quotes in pairs tell."""
        if self._ended and (b'"' not in self._buffer or self._buffer.count(b'"') % 2 == 0):
            return self._buffer
        end = self._buffer.rfind(b"\n") + 1
        odd = b'"' in self._buffer and self._buffer.count(b'"', 0, end) % 2
        while odd and end:
            before = self._buffer.rfind(b"\n", 0, end - 1) + 1
            odd = (odd + self._buffer.count(b'"', before, end)) % 2
            end = before
        return self._buffer[:end]

    def _quick(self, layout: Layout) -> Batch | None:
        """Parse the buffer's whole records by Arrow, or return None when anything about them is unusual."""
        block = self._whole()
        lines = block.count(b"\n")
        bare = b"\r" in block and block.count(b"\r") != block.count(b"\r\n")
        if not block or bare or (b'"' in block and b'"""' in block):
            return None
        end = b"" if block.endswith(b"\n") else b"\n"
        guard = layout.delimiter.join([GUARD] * len(layout.names)).encode() + b"\n"
        names = [str(n) for n in range(len(layout.names))]
        wanted = [str(n) for n in layout.places]
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(block + end + guard),
                read_options=arrow_csv.ReadOptions(
                    column_names=names, use_threads=False, block_size=len(block) + len(guard) + 2
                ),
                parse_options=arrow_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=b'"' in block),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    include_columns=list(dict.fromkeys(wanted)),
                    null_values=["", *self._dialect.missing],
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:
            return None
        rows = lines + len(end)
        if table.num_rows != rows + 1 or table.column(wanted[0])[rows].as_py() != GUARD:
            return None  # a line was swallowed by a quote, or the guard behind the last one was
        found = [table.column(name).combine_chunks().slice(0, rows) for name in wanted]
        batch = checked(found, self._wanted, lambda n: self._line + n)
        self._buffer = self._buffer[len(block) :]
        self._line += lines
        as_found = self._verbatim(layout) and all(map(_same, found, batch.columns))
        return self._as_written(batch, block, layout) if as_found else batch

    def _verbatim(self, layout: Layout) -> bool:
        """Tell whether all columns of the file are asked for, and an empty cell alone is a missing value."""
        names = [column.column for column in self._wanted]
        return sorted(layout.names) == sorted(names) and not self._dialect.missing

    def _as_written(self, batch: Batch, block: bytes, layout: Layout) -> Batch:
        """Return a batch of canonical texts with its rows as they stand in the file, where all readers agree on them."""
        crlf = b"\r" in block
        if not alike(block, layout.delimiter) or (crlf and block.count(b"\r") != block.count(b"\n")):
            return batch
        ended = block if block.endswith(b"\n") else block + (b"\r\n" if crlf else b"\n")
        return replace(batch, csv=(ended, Csv(layout.delimiter, tuple(layout.names), crlf)))

    def _careful(self, layout: Layout) -> Batch:
        """Read the buffer's records one by one."""
        text = self._buffer.decode("utf-8", MARK)
        found, length = records(text, layout.delimiter, len(layout.names), final=self._ended)
        if length == 0 and not self._ended and len(text) > 4 * LONGEST_RECORD:
            found, length = records(text, layout.delimiter, len(layout.names), final=True)
        rows, numbers, dirty, line = list[list[str]](), list[int](), list[Dirty](), self._line
        suspect = marked(text)
        for record in found:
            wrong = self._fault(record, layout, line, suspect=suspect)
            if wrong is not None:
                dirty.append(wrong)
            elif record.cells:
                rows.append([record.cells[n] for n in layout.places])
                numbers.append(line)
            line += record.lines
        self._take(text[:length], line - self._line)
        return self._made(rows, numbers, dirty)

    def _made(self, rows: list[list[str]], numbers: list[int], dirty: list[Dirty]) -> Batch:
        columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)] if rows else []
        if not columns:
            return from_rows([], self._wanted, [], dirty)
        found = [missing(column, self._dialect.missing) for column in columns]
        batch = checked(found, self._wanted, numbers.__getitem__)
        return Batch(batch.columns, batch.rows, sorted([*dirty, *batch.dirty], key=lambda each: each.number))

    def _fault(self, record: Record, layout: Layout, line: int, *, suspect: bool) -> Dirty | None:
        """Return why a record is no row, if it is none."""
        width = len(layout.names)
        if record.cells is None:
            return Dirty(line, "", record.text, "引号没有闭合或引号内换行后列数不符", (record.text,))
        if record.cells and len(record.cells) != width:
            reason = f"应有 {width} 列，实有 {len(record.cells)} 列"
            return Dirty(line, "", record.text.rstrip("\r\n"), reason, tuple(record.cells))
        if suspect:
            for n in layout.places if record.cells else ():
                name, cell = layout.names[n], record.cells[n]
                if marked(cell):
                    shown = cell.encode("utf-8", "replace").decode()
                    cells = tuple(each.encode("utf-8", "backslashreplace").decode() for each in record.cells)
                    return Dirty(line, name, shown, f"“{name}”含有无法解码的字节", cells)
        return None


def _same(found: Any, canonical: Any) -> bool:
    """Tell whether a column's texts were canonical as they stand, and none of them set aside."""
    return found is canonical or bool(found.equals(canonical))
