"""Limits on their days: what is overdue, and what falls due between two days, for the departments an actor works in."""

from __future__ import annotations

import calendar as months
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.agenda import queries
from jutong.kernel.agenda.chores import address, cases_of, chores, workflow_of
from jutong.kernel.clock import beijing_day
from jutong.kernel.models import Clock, ClockState
from jutong.kernel.queries import ClockRow, clocks_of

MOST_LATE: Final = 20
"""Overdue limits listed at a time, those due longest ago."""
A_DAY: Final = 20
"""Limits of one day that a month lists; beyond it the day says how many there are."""
MOST_DUE: Final = 2000


@dataclass(frozen=True, slots=True)
class DueCase:
    """A limit of a case, with the case's name, number and page."""

    kind: str
    workflow: str
    id: int
    number: str
    title: str
    url: str
    clock: ClockRow


@dataclass(frozen=True, slots=True)
class Late:
    """What is overdue, longest first; `more` where there is more than is listed."""

    rows: tuple[DueCase, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the month view.

    in_month: whether it is the month's. workday: whether offices work. exchanged: a weekend day that is worked (调休上班).
    name: the festival or exchange. announced: whether the year has its official notice. due: what falls due (A_DAY at most), `count` of all.
    """

    day: date
    in_month: bool
    today: bool
    workday: bool
    exchanged: bool
    name: str
    announced: bool
    due: tuple[DueCase, ...]
    count: int


def overdue(actor: Actor, at: datetime) -> Late:
    """Return running limits that are past: those the actor's departments must keep, and those they watch over."""
    found = queries.late(actor.serves, beijing_day(at), most=MOST_LATE + 1)
    return Late(tuple(_named(found[:MOST_LATE], actor, at)), len(found) > MOST_LATE)


def due_between(actor: Actor, first: date, last: date, at: datetime) -> list[DueCase]:
    """Return limits that have not stopped and fall between two days, both included, soonest first (MOST_DUE at most)."""
    falling = Clock.objects.exclude(state=ClockState.STOPPED).filter(due_day__range=(first, last))
    found = [
        (kind, case, name, day)
        for rows in _concerning(falling, actor)
        for kind, case, name, day in rows.order_by("due_day", "pk").values_list(
            "case_kind", "case_id", "name", "due_day"
        )[:MOST_DUE]
    ]
    return _named(found, actor, at)


def month(actor: Actor, year: int, number: int, at: datetime) -> list[list[Day]]:
    """Return the weeks (from Monday) of a month with the limits that fall on each day."""
    calendar, today = jurisdiction.calendar(), beijing_day(at)
    weeks = months.Calendar().monthdatescalendar(year, number)
    falling = Clock.objects.exclude(state=ClockState.STOPPED).filter(due_day__range=(weeks[0][0], weeks[-1][-1]))
    found, counts = _by_day(falling, actor)
    by_day: dict[date, list[DueCase]] = defaultdict(list)
    for due in _named(found, actor, at):
        by_day[due.clock.due_day].append(due)
    exceptions = {
        one.day: one for week in weeks for year in {week[0].year, week[-1].year} for one in calendar.of_year(year)
    }

    def shown(day: date) -> Day:
        exception = exceptions.get(day)
        due = tuple(by_day.get(day, ())[:A_DAY])
        return Day(
            day=day,
            in_month=day.month == number,
            today=day == today,
            workday=calendar.is_workday(day),
            exchanged=exception is not None and exception.works,
            name=exception.name if exception else "",
            announced=calendar.is_announced(day, day),
            due=due,
            count=max(len(due), counts[day]) if due else 0,
        )

    return [[shown(day) for day in week] for week in weeks]


def _by_day(falling: Any, actor: Actor) -> tuple[list[tuple[str, int, str, date]], Counter[date]]:
    """Return the first limits of each day and how many there are, counted by the database."""
    place = Window(RowNumber(), partition_by=F("due_day"), order_by=F("pk").asc())
    size = Window(Count("pk"), partition_by=F("due_day"))
    found: list[tuple[str, int, str, date]] = []
    counts: Counter[date] = Counter()
    for rows in _concerning(falling, actor):
        first = rows.annotate(place=place, size=size).filter(place__lte=A_DAY).order_by("due_day", "pk")
        named = list(first.values_list("case_kind", "case_id", "name", "due_day", "size"))
        found += [(kind, case, name, day) for kind, case, name, day, _size in named]
        counts.update({day: size for _kind, _case, _name, day, size in named})
    return found, counts


def _concerning(rows: Any, actor: Actor) -> Iterable[Any]:
    """Return the clocks that the actor's departments must keep, and those they watch over: each has its own index."""
    mine = list(actor.serves)
    kinds = chores()
    yield rows.filter(obliged_id__in=mine, case_kind__in=list(kinds))
    watched = Q(pk__in=[])
    for name, chore in kinds.items():
        if chore.overseer:
            cases = workflow_of(chore).model._default_manager.filter(**{f"{chore.overseer}__in": mine})
            watched |= Q(case_kind=name, case_id__in=cases.values("pk"))
    yield rows.filter(watched).exclude(obliged_id__in=mine)


def _named(found: Iterable[tuple[str, int, str, date]], actor: Actor, at: datetime) -> list[DueCase]:
    """Return limits with their cases' names, as far as the actor may know of them: one statement per kind, one for all clocks."""
    ids: dict[str, list[int]] = defaultdict(list)
    wanted = set()
    for kind, pk, name, _day in found:
        ids[kind].append(pk)
        wanted.add((kind, pk, name))
    running = clocks_of(ids, at)
    named: list[DueCase] = []
    for kind, pks in ids.items():
        chore = chores()[kind]
        workflow = workflow_of(chore)
        for pk, case in cases_of(chore, pks).items():
            if workflow.visible is None or workflow.visible(actor, case):
                named += [
                    DueCase(_(workflow.title), kind, pk, chore.number(case), chore.title(case), address(chore, pk), row)
                    for row in running.get((kind, pk), ())
                    if (kind, pk, row.name) in wanted
                ]
    return sorted(named, key=lambda due: (due.clock.due_day, due.workflow, due.id))
