"""What a case's days would be under each profile: for a made-up case, or for one that is under way."""

from __future__ import annotations

import calendar as grids
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import agenda, jurisdiction, policy
from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor
from jutong.kernel.calendar import Calendar
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.models import Case, Clock
from jutong.kernel.policy import Policy
from jutong.kernel.policy.simulation import Dated, Event, Leg, simulate
from jutong.kernel.workflow import workflows
from jutong.slices.parties import queries as parties
from jutong.slices.standards.rules.procedures import PROCEDURES

SATURDAY: Final = 5
MOST_MONTHS: Final = 8


@dataclass(frozen=True, slots=True)
class Supposed:
    """A made-up case. under: a profile or a region; start: its first Beijing day.

    supplement_on, supplied_on: papers were asked for and came; extend: working days of extension. All of the first limit.
    """

    procedure: str
    under: str
    start: date
    supplement_on: date | None = None
    supplied_on: date | None = None
    extend: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A case's days under one profile. own: the one that was asked for, or that the case is under."""

    reference: str
    title: str
    own: bool
    legs: tuple[Dated, ...]


@dataclass(frozen=True, slots=True)
class GridDay:
    """A day of the small calendar. mark: 休, 班 or nothing; counted: its number in the limit (0: not counted)."""

    day: date
    outside: bool
    works: bool
    mark: str
    name: str
    counted: int
    start: bool
    due: bool


@dataclass(frozen=True, slots=True)
class GridMonth:
    """A month as weeks from Monday; announced: by official notice."""

    year: int
    number: int
    announced: bool
    weeks: tuple[tuple[GridDay, ...], ...]


@dataclass(frozen=True, slots=True)
class Simulated:
    """Days under the chosen profile and under every shipped one, with the calendar they were counted by.

    about: the procedure or the case in words; url: the case's page, empty for a made-up one.
    """

    about: str
    url: str
    start: date
    columns: tuple[Column, ...]
    months: tuple[GridMonth, ...]

    @property
    def own(self) -> Column:
        """The chosen profile's days."""
        return self.columns[0]

    @property
    def rows(self) -> list[tuple[str, list[tuple[Column, Dated]]]]:
        """The legs by name, each with every profile's days."""
        return [
            (leg.label, [(column, column.legs[place]) for column in self.columns])
            for place, leg in enumerate(self.own.legs)
        ]


def simulation(asked: Supposed) -> Simulated:
    """Return a made-up case's days. RuleBroken for an unknown procedure, profile or region; UnknownYear for a far year."""
    procedure = PROCEDURES.get(asked.procedure)
    if procedure is None:
        raise RuleBroken(_("请从列表中选择事项。"), field="procedure")
    events = tuple(_events(asked))
    legs = [
        Leg(
            _(limit.label),
            limit.parameter,
            limit.kind or None,
            None if limit.follows else asked.start,
            events if place == 0 else (),
        )
        for place, limit in enumerate(procedure.limits)
    ]
    own = _policy(asked.under, asked.start)
    return _simulated(_(procedure.label), "", own, legs, asked.start)


def _events(asked: Supposed) -> list[Event]:
    found: list[Event] = []
    if asked.supplement_on:
        found.append(Event("pause", asked.supplement_on))
        if asked.supplied_on:
            found.append(Event("resume", asked.supplied_on))
    if asked.extend:
        found.append(Event("extend", asked.supplied_on or asked.start, asked.extend))
    return found


def _policy(under: str, day: date) -> Policy:
    if under in policy.SHIPPED:
        return Policy(under, policy.load(under).version, day)
    if any(row.code == under for row in parties.regions()):
        return jurisdiction.policy_for(under, day)
    raise RuleBroken(_("请从列表中选择政策规则或者行政区划。"), field="under")


