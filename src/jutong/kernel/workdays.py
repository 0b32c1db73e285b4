"""Counting of limits in working days: the day of the event is not counted, the last working day is (R-OVR-035)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from jutong.kernel.calendar import Calendar, CalendarDay, UnknownYear, official, parse_calendar

__all__ = [
    "Calendar",
    "CalendarDay",
    "Due",
    "UnknownYear",
    "add_workdays",
    "left_after_pause",
    "official",
    "parse_calendar",
    "remaining",
    "workdays_between",
]


@dataclass(frozen=True, slots=True)
class Due:
    """The last day of a limit; the limit ends with the end of that day, Beijing time.

    `provisional` (暂定): a year without official notice was counted through; compute again when it is imported.
    """

    day: date
    provisional: bool


def add_workdays(start: date, days: int, calendar: Calendar) -> Due:
    """Return the last day of a limit of `days` working days after an event on `start` (a Beijing day).

    The day of the event is not counted. A limit of 0 means "at once": the day of the event itself, worked or not.
    UnknownYear when the limit reaches a year without any data; ValueError for a negative number of days.
    """
    if days < 0:
        raise ValueError("a limit is never negative")
    if days == 0:
        calendar.check(start)
        return Due(start, provisional=not calendar.is_announced(start, start))
    due = calendar.workday(calendar.rank(start) + days)
    return Due(due, provisional=not calendar.is_announced(start + timedelta(days=1), due))


LEAST_AFTER_PAUSE = 1
"""Working days left at least after a supplement (national-2025#21, reading 19)."""


def left_after_pause(whole: int, left: int, *, restart: bool) -> int:
    """Return the working days a limit has from the day on which it goes on.

    whole: the limit with its extensions; left: working days it had when it paused; restart: the text begins it anew.
    """
    return whole if restart else max(LEAST_AFTER_PAUSE, left)


def workdays_between(first: date, last: date, calendar: Calendar) -> int:
    """Return the working days after `first` up to and including `last`; negative when `last` lies before `first`."""
    return calendar.rank(last) - calendar.rank(first)


def remaining(today: date, due: date, calendar: Calendar) -> int:
    """Return the working days left after `today`: 0 on the last day, negative by the working days overdue."""
    return workdays_between(today, due, calendar)
