"""Workbooks that people bring: looked at before they are opened, for zip bombs, foreign archives and giant grids.

What is read are the values a person sees: a cell's formula is never evaluated, its stored result counts. What goes out
is neutralised by `faces.downloads.neutral`.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import IO, Any, Final

import openpyxl
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


def opened(source: IO[bytes], *, most_bytes: int, most_unpacked: int, template: bool = False) -> Any:
    """Read a whole uploaded workbook of at most `most_bytes` and open it with openpyxl, read-only; close it afterwards.

    TooLarge beyond the limits; RuleBroken for what is no workbook. template: say that ours is to be used.
    """
    data = source.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise TooLarge(_("文件超过 %d MB，请拆分后分批导入。") % (most_bytes // 1024 // 1024))
    check_workbook(io.BytesIO(data), most_unpacked=most_unpacked)
    try:
        return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, IndexError) as error:
        sentence = (
            _("文件不是有效的 Excel 工作簿，请使用下载的模板填写后再导入。")
            if template
            else _("文件不是有效的 Excel 工作簿，请另存为 .xlsx 后再导入。")
        )
        raise RuleBroken(sentence, field="file") from error


def check_workbook(source: Path | IO[bytes], *, most_unpacked: int = MOST_UNPACKED) -> None:
    """Refuse what is no xlsx, what unpacks beyond measure and what would open as a giant grid (TooLarge, RuleBroken)."""
    try:
        with zipfile.ZipFile(source) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise TooLarge(_("工作簿包含的部件过多，疑似压缩炸弹，已拒绝打开。"))
            unpacked = sum(part.file_size for part in parts)
            packed = sum(part.compress_size for part in parts) or 1
            if unpacked > most_unpacked or (unpacked > RATIO_FROM and unpacked / packed > MOST_RATIO):
                raise TooLarge(_("工作簿解压后体积异常，疑似压缩炸弹，已拒绝打开。"))
            if "xl/workbook.xml" not in {part.filename for part in parts}:
                raise RuleBroken(_("文件不是有效的 Excel 工作簿，请另存为 .xlsx 后再导入。"), field="file")
            for part in parts:
                if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                    with archive.open(part) as sheet:
                        _check_grid(sheet, part.file_size)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError) as broken:
        raise RuleBroken(_("Excel 文件已损坏或加了密码，请另存为普通 .xlsx 后再导入。"), field="file") from broken


def text(value: Any) -> str:
    """Return a cell as text: whole numbers without a point, days without a time, no apostrophe that we put before."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "isoformat"):
        return str(value).removesuffix(" 00:00:00")
    said = str(value).strip()
    return said[1:] if said[:2] in ("'=", "'+", "'-", "'@") else said


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
