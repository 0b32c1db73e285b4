"""The sheet of rows set aside, going out with an empty column for what they should be, coming back filled in."""

from __future__ import annotations

from typing import IO, Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import workbooks
from jutong.kernel.errors import RuleBroken
from jutong.slices.exchange.rules.corrections import MOST_CORRECTED, Line

MOST_BYTES: Final = 8 << 20
MOST_UNPACKED: Final = 100 << 20
COLUMNS: Final = 7
NUMBER, ITEM, VALUE = 0, 3, 6
"""Places of the columns that are read."""


def headers() -> list[str]:
    """Return the heads of the sheet."""
    return [_("编号"), _("行号"), _("主键"), _("信息项"), _("值（已脱敏）"), _("原因"), _("更正后的值")]


def lines_of(source: IO[bytes]) -> list[Line]:
    """Return the filled-in lines of an uploaded sheet; RuleBroken for a sheet that is not ours, empty or too long."""
    book = workbooks.opened(source, most_bytes=MOST_BYTES, most_unpacked=MOST_UNPACKED, template=True)
    try:
        rows = book.worksheets[0].iter_rows(max_col=COLUMNS, values_only=True)
        if len(next(rows, ())) < COLUMNS:
            raise RuleBroken(_("文件不是从本任务导出的更正表，请重新导出后填写。"), field="file")
        found = [line for number, row in enumerate(rows, start=2) if (line := _line(number, row))]
    finally:
        book.close()
    if not found:
        raise RuleBroken(_("没有填写“更正后的值”，请至少更正一行后上传。"), field="file")
    if len(found) > MOST_CORRECTED:
        raise RuleBroken(_("一次最多更正 %d 行，请分批上传。") % MOST_CORRECTED, field="file")
    return found


def _line(number: int, row: tuple[Any, ...]) -> Line | None:
    """Return a line that has a corrected value, None for one that has not."""
    cells = [workbooks.text(value) for value in (*row, *[None] * COLUMNS)]
    if not cells[VALUE] or not cells[NUMBER]:
        return None
    key = cells[NUMBER]
    return Line(number, int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0, cells[ITEM], cells[VALUE])  # noqa: PLR2004 - digits of a key
