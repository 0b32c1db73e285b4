"""The workbook of demands: a template with drop-downs, its lines read one by one, and bad lines back with reasons."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

import xlsxwriter
from django.utils.translation import gettext as _

from jutong.kernel import workbooks
from jutong.kernel.errors import RuleBroken, TooLarge
from jutong.kernel.faces.downloads import neutral
from jutong.kernel.terms import N_
from jutong.slices.catalogue.formats.sheets import LISTS
from jutong.slices.catalogue.rules.demands import LENGTHS, SCOPES
from jutong.slices.catalogue.rules.text import clean

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_UNPACKED: Final = 80 * 1024 * 1024
MOST_LINES: Final = 2_000
_MOST_COLUMNS: Final = 40
_SEPARATORS: Final = re.compile(r"[、,，;；\n]+")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the field it fills, its heading, whether it is needed, what stands in its comment, how wide it is."""

    field: str
    label: str
    needed: bool
    comment: str
    width: int


COLUMNS: Final = (
    Column("wanted", N_("需要的数据"), needed=True, comment=N_("必填。数据的名称，尽量与目录名称一致。不超过 200 字。"), width=30),
    Column("contents", N_("基本内容"), needed=True, comment=N_("必填。要用到哪些内容，什么范围、多久更新。"), width=44),
    Column("items", N_("信息项"), needed=False, comment=N_("选填。多个用顿号隔开，不超过 100 个。"), width=36),
    Column("scope", N_("需求范围"), needed=True, comment=N_("必填。从下拉列表中选择。"), width=24),
    Column("provider", N_("可能的提供部门"), needed=False, comment=N_("选填。从下拉列表中选择，也可以填写部门全称。"), width=32),
    Column("duty", N_("履行的职责"), needed=True, comment=N_("必填。该数据服务于哪项职责。不超过 500 字。"), width=40),
    Column("basis", N_("职责依据"), needed=True, comment=N_("必填。法律、法规、规章、“三定”规定或者文件的名称和条款。"), width=40),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A line as read: its number in the sheet (the heading is 1) and the text of each field."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was refused, with a sentence per field."""

    line: Line
    remarks: Mapping[str, str]


def template(file: IO[bytes], providers: Sequence[str]) -> None:
    """Write an empty template with drop-downs of scopes and departments."""
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        _headed(book, providers)


def returned(bad: Iterable[BadLine]) -> bytes:
    """Return a workbook of refused lines: wrong cells coloured with a comment, and a column of reasons to be deleted or kept."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        wrong = book.add_format({"bg_color": "#F9DEDC", "text_wrap": True, "valign": "top"})
        plain = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = _headed(book, ())
        sheet.set_column(len(COLUMNS), len(COLUMNS), 60)
        sheet.write_string(0, len(COLUMNS), _("原因"), book.add_format({"bold": True, "bg_color": "#F9DEDC"}))
        for number, one in enumerate(bad, start=1):
            for place, column in enumerate(COLUMNS):
                said = one.remarks.get(column.field)
                value = str(neutral(one.line.values.get(column.field, "")))
                sheet.write_string(number, place, value, wrong if said else plain)
                if said:
                    sheet.write_comment(number, place, said)
            reasons = "；".join(one.remarks.values())
            said = _("第 %(row)d 行：%(why)s") % {"row": one.line.number, "why": reasons}
            sheet.write_string(number, len(COLUMNS), said, plain)
    return buffer.getvalue()


def _headed(book: Any, providers: Sequence[str]) -> Any:
    sheet = book.add_worksheet(_("数据需求"))
    bold = book.add_format({"bold": True, "bg_color": "#E9F1F8", "border": 1, "border_color": "#C3CDD6"})
    lists = {"scope": [_(label) for label in SCOPES.values()], "provider": list(providers)}
    hidden = book.add_worksheet(LISTS)
    for place, column in enumerate(COLUMNS):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, _(column.label) + ("*" if column.needed else ""), bold)
        sheet.write_comment(0, place, _(column.comment))
        if choices := lists.get(column.field):
            at = sorted(lists).index(column.field)
            for row, choice in enumerate(choices):
                hidden.write_string(row, at, choice)
            source = f"='{LISTS}'!${'AB'[at]}$1:${'AB'[at]}${len(choices)}"
            strict = column.field == "scope"
            sheet.data_validation(
                1, place, MOST_LINES, place,
                {"validate": "list", "source": source, "error_type": "stop" if strict else "information"},
            )  # fmt: skip
    hidden.hide()
    sheet.freeze_panes(1, 1)
    return sheet


def read(source: IO[bytes]) -> Iterator[Line]:
    """Yield the lines below the heading; empty ones are passed over.

    RuleBroken: no workbook, or a needed column is missing; TooLarge: more than 8 MB, 2,000 lines, or a zip bomb.
    """
    book = workbooks.opened(source, most_bytes=MOST_BYTES, most_unpacked=MOST_UNPACKED, template=True)
    try:
        rows = book.worksheets[0].iter_rows(max_row=MOST_LINES + 2, max_col=_MOST_COLUMNS, values_only=True)
        places = _places(next(rows, ()))
        for number, row in enumerate(rows, start=2):
            if number > MOST_LINES + 1:
                raise TooLarge(_("每次最多导入 %d 行，请拆分后分批导入。") % MOST_LINES)
            values = {
                field: clean(workbooks.text(row[at]), lines=field == "contents") if at < len(row) else ""
                for field, at in places.items()
            }
            if any(values.values()):
                yield Line(number, values)
    finally:
        book.close()


def _places(heading: Sequence[object]) -> dict[str, int]:
    found = {workbooks.text(cell).rstrip("*＊ ").lstrip("*＊ "): at for at, cell in enumerate(heading)}
    places = {}
    for column in COLUMNS:
        at = found.get(_(column.label), found.get(column.label))
        if at is not None:
            places[column.field] = at
        elif column.needed:
            raise RuleBroken(
                _("工作表第一行缺少“%s”一列，请使用下载的模板填写后再导入。") % _(column.label), field="file"
            )
    return places


def scope_called(text: str) -> str:
    """Return the code of a scope as a cell names it; the text itself for an unknown one."""
    codes = {label: code for code, label in SCOPES.items()} | {_(label): code for code, label in SCOPES.items()}
    return codes.get(text, text)


def listed(text: str) -> tuple[str, ...]:
    """Return the items that a cell lists, each once."""
    names = (name.strip()[: LENGTHS["wanted"] + 1] for name in _SEPARATORS.split(text))
    return tuple(dict.fromkeys(name for name in names if name))
