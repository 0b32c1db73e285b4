"""What waits for a person: cases they ought to move, what is overdue, what they did, and the days limits fall on."""

from __future__ import annotations

import calendar as months
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actions import actions
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.faces import turned_away
from jutong.kernel.models import AuditEntry, Case, Clock, ClockState
from jutong.kernel.queries import ClockRow, clocks
from jutong.kernel.workflow import Workflow, workflows

MOST: Final = 200
"""Cases of one kind looked at for one workbench; beyond it `capped` says so."""
MOST_DONE: Final = 15
MOST_CLOCKS: Final = 2000
FAR: Final = 10_000
"""Order of cases without a limit: after all that have one."""


@dataclass(frozen=True, slots=True)
class Chore:
    """What a slice puts on workbenches: cases of a workflow from which somebody ought to make one of `verbs`.

    page: url name that takes the case's id. title: what the case is about. who: the other side. related: foreign keys
    that title and who read. only: narrows the cases, by verb. overseer: attribute naming the authority's department,
    whose people see what is overdue.
    """

    workflow: str
    verbs: tuple[str, ...]
    page: str
    title: Callable[[Any], str]
    who: Callable[[Any], str] = field(default=lambda _case: "")
    related: tuple[str, ...] = ()
    only: dict[str, Q] = field(default_factory=dict)
    overseer: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of a workbench. verbs: labels of what can be done now; clock: the most urgent running limit."""

    workflow: str
    kind: str
    id: int
    title: str
    who: str
    state: str
    state_label: str
    verbs: tuple[str, ...]
    url: str
    clock: ClockRow | None

    @property
    def left(self) -> int:
        """Working days left, for sorting; far away without a limit."""
        return self.clock.left if self.clock else FAR

    @property
    def targeted(self) -> bool:
        """Whether only an internal target runs, which is never overdue (R-OVR-039)."""
        return self.clock is not None and self.clock.target


@dataclass(frozen=True, slots=True)
class ToDo:
    """Everything that waits, most urgent first; `capped` where a kind has more than MOST."""

    rows: tuple[Waiting, ...]
    capped: bool

    @property
    def today(self) -> int:
        """How many fall due today."""
        return sum(row.left == 0 and not row.targeted for row in self.rows)

    @property
    def late(self) -> int:
        """How many are overdue."""
        return sum(row.left < 0 and not row.targeted for row in self.rows)


@dataclass(frozen=True, slots=True)
class Done:
    """Something the actor did."""

    at: datetime
    kind: str
    verb: str
    title: str
    url: str
    acting: bool


@dataclass(frozen=True, slots=True)
class DueCase:
    """A limit of a case, with the case's name and page."""

    kind: str
    title: str
    url: str
    clock: ClockRow


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the month view: whether offices work, whether it is the month's, today, and what falls due."""

    day: date
    in_month: bool
    today: bool
    workday: bool
    due: tuple[DueCase, ...]


_CHORES: Final[dict[str, Chore]] = {}


def register(chore: Chore) -> None:
    """Offer the cases of a workflow to workbenches and calendars (in the slice's AppConfig.ready)."""
    _CHORES[chore.workflow] = chore


def chores() -> dict[str, Chore]:
    """Return what is registered, by workflow."""
    return dict(_CHORES)


def todo(actor: Actor, at: datetime) -> ToDo:
    """Return the cases that wait for the actor, most urgent first: three statements per kind of case."""
    rows: list[Waiting] = []
    capped = False
    for chore in _CHORES.values():
        found = _waiting(chore, actor, at)
        capped = capped or len(found) > MOST
        rows += found[:MOST]
    return ToDo(tuple(sorted(rows, key=lambda row: (row.left, -row.id))), capped)


def waiting_count(actor: Actor, workflow: str) -> int:
    """Return how many cases of one workflow wait for the actor, counted up to 100: for the navigation."""
    chore = _CHORES[workflow]
    rows = _workflow(chore).model._default_manager.filter(_wanted(chore, actor))
    return int(rows.values("pk")[:100].count())


def _workflow(chore: Chore) -> Workflow[Any]:
    return workflows()[chore.workflow]


def _wanted(chore: Chore, actor: Actor) -> Q:
    workflow = _workflow(chore)
    wanted = Q(pk__in=[])
    for verb in chore.verbs:
        wanted |= workflow.waiting_for(actor, verb) & chore.only.get(verb, Q())
    return wanted


def _waiting(chore: Chore, actor: Actor, at: datetime) -> list[Waiting]:
    workflow = _workflow(chore)
    cases = workflow.model._default_manager.filter(_wanted(chore, actor)).select_related(*chore.related)
    found = list(cases.order_by("-pk")[: MOST + 1])
    running = clocks(workflow.name, [case.pk for case in found], at)
    rows = []
    for case in found:
        buttons = [b.label for b in workflow.open_to(actor, case) if b.verb in chore.verbs]
        if buttons:
            rows.append(_line(chore, case, tuple(buttons), most_urgent(running.get(case.pk, ()))))
    return rows


