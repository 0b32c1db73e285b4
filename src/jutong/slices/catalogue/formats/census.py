"""The sheet of a census: what a department fills in for its resources, out and in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.kernel.workbooks import opened, text
from jutong.slices.catalogue.rules.census import KINDS, QUANTITIES
from jutong.slices.catalogue.rules.text import clean

LEADING: Final = (N_("资源代码"), N_("信息资源名称"), N_("情况"))
MOST_ROWS: Final = 50_000
_MOST_BYTES: Final = 16 * 1024 * 1024
_MOST_UNPACKED: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row as it was typed: its number in the file, code, name, whether the resource is gone, and the six cells."""

    number: int
    code: str
    title: str
    gone: bool
    cells: Mapping[str, object]


def headings() -> list[str]:
    """Return the headings of the sheet, translated."""
    return [_(label) for label in (*LEADING, *QUANTITIES.values())]


def read_sheet(file: IO[bytes]) -> list[SheetRow]:
    """Read a filled-in sheet; columns are found by their heading, in either language, in any order.

    TooLarge and RuleBroken for what is no workbook of ours, lacks a column, or has no row.
    """
    book = opened(file, most_bytes=_MOST_BYTES, most_unpacked=_MOST_UNPACKED, template=True)
    try:
        lines = book.worksheets[0].iter_rows(max_row=MOST_ROWS + 1, max_col=40, values_only=True)
        places = _places([clean(cell) for cell in next(lines, ())])
        rows = list(_rows(lines, places))
    finally:
        book.close()
    if not rows:
        raise RuleBroken(_("文件里只有表头，没有数据行，请填写后再导入。"), field="file")
    return rows


def _places(heading: list[str]) -> dict[str, int]:
    wanted = {"code": LEADING[0], "title": LEADING[1], "kind": LEADING[2], **QUANTITIES}
    places = {}
    for name, label in wanted.items():
        known = {clean(label), clean(_(label))}
        place = next((at for at, cell in enumerate(heading) if cell in known), None)
        if place is None:
            raise RuleBroken(_("文件缺少“%s”这一列，请使用下载的普查表填写后再导入。") % _(label), field="file")
        places[name] = place
    return places


def _rows(lines: Iterator[tuple[Any, ...]], places: Mapping[str, int]) -> Iterator[SheetRow]:
    gone = {KINDS["gone"], _(KINDS["gone"])}
    for number, line in enumerate(lines, start=2):
        cells = {name: line[place] if place < len(line) else None for name, place in places.items()}
        if all(cell is None or not str(cell).strip() for cell in cells.values()):
            continue
        yield SheetRow(
            number=number,
            code=clean(text(cells["code"])),
            title=clean(text(cells["title"]))[:200],
            gone=clean(text(cells["kind"])) in gone,
            cells={name: text(cells[name]) for name in QUANTITIES},
        )
