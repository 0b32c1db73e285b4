"""The thirteen statutory days of a year whose official notice is not known yet (rules of 2024-11-10)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from jutong.kernel.terms import N_

DAYS_A_YEAR = 13
FIRST_YEAR_OF_THE_RULES = 2025
_SATURDAY = 5


class Festivals(NamedTuple):
    """The four days of a year that follow the moon or the sun."""

    spring_festival: date
    qingming: date
    dragon_boat: date
    mid_autumn: date


@cache
def festivals() -> Mapping[int, Festivals]:
    """Return the festival days by year, as far as the shipped table reaches (2004 to 2050)."""
    text = files(__package__).joinpath("festivals.csv").read_text(encoding="utf-8")
    table = {
        int(year): Festivals(*map(date.fromisoformat, days)) for year, *days in list(csv.reader(text.splitlines()))[1:]
    }
    return MappingProxyType(table)


def statutory_days(year: int) -> tuple[tuple[date, str], ...]:
    """Return the 13 statutory days of `year` with their names, a day shared by two festivals twice.

    Raises KeyError for a year beyond the festival table.
    """
    moon = festivals()[year]
    eve = moon.spring_festival - timedelta(days=1)
    return (
        (date(year, 1, 1), N_("元旦")),
        *((eve + timedelta(days=n), N_("春节")) for n in range(4)),
        (moon.qingming, N_("清明节")),
        (date(year, 5, 1), N_("劳动节")),
        (date(year, 5, 2), N_("劳动节")),
        (moon.dragon_boat, N_("端午节")),
        (moon.mid_autumn, N_("中秋节")),
        *((date(year, 10, n), N_("国庆节")) for n in (1, 2, 3)),
    )


def computed_rests(year: int) -> Mapping[date, str]:
    """Return the weekdays off in an unannounced year: statutory days, those on a weekend made up after them.

    Exchanged days (调休) exist only in the State Council's notice and are therefore missing: a limit counted
    with these days is provisional (R-OVR-035).
    """
    rests: dict[date, str] = {}
    owed: list[tuple[date, str]] = []
    for day, name in sorted(statutory_days(year)):
        if day.weekday() >= _SATURDAY or day in rests:
            owed.append((day, name))
        else:
            rests[day] = name
    for day, name in owed:
        rests[next(free for free in _weekdays_after(day) if free not in rests)] = name
    return rests


def _weekdays_after(day: date) -> Iterator[date]:
    while True:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY:
            yield day
