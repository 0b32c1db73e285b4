"""A catalogue of grades as a workbook: downloaded, changed by a person, and read back as a draft."""

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
from jutong.kernel.levels import LEVELS
from jutong.slices.standards.rules.grades import FLAGS, LABELS, LISTS
from jutong.wire.levels import Grade, Scheme

MOST_BYTES: Final = 1024 * 1024
MOST_UNPACKED: Final = 20 * 1024 * 1024
NAMES: Final = tuple(LABELS)
HEADERS: Final = tuple(LABELS.values())
HEAD: Final = (("分级目录名称", "title"), ("发布文号", "basis"))
_WIDTHS: Final = (18, 50, 40, 40, 40, 50, 12, 20, 22)
_BODY: Final = len(HEAD) + 2
_MOST_LINES: Final = 40


@dataclass(frozen=True, slots=True)
class Given:
    """What a workbook states."""

    title: str
    basis: str
    grades: tuple[Grade, ...]


def write(file: IO[bytes], scheme: Scheme) -> None:
    """Write a catalogue of grades with a drop-down of the levels; `read` takes it back unchanged."""
    with (
        override("zh-hans"),
        xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False}) as book,
    ):
        page = book.add_worksheet("数据分级目录")
        bold = book.add_format({"bold": True, "bg_color": "#E9F1F8", "border": 1, "border_color": "#C3CDD6"})
        for row, (label, name) in enumerate(HEAD):
            page.write_string(row, 0, label, bold)
            page.write_string(row, 1, str(neutral(getattr(scheme, name))))
        for column, (header, width) in enumerate(zip(HEADERS, _WIDTHS, strict=True)):
            page.set_column(column, column, width)
            page.write_string(_BODY - 1, column, header, bold)
        for row, one in enumerate(scheme.grades, _BODY):
            for column, cell in enumerate(_cells(one)):
                page.write_string(row, column, str(neutral(cell)))
        page.data_validation(_BODY, 0, _BODY + _MOST_LINES, 0, {"validate": "list", "source": list(LEVELS.values())})
        page.freeze_panes(_BODY, 1)


def _cells(one: Grade) -> list[str]:
    lists = ["、".join(LISTS[name][code] for code in getattr(one, name)) for name in LISTS]
    flags = ["是" if getattr(one, name) else "否" for name in FLAGS]
    return [LEVELS[one.code], one.meaning, *lists, *flags, str(one.review_months)]


def read(source: IO[bytes]) -> Given:
    """Return what a workbook states. RuleBroken, with the line, for what cannot be read."""
    book = workbooks.opened(source, most_bytes=MOST_BYTES, most_unpacked=MOST_UNPACKED, template=True)
    try:
        rows = book.worksheets[0].iter_rows(max_row=_BODY + _MOST_LINES, max_col=len(HEADERS), values_only=True)
        lines = [[_text(cell) for cell in line] for line in rows]
    finally:
        book.close()
    head = {line[0]: line[1] for line in lines[: len(HEAD)] if len(line) > 1}
    place = next((n for n, line in enumerate(lines) if tuple(line[:2]) == HEADERS[:2]), None)
    if place is None:
        raise RuleBroken(_("没有找到表头“数据分级、含义”，请下载现行分级目录修改后再上传。"), field="file")
    grades = [_grade(number, line) for number, line in enumerate(lines[place + 1 :], place + 2) if line[0]]
    return Given(head.get("分级目录名称", ""), head.get("发布文号", ""), tuple(grades))


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip().removeprefix("'").removesuffix(".0")


def _grade(number: int, line: Sequence[str]) -> Grade:
    cells = dict(zip(NAMES, line, strict=False))
    codes = {label: code for code, label in LEVELS.items()} | {code: code for code in LEVELS}
    months = cells.get("review_months", "") or "0"
    if not (months.isascii() and months.isdecimal() and len(months) < 4):  # noqa: PLR2004 - far above any interval
        raise RuleBroken(_("第 %d 行的复核间隔应为整数（月），请改正。") % number, field="file")
    return Grade(
        code=codes.get(cells["code"], cells["code"][:20]),
        meaning=cells.get("meaning", ""),
        review_months=int(months),
        share_types=_listed(number, "share_types", cells),
        open_types=_listed(number, "open_types", cells),
        mode_classes=_listed(number, "mode_classes", cells),
        modes=_listed(number, "modes", cells),
        masked=_flag(number, "masked", cells),
        head_review=_flag(number, "head_review", cells),
    )


def _listed(number: int, name: str, cells: Mapping[str, str]) -> tuple[str, ...]:
    text = cells.get(name, "")
    known = {label: code for code, label in LISTS[name].items()} | {code: code for code in LISTS[name]}
    found = [part.strip() for part in text.replace("，", "、").replace(",", "、").split("、") if part.strip()]
    if unknown := [part for part in found if part not in known]:
        words = {"line": number, "label": LABELS[name], "value": "、".join(unknown)[:50]}
        accepted = "、".join(LISTS[name].values())
        raise RuleBroken(
            _("第 %(line)d 行的%(label)s“%(value)s”不在可选范围内，请改为：%(accepted)s。")
            % {**words, "accepted": accepted},
            field="file",
        )
    return tuple(known[part] for part in found)


def _flag(number: int, name: str, cells: Mapping[str, str]) -> bool:
    text = cells.get(name, "")
    if text not in {"", "是", "否"}:
        words = {"line": number, "label": LABELS[name]}
        raise RuleBroken(_("第 %(line)d 行的%(label)s应填“是”或“否”。") % words, field="file")
    return text == "是"
