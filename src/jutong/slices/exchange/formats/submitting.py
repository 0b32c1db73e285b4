"""The workbook of a submission: items as columns, drop-downs for codes, checks while typing; and the rows that come back in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO, Any, Final

import xlsxwriter
from django.utils.translation import gettext as _

from jutong.kernel.faces.downloads import neutral
from jutong.slices.exchange.rules.submissions import KIND_WORDS, Expected, Fault
from jutong.wire.grants import Kind

_LAST_ROW: Final = 1_048_575
_LONGEST: Final = 32_000
_LONGEST_HINT: Final = 250
Returned = tuple[Sequence[str], Sequence[Fault]]
"""A row as it was handed in, in the order of the items, and what is wrong with it."""


def write(file: IO[bytes], items: Sequence[Expected], returned: Iterable[Returned] = ()) -> None:
    """Write the workbook into a binary file: what comes back below the heads, its wrong cells marked, reasons last.

    Corrected, the same file can be handed in again: the column of reasons is no item and is passed over.
    """
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        page, codes = book.add_worksheet(_("数据")), book.add_worksheet(_("代码"))
        guide = book.add_worksheet(_("填写说明"))
        bold = book.add_format({"bold": True, "bg_color": "#E9F1F8", "border": 1, "border_color": "#C3CDD6"})
        text = book.add_format({"num_format": "@"})
        page.freeze_panes(1, 0)
        for column, item in enumerate(items):
            page.set_column(column, column, min(40, max(14, 2 * len(item.name) + 4)), text)
            page.write_string(0, column, str(neutral(item.name)), bold)
            _validate(page, column, item, _listed(codes, column, item))
        codes.hide()
        _write_guide(guide, items, bold)
        _write_returned(page, items, returned, bold, book.add_format({"num_format": "@", "bg_color": "#FDE2E0"}))


def _listed(codes: Any, column: int, item: Expected) -> str:
    """Write an item's codes into the hidden sheet and return their range, or nothing."""
    for row, code in enumerate(sorted(item.codes)):
        codes.write_string(row, column, code)
    name = xlsxwriter.utility.xl_col_to_name(column, col_abs=True)
    return f"='{_('代码')}'!{name}$1:{name}${len(item.codes)}" if item.codes else ""


def _validate(page: Any, column: int, item: Expected, listed: str) -> None:
    """Let Excel look at what is typed: a drop-down of codes, a number, a length; and say what the column takes."""
    hint = {"input_title": item.name[:30], "input_message": _hint(item)[:_LONGEST_HINT]}
    rule: dict[str, Any] = {"validate": "any"}
    if listed:
        rule = {"validate": "list", "source": listed}
    elif item.kind is Kind.BOOLEAN:
        rule = {"validate": "list", "source": ["是", "否"]}
    elif item.length and item.kind is Kind.TEXT:
        rule = {"validate": "length", "criteria": "<=", "value": item.length}
    told = {"error_title": item.name[:30], "error_message": _hint(item)[:_LONGEST_HINT]} if len(rule) > 1 else {}
    page.data_validation(1, column, _LAST_ROW, column, rule | hint | told)


def _hint(item: Expected) -> str:
    parts = [_(KIND_WORDS[item.kind])]
    if item.key:
        parts.append(_("主键，不得为空"))
    if item.length and item.kind is Kind.TEXT:
        parts.append(_("最长 %d 个字符") % item.length)
    if item.kind is Kind.DATE:
        parts.append(_("如 2026-03-01"))
    if item.codes:
        parts.append(_("从列表选择：%s") % (item.values or "、".join(sorted(item.codes))))
    return "；".join(parts)


def _write_guide(guide: Any, items: Sequence[Expected], bold: Any) -> None:
    heads = [_("信息项"), _("字段名"), _("填写要求"), _("标准或代码表")]
    for column, head in enumerate(heads):
        guide.set_column(column, column, (20, 20, 60, 30)[column])
        guide.write_string(0, column, head, bold)
    for row, item in enumerate(items, start=1):
        for column, value in enumerate((item.name, item.column, _hint(item), item.standard)):
            guide.write_string(row, column, str(neutral(value)))


def _write_returned(page: Any, items: Sequence[Expected], returned: Iterable[Returned], bold: Any, marked: Any) -> None:
    places = {item.name: column for column, item in enumerate(items)}
    for number, (row, faults) in enumerate(returned, start=1):
        if number == 1:
            page.write_string(0, len(items), _("退回原因"), bold)
            page.set_column(len(items), len(items), 80)
        wrong = {places[fault.item] for fault in faults if fault.item in places}
        for column, value in enumerate(row[: len(items)]):
            style = marked if column in wrong else None
            page.write_string(number, column, str(neutral(value))[:_LONGEST].replace("\x00", ""), style)
        page.write_string(number, len(items), reasons(faults)[:_LONGEST])


def reasons(faults: Sequence[Fault]) -> str:
    """Return why a row came back, each reason once."""
    return "；".join(dict.fromkeys(fault.reason for fault in faults))
