"""Workbooks to fill in: the field's two templates and our own, made from the specification in force (R-CAT-027)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, Final

import xlsxwriter
from django.utils.translation import override
from xlsxwriter.utility import xl_col_to_name

from jutong.kernel.faces.downloads import neutral
from jutong.kernel.terms import N_
from jutong.slices.catalogue.formats.headings import GUIDE, TWO_SHEET_ENTRY, TWO_SHEET_ITEM, header_name
from jutong.slices.catalogue.formats.sheets import LISTS
from jutong.slices.catalogue.rules.codes import BASE_CATEGORIES, THEMES
from jutong.slices.catalogue.rules.specified import own_elements
from jutong.wire.specification import Element, Specification

TEMPLATES: Final = {
    "own": N_("目录编制模板（推荐）"),
    "guide": N_("26列目录表模板"),
    "two-sheet": N_("双表模板"),
}
GUIDE_HEADERS: Final = (
    "序号", "部门类信息资源分类", "项分类", "目分类", "细目分类1", "细目分类1.1", "关联业务事项", "信息资源名称", "信息资源代码",
    "下设机构", "信息资源摘要", "信息资源格式分类", "信息资源格式类型", "其他类型资源格式描述", "信息项名称", "数据类型", "数据长度",
    "共享类型", "共享条件/不予共享依据", "共享方式分类", "共享方式类型", "是否向社会开放", "开放条件", "更新周期", "发布日期",
    "开放主题分类",
)  # fmt: skip
GUIDE_EXTRA: Final = ("信息资源提供方", "信息资源提供方代码", "数据分类", "数据分级")
"""Our own columns behind the 26, which our import reads back."""
ENTRY_HEADERS: Final = (
    "*数据资源目录名称", "*目录提供方", "所属信息系统", "*数据所属事项", "*更新周期", "*数据分级", "数据分类", "*数据资源目录描述",
    "*共享属性", "共享条件/不予共享依据", "共享方式", "*开放属性", "开放条件",
)  # fmt: skip
ITEM_HEADERS: Final = (
    "*数据资源目录名称", "*信息项业务名称", "*信息项技术名称", "关联数据标准", "关联码表", "*数据类型", "数据长度", "数据值域",
    "*共享属性", "*开放属性", "*敏感属性", "*涉密属性", "是否时间戳", "是否主键",
)  # fmt: skip
_WHENCE: Final = ("source", "refers")
ENTRY_SHEET: Final = "目录"
ITEM_SHEET: Final = "信息项"
GUIDE_SHEET: Final = "政务信息资源目录"
TWO_SHEETS: Final = ("数据资源目录导入", "信息项导入")
ROWS: Final = 5000
"""Lines below the heading that carry drop-downs."""
FLAG_WORDS: Final = {"sensitive": ("敏感", "非敏感"), "classified": ("涉密", "非涉密")}
_LOCKED: Final = {"objects": True, "insert_rows": True, "delete_rows": True, "format_cells": True, "format_columns": True,
                  "format_rows": True, "sort": True, "autofilter": True}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a template: its heading, the element it holds (None for one without), and what may be chosen."""

    heading: str
    element: Element | None = None
    choices: tuple[str, ...] = ()

    @property
    def comment(self) -> str:
        """What stands in the heading's comment: obligation, rule, length and example."""
        one = self.element
        if one is None:
            return ""
        said = {"M": "必填。", "C": "符合条件时必填。", "O": "选填。"}[one.obligation]
        most = f"不超过 {one.length} 字。" if one.length and one.kind in {"text", "lines"} else ""
        listed = f"多个用顿号隔开，可选：{'、'.join(self.choices)}。" if one.kind == "codes" and self.choices else ""
        rule = f"{one.rule}。" if one.rule else ""
        return "".join(part for part in (said, rule, most, listed, f"例：{one.example}" if one.example else "") if part)


