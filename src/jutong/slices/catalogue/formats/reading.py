"""The one door into files: looks at the bytes, not the name, and hands over a source."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.workbooks import check_size
from jutong.slices.catalogue.formats.raw import Source
from jutong.slices.catalogue.formats.sheets import read_workbook
from jutong.slices.catalogue.formats.text import read_csv, read_json
from jutong.wire.specification import Specification

_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


def read(path: Path, *, encoding: str = "", specification: Specification | None = None) -> Source:
    """Read a catalogue file: xlsx (templates recognised), JSON, or CSV; `encoding` overrides detection for text.

    specification: the one in force, whose local elements have columns of their own.

    TooLarge for oversize files and zip bombs; RuleBroken, naming the remedy, for what cannot be read.
    """
    check_size(path)
    with path.open("rb") as opened:
        head = opened.read(4096)
    if head.startswith(b"PK"):
        return read_workbook(path, specification)
    if head.startswith(_OLD_EXCEL):
        raise RuleBroken(_("不支持旧版 .xls 或加密的工作簿，请另存为 .xlsx 后再导入。"), field="file")
    if head.startswith((b"%PDF", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff")):
        raise RuleBroken(_("文件类型不受支持，请导入 Excel（.xlsx）、JSON 或 CSV 文件。"), field="file")
    is_json = head.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").removeprefix(b"\xff\xfe").lstrip()[:1] in (
        b"[",
        b"{",
    )
    table, found = read_json(path, encoding) if is_json else read_csv(path, encoding)
    return Source("table", table.headers, table=table, encoding=found)
