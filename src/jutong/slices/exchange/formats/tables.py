"""Submitted files: CSV (UTF-8, GB18030), JSON lines and Excel, read row by row as texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

import orjson
from django.utils.translation import gettext as _

from jutong.kernel import workbooks
from jutong.kernel.errors import RuleBroken
from jutong.slices.exchange.rules.submissions import Rounded

_LONGEST_CELL: Final = 1 << 20
_EXACT: Final = 10**15
"""From here on a workbook's number has lost digits."""
SUFFIXES: Final = {"csv": "csv", "json": "jsonl", "jsonl": "jsonl", "xlsx": "xlsx"}
"""File names' endings and the format they stand for."""


def format_of(name: str) -> str:
    """Return the format of a file by its name; empty for others."""
    return SUFFIXES.get(name.rpartition(".")[2].lower(), "")


def rows_of(path: Path, kind: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the header and then every row with its line number; RuleBroken for a file that is none of them."""
    if kind == "xlsx":
        yield from _sheet_rows(path)
        return
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding=_encoding(path), newline="") as text:
        try:
            yield from _csv_rows(text) if kind == "csv" else _json_rows(text)
        except (UnicodeDecodeError, csv.Error, orjson.JSONDecodeError):
            raise RuleBroken(
                _("文件不是有效的 %s（编码应为 UTF-8 或 GB18030），请重新导出后报送。") % kind.upper(), field="file"
            ) from None


def _sheet_rows(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the rows of a workbook's first sheet that hold anything."""
    workbooks.check_size(path)
    with path.open("rb") as source:
        book = workbooks.opened(
            source, most_bytes=workbooks.MOST_BYTES, most_unpacked=workbooks.MOST_UNPACKED, template=True
        )
        try:
            for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
                cells = [_cell(value) for value in row]
                if any(cells):
                    yield number, cells
        finally:
            book.close()


def _cell(value: object) -> str:
    text = workbooks.text(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _EXACT:
        return Rounded(text)
    return text


def _encoding(path: Path) -> str:
    """Return UTF-8 where the whole file is, else GB18030."""
    try:
        with path.open(encoding="utf-8-sig") as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _csv_rows(text: IO[str]) -> Iterator[tuple[int, Sequence[str]]]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(text)
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num, [workbooks.text(cell) for cell in row]


def _json_rows(text: IO[str]) -> Iterator[tuple[int, Sequence[str]]]:
    names: list[str] = []
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        found = orjson.loads(line)
        if not isinstance(found, dict):
            raise RuleBroken(_("JSON 行文件的每一行都应是一个对象，请修改第 %d 行。") % number, field="file")
        if not names:
            names = [str(name) for name in found]
            yield number, names
        yield number, ["" if found.get(name) is None else _text(found[name]) for name in names]


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
