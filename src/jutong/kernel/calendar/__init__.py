"""The working-day calendar: official years shipped as data, later years imported, the rest computed and provisional."""

from __future__ import annotations

from jutong.kernel.calendar.parsing import ParsedCalendar, RowError, parse_calendar
from jutong.kernel.calendar.table import Calendar, CalendarDay, UnknownYear, official

__all__ = ["Calendar", "CalendarDay", "ParsedCalendar", "RowError", "UnknownYear", "official", "parse_calendar"]
