"""Workbooks: telling the templates apart and reading each into entries, with what could not be read of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from jutong.kernel.errors import RuleBroken
from jutong.kernel.workbooks import check_workbook
from jutong.slices.catalogue.formats.cells import Place, flaw, unseen
from jutong.slices.catalogue.formats.headings import Names, entry_names, guide_names, header_name, item_names
from jutong.slices.catalogue.formats.raw import Line, RawEntry, Source, Table
from jutong.slices.catalogue.formats.text import headers
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.repairs import Repair
from jutong.slices.catalogue.rules.text import clean, clean_title, title_key
from jutong.wire.specification import Specification

Grid = list[list[Any]]
_HEAD_ROWS: Final = 60
_GUIDE_LEAST: Final = 8


@dataclass(frozen=True, slots=True)
class Sheet:
    """A visible sheet: its cells, and by place what nobody could read of it.

    across: columns merged with each other, by row. under: cells below the first of an area merged downwards, with the
    first one's row. unseen: see `cells.unseen`.
    """

    grid: Grid
    across: Mapping[int, Sequence[tuple[int, int]]]
    under: Mapping[Place, int]
    unseen: Mapping[Place, str]

    def flaws(self, line: Line, columns: Mapping[str, int], item: int = -1) -> list[Finding]:
        """Return what could not be read of one line, by element."""
        row = line.number - 1
        found = [flaw(kind, name, item) for name, place in columns.items() if (kind := self.unseen.get((row, place)))]
        for left, right in self.across.get(row, ()):
            found += [flaw("across", name, item) for name, place in columns.items() if left <= place <= right]
        return found

    def sunk(self, line: Line, columns: Mapping[str, int], item: int) -> list[Finding]:
        """Return the item's cells of a line that lie below the first of a merged area: their content is lost."""
        return [flaw("down", name, item) for name, place in columns.items() if (line.number - 1, place) in self.under]

    def filled(self, line: Line, columns: Mapping[str, int]) -> tuple[Line, list[Repair]]:
        """Return a line with what stands in cells merged downwards, and each such cell as a repair."""
        cells, mended = list(line.cells), []
        for name, place in columns.items():
            top = self.under.get((line.number - 1, place))
            if top is not None and not _blank(self.grid[top][place]):
                cells[place] = self.grid[top][place]
                mended.append(Repair(name, "merged", "", clean(cells[place])[:80]))
        return (Line(line.number, cells), mended) if mended else (line, [])


