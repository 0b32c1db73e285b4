"""Dates as found in catalogues: ISO, slashed, dotted, Chinese, with a time or a newline, epoch numbers, Excel values."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue.rules.text import clean

_WRITTEN = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*(?:[-/.月]\s*(\d{1,2})\s*日?)?(?:$|[\sT日].*)", re.DOTALL)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:\d{6})?$")
_EPOCH_MILLIS: Final = 10**11
_EPOCH_LEAST: Final = 10**8
_SHEET_DAYS: Final = range(20_000, 80_000)
_SHEET_ZERO: Final = date(1899, 12, 30)
_YEARS: Final = range(1900, 2101)


def day(raw: object) -> date | None:
    r"""Return the Beijing day a value names, or None when it names none between 1900 and 2100.

    >>> day("2019-04-28\n09:45"), day("2023年6月1日"), day("2020/1/5"), day(1686931200000)
    (datetime.date(2019, 4, 28), datetime.date(2023, 6, 1), datetime.date(2020, 1, 5), datetime.date(2023, 6, 17))
    """
    if isinstance(raw, datetime):
        found: date | None = beijing_day(raw) if raw.tzinfo else raw.date()
    elif isinstance(raw, date):
        found = raw
    elif isinstance(raw, bool):
        found = None
    elif isinstance(raw, (int, float)):
        found = _numbered(raw)
    else:
        found = _written(clean(raw))
    return found if found and found.year in _YEARS else None


def _written(text: str) -> date | None:
    if found := _COMPACT.match(text):
        return _made(*found.groups())
    if text.isascii() and text.isdigit():
        return _numbered(int(text[:20]))
    if found := _WRITTEN.match(text):
        return _made(*found.groups())
    return None


def _made(year: str, month: str, dom: str | None) -> date | None:
    try:
        return date(int(year), int(month), int(dom or 1))
    except ValueError:
        return None


def _numbered(number: float) -> date | None:
    try:
        if int(number) in _SHEET_DAYS:
            return _SHEET_ZERO + timedelta(days=int(number))
        if number < _EPOCH_LEAST:
            return None
        seconds = number / 1000 if number >= _EPOCH_MILLIS else number
        return beijing_day(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):
        return None
