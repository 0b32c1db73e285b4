"""A specification as a workbook: downloaded, changed by a person, and read back as a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import override

from jutong.kernel import workbooks
from jutong.kernel.errors import RuleBroken
from jutong.kernel.faces.downloads import neutral
from jutong.slices.standards.rules.specifications import KINDS, LEVELS, MOST_ELEMENTS, OBLIGATIONS
from jutong.wire.specification import Element, Specification, Value

MOST_BYTES: Final = 4 * 1024 * 1024
MOST_UNPACKED: Final = 40 * 1024 * 1024
HEADERS: Final = (
    "标识", "名称", "层次", "类型", "必填性", "必填条件", "长度", "可选值", "格式", "规则说明", "示例", "系统填写",
)  # fmt: skip
HEAD: Final = (("规范名称", "title"), ("发布文号", "basis"), ("顺序码位数", "serial_digits"))
_WIDTHS: Final = (22, 24, 10, 12, 12, 28, 8, 60, 28, 50, 30, 10)
_BODY: Final = len(HEAD) + 2
"""Number of the first line (from 1) with elements is one below this header line."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a workbook states."""

    title: str
    basis: str
    serial_digits: int
    elements: tuple[Element, ...]


def write(file: IO[bytes], specification: Specification) -> None:
    """Write a specification with drop-downs for what is chosen from a list; `read` takes it back unchanged."""
    with (
        override("zh-hans"),
        xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False}) as book,
    ):
        page = book.add_worksheet("编制规范")
        bold = book.add_format({"bold": True, "bg_color": "#E9F1F8", "border": 1, "border_color": "#C3CDD6"})
        for row, (label, name) in enumerate(HEAD):
            page.write_string(row, 0, label, bold)
            value = getattr(specification, name)
            page.write(row, 1, value if isinstance(value, int) else str(neutral(value)))
        for column, (header, width) in enumerate(zip(HEADERS, _WIDTHS, strict=True)):
            page.set_column(column, column, width)
            page.write_string(_BODY - 1, column, header, bold)
        for row, one in enumerate(specification.elements, _BODY):
            for column, cell in enumerate(_cells(one)):
                if isinstance(cell, int):
                    page.write_number(row, column, cell)
                elif cell:
                    page.write_string(row, column, str(neutral(cell)))
        for column, names in ((2, LEVELS), (3, KINDS), (4, OBLIGATIONS)):
            page.data_validation(
                _BODY, column, _BODY + MOST_ELEMENTS, column, {"validate": "list", "source": list(names.values())}
            )
        page.freeze_panes(_BODY, 2)


def _cells(one: Element) -> tuple[str | int, ...]:
    values = "；".join(f"{value.code}={value.label}" for value in one.values)
    return (
        one.name, one.label, LEVELS[one.of], KINDS[one.kind], OBLIGATIONS[one.obligation], one.when, one.length or "",
        values, one.pattern, one.rule, one.example, "是" if one.system else "",
    )  # fmt: skip


def read(source: IO[bytes]) -> Given:
    """Return what a workbook states. RuleBroken, with the line, for what cannot be read."""
    book = workbooks.opened(source, most_bytes=MOST_BYTES, most_unpacked=MOST_UNPACKED, template=True)
    try:
        lines = [
            list(line)
            for line in book.worksheets[0].iter_rows(
                max_row=_BODY + MOST_ELEMENTS + 20, max_col=len(HEADERS), values_only=True
            )
        ]
    finally:
        book.close()
    head = {_text(line, 0): _text(line, 1) for line in lines[: len(HEAD)]}
    place = next((n for n, line in enumerate(lines) if tuple(_text(line, c) for c in range(5)) == HEADERS[:5]), None)
    if place is None:
        raise RuleBroken(_("没有找到表头“标识、名称、层次、类型、必填性”，请下载现行规范修改后再上传。"), field="file")
    digits = head.get("顺序码位数", "6") or "6"
    elements = [_element(number, line) for number, line in enumerate(lines[place + 1 :], place + 2) if _text(line, 0)]
    return Given(
        head.get("规范名称", ""),
        head.get("发布文号", ""),
        int(digits) if digits.isdecimal() and len(digits) < 9 else 0,  # noqa: PLR2004 - far above any number of digits
        tuple(elements),
    )


def _text(line: Sequence[Any], place: int) -> str:
    cell = line[place] if place < len(line) else None
    text = "" if cell is None else str(cell).strip()
    return text.removeprefix("'")


def _element(number: int, line: Sequence[Any]) -> Element:
    length = _text(line, 6).removesuffix(".0")
    if length and not (length.isascii() and length.isdecimal() and len(length) < 9):  # noqa: PLR2004 - far above any length
        raise RuleBroken(_("第 %d 行的长度应为整数，请改正。") % number, field="file")
    return Element(
        name=_text(line, 0),
        label=_text(line, 1),
        of=_code(number, line, 2, LEVELS, "entry"),
        kind=_code(number, line, 3, KINDS, "text"),
        obligation=_code(number, line, 4, OBLIGATIONS, "O"),
        when=_text(line, 5),
        length=int(length) if length else None,
        values=tuple(_values(number, _text(line, 7))),
        pattern=_text(line, 8),
        rule=_text(line, 9),
        example=_text(line, 10),
        system=_text(line, 11) == "是",
    )


def _code(number: int, line: Sequence[Any], place: int, names: Mapping[str, str], usual: str) -> str:
    text = _text(line, place)
    if not text:
        return usual
    found = next((code for code, label in names.items() if text in (code, label)), None)
    if found is None:
        words = {"line": number, "label": HEADERS[place], "accepted": "、".join(names.values())}
        raise RuleBroken(_("第 %(line)d 行的%(label)s应为下列之一：%(accepted)s。") % words, field="file")
    return found


def _values(number: int, text: str) -> list[Value]:
    found = []
    for part in text.replace(";", "；").replace("\n", "；").split("；"):
        if part.strip():
            code, sign, label = part.partition("=")
            if not sign or not code.strip() or not label.strip():
                raise RuleBroken(_("第 %d 行的可选值应写作“代码=名称；代码=名称”，请改正。") % number, field="file")
            found.append(Value(code.strip(), label.strip()))
    return found