def most_urgent(rows: Iterable[ClockRow]) -> ClockRow | None:
    """Return the clock with the fewest working days left, among those that have not stopped."""
    return min((row for row in rows if row.state != ClockState.STOPPED), key=lambda row: row.left, default=None)


def _line(chore: Chore, case: Case, verbs: tuple[str, ...], clock: ClockRow | None) -> Waiting:
    workflow = _workflow(chore)
    return Waiting(
        workflow=workflow.name,
        kind=_(workflow.title),
        id=case.pk,
        title=chore.title(case),
        who=chore.who(case),
        state=case.state,
        state_label=workflow.state_label(case.state),
        verbs=verbs,
        url=_address(chore, case.pk),
        clock=clock,
    )


def _address(chore: Chore, case_id: int) -> str:
    try:
        return reverse(chore.page, args=[case_id])
    except NoReverseMatch:
        return ""


def overdue(actor: Actor, at: datetime) -> list[DueCase]:
    """Return running limits that are past: those the actor's departments must keep, and those they watch over."""
    today = beijing_day(at)
    late = Clock.objects.filter(state=ClockState.RUNNING, target=False, due_day__lt=today)
    return _due_cases(late, actor, at)


def month(actor: Actor, year: int, number: int, at: datetime) -> list[list[Day]]:
    """Return the weeks (from Monday) of a month with the limits that fall on each day."""
    calendar, today = jurisdiction.calendar(), beijing_day(at)
    weeks = months.Calendar().monthdatescalendar(year, number)
    open_clocks = Clock.objects.exclude(state=ClockState.STOPPED)
    falling = open_clocks.filter(due_day__gte=weeks[0][0], due_day__lte=weeks[-1][-1])
    by_day: dict[date, list[DueCase]] = defaultdict(list)
    for due in _due_cases(falling, actor, at):
        by_day[due.clock.due_day].append(due)
    return [
        [
            Day(day, day.month == number, day == today, calendar.is_workday(day), tuple(by_day.get(day, ())))
            for day in week
        ]
        for week in weeks
    ]


def _due_cases(rows: Any, actor: Actor, at: datetime) -> list[DueCase]:
    """Return the clocks of registered kinds that concern the actor's departments, with their cases' names."""
    mine = actor.serves
    found: list[DueCase] = []
    for chore in _CHORES.values():
        watched = Q(obliged_id__in=mine)
        model = _workflow(chore).model
        if chore.overseer:
            watched |= Q(case_id__in=model._default_manager.filter(**{f"{chore.overseer}__in": mine}).values("pk"))
        ids = list(
            rows.filter(watched, case_kind=chore.workflow)
            .order_by("due_day")
            .values_list("case_id", "name")[:MOST_CLOCKS]
        )
        found += _named(chore, ids, actor, at)
    return sorted(found, key=lambda due: due.clock.due_day)


def _named(chore: Chore, ids: list[tuple[int, str]], actor: Actor, at: datetime) -> list[DueCase]:
    workflow = _workflow(chore)
    cases = workflow.model._default_manager.select_related(*chore.related).in_bulk([pk for pk, _name in ids])
    running = clocks(workflow.name, cases, at)
    wanted = set(ids)
    return [
        DueCase(_(workflow.title), chore.title(case), _address(chore, pk), row)
        for pk, case in cases.items()
        if workflow.visible is None or workflow.visible(actor, case)
        for row in running.get(pk, ())
        if (pk, row.name) in wanted
    ]


def done(actor: Actor, at: datetime) -> list[Done]:
    """Return what the actor did on registered cases in the last 90 days, newest first."""
    since = at - timedelta(days=90)
    rows = AuditEntry.objects.filter(
        actor_id=actor.account_id, outcome="success", at__gte=since, subject_kind__in=list(_CHORES)
    ).order_by("-id")[:MOST_DONE]
    entries = list(rows.values_list("at", "subject_kind", "subject_id", "verb", "acting_for"))
    titles = _titles({(kind, subject) for _at, kind, subject, _verb, _acting in entries})
    return [
        Done(
            when,
            _(workflows()[kind].title),
            verb_label(kind, verb),
            titles.get((kind, subject), ""),
            _address(_CHORES[kind], int(subject)) if subject.isdigit() else "",
            acting is not None,
        )
        for when, kind, subject, verb, acting in entries
    ]


def _titles(subjects: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    titles: dict[tuple[str, str], str] = {}
    for name, chore in _CHORES.items():
        ids = [int(subject) for kind, subject in subjects if kind == name and subject.isdigit()]
        if ids:
            cases = _workflow(chore).model._default_manager.select_related(*chore.related).in_bulk(ids)
            titles |= {(name, str(pk)): chore.title(case) for pk, case in cases.items()}
    return titles


def verb_label(kind: str, verb: str) -> str:
    """Return the Chinese name of a verb as the audit writes it ("sharing_request.agree", "parties.unlock"), translated."""
    if verb == turned_away.VERB:
        return _("访问被拒")
    if (face := actions().get(verb)) and face.label:
        return _(face.label)
    workflow = workflows().get(kind)
    short = verb.rpartition(".")[2]
    moves = workflow.moves if workflow else ()
    return next((_(move.label) for move in moves if move.verb == short), verb)
