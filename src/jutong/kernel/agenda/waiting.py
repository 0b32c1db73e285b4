"""The to-do list: what waits for an actor, most urgent first, and how much of it there is of each kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.agenda.chores import FAR, MOST, Chore, Waiting, address, chores, most_urgent, wanted, workflow_of
from jutong.kernel.clock import beijing_day
from jutong.kernel.models import Case, Clock, ClockState
from jutong.kernel.queries import ClockRow, clocks_of

LISTED: Final = 50
"""Lines of a workbench; the list behind it shows up to MOST of each kind."""
SOON: Final = 2
"""Working days before the limit from which a case counts as due soon, as reminders do."""


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many cases of a kind wait, and how they stand with their limits."""

    workflow: str
    label: str
    total: int
    late: int
    today: int
    soon: int


@dataclass(frozen=True, slots=True)
class ToDo:
    """What waits, most urgent first, and how much of each kind there is; `capped` where not all of it is listed."""

    rows: tuple[Waiting, ...]
    kinds: tuple[KindCount, ...]

    @property
    def total(self) -> int:
        """How many wait."""
        return sum(kind.total for kind in self.kinds)

    @property
    def late(self) -> int:
        """How many are overdue."""
        return sum(kind.late for kind in self.kinds)

    @property
    def today(self) -> int:
        """How many fall due today."""
        return sum(kind.today for kind in self.kinds)

    @property
    def soon(self) -> int:
        """How many fall due within two working days, today not counted."""
        return sum(kind.soon for kind in self.kinds)

    @property
    def capped(self) -> bool:
        """Tell whether there are more than are listed."""
        return self.total > len(self.rows)


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates of one kind: ids, most urgent first where there are many; how many wait (None: all were looked at)."""

    chore: Chore
    ids: Sequence[int]
    counted: KindCount | None


def todo(actor: Actor, at: datetime, *, kind: str = "", limit: int = LISTED) -> ToDo:
    """Return the cases that wait for the actor, most urgent first: two statements per kind of case that has any.

    kind: only cases of one workflow. limit: lines at most. A kind with more than MOST cases is counted in the database
    and its most urgent ones are found through their clocks, so that twenty thousand cost little more than a hundred.
    """
    offered = [chore for name, chore in chores().items() if kind in {"", name}]
    found = [one for chore in offered if (one := find(chore, actor, at, most=min(limit, MOST))).ids]
    clocks = clocks_of({one.chore.workflow: one.ids for one in found}, at)
    ranked = sorted(
        ((_left(clocks.get((one.chore.workflow, pk), ())), -pk, one.chore.workflow) for one in found for pk in one.ids),
    )
    rows = _lines({one.chore.workflow: one.chore for one in found}, ranked, actor, clocks)
    counts = [one.counted or _counted(one.chore, rows) for one in found]
    return ToDo(tuple(rows[:limit]), tuple(count for count in counts if count.total))


def find(chore: Chore, actor: Actor, at: datetime, *, most: int = MOST) -> Found:
    """Return the cases of one kind that wait for the actor: all of them, or the `most` urgent of many and their number."""
    cases = workflow_of(chore).model._default_manager.filter(wanted(chore, actor))
    try:
        ids = list(cases.order_by("-pk").values_list("pk", flat=True)[: MOST + 1])
    except EmptyResultSet:
        return Found(chore, (), None)
    if len(ids) <= MOST:
        return Found(chore, ids, None)
    return _most_urgent_of(chore, cases, at, newest=ids[:most])


def _most_urgent_of(chore: Chore, cases: Any, at: datetime, *, newest: list[int]) -> Found:
    """Return the most urgent cases of many and count all of them: three statements, none of which reads every case."""
    running = Clock.objects.filter(case_kind=chore.workflow, case_id__in=cases.values("pk")).exclude(
        state=ClockState.STOPPED
    )
    urgent = list(dict.fromkeys(running.order_by("due_day").values_list("case_id", flat=True)[: len(newest) * 2]))[
        : len(newest)
    ]
    ids = urgent or newest
    today = beijing_day(at)
    pressing = running.filter(target=False, due_day__lte=soon_day(today)).aggregate(
        late=Count("case_id", distinct=True, filter=Q(due_day__lt=today)),
        today=Count("case_id", distinct=True, filter=Q(due_day=today)),
        soon=Count("case_id", distinct=True, filter=Q(due_day__gt=today)),
    )
    return Found(chore, ids, KindCount(chore.workflow, _title(chore), cases.count(), **pressing))


def soon_day(today: date) -> date:
    """Return the last day that counts as due soon."""
    calendar = jurisdiction.calendar()
    return calendar.workday(calendar.rank(today) + SOON)


def _title(chore: Chore) -> str:
    return _(workflow_of(chore).title)


def _left(rows: Iterable[ClockRow]) -> int:
    clock = most_urgent(rows)
    return clock.left if clock else FAR


def _lines(
    known: dict[str, Chore],
    ranked: list[tuple[int, int, str]],
    actor: Actor,
    clocks: dict[tuple[str, int], list[ClockRow]],
) -> list[Waiting]:
    """Return the candidates that the actor may really move, in their order: one statement per kind."""
    wanted_ids: dict[str, list[int]] = defaultdict(list)
    for _left_days, pk, name in ranked:
        wanted_ids[name].append(-pk)
    cases = {
        name: workflow_of(known[name]).model._default_manager.select_related(*known[name].related).in_bulk(ids)
        for name, ids in wanted_ids.items()
    }
    lines = []
    for _left_days, negative, name in ranked:
        case = cases[name].get(-negative)
        if case and (verbs := _verbs(known[name], actor, case)):
            lines.append(line(known[name], case, verbs, most_urgent(clocks.get((name, case.pk), ()))))
    return lines


def _verbs(chore: Chore, actor: Actor, case: Any) -> tuple[str, ...]:
    return tuple(b.label for b in workflow_of(chore).open_to(actor, case) if b.verb in chore.verbs)


def line(chore: Chore, case: Case, verbs: tuple[str, ...], clock: ClockRow | None) -> Waiting:
    """Return a case as a line of a workbench."""
    workflow = workflow_of(chore)
    return Waiting(
        workflow=workflow.name,
        kind=_title(chore),
        id=case.pk,
        title=chore.title(case),
        who=chore.who(case),
        state=case.state,
        state_label=workflow.state_label(case.state),
        verbs=verbs,
        url=address(chore, case.pk),
        clock=clock,
    )


def _counted(chore: Chore, rows: Sequence[Waiting]) -> KindCount:
    """Count a kind whose cases were all looked at."""
    own = [row for row in rows if row.workflow == chore.workflow]
    left = [row.left for row in own if not row.targeted]
    return KindCount(
        chore.workflow,
        _title(chore),
        len(own),
        late=sum(days < 0 for days in left),
        today=left.count(0),
        soon=sum(0 < days <= SOON for days in left),
    )


def waiting_count(actor: Actor, workflow: str) -> int:
    """Return how many cases of one workflow wait for the actor, counted up to 100: for the navigation."""
    chore = chores()[workflow]
    rows = workflow_of(chore).model._default_manager.filter(wanted(chore, actor))
    return int(rows.values("pk")[:100].count())