def columns(kind: str, specification: Specification) -> Mapping[str, Sequence[Column]]:
    """Return {sheet: columns} of a template; whence items come and local elements stand behind the others."""
    if kind == "own":
        entry = [
            one
            for one in specification.elements
            if one.of == "entry" and one.kind != "items" and one.name != "use_conditions"
        ]
        item = [one for one in specification.elements if one.of == "item"]
        joins = [
            _named("信息资源名称", specification.element("title")),
            _named("信息资源提供方", specification.element("provider")),
        ]
        return {
            ENTRY_SHEET: [_column(one) for one in entry],
            ITEM_SHEET: [*joins, *(_column(one) for one in item)],
        }
    if kind == "guide":
        headings = [_found(heading, GUIDE, specification) for heading in (*GUIDE_HEADERS, *GUIDE_EXTRA)]
        more = [_column(one) for of in ("entry", "item") for one in behind(specification, of)]
        return {GUIDE_SHEET: [*headings, *more]}
    entries = [_found(heading, TWO_SHEET_ENTRY, specification) for heading in ENTRY_HEADERS]
    items = [_found(heading, TWO_SHEET_ITEM, specification, "item") for heading in ITEM_HEADERS]
    return {
        TWO_SHEETS[0]: [*entries, *(_column(one) for one in behind(specification))],
        TWO_SHEETS[1]: [*items, *(_column(one) for one in behind(specification, "item"))],
    }


def behind(specification: Specification, of: str = "entry") -> tuple[Element, ...]:
    """Return the elements that stand behind a field template's own columns: whence an item comes, and the local ones."""
    whence = (one for one in specification.elements if one.of == of == "item" and one.name in _WHENCE)
    return (*whence, *own_elements(specification, of))


def _found(heading: str, names: Mapping[str, str], specification: Specification, of: str = "entry") -> Column:
    name = names.get(header_name(heading), "")
    if name == "class_kind":
        name = "resource_class"
    elif name.startswith("item."):
        name, of = name.removeprefix("item."), "item"
    if of == "item" and name == "title":
        of = "entry"
    return _named(heading, specification.element(name, of))


def _named(heading: str, element: Element | None) -> Column:
    return Column(heading, element, _choices(element) if element else ())


def _column(element: Element) -> Column:
    star = "*" if element.obligation == "M" else ""
    return Column(f"{star}{element.label}", element, _choices(element))


def _choices(element: Element) -> tuple[str, ...]:
    if element.kind == "flag":
        return FLAG_WORDS.get(element.name, ("是", "否")) if element.of == "item" else ("是", "否")
    labels = [value.label for value in element.values]
    if element.name == "category" and element.of == "entry":
        labels = list(dict.fromkeys([*BASE_CATEGORIES.values(), *THEMES.values(), *labels]))
    return tuple(labels)


def write_template(file: IO[bytes], kind: str, specification: Specification, *, provider: str = "") -> None:
    """Write an empty template: drop-downs, comments with rule and example, headings that cannot be overwritten.

    provider: the department that fills it in, offered in the column of providers.
    """
    write_book(file, kind, specification, {}, provider=provider)


def write_book(
    file: IO[bytes],
    kind: str,
    specification: Specification,
    rows: Mapping[str, Iterable[Sequence[object]]],
    *,
    provider: str = "",
    more: Mapping[str, Iterable[Sequence[object]]] | None = None,
) -> int:
    """Write a template with lines per sheet below its headings; returns the lines of the first sheet.

    more: further sheets with their lines, headings first.
    """
    with (
        override("zh-hans"),
        xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False}) as book,
    ):
        every = columns(kind, specification)
        pages = {name: book.add_worksheet(name) for name in every}
        lists = _Lists(book, provider)
        counts = [_sheet(book, pages[name], columns_, lists, rows.get(name, ())) for name, columns_ in every.items()]
        _explain(book, specification, every)
        for name, lines in (more or {}).items():
            page = book.add_worksheet(name)
            for row, line in enumerate(lines):
                page.write_row(row, 0, [str(neutral(str(cell))) for cell in line])
        lists.hide()
    return counts[0]


class _Lists:
    """The hidden sheet with the lists of drop-downs, one column for each."""

    def __init__(self, book: Any, provider: str) -> None:
        self.page = book.add_worksheet(LISTS)
        self.places: dict[tuple[str, ...], str] = {}
        self.provider = (provider,) if provider else ()

    def range_of(self, column: Column) -> str:
        """Return the address of a column's list; "" for a column without."""
        choices = column.choices
        if column.element is not None and column.element.name == "provider":
            choices = self.provider
        if not choices or (column.element is not None and column.element.kind == "codes"):
            return ""
        if choices not in self.places:
            letter = xl_col_to_name(len(self.places))
            for row, choice in enumerate(choices):
                self.page.write_string(row, len(self.places), choice)
            self.places[choices] = f"='{LISTS}'!${letter}$1:${letter}${len(choices)}"
        return self.places[choices]

    def hide(self) -> None:
        """Hide the sheet from those who fill in."""
        self.page.hide()


