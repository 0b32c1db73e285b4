"""Cells of a workbook whose value nobody sees: formulas without a stored result, error values, merged areas."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from jutong.kernel.terms import N_
from jutong.slices.catalogue.rules.findings import Finding

Place = tuple[int, int]
"""Row and column, from 0."""
_CELL: Final = re.compile(rb"<(?:\w+:)?c\s([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_WHERE: Final = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_RESULT: Final = re.compile(rb"<(?:\w+:)?v>[^<]|<(?:\w+:)?is>")
_SHEET: Final = re.compile(rb"<(?:\w+:)?sheet\s[^>]*?>")
_NAME: Final = re.compile(rb'\bname="([^"]*)"')
_ID: Final = re.compile(rb'\br?:?id="(rId[^"]*)"')
_RELATION: Final = re.compile(rb"<Relationship\s[^>]*?>")
_TARGET: Final = re.compile(rb'\bTarget="([^"]*)"')
_RELATED: Final = re.compile(rb'\bId="([^"]*)"')
MESSAGES: Final = {
    "formula": N_("单元格是公式且没有保存结果，请在 Excel 中重新计算并“选择性粘贴为数值”"),
    "error": N_("单元格是错误值（如 #REF!），请改正后再导入"),
    "across": N_("单元格与相邻的列合并，无法分清各列内容，请取消合并并逐列填写"),
    "down": N_("信息项的单元格上下合并，下面各行没有内容，请取消合并并逐行填写"),
}


def flaw(kind: str, field: str, item: int = -1) -> Finding:
    """Return what is said about a cell of one of these kinds."""
    return Finding(field, MESSAGES[kind], item=item)


def unseen(path: Path) -> Mapping[str, Mapping[Place, str]]:
    """Return {sheet: {place: "formula" or "error"}} of every cell without a usable value."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        found = {}
        for sheet, part in _parts(archive):
            if part in names:
                data = archive.read(part)
                found[sheet] = dict(_cells(data)) if b"<f" in data or b't="e"' in data or b":f" in data else {}
        return found


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    targets = {}
    for relation in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        if (found := _RELATED.search(relation)) and (target := _TARGET.search(relation)):
            text = target[1].decode("utf-8", "replace")
            targets[found[1]] = text.removeprefix("/") if text.startswith("/") else f"xl/{text}"
    for sheet in _SHEET.findall(archive.read("xl/workbook.xml")):
        if (name := _NAME.search(sheet)) and (key := _ID.search(sheet)) and key[1] in targets:
            yield html.unescape(name[1].decode("utf-8", "replace")), targets[key[1]]


def _cells(data: bytes) -> Iterator[tuple[Place, str]]:
    for cell in _CELL.finditer(data):
        attributes, inner = cell[1], cell[2] or b""
        error = b't="e"' in attributes
        if not error and b"<f" not in inner and b":f" not in inner:
            continue
        if (error or not _RESULT.search(inner)) and (where := _WHERE.search(attributes)):
            yield (int(where[2]) - 1, _column(where[1])), "error" if error else "formula"


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
