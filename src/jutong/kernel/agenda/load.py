"""How much waits in a department: by kind, urgency, age and person; and by department for the authority of a region."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, Min, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from jutong.kernel.actors import ADMINISTRATORS, Actor, Post, Role
from jutong.kernel.agenda.chores import Chore, chores, wanted, workflow_of
from jutong.kernel.agenda.waiting import soon_day
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed
from jutong.kernel.models import AuditEntry, Clock, ClockState
from jutong.kernel.workflow.table import NOWHERE

HEADS: Final = (Role.PRINCIPAL, Role.DEPARTMENT_LEADER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
AUTHORITY: Final = (Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER)
AGES: Final = (7, 30, 90)
"""Days since a case began that part the columns of age."""
RECENT_DAYS: Final = 30
BUSY: Final = 1.5
"""A person with this many times the average of the department counts as overloaded, from BUSY_FROM cases on."""
BUSY_FROM: Final = 10


@dataclass(frozen=True, slots=True)
class KindLoad:
    """Open cases of one kind: by urgency (late, today, soon, later, without a limit), by age, and since when the oldest waits."""

    workflow: str
    label: str
    total: int
    late: int
    today: int
    soon: int
    later: int
    unlimited: int
    ages: tuple[int, ...]
    oldest: date | None


@dataclass(frozen=True, slots=True)
class PersonLoad:
    """What one person could move, how much of it is late, what they did in the last 30 days; busy: overloaded."""

    account_id: int
    name: str
    posts: tuple[str, ...]
    waiting: int
    late: int
    done: int
    busy: bool


@dataclass(frozen=True, slots=True)
class Load:
    """What waits in a department: by kind and by person."""

    department_id: int
    kinds: tuple[KindLoad, ...]
    people: tuple[PersonLoad, ...]

    @property
    def total(self) -> int:
        """Every open case."""
        return sum(kind.total for kind in self.kinds)

    @property
    def late(self) -> int:
        """Those past their limit."""
        return sum(kind.late for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Burden:
    """What waits in one department of a region."""

    department_id: int
    name: str
    total: int
    late: int


Staff = Callable[[int, datetime], Sequence[Actor]]
Places = Callable[[Actor], dict[int, str]]
_staff: Final[list[Staff]] = []
_places: Final[list[Places]] = []


def know_people(staff: Staff, places: Places) -> None:
    """Let the slice that knows people answer who works in a department, and which departments an authority watches over."""
    _staff[:], _places[:] = [staff], [places]


def load(actor: Actor, department_id: int, at: datetime) -> Load:
    """Return what waits in a department, for its heads only: one statement per kind, one more for what people did.

    NotAllowed for everybody else.
    """
    if not actor.holds(*HEADS, department_id=department_id):
        raise NotAllowed(_("本部门负荷只供本部门负责人和共享工作机构负责人查看。"))
    team = [one for staff in _staff for one in staff(department_id, at)]
    groups = _groups(team, department_id)
    kinds: list[KindLoad] = []
    waiting: dict[frozenset[Role], list[int]] = defaultdict(lambda: [0, 0])
    for chore in chores().values():
        counted = _count(chore, department_id, groups, at)
        if counted is None:
            continue
        kinds.append(counted[0])
        for roles, (total, late) in counted[1].items():
            waiting[roles][0] += total
            waiting[roles][1] += late
    kinds = [kind for kind in kinds if kind.total]
    return Load(department_id, tuple(kinds), _people(team, department_id, waiting, at))


def _everyone(department_id: int, roles: frozenset[Role]) -> Actor:
    """Return an actor who holds these roles in the department: for counting what waits for them."""
    posts = frozenset(Post(role, department_id) for role in roles)
    return Actor(0, "", department_id, "", "", posts=posts)


def _groups(team: Sequence[Actor], department_id: int) -> list[frozenset[Role]]:
    """Return the different sets of posts that people of a department hold: few, however many people."""
    return list(dict.fromkeys(_roles(one, department_id) for one in team if _roles(one, department_id)))


def _roles(actor: Actor, department_id: int) -> frozenset[Role]:
    return frozenset(
        post.role for post in actor.posts if post.department_id == department_id and post.role not in ADMINISTRATORS
    )


def _count(
    chore: Chore, department_id: int, groups: Sequence[frozenset[Role]], at: datetime
) -> tuple[KindLoad, dict[frozenset[Role], tuple[int, int]]] | None:
    """Count one kind in one statement, for the department as a whole and for each set of posts."""
    today, workflow = beijing_day(at), workflow_of(chore)
    everyone = _everyone(department_id, frozenset(Role) - ADMINISTRATORS)
    between = _ages(today)
    asked: dict[str, Any] = {
        "total": Count("pk"),
        "late": Count("pk", filter=Q(due__lt=today)),
        "today": Count("pk", filter=Q(due=today)),
        "soon": Count("pk", filter=Q(due__gt=today, due__lte=soon_day(today))),
        "unlimited": Count("pk", filter=Q(due=None)),
        "oldest": Min("started_on"),
        **{f"age{n}": Count("pk", filter=condition) for n, condition in enumerate(between)},
    }
    cases = workflow.model._default_manager.filter(wanted(chore, everyone))
    flags: dict[str, Any] = {}
    for n, roles in enumerate(groups):
        mine = wanted(chore, _everyone(department_id, roles))
        if not _is_empty(workflow.model._default_manager.filter(mine)):
            flags[f"is{n}"] = ExpressionWrapper(mine, output_field=BooleanField())
            own = Q(**{f"is{n}": True})
            asked |= {f"g{n}": Count("pk", filter=own), f"l{n}": Count("pk", filter=own & Q(due__lt=today))}
    if _is_empty(cases):
        return None
    found = cases.annotate(due=_first_due(workflow.name), **flags).aggregate(**asked)
    counts = {name: found[name] or 0 for name in ("total", "late", "today", "soon", "unlimited")}
    kind = KindLoad(
        workflow=workflow.name,
        label=_(workflow.title),
        **counts,
        later=2 * counts["total"] - sum(counts.values()),
        ages=tuple(found[f"age{n}"] or 0 for n in range(len(between))),
        oldest=found["oldest"],
    )
    return kind, {roles: (found.get(f"g{n}") or 0, found.get(f"l{n}") or 0) for n, roles in enumerate(groups)}


def _first_due(kind: str) -> Subquery:
    """Return the day of a case's nearest limit; internal targets are none."""
    running = Clock.objects.filter(case_kind=kind, case_id=OuterRef("pk"), target=False).exclude(
        state=ClockState.STOPPED
    )
    return Subquery(running.order_by("due_day").values("due_day")[:1])


