"""The calendar of working days: official years as data, later years by the statutory rules, nothing beyond."""

from __future__ import annotations

import csv
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from importlib.resources import files

from django.utils.translation import gettext as _

from jutong.kernel.calendar.statutory import computed_rests, festivals
from jutong.kernel.errors import RuleBroken

_SATURDAY = 5
REST, WORK = "休", "班"


class UnknownYear(RuleBroken):
    """A limit reaches a year of which neither the notice nor the festival days are known (R-OVR-035)."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day that breaks the weekly rhythm: a weekday off, or a weekend day that is worked (调休上班)."""

    day: date
    works: bool
    name: str = ""


@dataclass(frozen=True)
class Calendar:
    """Working days of a jurisdiction.

    `days` holds the exceptions of the announced years (True: worked, False: off); every other day of such a year
    follows the week. A year outside `known_years` is computed by the statutory rules, and what is counted through
    it is provisional.
    """

    days: Mapping[date, bool]
    known_years: frozenset[int]
    names: Mapping[date, str] = field(default_factory=dict)

    @cached_property
    def years(self) -> range:
        """The unbroken run of years, from the first announced one, that can be counted at all."""
        first = min(self.known_years)
        last = first
        while last + 1 in self.known_years or last + 1 in festivals():
            last += 1
        return range(first, last + 1)

    @cached_property
    def _workdays(self) -> tuple[int, ...]:
        """Ordinals of every working day, ascending: counting is then two look-ups whatever the distance."""
        return tuple(
            ordinal
            for year in self.years
            for rests in [self._exceptions(year)]
            for ordinal in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
            if self._works(date.fromordinal(ordinal), rests)
        )

    @cached_property
    def _exceptions_by_year(self) -> Mapping[int, Mapping[date, bool]]:
        found: dict[int, dict[date, bool]] = {}
        for day, works in self.days.items():
            found.setdefault(day.year, {})[day] = works
        return found

    def _exceptions(self, year: int) -> Mapping[date, bool]:
        if year in self.known_years:
            return self._exceptions_by_year.get(year, {})
        return {**dict.fromkeys(computed_rests(year), False), **self._exceptions_by_year.get(year, {})}

    @staticmethod
    def _works(day: date, exceptions: Mapping[date, bool]) -> bool:
        return exceptions.get(day, day.weekday() < _SATURDAY)

    def is_workday(self, day: date) -> bool:
        """Say whether `day` is worked; UnknownYear when its year cannot be counted."""
        self.check(day)
        place = bisect_left(self._workdays, day.toordinal())
        return place < len(self._workdays) and self._workdays[place] == day.toordinal()

    def is_announced(self, first: date, last: date) -> bool:
        """Say whether every year from `first` to `last` has its official notice."""
        return all(year in self.known_years for year in range(first.year, last.year + 1))

    def unannounced(self, first: date, last: date) -> tuple[int, ...]:
        """Return the years from `first` to `last` without official notice: what is counted through them is provisional."""
        return tuple(year for year in range(first.year, last.year + 1) if year not in self.known_years)

    def rank(self, day: date) -> int:
        """Return how many working days of this calendar lie up to and including `day`."""
        self.check(day)
        return bisect_right(self._workdays, day.toordinal())

    def workday(self, rank: int) -> date:
        """Return the working day number `rank` (from 1); UnknownYear past the last year."""
        if rank > len(self._workdays):
            raise _unknown(self.years[-1] + 1)
        return date.fromordinal(self._workdays[rank - 1])

    def check(self, day: date) -> None:
        """Refuse a day whose year has neither an official calendar nor computable holidays."""
        if day.year not in self.years:
            raise _unknown(day.year)

    def of_year(self, year: int) -> tuple[CalendarDay, ...]:
        """Return the exceptions of a year in order, for the calendar page; computed ones where none is announced."""
        self.check(date(year, 1, 1))
        names = self.names if year in self.known_years else {**computed_rests(year), **self.names}
        return tuple(
            CalendarDay(day, works, names.get(day, "")) for day, works in sorted(self._exceptions(year).items())
        )

    def with_years(self, rows: Iterable[CalendarDay]) -> Calendar:
        """Return a calendar in which the years of `rows` are announced and hold exactly these exceptions.

        December days that come with the notice of the next year only amend their own year. Due dates marked
        provisional can then be computed again; this calendar itself does not change.
        """
        new = tuple(rows)
        years = announced_years(new)
        kept = {day: works for day, works in self.days.items() if day.year not in years}
        names = {day: name for day, name in self.names.items() if day.year not in years}
        return Calendar(
            days=kept | {row.day: row.works for row in new},
            known_years=self.known_years | years,
            names=names | {row.day: row.name for row in new},
        )


def _unknown(year: int) -> UnknownYear:
    return UnknownYear(
        _("%(year)d 年没有工作日历数据，无法计算工作日期限；请由管理员导入该年的节假日安排（日期、休或班）后重试。")
        % {"year": year},
    )


def announced_years(rows: Iterable[CalendarDay]) -> frozenset[int]:
    """Return the years that `rows` announce as a whole.

    The notice of a year may make a day of the December before a working day (2011-12-31 for 2012); such days alone
    announce nothing.
    """
    months: dict[int, set[int]] = {}
    for row in rows:
        months.setdefault(row.day.year, set()).add(row.day.month)
    return frozenset(year for year, found in months.items() if found != {12} or year + 1 not in months)


@cache
def official() -> Calendar:
    """Return the State Council's calendar of 2004 to 2026, with exchanged days, as shipped."""
    text = files(__package__).joinpath("official.csv").read_text(encoding="utf-8")
    rows = [
        CalendarDay(date.fromisoformat(day), kind == WORK, name)
        for day, kind, name in list(csv.reader(text.splitlines()))[1:]
    ]
    return Calendar(days={}, known_years=frozenset()).with_years(rows)