def read_workbook(path: Path, specification: Specification | None = None) -> Source:
    """Return a workbook as a source: the 26-column template, a two-sheet template, ours, or a table to be mapped.

    Hidden sheets are left out, and said so; local elements of the specification are known by their labels.
    """
    check_workbook(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        shown = {m.name for m in book.sheets_metadata if m.visible == SheetVisibleEnum.Visible}
        lost = unseen(path)
        sheets = {name: _sheet(book, name, lost.get(name, {})) for name in book.sheet_names if name in shown}
    except (CalamineError, OSError, ValueError, KeyError) as broken:
        raise RuleBroken(_("Excel 文件已损坏或加了密码，请另存为普通 .xlsx 后再导入。"), field="file") from broken
    hidden = [name for name in book.sheet_names if name not in shown and name != LISTS]
    notes = (_("没有读取隐藏的工作表：%s；需要导入的请先取消隐藏。") % "、".join(hidden),) if hidden else ()
    return _source(sheets, notes, specification)


LISTS: Final = "选项"
"""The hidden sheet of our own templates that holds the lists of their drop-downs."""


def _sheet(book: CalamineWorkbook, name: str, lost: Mapping[Place, str]) -> Sheet:
    sheet = book.get_sheet_by_name(name)
    grid = sheet.to_python(skip_empty_area=False)
    across: dict[int, list[tuple[int, int]]] = {}
    under: dict[Place, int] = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in range(top, min(bottom + 1, len(grid))):
            if right > left:
                across.setdefault(row, []).append((left, right))
            elif row > top:
                under[row, left] = top
    return Sheet(grid, across, under, lost)


def _source(sheets: Mapping[str, Sheet], notes: tuple[str, ...], specification: Specification | None) -> Source:
    names = guide_names(specification)
    for sheet in sheets.values():
        if place := _header(sheet.grid, names, lambda has: {"title", "item.name"} <= has and len(has) >= _GUIDE_LEAST):
            return _guide(sheet, place, names, notes)
    entries, items = entry_names(specification), item_names(specification)
    heads = [
        _header(sheet.grid, entries, lambda has: {"title", "provider"} <= has and "item.name" not in has)
        for sheet in sheets.values()
    ]
    parts = [_header(sheet.grid, items, lambda has: {"title", "name"} <= has) for sheet in sheets.values()]
    if any(heads) and any(parts):
        entry_place, item_place = heads.index(next(filter(None, heads))), parts.index(next(filter(None, parts)))
        if entry_place != item_place:
            every = list(sheets.values())
            entry_part = (every[entry_place], heads[entry_place] or 1, entries)
            return _two_sheet(entry_part, (every[item_place], parts[item_place] or 1, items), notes)
    return _table(sheets, notes)


def _header(grid: Grid, names: Names, enough: Callable[[set[str]], bool]) -> int | None:
    """Return the number (from 1) of the header row, or None."""
    for number, row in enumerate(grid[:_HEAD_ROWS], 1):
        if enough({names[name] for cell in row if (name := header_name(cell)) in names}):
            return number
    return None


def _columns(row: Sequence[object], names: Names) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, cell in enumerate(row):
        if element := names.get(header_name(cell)):
            places.setdefault(element, place)
    return places


def _blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _body(sheet: Sheet, head: int) -> list[Line]:
    lines = (Line(number, row) for number, row in enumerate(sheet.grid[head:], head + 1))
    return [line for line in lines if not all(_blank(cell) for cell in line.cells)]


def _guide(sheet: Sheet, head: int, names: Names, notes: tuple[str, ...]) -> Source:
    columns = _columns(sheet.grid[head - 1], names)
    groups: list[list[Line]] = []
    for line in _body(sheet, head):
        if groups and _continues(groups[-1][0], line, columns):
            groups[-1].append(line)
        else:
            groups.append([line])
    entries = [_guide_entry(sheet, group, columns) for group in groups]
    return Source("guide", headers(sheet.grid[head - 1]), columns, entries, notes=notes)


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


def _guide_entry(sheet: Sheet, lines: list[Line], columns: Mapping[str, int]) -> RawEntry:
    of_items = {name: place for name, place in columns.items() if name.startswith("item.")}
    of_entry = {name: place for name, place in columns.items() if name not in of_items}
    values: dict[str, object] = {}
    for element, place in of_entry.items():
        values[element] = next((line.cells[place] for line in lines if not _blank(line.cells[place])), "")
    items: list[Mapping[str, object]] = []
    flaws = sheet.flaws(lines[0], of_entry)
    for line in lines:
        item = {name.removeprefix("item."): line.cells[place] for name, place in of_items.items()}
        lost = [*sheet.flaws(line, of_items, len(items)), *sheet.sunk(line, of_items, len(items))]
        if lost or not all(_blank(cell) for cell in item.values()):
            items.append(item)
        flaws += lost
    return RawEntry(tuple(lines), values, tuple(items), flaws=tuple(flaws))


_Part = tuple[Sheet, int, Names]


def _two_sheet(entry: _Part, item: _Part, notes: tuple[str, ...]) -> Source:
    sheet, head, names = entry
    item_sheet, item_head, of_items = item
    columns = _columns(sheet.grid[head - 1], names)
    item_line = item_sheet.grid[item_head - 1]
    item_columns = _columns(item_line, of_items)
    by_provider = "provider" in item_columns
    items: dict[tuple[str, str], list[tuple[Line, list[Repair]]]] = {}
    for line in _body(item_sheet, item_head):
        filled = item_sheet.filled(line, {"title": item_columns["title"]})
        items.setdefault(_join(filled[0], item_columns, by_provider), []).append(filled)
    entries = []
    for line in _body(sheet, head):
        given, mended = sheet.filled(line, columns)
        values = {element: given.cells[place] for element, place in columns.items()}
        own = items.pop(_join(given, columns, by_provider), [])
        flaws = sheet.flaws(line, columns)
        for place, (row, more) in enumerate(own):
            flaws += item_sheet.flaws(row, {f"item.{name}": at for name, at in item_columns.items()}, place)
            mended += more
        parts = tuple(_item(row, item_columns) for row, _more in own)
        entries.append(RawEntry((given,), values, parts, tuple(row for row, _more in own), tuple(flaws), tuple(mended)))
    blank = [""] * (max(columns.values(), default=0) + 1)
    for rows in items.values():  # items without an entry come back with a reason of their own
        orphan = {"orphan": rows[0][0].cells[item_columns["name"]]}
        lines = tuple(row for row, _more in rows)
        entries.append(RawEntry((Line(lines[0].number, blank),), orphan, (), lines))
    item_headers = headers(item_line)
    return Source(
        "two_sheet",
        headers(sheet.grid[head - 1]),
        columns,
        entries,
        item_headers=item_headers,
        item_columns=item_columns,
        notes=notes,
    )


def _join(line: Line, columns: Mapping[str, int], by_provider: bool) -> tuple[str, str]:
    """Return what joins items to their entry: the title, and the provider where the sheet of items names it."""
    provider = clean(line.cells[columns["provider"]]) if by_provider and "provider" in columns else ""
    return title_key(clean_title(line.cells[columns["title"]])), provider


def _item(line: Line, columns: Mapping[str, int]) -> dict[str, object]:
    return {element: line.cells[place] for element, place in columns.items() if element not in {"title", "provider"}}


def _table(sheets: Mapping[str, Sheet], notes: tuple[str, ...]) -> Source:
    grid = max((sheet.grid for sheet in sheets.values()), key=len, default=[])
    widest = max((sum(not _blank(cell) for cell in row) for row in grid[:_HEAD_ROWS]), default=0)
    for number, row in enumerate(grid[:_HEAD_ROWS], 1):
        if widest >= 2 and sum(not _blank(cell) for cell in row) * 10 >= widest * 6:  # noqa: PLR2004 - a header is nearly full
            names = headers(row)
            lines = _body(next(sheet for sheet in sheets.values() if sheet.grid is grid), number)
            return Source("table", names, table=Table(names, lines), notes=notes)
    raise RuleBroken(_("工作簿里没有找到表头，请检查第一张可见的工作表。"), field="file")