def _ages(today: date) -> list[Q]:
    """Return the conditions of the columns of age, youngest first."""
    edges = [today - timedelta(days=days) for days in AGES]
    return [
        Q(started_on__gte=edges[0]),
        *(Q(started_on__gte=later, started_on__lt=sooner) for sooner, later in itertools.pairwise(edges)),
        Q(started_on__lt=edges[-1]),
    ]


def _is_empty(cases: Any) -> bool:
    """Tell whether a query finds nothing whatever the tables hold: no statement is made."""
    try:
        str(cases.query)
    except EmptyResultSet:
        return True
    return False


def _people(
    team: Sequence[Actor], department_id: int, waiting: dict[frozenset[Role], list[int]], at: datetime
) -> tuple[PersonLoad, ...]:
    accounts = [one.account_id for one in team if one.account_id is not None]
    acts = AuditEntry.objects.filter(
        actor_id__in=accounts,
        outcome="success",
        at__gte=at - timedelta(days=RECENT_DAYS),
        subject_kind__in=list(chores()),
    )
    done = dict(acts.values_list("actor_id").annotate(n=Count("pk")))
    rows = []
    for one in team:
        roles = _roles(one, department_id)
        total, late = waiting.get(roles, [0, 0])
        posts = tuple(sorted(_(role.label) for role in roles))
        count = done.get(one.account_id, 0)
        rows.append(PersonLoad(one.account_id or 0, one.name, posts, total, late, count, busy=False))
    laden = [row.waiting for row in rows if row.waiting]
    average = sum(laden) / len(laden) if laden else 0
    rows = [replace(row, busy=row.waiting >= max(BUSY_FROM, BUSY * average)) for row in rows]
    return tuple(sorted(rows, key=lambda row: (-row.waiting, row.name)))


def load_of_region(actor: Actor, at: datetime) -> tuple[Burden, ...]:
    """Return what waits in each department of an authority's region, those with most overdue first; NotAllowed for others."""
    if not actor.holds(*AUTHORITY):
        raise NotAllowed(_("各部门负荷只供主管部门查看。"))
    names = {pk: name for places in _places for pk, name in places(actor).items()}
    totals: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for chore in chores().values():
        for of, cases in _by_side(chore).items():
            late = Clock.objects.filter(
                case_kind=chore.workflow,
                case_id=OuterRef("pk"),
                state=ClockState.RUNNING,
                target=False,
                due_day__lt=beijing_day(at),
            )
            for pk, total, overdue in _counted(cases.annotate(is_late=Exists(late)), of, list(names)):
                totals[pk][0] += total
                totals[pk][1] += overdue
    rows = [Burden(pk, name, *totals.get(pk, [0, 0])) for pk, name in names.items()]
    return tuple(sorted(rows, key=lambda row: (-row.late, -row.total, row.name)))


def _counted(cases: Any, of: str, departments: list[int]) -> list[tuple[int, int, int]]:
    """Count cases and late ones by the department that `of` names; where it names several, the case counts for each."""
    if isinstance(cases.model._meta.get_field(of), ArrayField):
        known = set(departments)
        shared = cases.filter(**{f"{of}__overlap": departments}).values_list(of, "is_late")
        return [(pk, 1, int(late)) for several, late in shared for pk in several if pk in known]
    own = cases.filter(**{f"{of}__in": departments}).values_list(of)
    return list(own.annotate(n=Count("pk"), m=Count("pk", filter=Q(is_late=True))))


def _by_side(chore: Chore) -> dict[str, Any]:
    """Return the open cases of a kind by the attribute that names the department whose turn it is."""
    workflow = workflow_of(chore)
    turns: dict[str, Q] = {}
    for move in workflow.moves:
        if move.verb not in chore.verbs or NOWHERE in move.sources:
            continue
        for who in move.who.each():
            if who.roles and who.of:
                condition = Q(state__in=move.sources) & chore.only.get(move.verb, Q())
                turns[who.of] = turns.get(who.of, Q(pk__in=[])) | condition
    return {of: workflow.model._default_manager.filter(condition).order_by() for of, condition in turns.items()}
