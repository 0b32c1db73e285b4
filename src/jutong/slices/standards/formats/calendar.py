"""Calendar files as an administrator has them: CSV (UTF-8 or GB 18030) or Excel, to rows of cells."""

from __future__ import annotations

import csv
import io
from typing import IO, Final

from django.utils.translation import gettext as _

from jutong.kernel import workbooks
from jutong.kernel.errors import RuleBroken, TooLarge

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_UNPACKED: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 5002


def read(source: IO[bytes]) -> list[list[object]]:
    """Return the first three cells of each row. RuleBroken for what is neither, TooLarge beyond 2 MB."""
    data = source.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise TooLarge(_("日历文件超过 2 MB，请只保留节假日和调休上班日。"))
    return _workbook(data) if data[:2] == b"PK" else _text(data)


def _workbook(data: bytes) -> list[list[object]]:
    book = workbooks.opened(io.BytesIO(data), most_bytes=MOST_BYTES, most_unpacked=MOST_UNPACKED)
    try:
        lines = book.worksheets[0].iter_rows(max_row=MOST_ROWS, max_col=3, values_only=True)
        return [list(line) for line in lines]
    finally:
        book.close()


def _text(data: bytes) -> list[list[object]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return [list(row[:3]) for row, _count in zip(csv.reader(io.StringIO(text)), range(MOST_ROWS), strict=False)]
    raise RuleBroken(
        _("日历文件无法识别，请使用 CSV（UTF-8 或 GBK）或 .xlsx，三列：日期、休或班、名称。"), field="file"
    )
