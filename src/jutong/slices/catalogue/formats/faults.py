"""The file of rows that came back: the original columns, the offending cells marked, and the reasons with what to do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import IO, Any, Final

import xlsxwriter
from django.utils.translation import gettext as _

from jutong.kernel.faces.downloads import neutral
from jutong.slices.catalogue.formats.raw import RawEntry, Source
from jutong.slices.catalogue.formats.wording import said
from jutong.slices.catalogue.rules.findings import Finding

_LONGEST: Final = 32_000
Returned = Sequence[tuple[RawEntry, tuple[Finding, ...]]]


@contextmanager
def write_faults(source: Source, returned: Returned, columns: Mapping[str, int]) -> Iterator[IO[bytes]]:
    """Yield an open workbook of the returned rows: line number, reasons, then the file's own columns.

    Each offending cell is coloured and carries its reason as a comment, so that the file can be corrected and
    imported again as it is. Formulas are neutralised.
    """
    with tempfile.TemporaryFile() as file:
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        with xlsxwriter.Workbook(file, options) as book:
            _write(book, source, returned, columns)
            if source.item_headers:
                _write_items(book, source, returned)
        file.seek(0)
        yield file


def _write(book: Any, source: Source, returned: Returned, columns: Mapping[str, int]) -> None:
    page = book.add_worksheet(_("退回行"))
    bold = book.add_format({"bold": True, "bg_color": "#E9F1F8"})
    marked = book.add_format({"bg_color": "#FDE2E0"})
    after = len(source.headers)
    page.freeze_panes(1, 0)
    for column, header in enumerate((*source.headers, _("原文件行号"), _("原因与处理办法"))):
        page.write_string(0, column, str(neutral(header)), bold)
    page.set_column(after + 1, after + 1, 80)
    row = 0
    for raw, findings in returned:
        places = _places(findings, columns, of_items=not source.item_headers)
        reasons = "；".join(dict.fromkeys(said(f) for f in findings if f.grave))
        for position, line in enumerate(raw.lines):
            row += 1
            for column in range(after):
                sentence = places.get((position, column), "")
                cell = line.cells[column] if column < len(line.cells) else ""
                _cell(page, row, column, cell, marked if sentence else None)
                if sentence:
                    page.write_comment(row, column, sentence[:500])
            page.write_number(row, after, line.number)
            if position == 0:
                page.write_string(row, after + 1, reasons[:_LONGEST])


def _places(findings: Sequence[Finding], columns: Mapping[str, int], *, of_items: bool) -> dict[tuple[int, int], str]:
    """Return {(line of the row, column): sentence} of every cell to mark; an item's stand on its own line."""
    found: dict[tuple[int, int], str] = {}
    for finding in findings:
        if finding.grave and finding.field in columns and (finding.item < 0 or of_items):
            found.setdefault((max(0, finding.item), columns[finding.field]), said(finding))
    return found


def _write_items(book: Any, source: Source, returned: Returned) -> None:
    """Give the items of returned entries a sheet of their own, so that both can be imported again together."""
    page = book.add_worksheet(_("信息项导入"))
    marked = book.add_format({"bg_color": "#FDE2E0"})
    for column, header in enumerate(source.item_headers):
        page.write_string(0, column, str(neutral(header)))
    columns = {f"item.{name}": place for name, place in source.item_columns.items()}
    row = 0
    for raw, findings in returned:
        places = _places([f for f in findings if f.item >= 0], columns, of_items=True)
        for position, line in enumerate(raw.item_lines):
            row += 1
            for column, cell in enumerate(line.cells[: len(source.item_headers)]):
                sentence = places.get((position, column), "")
                _cell(page, row, column, cell, marked if sentence else None)
                if sentence:
                    page.write_comment(row, column, sentence[:500])


def _cell(page: Any, row: int, column: int, cell: object, style: Any) -> None:
    if cell is None or cell == "":
        if style is not None:
            page.write_blank(row, column, None, style)
    elif isinstance(cell, bool) or not isinstance(cell, (int, float)):
        text = cell.isoformat() if isinstance(cell, (date, datetime)) else str(cell)
        page.write_string(row, column, str(neutral(text))[:_LONGEST].replace("\x00", ""), style)
    else:
        page.write_number(row, column, cell, style)
