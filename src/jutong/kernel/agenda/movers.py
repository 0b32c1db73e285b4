"""Whose turn it is: the posts from which a case can be moved now, and what a reminder may say of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext as _

from jutong.kernel.actors import Role, Who
from jutong.kernel.agenda.chores import Chore, address, cases_of, chores, workflow_of
from jutong.kernel.models import Clock, ClockState


@dataclass(frozen=True, slots=True)
class Subject:
    """A case as a reminder names it: kind, number, title, page and the next due day; posts: (role, department) that can move it."""

    workflow: str
    id: int
    kind: str
    state: str
    number: str
    title: str
    url: str
    due_day: date | None
    posts: frozenset[tuple[Role, int]]


def subjects_of(workflow: str, ids: Iterable[int]) -> dict[int, Subject]:
    """Return those of the cases that somebody ought to move, with the posts that can: a few statements for all of them."""
    chore = chores().get(workflow)
    if chore is None:
        return {}
    title = _(workflow_of(chore).title)
    cases = cases_of(chore, ids)
    running = Clock.objects.filter(case_kind=workflow, case_id__in=cases, state=ClockState.RUNNING)
    due = dict(running.values_list("case_id").annotate(first=Min("due_day")))
    posts = _posts(chore, cases)
    return {
        pk: Subject(
            workflow, pk, title, case.state, chore.number(case), chore.title(case), address(chore, pk), due.get(pk),
            frozenset(posts[pk]),
        )
        for pk, case in cases.items()
    }  # fmt: skip


def _posts(chore: Chore, cases: dict[int, Any]) -> dict[int, set[tuple[Role, int]]]:
    workflow = workflow_of(chore)
    found: dict[int, set[tuple[Role, int]]] = {pk: set() for pk in cases}
    for move in workflow.moves:
        if move.verb not in chore.verbs:
            continue
        here = {pk: case for pk, case in cases.items() if case.state in move.sources}
        if here and (narrowed := chore.only.get(move.verb)) is not None:
            right = set(workflow.model._default_manager.filter(narrowed, pk__in=here).values_list("pk", flat=True))
            here = {pk: case for pk, case in here.items() if pk in right}
        for pk, case in here.items():
            if move.when is None or move.when(case.policy, case):
                found[pk] |= _held(move.who, case)
    return found


def _held(who: Who, case: Any) -> set[tuple[Role, int]]:
    """Return the posts, in the departments that the case names."""
    found: set[tuple[Role, int]] = set()
    for one in who.each():
        named = getattr(case, one.of, None) if one.of else None
        departments = named if isinstance(named, list | tuple) else [named]
        found |= {(role, pk) for pk in departments if isinstance(pk, int) for role in one.roles}
    return found
