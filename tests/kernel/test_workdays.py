"""Limits in working days: every official day, the statutory rules beyond them, and the laws of counting."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covers import covers
from jutong.kernel import clock
from jutong.kernel.calendar.statutory import computed_rests, festivals, statutory_days
from jutong.kernel.errors import RuleBroken
from jutong.kernel.workdays import (
    CalendarDay,
    UnknownYear,
    add_workdays,
    official,
    remaining,
    workdays_between,
)

EVERY_DAY = [date(2004, 1, 1) + timedelta(days=n) for n in range((date(2027, 1, 1) - date(2004, 1, 1)).days)]
days = st.dates(date(2004, 1, 1), date(2049, 12, 31))
limits = st.integers(1, 200)

# 国办发明电〔2005〕35号: 12月31日（星期六）上班; the generator of our table has missed it, the notice counts
MISSED_BY_CHINESECALENDAR = {date(2005, 12, 31)}


def test_every_day_of_2004_to_2026_agrees_with_an_independent_calendar() -> None:
    """The second source is the package `holidays` 0.109 (MIT), kept as the days that break the week."""
    with Path(__file__).with_name("independent_calendar.csv").open(encoding="utf-8") as file:
        exceptions = {date.fromisoformat(row["date"]): row["workday"] == "1" for row in csv.DictReader(file)}
    assert len(EVERY_DAY) == 8401
    assert [day for day in EVERY_DAY if official().is_workday(day) != exceptions.get(day, day.weekday() < 5)] == []


def test_every_day_of_2004_to_2026_agrees_with_chinesecalendar_but_for_one_day_it_missed() -> None:
    different = {day for day in EVERY_DAY if official().is_workday(day) != chinese_calendar.is_workday(day)}
    assert different == MISSED_BY_CHINESECALENDAR


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        (date(2020, 9, 28), 10, date(2020, 10, 19)),
        (date(2025, 9, 30), 1, date(2025, 10, 9)),
        (date(2025, 9, 30), 10, date(2025, 10, 21)),
        (date(2025, 9, 30), 20, date(2025, 11, 4)),
        (date(2025, 12, 31), 1, date(2026, 1, 4)),
        (date(2025, 9, 1), 2, date(2025, 9, 3)),
        (date(2025, 9, 1), 10, date(2025, 9, 15)),
        (date(2025, 9, 1), 15, date(2025, 9, 22)),
    ],
)
@covers("R-OVR-035")
def test_the_published_examples_end_on_their_published_days(start: date, limit: int, due: date) -> None:
    assert add_workdays(start, limit, official()).day == due
    assert not add_workdays(start, limit, official()).provisional


@covers("R-OVR-035")
def test_a_limit_reaching_an_unannounced_year_is_provisional_and_computed_again_when_it_is_announced() -> None:
    before = add_workdays(date(2026, 12, 30), 2, official())
    assert before.provisional
    assert before.day == date(2027, 1, 4)  # Friday 1 January is statutory, then a weekend
    notice = [CalendarDay(day, works=False) for day in computed_rests(2027)]
    notice.append(CalendarDay(date(2027, 1, 2), works=True))
    after = add_workdays(date(2026, 12, 30), 2, official().with_years(notice))
    assert (after.day, after.provisional) == (date(2027, 1, 2), False)


@covers("R-OVR-035")
def test_a_year_without_any_calendar_data_is_refused_and_never_counted_by_weekends_only() -> None:
    with pytest.raises(UnknownYear, match="2051 年没有工作日历数据") as refused:
        add_workdays(date(2050, 12, 31), 1, official())
    assert isinstance(refused.value, RuleBroken)
    for ask in (official().is_workday, official().rank, lambda day: official().of_year(day.year)):
        with pytest.raises(UnknownYear, match="2003"):
            ask(date(2003, 12, 31))
    with pytest.raises(UnknownYear, match="2051"):
        add_workdays(date(2026, 1, 1), 10**9, official())


def test_a_limit_inside_the_announced_years_is_never_provisional() -> None:
    assert not add_workdays(date(2026, 12, 1), 10, official()).provisional
    assert add_workdays(date(2026, 12, 31), 1, official()).provisional


def test_a_limit_through_an_unannounced_year_is_provisional_even_when_it_ends_in_an_announced_one() -> None:
    calendar = official().with_years(CalendarDay(day, works=False) for day in computed_rests(2028))
    assert add_workdays(date(2026, 12, 31), 260, calendar).day.year == 2028
    assert add_workdays(date(2026, 12, 31), 260, calendar).provisional
    assert not add_workdays(date(2027, 12, 31), 10, calendar).provisional


def test_no_limit_at_all_means_the_day_of_the_event_itself() -> None:
    sunday = date(2025, 9, 7)
    assert add_workdays(sunday, 0, official()).day == sunday
    with pytest.raises(ValueError, match="never negative"):
        add_workdays(sunday, -1, official())


@given(days, limits)
def test_a_deadline_is_always_a_working_day_and_later_than_the_event(start: date, limit: int) -> None:
    calendar = official()
    if start.year + 2 <= 2050:
        due = add_workdays(start, limit, calendar).day
        assert calendar.is_workday(due)
        assert due > start


@given(st.dates(date(2004, 1, 1), date(2045, 12, 31)), limits, limits)
def test_counting_in_two_legs_is_counting_once(start: date, first: int, second: int) -> None:
    calendar = official()
    middle = add_workdays(start, first, calendar)
    assert add_workdays(middle.day, second, calendar).day == add_workdays(start, first + second, calendar).day


@given(st.dates(date(2004, 1, 1), date(2045, 12, 31)), limits)
def test_a_limit_is_what_remains_on_the_day_of_the_event_and_nothing_remains_on_the_last_day(
    start: date, limit: int
) -> None:
    due = add_workdays(start, limit, official()).day
    assert remaining(start, due, official()) == limit
    assert remaining(due, due, official()) == 0
    assert remaining(add_workdays(due, 3, official()).day, due, official()) == -3


@given(days, days, days)
def test_working_days_between_add_up_and_never_shrink_with_distance(one: date, two: date, three: date) -> None:
    a, b, c = sorted((one, two, three))
    calendar = official()
    assert workdays_between(a, b, calendar) + workdays_between(b, c, calendar) == workdays_between(a, c, calendar)
    assert 0 <= workdays_between(a, b, calendar) <= (b - a).days
    assert workdays_between(b, a, calendar) == -workdays_between(a, b, calendar)


@given(st.dates(date(2004, 1, 1), date(2045, 12, 30)), limits)
def test_a_later_event_never_has_an_earlier_deadline(start: date, limit: int) -> None:
    tomorrow = start + timedelta(days=1)
    assert add_workdays(start, limit, official()).day <= add_workdays(tomorrow, limit, official()).day


@given(st.dates(date(2020, 1, 1), date(2026, 11, 1)), st.integers(1, 60))
def test_counting_by_looking_up_is_counting_day_by_day(start: date, limit: int) -> None:
    day, left = start, limit
    while left:
        day += timedelta(days=1)
        left -= official().is_workday(day)
    assert add_workdays(start, limit, official()).day == day


@pytest.mark.parametrize("year", [2025, 2026])
def test_statutory_days_are_free_in_the_official_calendar_and_thirteen_are_made_up_in_both(year: int) -> None:
    assert [day for day, _name in statutory_days(year) if official().is_workday(day)] == []
    taken = sum(1 if not row.works else -1 for row in official().of_year(year))
    assert taken == len(computed_rests(year)) == 13


@pytest.mark.parametrize("year", range(2027, 2051))
def test_an_unannounced_year_has_thirteen_weekdays_off(year: int) -> None:
    rests = computed_rests(year)
    assert len(rests) == 13
    assert all(day.weekday() < 5 and day.year == year for day in rests)
    assert not any(official().is_workday(day) for day, _name in statutory_days(year))


@pytest.mark.parametrize("year", range(2008, 2027))
def test_the_festival_table_names_days_that_were_free(year: int) -> None:
    assert [day for day in festivals()[year] if official().is_workday(day)] == []


def test_a_working_day_of_the_december_before_amends_its_year_and_announces_nothing() -> None:
    amended = official().with_years(
        [CalendarDay(date(2026, 12, 26), works=True), CalendarDay(date(2027, 1, 1), works=False)],
    )
    assert amended.is_workday(date(2026, 12, 26))
    assert not amended.is_workday(date(2026, 10, 1))
    assert amended.known_years == official().known_years | {2027}


def test_the_days_of_a_year_are_shown_with_their_names() -> None:
    assert CalendarDay(date(2026, 1, 4), works=True, name="元旦") in official().of_year(2026)
    assert official().of_year(2027)[0] == CalendarDay(date(2027, 1, 1), works=False, name="元旦")


def test_a_beijing_day_begins_at_sixteen_hours_utc_of_the_day_before() -> None:
    assert clock.beijing_day(datetime(2026, 9, 29, 15, 59, 59, tzinfo=UTC)) == date(2026, 9, 29)
    assert clock.beijing_day(datetime(2026, 9, 29, 17, 30, tzinfo=UTC)) == date(2026, 9, 30)
    assert clock.end_of_day(date(2026, 9, 30)) == datetime(2026, 9, 30, 16, tzinfo=UTC)
    with pytest.raises(ValueError, match="aware"):
        clock.beijing_day(datetime(2026, 9, 29))  # noqa: DTZ001 - the refusal of a naive time is what is tested


def test_a_frozen_clock_stands_still_and_runs_again_afterwards() -> None:
    at = datetime(2025, 9, 30, 1, tzinfo=UTC)
    with clock.frozen(at):
        assert clock.now() == at
    assert clock.now() > at
    with pytest.raises(ValueError, match="aware"), clock.frozen(datetime(2025, 1, 1)):  # noqa: DTZ001
        pass
