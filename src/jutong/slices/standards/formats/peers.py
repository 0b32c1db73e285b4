"""Tables of peers' codes as workbooks: direction, element, value, what it becomes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import workbooks
from jutong.kernel.errors import RuleBroken

HEADERS: Final = ("方向", "要素", "原值", "转换为")
DIRECTIONS: Final = {"in": "接收", "out": "发送"}
MOST_BYTES: Final = 2 * 1024 * 1024
MOST_UNPACKED: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 2000


def read(source: IO[bytes]) -> list[tuple[str, str, str, str]]:
    """Return (direction, element, given, becomes) of each line; a trailing .0 of Excel's numbers goes."""
    book = workbooks.opened(source, most_bytes=MOST_BYTES, most_unpacked=MOST_UNPACKED, template=True)
    try:
        lines = [
            list(line) for line in book.worksheets[0].iter_rows(max_row=MOST_ROWS + 2, max_col=4, values_only=True)
        ]
    finally:
        book.close()
    if not lines or tuple(_text(cell) for cell in lines[0]) != HEADERS:
        raise RuleBroken(_("表头应为“方向、要素、原值、转换为”，请使用导出的对照表修改后再上传。"), field="file")
    return list(_rows(lines[1:]))


def _rows(lines: Iterable[list[Any]]) -> Iterable[tuple[str, str, str, str]]:
    for line in lines:
        direction, element, given, becomes = (_text(cell) for cell in line)
        if direction or element or given or becomes:
            code = next((code for code, label in DIRECTIONS.items() if direction in (code, label)), direction)
            yield code, element, given, becomes


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip().removeprefix("'")
