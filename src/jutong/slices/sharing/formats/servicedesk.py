"""Workbooks of service items with their lists, in and out."""

from __future__ import annotations

import io
from typing import IO, Final

from django.utils.translation import gettext as _

from jutong.kernel import workbooks
from jutong.kernel.errors import RuleBroken, TooLarge
from jutong.kernel.faces.downloads import write_xlsx
from jutong.kernel.terms import N_
from jutong.slices.sharing.rules.servicedesk import LONGEST_NAME, Listed

COLUMNS: Final = (N_("事项名称"), N_("事项编码"), N_("材料名称"), N_("信息资源代码"))
"""Of a list: the first and the third are needed; the last names the entry a paper is, where somebody knows it."""
NEEDED: Final = (0, 2)
MOST_ROWS: Final = 5000
_MOST_BYTES: Final = 8 * 1024 * 1024
_MOST_UNPACKED: Final = 80 * 1024 * 1024


def template() -> bytes:
    """Return an empty workbook with the headings."""
    buffer = io.BytesIO()
    write_xlsx(buffer, [_(label) for label in COLUMNS], [])
    return buffer.getvalue()


def service_items(source: IO[bytes]) -> dict[str, tuple[str, list[Listed]]]:
    """Return the items of a workbook by name, each with its code and its papers, in the order of the rows.

    RuleBroken: no workbook, a heading that is missing, a row without item or paper; TooLarge: more than 8 MB or 5,000 rows.
    """
    book = workbooks.opened(source, most_bytes=_MOST_BYTES, most_unpacked=_MOST_UNPACKED, template=True)
    found: dict[str, tuple[str, list[Listed]]] = {}
    try:
        lines = book.worksheets[0].iter_rows(max_row=MOST_ROWS + 2, max_col=20, values_only=True)
        places = _places([workbooks.text(cell).rstrip("*＊ ") for cell in next(lines, ())])
        for number, line in enumerate(lines, start=2):
            if number > MOST_ROWS + 1:
                raise TooLarge(_("每次最多导入 %d 行，请拆分后分批导入。") % MOST_ROWS)
            item, code, paper, entry = (workbooks.text(line[at]) if at is not None else "" for at in places)
            if not any((item, code, paper, entry)):
                continue
            if not item or not paper or len(item) > LONGEST_NAME:
                words = {"number": number}
                raise RuleBroken(
                    _("第 %(number)d 行缺少事项名称或材料名称，或名称过长，请补正后再导入。") % words, field="file"
                )
            found.setdefault(item, (code, []))[1].append(Listed(paper, entry))
    finally:
        book.close()
    if not found:
        raise RuleBroken(_("工作表里没有事项，请在标题行以下填写。"), field="file")
    return found


def _places(heading: list[str]) -> list[int | None]:
    places: list[int | None] = []
    for place, label in enumerate(COLUMNS):
        at = next((n for n, cell in enumerate(heading) if cell in {label, _(label)}), None)
        if at is None and place in NEEDED:
            words = _("工作表第一行缺少“%s”一列，请使用下载的模板填写后再导入。") % _(label)
            raise RuleBroken(words, field="file")
        places.append(at)
    return places
