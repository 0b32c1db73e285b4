"""How the cases of a kind stand with their limits, as those see it who supervise them: counted, and listed on demand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.agenda.chores import Chore, address, chores, workflow_of
from jutong.kernel.clock import beijing_day
from jutong.kernel.models import Clock, ClockState
from jutong.kernel.paging import Page, page
from jutong.kernel.queries import ClockRow, clocks_of
from jutong.kernel.workflow.table import STAY

HOWS: Final = ("in_time", "overdue", "open")
"""What of a standing can be listed: within their limits, past one now or when it ended, not over yet."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Which cases of a kind are looked at: those that began between two Beijing days, and those that are still open.

    attribute: names the department that supervises a case; by: those departments (None: all). only: what belongs to the
    kind at all. limit: in lists, only cases that have this limit, and by this limit alone; empty: by all of them.
    """

    workflow: str
    first: date
    last: date
    by: Collection[int] | None
    attribute: str = "authority_id"
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


def standing(watched: Watched, at: datetime, *, limits: Sequence[str] = ()) -> tuple[Standing, ...]:
    """Return how many cases of a kind stand how, then the same by each of some limits: three statements, one where there are none.

    A kind with an index for it is counted without reading its cases; internal targets do not count (R-OVR-037, R-OVR-039).
    """
    chore = chores()[watched.workflow]
    workflow, cases = workflow_of(chore), _rows(chore, watched)
    whole = cases.aggregate(total=Count("pk"), open=Count("pk", filter=_open(chore, watched)))
    title = _(workflow.title)
    if not whole["total"]:
        labels = ["", *(_(workflow.clocks[limit].label) for limit in limits)]
        return tuple(
            Standing(workflow.name, title, limit, label, 0, 0, 0, 0)
            for limit, label in zip(("", *limits), labels, strict=True)
        )
    among = Clock.objects.filter(case_kind=watched.workflow, case_id__in=cases.values("pk"))
    past, late = _past(at), _LATE
    missed = among.filter(past | late).aggregate(
        past=Count("case_id", distinct=True, filter=past),
        missed=Count("case_id", distinct=True),
        **{f"past_{limit}": Count("case_id", filter=past & Q(name=limit)) for limit in limits},
        **{f"late_{limit}": Count("case_id", filter=late & Q(name=limit)) for limit in limits},
    )
    running = Count("case_id", filter=~Q(state=ClockState.STOPPED))
    found = among.filter(name__in=limits).values_list("name").annotate(n=Count("*"), o=running)
    counts = {name: (n, o) for name, n, o in found}
    return (
        Standing(
            workflow.name, title, "", "", whole["total"], whole["open"], missed["past"], missed["missed"] - missed["past"]
        ),
        *(
            Standing(
                workflow.name, title, limit, _(workflow.clocks[limit].label), *counts.get(limit, (0, 0)),
                missed[f"past_{limit}"], missed[f"late_{limit}"],
            )
            for limit in limits
        ),
    )  # fmt: skip


_LATE: Final = Q(state=ClockState.STOPPED, stopped_at__gt=F("due_at"), target=False)


def _past(at: datetime) -> Q:
    return Q(state=ClockState.RUNNING, due_day__lt=beijing_day(at), target=False)


def _limits(watched: Watched) -> QuerySet[Clock]:
    limits = Clock.objects.filter(case_kind=watched.workflow)
    return limits.filter(name=watched.limit) if watched.limit else limits


def _open(chore: Chore, watched: Watched) -> Q:
    """Return what makes a case open: a limit that has not ended, or a move that somebody ought to make."""
    running = Q(pk__in=_limits(watched).exclude(state=ClockState.STOPPED).values("case_id"))
    if watched.limit:
        return running
    moves = [move for move in workflow_of(chore).moves if move.verb in chore.verbs and move.target != STAY]
    return running | Q(state__in=sorted({state for move in moves for state in move.sources}))


def _rows(chore: Chore, watched: Watched) -> Any:
    rows = workflow_of(chore).model._default_manager.filter(watched.only)
    if watched.by is not None:
        rows = rows.filter(**{f"{watched.attribute}__in": list(watched.by)})
    began = Q(started_on__range=(watched.first, watched.last))
    whole = replace(watched, limit="")
    return rows.filter(began | _open(chore, whole)).order_by()


def standing_cases(
    watched: Watched, at: datetime, *, how: str = "", number: int = 1, size: int = 20
) -> tuple[list[StandingCase], Page]:
    """Return the cases behind a figure, the newest first: all of them, or one of `HOWS`."""
    chore, limits = chores()[watched.workflow], _limits(watched)
    missed = Q(pk__in=limits.filter(_past(at) | _LATE).values("case_id"))
    rows = _rows(chore, watched)
    if watched.limit:
        rows = rows.filter(pk__in=limits.values("case_id"))
    chosen = {"in_time": ~missed, "overdue": missed, "open": _open(chore, watched)}.get(how, Q())
    found, meta = page(rows.filter(chosen).select_related(*chore.related).order_by("-pk"), number, size)
    clocks = clocks_of({watched.workflow: [case.pk for case in found]}, at) if found else {}
    today = beijing_day(at)
    return [_case(chore, watched, case, clocks.get((watched.workflow, case.pk), []), today) for case in found], meta


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
