"""Downloads: Excel and CSV made row by row with formulas neutralised, and safe headers for every file."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Final

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from jutong.kernel.clock import BEIJING
from jutong.kernel.errors import TooLarge

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv; charset=utf-8"
MOST_ROWS: Final = 1_048_575
"""Rows an Excel sheet holds below its heading."""
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
_BLOCK: Final = 500
_MEASURED: Final = 200
"""Rows by whose values the columns get their width."""
_NARROWEST: Final = 8
_WIDEST: Final = 50
_MOMENT: Final = 20
_DAY: Final = 12
_ARROW: Final = 3
"""Room beside a heading for the arrow of its filter."""
_WIDE_FROM: Final = "\u2e80"
"""From here on a sign is as wide as two digits."""


def neutral(value: object) -> object:
    """Return a cell value that no spreadsheet takes for a formula.

    Text beginning with = + - @, tab or carriage return gets a leading apostrophe; numbers and dates stay themselves.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_DANGEROUS) else value


def safe_headers(response: HttpResponseBase, name: str) -> HttpResponseBase:
    """Let a response be saved under `name`, never rendered, sniffed or kept by caches; return it."""
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def attachment(content: IO[bytes] | Iterable[bytes], name: str, media_type: str) -> HttpResponseBase:
    """Answer with an open file or chunks of bytes, streamed, as an attachment."""
    if hasattr(content, "read"):
        return safe_headers(FileResponse(content, content_type=media_type), name)
    return safe_headers(StreamingHttpResponse(content, content_type=media_type), name)


def xlsx(name: str, headers: Sequence[str], rows: Iterable[Sequence[object]], *, sheet: str = "") -> HttpResponseBase:
    """Answer with an Excel workbook of one sheet; rows are read one by one and written through a temporary file.

    TooLarge beyond 1,048,575 rows.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_xlsx(file, headers, rows, sheet=sheet)
    file.seek(0)
    return attachment(file, name, XLSX)


def write_xlsx(file: IO[bytes], headers: Sequence[str], rows: Iterable[Sequence[object]], *, sheet: str = "") -> int:
    """Write a workbook of one sheet into a binary file and return the number of rows below the heading."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        page = book.add_worksheet(sheet or _("数据"))
        bold = book.add_format({"bold": True, "bg_color": "#E9F1F8", "border": 1, "border_color": "#C3CDD6"})
        styles: dict[type, Any] = {
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        page.freeze_panes(1, 0)
        for column, header in enumerate(headers):
            page.write_string(0, column, str(neutral(header)), bold)
        widths = [_width(header) + _ARROW for header in headers]
        count = 0
        for count, row in enumerate(rows, start=1):
            if count > MOST_ROWS:
                raise TooLarge(_("导出超过 Excel 单表上限 1048575 行，请缩小筛选范围或改用 CSV。"))
            for column, value in enumerate(row):
                _write(page, count, column, value, styles)
            if count <= _MEASURED:
                widths = [max(pair) for pair in zip(widths, map(_width, row), strict=False)] + widths[len(row) :]
        for column, width in enumerate(widths):
            page.set_column(column, column, min(_WIDEST, max(_NARROWEST, width)))
        if headers:
            page.autofilter(0, 0, count, len(headers) - 1)
    return count


def _width(value: object) -> int:
    """Return how many digits wide a cell must be to show a value; a narrower one shows a date as ####."""
    if isinstance(value, datetime):
        return _MOMENT
    if isinstance(value, date):
        return _DAY
    text = "" if value is None else str(value)
    return len(text) + sum(sign >= _WIDE_FROM for sign in text) + 1


def _write(page: Any, row: int, column: int, value: object, styles: dict[type, Any]) -> None:
    if value is None:
        return
    if isinstance(value, datetime):
        local = value.astimezone(BEIJING).replace(tzinfo=None) if value.tzinfo else value
        page.write_datetime(row, column, local, styles[datetime])
    elif isinstance(value, date):
        page.write_datetime(row, column, datetime(value.year, value.month, value.day), styles[date])  # noqa: DTZ001
    elif isinstance(value, bool):
        page.write_string(row, column, _("是") if value else _("否"))
    elif isinstance(value, (int, float, Decimal)):
        page.write_number(row, column, value)
    else:
        page.write_string(row, column, str(neutral(str(value))))


def csv_file(name: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponseBase:
    """Answer with CSV (UTF-8 with byte order mark, as Excel needs it), streamed in blocks of 500 rows."""
    return attachment(csv_blocks(headers, rows), name, CSV)


def csv_blocks(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield CSV as UTF-8 bytes, formulas neutralised."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([neutral(header) for header in headers])
    for number, row in enumerate(rows, start=1):
        writer.writerow(["" if value is None else neutral(value) for value in row])
        if number % _BLOCK == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
