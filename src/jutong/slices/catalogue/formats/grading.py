"""The grades of entries and items as a workbook: proposals beside what is, columns to fill in, bad lines back with reasons."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import override

from jutong.kernel import workbooks
from jutong.kernel.errors import RuleBroken
from jutong.kernel.faces.downloads import neutral
from jutong.kernel.levels import LEVELS
from jutong.kernel.terms import N_
from jutong.slices.catalogue.rules.values import LEVEL_WORDS

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_UNPACKED: Final = 80 * 1024 * 1024
MOST_LINES: Final = 5_000
HEADERS: Final = (
    "编号", "目录代码", "目录名称", "信息项", "技术名称", "现分级", "建议分级", "建议理由", "新分级", "含个人信息或敏感",
    "不属于个人信息的理由", "定级理由", "退回原因",
)  # fmt: skip
_WIDTHS: Final = (10, 24, 36, 26, 20, 14, 14, 36, 14, 18, 36, 36, 40)
_FILLED: Final = range(8, 12)
_FLAGS: Final = {"是": True, "否": False}


@dataclass(frozen=True, slots=True)
class Line:
    """A line: an entry (item empty) or one of its items, what is and is proposed, and what was filled in.

    level: a code, or the text where it is none. sensitive: None where nothing was filled in. fault: what cannot be read.
    """

    entry_id: int
    title: str = ""
    item: str = ""
    code: str = ""
    column: str = ""
    present: str = ""
    proposed: str = ""
    why: str = ""
    level: str = ""
    sensitive: bool | None = None
    not_personal: str = ""
    reason: str = ""
    remark: str = ""
    number: int = 0
    fault: str = ""

    @property
    def stated(self) -> bool:
        """Tell whether anything was filled in."""
        return bool(self.level or self.sensitive is not None or self.not_personal)


def write(file: IO[bytes], lines: Iterable[Line], *, levels: Iterable[str] = LEVELS) -> None:
    """Write lines with drop-downs of the levels in force; `read` takes the workbook back."""
    with (
        override("zh-hans"),
        xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False}) as book,
    ):
        page = book.add_worksheet("数据分级")
        head = book.add_format({"bold": True, "bg_color": "#E9F1F8", "border": 1, "border_color": "#C3CDD6"})
        fill = book.add_format({"bold": True, "bg_color": "#FFF3D6", "border": 1, "border_color": "#C3CDD6"})
        for column, (header, width) in enumerate(zip(HEADERS, _WIDTHS, strict=True)):
            page.set_column(column, column, width)
            page.write_string(0, column, header, fill if column in _FILLED else head)
        for row, line in enumerate(lines, 1):
            for column, cell in enumerate(_cells(line)):
                if cell:
                    page.write_string(row, column, str(neutral(cell)))
        labels = [LEVELS[code] for code in levels]
        page.data_validation(1, 8, MOST_LINES, 8, {"validate": "list", "source": labels, "error_type": "warning"})
        page.data_validation(1, 9, MOST_LINES, 9, {"validate": "list", "source": list(_FLAGS)})
        page.freeze_panes(1, 4)


def _cells(line: Line) -> tuple[str, ...]:
    flag = next((word for word, value in _FLAGS.items() if value is line.sensitive), "")
    return (
        str(line.entry_id), line.code, line.title, line.item, line.column, LEVELS.get(line.present, line.present),
        LEVELS.get(line.proposed, line.proposed), line.why, LEVELS.get(line.level, line.level), flag, line.not_personal,
        line.reason, line.remark,
    )  # fmt: skip


@contextmanager
def written(lines: Iterable[Line]) -> Iterator[IO[bytes]]:
    """Give a file with lines, from its beginning."""
    with tempfile.SpooledTemporaryFile(max_size=MOST_BYTES) as file:
        write(file, lines)
        file.seek(0)
        yield file


def read(source: IO[bytes]) -> list[Line]:
    """Return the lines of a workbook. RuleBroken without the headers, for no line and for more than 5,000."""
    book = workbooks.opened(source, most_bytes=MOST_BYTES, most_unpacked=MOST_UNPACKED, template=True)
    try:
        rows = book.worksheets[0].iter_rows(max_row=MOST_LINES + 2, max_col=len(HEADERS) + 5, values_only=True)
        table = [[_text(cell) for cell in row] for row in rows]
    finally:
        book.close()
    heads = {header: place for place, header in enumerate(table[0])} if table else {}
    if not {"编号", "信息项", "新分级"} <= heads.keys():
        raise RuleBroken(_("没有找到表头“编号、信息项、新分级”，请下载分级表格填写后再上传。"), field="file")
    lines = [_line(number, row, heads) for number, row in enumerate(table[1:], 2) if any(row)]
    if not lines:
        raise RuleBroken(_("文件里只有表头，没有数据行，请填写后再上传。"), field="file")
    if len(lines) > MOST_LINES:
        raise RuleBroken(_("分级表格一次最多 5000 行，请拆分后分批上传。"), field="file")
    return lines


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip().removeprefix("'").removesuffix(".0")


def _line(number: int, row: list[str], heads: Mapping[str, int]) -> Line:
    def cell(header: str) -> str:
        place = heads.get(header, len(row))
        return row[place] if place < len(row) else ""

    key, level, flag = cell("编号"), cell("新分级"), cell("含个人信息或敏感")
    fault = "" if flag in {"", *_FLAGS} else N_("“含个人信息或敏感”应填“是”或“否”，或者留空。")
    return Line(
        entry_id=int(key) if key.isascii() and key.isdecimal() and len(key) < 16 else 0,  # noqa: PLR2004 - fits a bigint
        code=cell("目录代码"),
        title=cell("目录名称"),
        item=cell("信息项"),
        column=cell("技术名称"),
        present=cell("现分级"),
        proposed=cell("建议分级"),
        why=cell("建议理由"),
        level=LEVEL_WORDS.get(level, level),
        sensitive=_FLAGS.get(flag),
        not_personal=cell("不属于个人信息的理由")[:200],
        reason=cell("定级理由")[:500],
        number=number,
        fault=fault,
    )