def _sheet(book: Any, page: Any, columns_: Sequence[Column], lists: _Lists, rows: Iterable[Sequence[object]]) -> int:
    head = {
        "bold": True,
        "text_wrap": True,
        "valign": "vcenter",
        "border": 1,
        "border_color": "#C3CDD6",
        "locked": True,
    }
    heads = {
        star: book.add_format(
            {**head, "bg_color": "#DCE9F5" if star else "#EEF2F6", "font_color": "#9C2B1F" if star else "#1F2D3D"}
        )
        for star in (True, False)
    }
    open_, days = book.add_format({"locked": False}), book.add_format({"locked": False, "num_format": "yyyy-mm-dd"})
    page.freeze_panes(1, 1)
    for place, column in enumerate(columns_):
        of_days = column.element is not None and column.element.kind == "date"
        page.set_column(place, place, min(40, max(12, 2 * len(column.heading) + 4)), days if of_days else open_)
        page.write_string(0, place, column.heading, heads[column.heading.startswith("*")])
        if column.comment:
            page.write_comment(0, place, column.comment, {"x_scale": 2, "y_scale": 1.2})
        _validate(page, place, column, lists)
    page.protect("", _LOCKED)
    count = 0
    for count, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            _cell(page, count, place, cell, open_, days)
    return count


def _validate(page: Any, place: int, column: Column, lists: _Lists) -> None:
    one, where = column.element, (1, place, ROWS, place)
    if one is None:
        return
    if source := lists.range_of(column):
        strict = one.name not in {"provider", "category", "share_mode_class", "share_mode"}
        kind = "stop" if strict else "information"
        wrong = {"error_title": "不在可选范围内", "error_message": "请从下拉列表中选择。", "error_type": kind}
        page.data_validation(*where, {"validate": "list", "source": source, **wrong})
    elif one.kind in {"text", "lines"} and one.length:
        words = {"error_title": "内容过长", "error_message": f"不超过 {one.length} 字。"}
        page.data_validation(*where, {"validate": "length", "criteria": "<=", "value": one.length, **words})
    elif one.kind == "number":
        words = {"error_title": "只填数字", "error_message": "请填写整数，不写单位。"}
        page.data_validation(*where, {"validate": "integer", "criteria": ">=", "value": 0, **words})
    elif one.kind == "date":
        words = {"error_title": "不是日期", "error_message": "请写成 2025-08-01 的形式。"}
        since = {"validate": "date", "criteria": ">=", "value": datetime(1900, 1, 1)}  # noqa: DTZ001 - a day of a sheet
        page.data_validation(*where, {**since, **words})


def _cell(page: Any, row: int, place: int, cell: object, open_: Any, days: Any) -> None:
    if isinstance(cell, date):
        page.write_datetime(row, place, datetime(cell.year, cell.month, cell.day), days)  # noqa: DTZ001 - a day of a sheet
    elif isinstance(cell, int):
        page.write_number(row, place, cell, open_)
    elif cell not in (None, ""):
        page.write_string(row, place, str(neutral(str(cell))), open_)


def _explain(book: Any, specification: Specification, every: Mapping[str, Sequence[Column]]) -> None:
    """Write the sheet that says what every column asks for, so that it can be read on paper too."""
    page = book.add_worksheet("填表说明")
    bold = book.add_format({"bold": True})
    page.set_column(0, 1, 24)
    page.set_column(2, 2, 100)
    page.write_string(0, 0, f"依据：{specification.title}（{specification.reference}）", bold)
    for place, heading in enumerate(("工作表", "列", "怎样填写")):
        page.write_string(1, place, heading, bold)
    for row, (name, column) in enumerate(_lines(every), 2):
        page.write_string(row, 0, name)
        page.write_string(row, 1, column.heading)
        page.write_string(row, 2, str(neutral(column.comment)))


def _lines(every: Mapping[str, Sequence[Column]]) -> Iterator[tuple[str, Column]]:
    for name, columns_ in every.items():
        yield from ((name, column) for column in columns_ if column.comment)
