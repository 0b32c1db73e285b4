"""How the cases of a kind stand with their limits, as those see it who supervise them: counted, and listed on demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from django.db.models import DateField, F, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.agenda import tallies
from jutong.kernel.agenda.chores import Chore, address, cases_of, chores, workflow_of
from jutong.kernel.agenda.tallies import Alike
from jutong.kernel.clock import beijing_day
from jutong.kernel.models import Clock, ClockState
from jutong.kernel.paging import Page, page
from jutong.kernel.prepared import Among, Hole, Written, written
from jutong.kernel.queries import ClockRow, clocks_of
from jutong.kernel.workflow.table import STAY

HOWS: Final = ("in_time", "overdue", "open")
"""What of a standing can be listed: within their limits, past one now or when it ended, not over yet."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Which cases of a kind are looked at: those that began between two Beijing days, and those that are still open.

    by: the departments that supervise them (None: all). only: what belongs to the kind at all. limit: in lists, only cases
    that have this limit, and by this limit alone; empty: by all of them.
    """

    workflow: str
    first: date | Hole
    last: date | Hole
    by: frozenset[int] | None
    only: Q = field(default_factory=Q)
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Cases of one kind: all, open ones, those past a limit now, and those that kept one only after its end."""

    workflow: str
    kind: str
    limit: str
    limit_label: str
    total: int
    open: int
    past: int
    late: int

    @property
    def overdue(self) -> int:
        """How many did not keep a limit."""
        return self.past + self.late

    @property
    def in_time(self) -> int:
        """How many did, or still can."""
        return self.total - self.overdue


@dataclass(frozen=True, slots=True)
class StandingCase:
    """A case behind a figure, with the limits it is counted by."""

    workflow: str
    id: int
    number: str
    title: str
    who: str
    state: str
    state_label: str
    started_on: date
    url: str
    overdue: bool
    clocks: tuple[ClockRow, ...]


def standings(watched: Mapping[Watched, Sequence[str]], at: datetime) -> tuple[Standing, ...]:
    """Return how many cases of each kind stand how, then the same by each of the limits named: one statement for all kinds.

    Internal targets do not count (R-OVR-037, R-OVR-039).
    """
    asked = [
        (one.workflow, cases, {"first": one.first, "last": one.last, "by": list(one.by or ())})
        for one in watched
        if (cases := _written(one.workflow, one.only, everywhere=one.by is None))
    ]
    alike = tallies.of_limits(asked, beijing_day(at))
    return tuple(
        _counted(one.workflow, limit, alike.get(one.workflow, ()))
        for one, limits in watched.items()
        for limit in ("", *limits)
    )


def _counted(name: str, limit: str, alike: Iterable[Alike]) -> Standing:
    """Count the cases of a kind by all their limits, or those that have a certain limit by this alone."""
    chore = chores()[name]
    workflow, turns = workflow_of(chore), () if limit else _turns(chore)
    seen = [
        ({how for each, how in one.limits.items() if limit in {"", each}}, one.state in turns, one.count)
        for one in alike
        if not limit or limit in one.limits
    ]
    return Standing(
        name,
        _(workflow.title),
        limit,
        _(workflow.clocks[limit].label) if limit else "",
        total=sum(count for _hows, _turn, count in seen),
        open=sum(count for hows, turn, count in seen if turn or hows & {"past", "open"}),
        past=sum(count for hows, _turn, count in seen if "past" in hows),
        late=sum(count for hows, _turn, count in seen if "late" in hows and "past" not in hows),
    )


_LATE: Final = Q(state=ClockState.STOPPED, stopped_at__gt=F("due_at"), target=False)


def _past(at: datetime) -> Q:
    return Q(state=ClockState.RUNNING, due_day__lt=beijing_day(at), target=False)


def _limits(watched: Watched) -> QuerySet[Clock]:
    limits = Clock.objects.filter(case_kind=watched.workflow)
    return limits.filter(name=watched.limit) if watched.limit else limits


def _turns(chore: Chore) -> frozenset[str]:
    """Return the states from which somebody ought to move a case."""
    moves = [move for move in workflow_of(chore).moves if move.verb in chore.verbs and move.target != STAY]
    return frozenset(state for move in moves for state in move.sources)


def _open(chore: Chore, watched: Watched) -> Q:
    """Return what makes a case open: a move that somebody ought to make, or a limit that has not ended."""
    running = Q(pk__in=_limits(watched).exclude(state=ClockState.STOPPED).values("case_id"))
    return running if watched.limit else Q(state__in=sorted(_turns(chore))) | running


def _rows(chore: Chore, watched: Watched) -> QuerySet[Any]:
    """Return the cases that are looked at, in all areas; what costs least to know of a case is asked first."""
    began = Q(started_on__range=(watched.first, watched.last))
    rows: QuerySet[Any] = workflow_of(chore).model._default_manager.all()
    return rows.filter(watched.only, began | _open(chore, replace(watched, limit="")))


@lru_cache(maxsize=256)
def _written(workflow: str, only: Q, *, everywhere: bool) -> Written | None:
    """Return the cases that are looked at, id and state, whatever the period and the area."""
    chore = chores()[workflow]
    rows = _rows(chore, Watched(workflow, Hole("first", DateField()), Hole("last", DateField()), None, only))
    if not everywhere:
        rows = rows.filter(Among("authority_id", "by"))
    return written(rows.values_list("pk", "state"))


def standing_cases(
    watched: Watched, at: datetime, *, how: str = "", number: int = 1, size: int = 20
) -> tuple[list[StandingCase], Page]:
    """Return the cases behind a figure, the newest first: all of them, or one of `HOWS`."""
    chore, limits = chores()[watched.workflow], _limits(watched)
    missed = Q(pk__in=limits.filter(_past(at) | _LATE).values("case_id"))
    cases = _rows(chore, watched)
    if watched.by is not None:
        cases = cases.filter(authority_id__in=watched.by)
    if watched.limit:
        cases = cases.filter(pk__in=limits.values("case_id"))
    chosen = {"in_time": ~missed, "overdue": missed, "open": _open(chore, watched)}.get(how, Q())
    ids, meta = page(cases.filter(chosen).order_by("-pk").values_list("pk", flat=True), number, size)
    found, clocks, today = cases_of(chore, ids), clocks_of({watched.workflow: ids}, at), beijing_day(at)
    listed = [(found[pk], clocks.get((watched.workflow, pk), [])) for pk in ids if pk in found]
    return [_case(chore, watched, case, rows, today) for case, rows in listed], meta


def _case(chore: Chore, watched: Watched, case: Any, clocks: list[ClockRow], today: date) -> StandingCase:
    counted = tuple(row for row in clocks if not row.target and watched.limit in ("", row.name))
    past = (row.due_day < today if row.state == ClockState.RUNNING else row.tone == "red" for row in counted)
    return StandingCase(
        workflow=watched.workflow,
        id=case.pk,
        number=chore.number(case),
        title=chore.title(case),
        who=chore.who(case),
        state=case.state,
        state_label=workflow_of(chore).state_label(case.state),
        started_on=case.started_on,
        url=address(chore, case.pk),
        overdue=any(past),
        clocks=counted,
    )
