"""Workbooks: telling the templates apart and reading each into entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from jutong.kernel.errors import RuleBroken
from jutong.kernel.workbooks import check_workbook
from jutong.slices.catalogue.formats.raw import Line, RawEntry, Source, Table
from jutong.slices.catalogue.formats.text import headers
from jutong.slices.catalogue.rules.text import clean, clean_title, title_key

Grid = list[list[Any]]

GUIDE: Final[Mapping[str, str]] = {
    "序号": "sequence", "部门类信息资源分类": "class_kind", "信息资源分类": "class_kind", "项分类": "class_group",
    "目分类": "class_branch", "细目分类1": "class_leaf", "细目分类1.1": "class_leaf_2", "关联业务事项": "matter",
    "信息资源名称": "title", "信息资源代码": "code", "下设机构": "provider_unit", "信息资源提供方": "provider",
    "信息资源提供方代码": "provider_code", "信息资源摘要": "abstract", "信息资源格式分类": "format_class",
    "信息资源格式类型": "format_types", "其他类型资源格式描述": "format_note", "信息项名称": "item.name",
    "数据类型": "item.type", "数据长度": "item.length", "共享类型": "share_type",
    "共享条件/不予共享依据": "share_conditions", "共享方式分类": "share_mode_class", "共享方式类型": "share_mode",
    "是否向社会开放": "open_type", "开放条件": "open_conditions", "更新周期": "update_cycle", "发布日期": "released_on",
    "开放主题分类": "domain", "所属系统": "system", "在线资源链接地址": "link", "涉密属性": "secret",
    "数据分级": "security_level", "数据分类": "data_category", "关联资源代码": "related_codes",
}  # fmt: skip
"""The common template's 26 columns and those of its second variant (standards-facts section 4)."""
TWO_SHEET_ENTRY: Final[Mapping[str, str]] = {
    "挂接资源名称": "mounted", "数据资源目录名称": "title", "数据资源来源部门": "source_department", "目录提供方": "provider",
    "所属信息系统": "system", "所属业务对象": "subject", "应用场景分类": "scene", "数据所属事项": "matter",
    "空间范围": "space", "数据时间范围": "period", "更新周期": "update_cycle", "数据分级": "security_level",
    "数据资源目录描述": "abstract", "资源属性分类一": "class_1", "资源属性分类二": "class_2", "资源属性分类三": "class_3",
    "共享属性": "share_type", "共享条件/不予共享依据": "share_conditions", "共享方式": "share_mode_class",
    "开放属性": "open_type", "开放条件": "open_conditions", "数据同步机制": "sync", "同步频率": "sync_cycle",
    "数据是否存在物理删除": "deletes", "是否上线到超市": "online", "数据分类": "data_category",
}  # fmt: skip
TWO_SHEET_ITEM: Final[Mapping[str, str]] = {
    "数据资源目录名称": "title", "信息项业务名称": "name", "信息项技术名称": "column", "关联数据标准": "standard",
    "关联码表": "code_table", "数据类型": "type", "数据长度": "length", "数据值域": "value_range", "共享属性": "share_type",
    "开放属性": "open_type", "敏感属性": "sensitive", "涉密属性": "classified", "是否时间戳": "timestamp", "是否主键": "key",
}  # fmt: skip
_ITEM_OWN: Final = frozenset({"item.name", "item.type", "item.length"})
_HEAD_ROWS: Final = 12
_GUIDE_LEAST: Final = 8


def read_workbook(path: Path) -> Source:
    """Return a workbook as a source: the 26-column template, the two-sheet template, or a table to be mapped."""
    check_workbook(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        grids: dict[str, Grid] = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names
        }
    except (CalamineError, OSError, ValueError) as broken:
        raise RuleBroken(_("Excel 文件已损坏或加了密码，请另存为普通 .xlsx 后再导入。"), field="file") from broken
    for grid in grids.values():
        if place := _header(grid, GUIDE, lambda found: {"title", "item.name"} <= found and len(found) >= _GUIDE_LEAST):
            return _guide(grid, place)
    heads = [_header(grid, TWO_SHEET_ENTRY, lambda found: {"title", "provider"} <= found) for grid in grids.values()]
    items = [_header(grid, TWO_SHEET_ITEM, lambda found: {"title", "name"} <= found) for grid in grids.values()]
    if (entry := next(filter(None, heads), None)) and any(items):
        pairs = zip(grids.values(), heads, items, strict=True)
        sheets = [(grid, head, item) for grid, head, item in pairs]
        entry_grid = next(grid for grid, head, _item in sheets if head)
        item_grid, item_head = next((grid, item) for grid, _head, item in sheets if item)
        return _two_sheet(entry_grid, entry, item_grid, item_head)
    return _table(grids)