def case_simulation(clock_id: int, actor: Actor) -> Simulated:
    """Return what the limits of a case would be under every profile, with its real pauses and extensions.

    NotThere for a limit of a case that the actor may not know of.
    """
    clock = Clock.objects.filter(pk=clock_id).first()
    flow = workflows().get(clock.case_kind) if clock else None
    case: Any = flow.model._default_manager.filter(pk=clock.case_id).first() if clock and flow else None
    if clock is None or flow is None or case is None or (flow.visible and not flow.visible(actor, case)):
        raise NotThere(_("没有找到该期限，或您无权知悉。"))
    rows = Clock.objects.filter(case_kind=flow.name, case_id=case.pk).exclude(parameter="").order_by("pk")
    legs = [
        Leg(_(row.label), row.parameter, flow.clocks[row.name].kind_for(case), row.started_on, _happened(flow, row))
        for row in rows
        if row.name in flow.clocks
    ]
    if not legs:
        raise NotThere(_("该期限不是政策规则规定的，没有可以比较的规则。"))
    return _simulated(_named(flow, case), _address(flow.name, case.pk), case.policy, legs, case.started_on)


def _happened(flow: Any, clock: Clock) -> tuple[Event, ...]:
    """Return what happened to a limit, by the audit trail of its case."""
    found: list[Event] = []
    deeds = {move.verb: {deed for deed, name in move.clocks if name == clock.name} for move in flow.moves}
    left = clock.extended
    for entry in kernel.history(flow.name, clock.case_id):
        done = deeds.get(entry.verb.rpartition(".")[2], set()) if entry.outcome == "success" else set()
        day = beijing_day(entry.at)
        if day < clock.started_on:
            continue
        found += [Event(kind, day) for kind in ("pause", "resume") if kind in done]
        if "extend" in done and left:
            found.append(Event("extend", day, left))
            left = 0
    return tuple(found)


def _named(flow: Any, case: Case) -> str:
    chore = agenda.chores().get(flow.name)
    return f"{_(flow.title)} {getattr(case, 'number', '')} {chore.title(case) if chore else ''}".strip()


def _address(kind: str, pk: int) -> str:
    from django.urls import NoReverseMatch, reverse

    chore = agenda.chores().get(kind)
    try:
        return reverse(chore.page, args=[pk]) if chore else ""
    except NoReverseMatch:
        return ""


def _simulated(about: str, url: str, own: Policy, legs: Sequence[Leg], start: date) -> Simulated:
    calendar = jurisdiction.calendar()
    shipped = [Policy(name, policy.load(name).version, start) for name in policy.SHIPPED]
    rules = [own, *(one for one in shipped if one.reference != own.reference)]
    columns = tuple(
        Column(one.reference, one.profile.title, one is own, simulate(one, legs, start, calendar)) for one in rules
    )
    return Simulated(about, url, start, columns, tuple(_months(columns[0].legs, calendar)))


def _months(legs: Sequence[Dated], calendar: Calendar) -> list[GridMonth]:
    ends = [max(leg.due or leg.start, *leg.counted, leg.start) for leg in legs]
    first, last = min(leg.start for leg in legs), max(ends)
    numbers: dict[date, int] = {}
    for leg in legs:
        for number, day in enumerate(leg.counted, 1):
            numbers.setdefault(day, number)
    starts, dues = {leg.start for leg in legs}, {leg.due for leg in legs}
    found: list[GridMonth] = []
    month = first.replace(day=1)
    while month <= last and len(found) < MOST_MONTHS:
        special = {row.day: row for row in calendar.of_year(month.year)}

        def drawn(day: date, special: Any = special, month: date = month) -> GridDay:
            row = special.get(day)
            works = row.works if row else day.weekday() < SATURDAY
            mark = "" if row is None or works == (day.weekday() < SATURDAY) else (_("班") if works else _("休"))
            return GridDay(
                day, day.month != month.month, works, mark, _(row.name) if row and row.name else "",
                numbers.get(day, 0), day in starts, day in dues,
            )  # fmt: skip

        weeks = grids.Calendar(firstweekday=0).monthdatescalendar(month.year, month.month)
        announced = month.year in calendar.known_years
        grid = tuple(tuple(drawn(day) for day in week) for week in weeks)
        found.append(GridMonth(month.year, month.month, announced, grid))
        month = (month + timedelta(days=32)).replace(day=1)
    return found
