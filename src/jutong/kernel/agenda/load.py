"""How much waits in a department: by kind, urgency, age and person; and by department for the authority of a region."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Count
from django.utils.translation import gettext as _

from jutong.kernel.actors import ADMINISTRATORS, Actor, Post, Role
from jutong.kernel.agenda import tallies
from jutong.kernel.agenda.chores import chores, workflow_of
from jutong.kernel.agenda.tallies import Tally
from jutong.kernel.agenda.waiting import soon_day
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed
from jutong.kernel.models import AuditEntry

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
    """Return what waits in a department, for its heads only: one statement for all kinds, a few for its people.

    NotAllowed for everybody else.
    """
    if not actor.holds(*HEADS, department_id=department_id):
        raise NotAllowed(_("本部门负荷只供本部门负责人和共享工作机构负责人查看。"))
    team = [one for staff in _staff for one in staff(department_id, at)]
    today = beijing_day(at)
    by_kind: dict[str, list[Tally]] = defaultdict(list)
    waiting: dict[frozenset[Post], list[int]] = defaultdict(lambda: [0, 0])
    groups = {_posts(one, department_id) for one in team}
    for tally in tallies.of_department(department_id, today=today, soon=soon_day(today), ages=AGES):
        if tally.roles <= ADMINISTRATORS:
            continue
        by_kind[tally.kind].append(tally)
        for posts in groups:
            if any(post.role in tally.roles and post.covers(tally.kind) for post in posts):
                waiting[posts][0] += tally.count
                waiting[posts][1] += tally.count if tally.due == "late" else 0
    kinds = tuple(_kind(name, by_kind[name]) for name in chores() if name in by_kind)
    return Load(department_id, kinds, _people(team, department_id, waiting, at))


def _kind(name: str, counted: Sequence[Tally]) -> KindLoad:
    def standing(due: str) -> int:
        return sum(tally.count for tally in counted if tally.due == due)

    return KindLoad(
        workflow=name,
        label=_(workflow_of(chores()[name]).title),
        total=sum(tally.count for tally in counted),
        late=standing("late"),
        today=standing("today"),
        soon=standing("soon"),
        later=standing("later"),
        unlimited=standing(""),
        ages=tuple(sum(tally.count for tally in counted if tally.age == n) for n in range(len(AGES) + 1)),
        oldest=min(tally.oldest for tally in counted),
    )


def _posts(actor: Actor, department_id: int) -> frozenset[Post]:
    """Return the posts of a person in a department, whoever's they are: few sets of them, however many people."""
    return frozenset(
        Post(post.role, department_id, duties=post.duties)
        for post in actor.posts
        if post.department_id == department_id and post.role not in ADMINISTRATORS
    )


def _people(
    team: Sequence[Actor], department_id: int, waiting: dict[frozenset[Post], list[int]], at: datetime
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
        posts = _posts(one, department_id)
        total, late = waiting.get(posts, [0, 0])
        labels = tuple(sorted({_(post.role.label) for post in posts}))
        count = done.get(one.account_id, 0)
        rows.append(PersonLoad(one.account_id or 0, one.name, labels, total, late, count, busy=False))
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
    for pk, total, late in tallies.of_departments(list(names), beijing_day(at)):
        totals[pk][0] += total
        totals[pk][1] += late
    rows = [Burden(pk, name, *totals.get(pk, [0, 0])) for pk, name in names.items()]
    return tuple(sorted(rows, key=lambda row: (-row.late, -row.total, row.name)))
