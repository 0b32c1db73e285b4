"""Text files: finding the encoding, reading CSV and every kind of JSON catalogue."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.slices.catalogue.formats.raw import Line, Table

ENCODINGS: Final = {"utf-8-sig": "UTF-8", "gb18030": "GB18030 / GBK", "big5hkscs": "Big5", "utf-16": "UTF-16"}
"""What a person can choose when detection is wrong."""
_SAMPLE: Final = 1024 * 1024
_BIG5_SHARE: Final = 0.12
_MOST_FIELD: Final = 1024 * 1024
_MOST_COLUMNS: Final = 500
_MOST_LINES: Final = 500_000
_DEEPEST: Final = 4
_ENVELOPES: Final = ("dataset", "datasets", "result", "results", "data", "rows", "list", "records", "items", "content")
"""Names under which catalogues keep their list of entries: DCAT, CKAN and common portals."""


def decode(data: bytes, encoding: str = "") -> tuple[str, str]:
    """Return (text, encoding); a chosen encoding is taken strictly, else it is detected.

    Big5 text also decodes as GB18030, so the two are told apart by the second bytes below 0x80, which GB2312 never has.
    """
    if encoding:
        if encoding not in ENCODINGS:
            raise RuleBroken(_("不支持的编码，请从列表中选择。"), field="encoding")
        tries = [encoding]
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        tries = ["utf-16"]
    else:
        tries = ["utf-8-sig", "chinese"]
    for name in tries:
        for real in _chinese(data) if name == "chinese" else [name]:
            try:
                return data.decode(real), real
            except UnicodeDecodeError:
                continue
    choices = "、".join(ENCODINGS.values())
    raise RuleBroken(_("无法按 %s 解读文件内容，请在导入时指定正确的编码。") % choices, field="encoding")


def _chinese(data: bytes) -> tuple[str, str]:
    """Return the two Chinese codes, the likelier first."""
    return ("big5hkscs", "gb18030") if _looks_big5(data[:_SAMPLE]) else ("gb18030", "big5hkscs")


def _looks_big5(data: bytes) -> bool:
    pairs = low = place = 0
    while place < len(data) - 1:
        if data[place] < 0x81:  # noqa: PLR2004 - the first lead byte of both codes
            place += 1
            continue
        pairs += 1
        low += data[place + 1] < 0x80  # noqa: PLR2004 - see above
        place += 2
    return pairs > 0 and low / pairs > _BIG5_SHARE


def read_csv(path: Path, encoding: str = "") -> tuple[Table, str]:
    """Return a CSV (comma, semicolon, tab or bar) and its encoding; RuleBroken when it has no header or is ragged text."""
    text, found = decode(path.read_bytes(), encoding)
    head = text[:4096].split("\n", 1)[0]
    delimiter = max(",;\t|", key=head.count)
    csv.field_size_limit(_MOST_FIELD)
    lines: list[Line] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                lines.append(Line(reader.line_num, row))
            if len(lines) > _MOST_LINES:
                raise RuleBroken(_("文件超过 50 万行，请拆分后分批导入。"), field="file")
    except csv.Error as broken:
        raise RuleBroken(_("第 %d 行不符合 CSV 格式，请检查引号后重试。") % reader.line_num, field="file") from broken
    if not lines:
        raise RuleBroken(_("文件里没有表头和数据，请检查后重试。"), field="file")
    return Table(headers(lines[0].cells), lines[1:]), found


def headers(cells: Iterable[object]) -> tuple[str, ...]:
    """Return header cells as distinct names; empty and repeated ones get their column number."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = str(cell or "").replace("\ufeff", "").strip()
        names.append(name if name and name not in names else f"{name}（第{number}列）")
    if len(names) > _MOST_COLUMNS:
        raise RuleBroken(_("表格超过 500 列，请删除无关的列后再导入。"), field="file")
    return tuple(names)


def read_json(path: Path, encoding: str = "") -> tuple[Table, str]:
    """Return any JSON catalogue as a table: one array, arrays back to back, NDJSON, DCAT ``dataset``, CKAN results.

    Objects inside an entry become columns such as ``publisher.name``; lists of objects become lists per column.
    """
    text, found = decode(path.read_bytes(), encoding)
    records = [record for document in _documents(text) for record in _records(document, _DEEPEST)]
    if not records:
        raise RuleBroken(_("文件里没有找到目录条目：应为对象数组，或含 dataset 列表的 JSON。"), field="file")
    if len(records) > _MOST_LINES:
        raise RuleBroken(_("文件超过 50 万条，请拆分后分批导入。"), field="file")
    flat = [_flat(record) for record in records]
    names = tuple(dict.fromkeys(name for row in flat for name in row))
    if len(names) > _MOST_COLUMNS:
        raise RuleBroken(_("条目字段超过 500 个，请确认选对了文件。"), field="file")
    return Table(names, [Line(n, [row.get(name) for name in names]) for n, row in enumerate(flat, 1)]), found


def _documents(text: str) -> Iterable[Any]:
    try:
        return [orjson.loads(text)]
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        pass
    decoder, place, found = json.JSONDecoder(), 0, []
    try:
        while place < len(text):
            if text[place].isspace() or text[place] == ",":
                place += 1
                continue
            document, place = decoder.raw_decode(text, place)
            found.append(document)
    except json.JSONDecodeError as broken:
        line = text.count("\n", 0, broken.pos) + 1
        raise RuleBroken(_("JSON 第 %d 行附近格式有误，请检查逗号、引号和括号。") % line, field="file") from broken
    except RecursionError as broken:
        raise RuleBroken(_("JSON 嵌套过深，无法作为目录导入。"), field="file") from broken
    return found


def _records(document: object, depth: int) -> list[Mapping[str, object]]:
    """Return the entries in a document: the list of objects itself, the object, or the longest list inside it."""
    if isinstance(document, list):
        return [record for record in document if isinstance(record, dict)]
    if not isinstance(document, dict) or depth == 0:
        return []
    for name in _ENVELOPES:
        if found := _records(document.get(name), depth - 1):
            return found
    return [document]


def _flat(record: Mapping[str, object]) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            row |= {f"{name}.{inner}": deep for inner, deep in value.items() if not isinstance(deep, dict)}
        elif isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
            for part in value:
                for inner, deep in part.items():
                    row.setdefault(f"{name}.{inner}", [])
                    row[f"{name}.{inner}"].append(deep)  # type: ignore[attr-defined]
        else:
            row[name] = value
    return row
