"""Reading an administrator's rows of a later year's calendar: date, 休 or 班, optionally a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from jutong.kernel.calendar.statutory import DAYS_A_YEAR, FIRST_YEAR_OF_THE_RULES, festivals, statutory_days
from jutong.kernel.calendar.table import REST, WORK, CalendarDay, announced_years

MOST_ROWS = 5000
LAST_YEAR = 2100
_SATURDAY = 5
_DECEMBER = 12  # a December weekend may be exchanged for a day of the next year
_KINDS = {REST: False, "休息": False, "放假": False, WORK: True, "上班": True, "补班": True}
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?: 00:00(?::00)?)?", re.ASCII)
_HEADINGS = {"日期", "date"}


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was refused; `row` counts from 1 with the heading, None when a whole year is refused."""

    row: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class ParsedCalendar:
    """The days read, in order, and the refusals; import only when there are no refusals."""

    days: tuple[CalendarDay, ...]
    errors: tuple[RowError, ...]

    @property
    def years(self) -> frozenset[int]:
        """The years these rows announce as a whole; a December exchanged for the next year is not among them."""
        return announced_years(self.days)


class _CellError(ValueError):
    """A cell that cannot be read; its text is the sentence for the administrator."""


def parse_calendar(rows: Iterable[Sequence[object]]) -> ParsedCalendar:
    """Read calendar rows from CSV or Excel cells: (date, 休|班[, name]); empty rows and a heading are passed over.

    Dates as 2027-01-01, 2027/1/1, 2027年1月1日 or an Excel date, full-width digits included. A weekday marked 班
    and a weekend day marked 休 say nothing new and are accepted. A year whose 13 statutory days are not all free,
    or made up for, is refused as incomplete, so half a notice is never taken for the whole (R-OVR-035).
    """
    seen: dict[date, tuple[int, CalendarDay]] = {}
    errors: list[RowError] = []
    for number, row in enumerate(rows, start=1):
        if number > MOST_ROWS:
            errors.append(
                RowError(number, _("日历文件超过 %(most)d 行；请只保留节假日和调休上班日。") % {"most": MOST_ROWS})
            )
            break
        cells = [_text(cell) for cell in row]
        if not any(cells) or (number == 1 and cells[0].lower() in _HEADINGS):
            continue
        try:
            found = _read(row, cells)
            _check_repeated(found, seen)
        except _CellError as why:
            errors.append(RowError(number, _("第 %(row)d 行：%(why)s") % {"row": number, "why": why}))
        else:
            seen[found.day] = (number, found)
    days = tuple(found for _day, (_number, found) in sorted(seen.items()))
    if not errors:
        errors = [RowError(None, sentence) for sentence in _incomplete_years(days)]
    if not days and not errors:
        errors = [RowError(None, _("日历文件没有数据行；请按“日期、休或班、名称”三列填写。"))]
    return ParsedCalendar(days, tuple(errors))


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return unicodedata.normalize("NFKC", str(cell)).strip()


def _read(row: Sequence[object], cells: Sequence[str]) -> CalendarDay:
    day = _date(row[0], cells[0])
    kind = cells[1] if len(cells) > 1 else ""
    if kind not in _KINDS:
        raise _CellError(_("类型“%(kind)s”无法识别；请填写“休”或“班”。") % {"kind": kind[:20]})
    return CalendarDay(day, _KINDS[kind], cells[2][:40] if len(cells) > 2 else "")  # noqa: PLR2004


def _date(cell: object, text: str) -> date:
    day = cell.date() if isinstance(cell, datetime) else cell if isinstance(cell, date) else _written(text)
    if day is None:
        raise _CellError(_("日期“%(text)s”无法识别；请按 2027-01-01 的形式填写。") % {"text": text[:40]})
    if not FIRST_YEAR_OF_THE_RULES <= day.year <= LAST_YEAR:
        raise _CellError(
            _("日期 %(day)s 不在 %(first)d 至 %(last)d 年之间，不能导入；请核对年份。")
            % {"day": day.isoformat(), "first": FIRST_YEAR_OF_THE_RULES, "last": LAST_YEAR},
        )
    return day


def _written(text: str) -> date | None:
    parts = _DATE.fullmatch(text)
    try:
        return date(*map(int, parts.groups())) if parts else None
    except ValueError:
        return None


def _check_repeated(found: CalendarDay, seen: dict[date, tuple[int, CalendarDay]]) -> None:
    if found.day not in seen:
        return
    number, earlier = seen[found.day]
    words = {"day": found.day.isoformat(), "row": number}
    if earlier.works == found.works:
        raise _CellError(_("日期 %(day)s 与第 %(row)d 行重复；请删除其中一行。") % words)
    raise _CellError(_("日期 %(day)s 与第 %(row)d 行矛盾，一行为休、一行为班；请保留正确的一行。") % words)


def _incomplete_years(days: Sequence[CalendarDay]) -> list[str]:
    sentences = []
    for year in sorted(announced_years(days)):
        marks = {row.day: row.works for row in days if row.day.year == year}
        worked = [
            f"{day.isoformat()} {name}"
            for day, name in (statutory_days(year) if year in festivals() else ())
            if marks.get(day, day.weekday() < _SATURDAY)
        ]
        free = sum(1 for day, works in marks.items() if not works and day.weekday() < _SATURDAY)
        exchanged = sum(
            1 for day, works in marks.items() if works and day.weekday() >= _SATURDAY and day.month < _DECEMBER
        )
        if worked:
            sentences.append(
                _("%(year)d 年的安排不完整：法定节假日 %(days)s 未标为休；请补全后重新导入。")
                % {"year": year, "days": "、".join(worked[:3])},
            )
        elif free - exchanged < DAYS_A_YEAR:
            sentences.append(
                _("%(year)d 年的安排不完整：扣除调休上班后只有 %(days)d 天，少于法定的 %(all)d 天；请补全后重新导入。")
                % {"year": year, "days": free - exchanged, "all": DAYS_A_YEAR},
            )
    return sentences
