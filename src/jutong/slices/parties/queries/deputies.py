"""Deputies: the business a post takes part in, and who works in a department with which posts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel import agenda
from jutong.kernel.actors import Actor, Post, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.workflow import workflows
from jutong.slices.parties.models import Department, Person, PostHeld
from jutong.slices.parties.queries.actors import lent_on, rightly_held
from jutong.slices.parties.queries.departments import authorities
from jutong.slices.parties.rules.words import ManagerState


def duties_of(role: Role) -> list[tuple[str, str]]:
    """Return the workflows (name, title) in which a post makes moves, of those that stand on workbenches."""
    declared = workflows()
    return [
        (name, _(declared[name].title))
        for name in agenda.chores()
        if any(role in who.roles for move in declared[name].moves for who in move.who.each())
    ]


def staff(department_id: int, at: datetime) -> Sequence[Actor]:
    """Return everyone who works in a department today, with own and delegated posts: three statements for all of them."""
    today = beijing_day(at)
    in_force = Q(ended_at=None, since__lte=today) & (Q(until=None) | Q(until__gte=today))
    held: dict[int, set[Post]] = defaultdict(set)
    own = PostHeld.objects.filter(in_force, department_id=department_id).values_list("person_id", "role")
    for person, role in own:
        held[person].add(Post(Role(role), department_id))
    lent = lent_on(today).filter(post__department_id=department_id)
    for person, role, account, name, duties in lent.values_list(
        "to_id", "post__role", "post__person__account__pk", "post__person__name", "duties"
    ):
        held[person].add(Post(Role(role), department_id, account, name, tuple(duties)))
    people = Person.objects.filter(pk__in=held, state=ManagerState.ACTIVE, account__is_active=True)
    return [
        Actor(account, name, department_id, "", "", posts=frozenset(rightly_held(held[person])))
        for person, name, account in people.order_by("pk").values_list("pk", "name", "account__pk")
    ]


def watched(actor: Actor) -> dict[int, str]:
    """Return the departments (id and name) of the regions whose competent authority the actor's department is."""
    regions = {row.region for row in authorities() if row.department_id in actor.serves}
    rows = Department.objects.filter(region_id__in=regions, active=True).order_by("name")
    return {pk: short or name for pk, name, short in rows.values_list("pk", "name", "short_name")}
