"""Workbooks of departments and people: templates with drop-downs, reading row by row, bad rows back with reasons."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, Final

import xlsxwriter
from django.utils.translation import gettext as _

from jutong.kernel import workbooks
from jutong.kernel.errors import RuleBroken, TooLarge
from jutong.kernel.faces.downloads import neutral
from jutong.kernel.terms import N_, OrgType

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_UNPACKED: Final = 80 * 1024 * 1024
MOST_ROWS: Final = 5000
_LIST_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a workbook: the field it fills, its Chinese heading, whether needed, what may be chosen."""

    field: str
    label: str
    needed: bool = False
    choices: tuple[str, ...] = ()


DEPARTMENTS: Final = (
    Column("name", N_("机构名称"), needed=True),
    Column("short_name", N_("机构简称")),
    Column("uscc", N_("统一社会信用代码")),
    Column("org_type", N_("机构类型"), needed=True, choices=tuple(kind.label for kind in OrgType)),
    Column("region", N_("行政区划代码"), needed=True),
    Column("parent", N_("上级机构名称")),
)
PEOPLE: Final = (
    Column("department", N_("部门名称"), needed=True),
    Column("name", N_("姓名"), needed=True),
    Column("title", N_("职务")),
    Column("phone", N_("联系电话")),
    Column("email", N_("电子邮箱")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read: its number in the sheet (the heading is 1) and the text of each field."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was refused: the sentence, and the field it is about ("" for the row as a whole)."""

    row: Row
    sentence: str
    field: str = ""


def template(columns: Sequence[Column], rows: Iterable[Sequence[object]] = ()) -> bytes:
    """Return a workbook with the columns' headings (needed ones starred), drop-downs and, for an export, rows."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = _headed(book, columns, ())
        for number, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                sheet.write_string(number, place, str(neutral("" if value is None else str(value))))
    return buffer.getvalue()


def bad_rows(columns: Sequence[Column], rows: Iterable[BadRow]) -> bytes:
    """Return a workbook of refused rows: the original cells, the wrong one coloured with a comment, and a reasons column."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        wrong = book.add_format({"bg_color": "#F9DEDC"})
        sheet = _headed(book, columns, (_("原因"),))
        for number, bad in enumerate(rows, start=1):
            for place, column in enumerate(columns):
                value = str(neutral(bad.row.values.get(column.field, "")))
                if column.field == bad.field:
                    sheet.write_string(number, place, value, wrong)
                    sheet.write_comment(number, place, bad.sentence)
                else:
                    sheet.write_string(number, place, value)
            said = _("第 %(row)d 行：%(why)s") % {"row": bad.row.number, "why": bad.sentence}
            sheet.write_string(number, len(columns), said)
    return buffer.getvalue()


def _headed(book: Any, columns: Sequence[Column], more: Sequence[str]) -> Any:
    sheet = book.add_worksheet(_("数据"))
    bold = book.add_format({"bold": True, "bg_color": "#E9F1F8"})
    text = book.add_format({"num_format": "@"})
    for place, column in enumerate(columns):
        sheet.set_column(place, place, max(14, 2 * len(column.label) + 6), text)
        sheet.write_string(0, place, _(column.label) + ("*" if column.needed else ""), bold)
        if column.choices:
            sheet.data_validation(
                1, place, _LIST_ROWS, place, {"validate": "list", "source": [_(choice) for choice in column.choices]}
            )
    for place, label in enumerate(more, start=len(columns)):
        sheet.set_column(place, place, 60)
        sheet.write_string(0, place, label, bold)
    sheet.freeze_panes(1, 0)
    return sheet


def read(source: IO[bytes], columns: Sequence[Column]) -> Iterator[Row]:
    """Yield the rows below the heading; empty rows are passed over.

    RuleBroken: no workbook, or a needed column is missing; TooLarge: more than 8 MB, 5,000 rows, or a zip bomb.
    """
    book = workbooks.opened(source, most_bytes=MOST_BYTES, most_unpacked=MOST_UNPACKED, template=True)
    try:
        lines = book.worksheets[0].iter_rows(max_row=MOST_ROWS + 2, max_col=40, values_only=True)
        places = _places(next(lines, ()), columns)
        for number, line in enumerate(lines, start=2):
            if number > MOST_ROWS + 1:
                raise TooLarge(_("每次最多导入 %d 行，请拆分后分批导入。") % MOST_ROWS)
            values = {field: _text(line[at]) if at < len(line) else "" for field, at in places.items()}
            if any(values.values()):
                yield Row(number, values)
    finally:
        book.close()


def _places(heading: Sequence[object], columns: Sequence[Column]) -> dict[str, int]:
    found = {_text(cell).rstrip("*＊ "): at for at, cell in enumerate(heading)}
    places = {}
    for column in columns:
        at = found.get(_(column.label), found.get(column.label))
        if at is not None:
            places[column.field] = at
        elif column.needed:
            raise RuleBroken(
                _("工作表第一行缺少“%s”一列，请使用下载的模板填写后再导入。") % _(column.label), field="file"
            )
    return places


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, (datetime, date)):
        return cell.isoformat()[:10]
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).removeprefix("'").strip()
    return "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)