def header_name(cell: object) -> str:
    """Return a header cell without stars, colons and spaces."""
    return clean(cell).replace(" ", "").strip("*＊：:")


def _header(grid: Grid, names: Mapping[str, str], enough: Callable[[set[str]], bool]) -> int | None:
    """Return the number (from 1) of the header row, or None."""
    for number, row in enumerate(grid[:_HEAD_ROWS], 1):
        if enough({names[name] for cell in row if (name := header_name(cell)) in names}):
            return number
    return None


def _columns(row: Sequence[object], names: Mapping[str, str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, cell in enumerate(row):
        if element := names.get(header_name(cell)):
            places.setdefault(element, place)
    return places


def _blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _body(grid: Grid, head: int) -> list[Line]:
    lines = (Line(number, row) for number, row in enumerate(grid[head:], head + 1))
    return [line for line in lines if not all(_blank(cell) for cell in line.cells)]


def _guide(grid: Grid, head: int) -> Source:
    columns = _columns(grid[head - 1], GUIDE)
    groups: list[list[Line]] = []
    for line in _body(grid, head):
        if groups and _continues(groups[-1][0], line, columns):
            groups[-1].append(line)
        else:
            groups.append([line])
    entries = [_guide_entry(group, columns) for group in groups]
    return Source("guide", headers(grid[head - 1]), columns, entries)


def _continues(first: Line, line: Line, columns: Mapping[str, int]) -> bool:
    """Tell whether a line belongs to the resource above: its title is merged away, or repeated with the same code."""
    title = line.cells[columns["title"]]
    if _blank(title):
        return True
    same = all(
        _blank(line.cells[columns[name]]) or clean(line.cells[columns[name]]) == clean(first.cells[columns[name]])
        for name in ("code", "provider", "provider_unit")
        if name in columns
    )
    return same and clean_title(title) == clean_title(first.cells[columns["title"]])


def _guide_entry(lines: list[Line], columns: Mapping[str, int]) -> RawEntry:
    values: dict[str, object] = {}
    for element, place in columns.items():
        if element not in _ITEM_OWN:
            values[element] = next((line.cells[place] for line in lines if not _blank(line.cells[place])), "")
    items = []
    for line in lines:
        item = {name.removeprefix("item."): line.cells[columns[name]] for name in _ITEM_OWN & columns.keys()}
        if not all(_blank(cell) for cell in item.values()):
            items.append(item)
    return RawEntry(tuple(lines), values, tuple(items))


def _two_sheet(grid: Grid, head: int, item_grid: Grid, item_head: int | None) -> Source:
    columns = _columns(grid[head - 1], TWO_SHEET_ENTRY)
    item_names = item_grid[(item_head or 1) - 1]
    item_columns = _columns(item_names, TWO_SHEET_ITEM)
    items: dict[str, list[Line]] = {}
    for line in _body(item_grid, item_head or 1):
        items.setdefault(title_key(clean_title(line.cells[item_columns["title"]])), []).append(line)
    entries = []
    for line in _body(grid, head):
        values = {element: line.cells[place] for element, place in columns.items()}
        own = tuple(items.pop(title_key(clean_title(values["title"])), ()))
        entries.append(RawEntry((line,), values, tuple(_item(row, item_columns) for row in own), own))
    blank = [""] * (max(columns.values(), default=0) + 1)
    for rows in items.values():  # items without an entry come back with a reason of their own
        orphan = {"orphan": rows[0].cells[item_columns["name"]]}
        entries.append(RawEntry((Line(rows[0].number, blank),), orphan, (), tuple(rows)))
    return Source("two_sheet", headers(grid[head - 1]), columns, entries, item_headers=headers(item_names))


def _item(line: Line, columns: Mapping[str, int]) -> dict[str, object]:
    return {element: line.cells[place] for element, place in columns.items() if element != "title"}


def _table(grids: Mapping[str, Grid]) -> Source:
    grid = max(grids.values(), key=len, default=[])
    widest = max((sum(not _blank(cell) for cell in row) for row in grid[:_HEAD_ROWS]), default=0)
    for number, row in enumerate(grid[:_HEAD_ROWS], 1):
        if widest >= 2 and sum(not _blank(cell) for cell in row) * 10 >= widest * 6:  # noqa: PLR2004 - a header is nearly full
            names = headers(row)
            return Source("table", names, table=Table(names, _body(grid, number)))
    raise RuleBroken(_("工作簿里没有找到表头，请检查第一张工作表。"), field="file")
