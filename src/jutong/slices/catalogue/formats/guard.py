"""A look at a workbook before it is opened: zip bombs, foreign archives, grids too wide for memory."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import IO, Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken, TooLarge

MOST_BYTES: Final = 64 * 1024 * 1024
"""Largest file that is read, in bytes."""
MOST_UNPACKED: Final = 400 * 1024 * 1024
MOST_RATIO: Final = 150
RATIO_FROM: Final = 8 * 1024 * 1024
MOST_PARTS: Final = 2_000
MOST_CELLS: Final = 6_000_000
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_CHUNK: Final = 1024 * 1024


def check_size(path: Path) -> None:
    """Refuse a file above `MOST_BYTES` (TooLarge) and an empty one (RuleBroken)."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise TooLarge(_("文件超过 %d MB，请拆分后分批导入。") % (MOST_BYTES // 1024 // 1024))
    if size == 0:
        raise RuleBroken(_("文件是空的，请选择有内容的文件。"), field="file")


def check_workbook(path: Path) -> None:
    """Refuse what is no xlsx, what unpacks beyond measure and what would open as a giant grid (TooLarge, RuleBroken)."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise TooLarge(_("工作簿包含的部件过多，疑似压缩炸弹，已拒绝打开。"))
            unpacked = sum(part.file_size for part in parts)
            packed = sum(part.compress_size for part in parts) or 1
            if unpacked > MOST_UNPACKED or (unpacked > RATIO_FROM and unpacked / packed > MOST_RATIO):
                raise TooLarge(_("工作簿解压后体积异常，疑似压缩炸弹，已拒绝打开。"))
            if "xl/workbook.xml" not in {part.filename for part in parts}:
                raise RuleBroken(_("文件不是有效的 Excel 工作簿，请另存为 .xlsx 后再导入。"), field="file")
            for part in parts:
                if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                    with archive.open(part) as sheet:
                        _check_grid(sheet, part.file_size)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as broken:
        raise RuleBroken(_("Excel 文件已损坏或加了密码，请另存为普通 .xlsx 后再导入。"), field="file") from broken


def _check_grid(sheet: IO[bytes], declared: int) -> None:
    """Refuse a sheet that unpacks to more than it declares or whose farthest cell makes the grid too large."""
    width = height = seen = 0
    tail = b""
    while chunk := sheet.read(_CHUNK):
        seen += len(chunk)
        if seen > declared:
            raise TooLarge(_("工作簿解压后体积异常，疑似压缩炸弹，已拒绝打开。"))
        for column, row in _CELL.findall(tail + chunk):
            width = max(width, _column(column))
            height = max(height, int(row))
        if width * height > MOST_CELLS:
            raise TooLarge(_("工作表范围过大，请删除多余的空行空列后再导入。"))
        tail = chunk[-200:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
