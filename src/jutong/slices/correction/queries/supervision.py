"""What the authority watches over: pending, due soon and overdue cases, and figures of each department (R-COR-001, 008)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Q

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.models import Clock, ClockState
from jutong.slices.correction.queries.cases import OVER, CaseLine, lines
from jutong.slices.correction.workflow import WORKFLOWS
from jutong.slices.parties import queries as parties

SOON: Final = 2
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class DepartmentFigure:
    """One department's cases of one kind: received, open, overdue now, ended in time and late, with which results."""

    department_id: int
    department: str
    received: int
    open: int
    overdue: int
    in_time: int
    late: int
    founded: int
    unfounded: int
    rules: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """Everything the authority sees of one kind."""

    overdue: tuple[CaseLine, ...]
    soon: tuple[CaseLine, ...]
    pending: tuple[CaseLine, ...]
    figures: tuple[DepartmentFigure, ...]


def watch(kind: str, actor: Actor, at: datetime) -> Watch:
    """Return the open cases the authority supervises, by urgency, and the figures of each department."""
    flow = WORKFLOWS[kind]
    rows = flow.model._default_manager.filter(_watched(actor))
    waiting = (
        rows.exclude(state__in=OVER[kind]).select_related("consumer", "provider", "applicant").order_by("pk")[:MOST]
    )
    found = lines(kind, waiting, actor, at)
    overdue = tuple(line for line in found if _left(line) < 0)
    soon = tuple(line for line in found if 0 <= _left(line) <= SOON)
    rest = tuple(line for line in found if _left(line) > SOON)
    return Watch(overdue, soon, rest, _figures(kind, rows, at))


def _watched(actor: Actor) -> Q:
    if actor.holds(Role.AUDITOR):
        return Q()
    return Q(authority_id__in=actor.serves)


def _left(line: CaseLine) -> int:
    running = (clock.left for clock in line.clocks if clock.state != ClockState.STOPPED and not clock.target)
    return min(running, default=SOON + 1)


_FOUNDED: Final = ("confirmed", "correct", "agreed", "founded", "partly")


def _figures(kind: str, rows: Any, at: datetime) -> tuple[DepartmentFigure, ...]:
    counted = rows.values("provider_id", "provider__name").annotate(
        received=Count("pk"),
        open=Count("pk", filter=~Q(state__in=OVER[kind])),
        founded=Count("pk", filter=Q(result__in=_FOUNDED)),
        unfounded=Count("pk", filter=Q(result__gt="") & ~Q(result__in=_FOUNDED)),
    )
    late = _late(kind, rows, at)
    found = list(counted.order_by("-open", "provider_id")[:MOST])
    lacking = parties.without_rules("verification", [row["provider_id"] for row in found])
    figures = []
    for row in found:
        provider = row["provider_id"]
        overdue, in_time, behind = late[provider]
        figures.append(
            DepartmentFigure(
                department_id=provider,
                department=row["provider__name"],
                received=row["received"],
                open=row["open"],
                overdue=overdue,
                in_time=in_time,
                late=behind,
                founded=row["founded"],
                unfounded=row["unfounded"],
                rules=provider not in lacking,
            )
        )
    return tuple(figures)


def _late(kind: str, rows: Any, at: datetime) -> dict[int, list[int]]:
    """Return for each department: limits overdue now, kept, and kept late."""
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    provider_of = dict(rows.values_list("pk", "provider_id"))
    clocks = Clock.objects.filter(case_kind=kind, target=False, case_id__in=rows.values("pk"))
    for case_id, state, due_day, due_at, stopped_at in clocks.values_list(
        "case_id", "state", "due_day", "due_at", "stopped_at"
    ):
        place = 0 if state == ClockState.RUNNING and due_day < beijing_day(at) else None
        if state == ClockState.STOPPED:
            place = 2 if stopped_at and stopped_at > due_at else 1
        if place is not None:
            found[provider_of[case_id]][place] += 1
    return found
