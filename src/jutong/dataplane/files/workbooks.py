"""Excel workbooks as rows: formulas as their values, dates as dates, merged cells as their first, the header found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from jutong.dataplane.errors import RuleBroken, TooLarge
from jutong.wire.grants import Column

LARGEST = 256 << 20
"""Bytes of a workbook that is read; it has to be held in memory."""

HEADER_ROWS = 20
"""Rows from the top among which the header is looked for."""


def cell_text(value: Any) -> str | None:
    """Return a cell as a text; whole numbers without a fraction, dates ISO, an empty cell missing."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - exact digits
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)


def header_row(rows: Sequence[Sequence[str | None]], needed: Sequence[str] = ()) -> int:
    """Return the place of the header: the first row that names all needed columns, else the one with most names."""
    best, most = 0, 0
    for n, row in enumerate(rows[:HEADER_ROWS]):
        names = {cell.strip() for cell in row if cell}
        if needed and names.issuperset(needed):
            return n
        if len(names) > most:
            best, most = n, len(names)
    return best


class Sheet:
    """One sheet of a workbook, read into rows of texts."""

    def __init__(self, file: BinaryIO, size: int, name: str = "") -> None:
        """Open the named sheet, or the first that is neither hidden nor empty. TooLarge, RuleBroken when it cannot be."""
        if size > LARGEST:
            raise TooLarge(f"Excel 文件超过 {LARGEST >> 20} MB，请另存为 CSV 后交换。")
        try:
            book = CalamineWorkbook.from_filelike(file)
            shown = [
                each.name
                for each in book.sheets_metadata
                if each.typ is SheetTypeEnum.WorkSheet
                and (each.visible is SheetVisibleEnum.Visible or each.name == name)
            ]
            if name and name not in shown:
                raise RuleBroken(f"Excel 文件中没有名为“{name}”的工作表，现有：{'、'.join(shown)}。")
            chosen = [name] if name else shown
            found = (book.get_sheet_by_name(each) for each in chosen)
            sheet = next((each for each in found if each.height), None)
            self.rows: list[list[str | None]] = [] if sheet is None else _texts(sheet)
        except (CalamineError, OSError, ValueError) as error:
            raise RuleBroken("Excel 文件无法打开（可能已损坏、加密或不是 Excel 文件），请重新导出。") from error


def _texts(sheet: Any) -> list[list[str | None]]:
    """Return all cells as texts from the sheet's first row on; every cell of a merged range shows its value."""
    rows = [[cell_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        value = rows[top][left] if top < len(rows) and left < len(rows[top]) else None
        for row in rows[top : bottom + 1]:
            for n in range(left, min(right + 1, len(row))):
                row[n] = value
    return rows


def names(rows: Sequence[Sequence[str | None]], at: int) -> list[str]:
    """Return the column names of a header row; a column without one gets none."""
    return [(cell or "").strip() for cell in rows[at]] if rows else []


def table(
    rows: Sequence[Sequence[str | None]], wanted: Sequence[Column], header: int, missing: Sequence[str]
) -> Iterator[tuple[int, list[str | None]]]:
    """Return the rows below the header with their row numbers. header: its row from 1, 0 to find it.

    An empty row is no row. RuleBroken for a column that is not there.
    """
    if not rows:
        return
    needed = [column.column for column in wanted]
    at = header - 1 if header else header_row(rows, needed)
    found = names(rows, min(at, len(rows) - 1))
    for name in needed:
        if found.count(name) != 1:
            why = "有重名的列" if name in found else "缺少列"
            raise RuleBroken(f"工作表{why}“{name}”，请提供部门核对表头与资源挂接。")
    places = [found.index(name) for name in needed]
    for n, row in enumerate(rows[at + 1 :], at + 2):
        if any(row):
            yield n, [None if row[place] in missing else row[place] for place in places]
