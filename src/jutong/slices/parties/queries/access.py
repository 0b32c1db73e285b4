"""The register of access as people see it: cases of one kind with their steps, what is late or unplanned, trainings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.queries import AuditRow
from jutong.kernel.workflow import Button, Workflow
from jutong.slices.parties.models import DedicatedNetwork, Department, Step, Training
from jutong.slices.parties.rules import access
from jutong.slices.parties.workflow import PEOPLE_READERS, REGISTERS, sees_access

OTHERS = {"legacy": "counterpart", "direct": "receiver"}
"""The second department of a kind of case."""
PLANNED = frozenset({"legacy", "networks"})
"""Kinds that ought to have a plan."""
ENDED = frozenset({"migrated", "connected", "closed", "dismissed", "confirmed"})


@dataclass(frozen=True, slots=True)
class StepRow:
    """A milestone or task; late: past its day and not done."""

    id: int
    title: str
    due_on: date
    done_on: date | None
    late: bool


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A case in a list. other: the second department's name; late, unplanned: what the report lists (R-EXC-013)."""

    id: int
    register: str
    title: str
    department_id: int
    department_name: str
    other: str
    state: str
    state_label: str
    opened_at: datetime
    late: bool
    unplanned: bool

    @property
    def remark(self) -> str:
        """What is wrong with it, translated, or nothing."""
        return _("已逾期") if self.late else _("无计划") if self.unplanned else ""


@dataclass(frozen=True, slots=True)
class AccessDetail:
    """A case with everything said about it. facts: field of the case to its value in words."""

    row: AccessRow
    text: str
    account_name: str
    facts: tuple[tuple[str, str], ...]
    steps: tuple[StepRow, ...]
    history: tuple[AuditRow, ...]
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """A training with its participants by department."""

    id: int
    title: str
    kind_label: str
    held_on: date
    people: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """How many people came."""
        return sum(count for _name, count in self.people)


def _workflow(register: str) -> Workflow[Any]:
    found = REGISTERS.get(register)
    if found is None:
        raise NotThere(_("没有这个登记簿，请从左侧菜单进入。"))
    return found


def _visible(register: str, actor: Actor) -> QuerySet[Any]:
    other = OTHERS.get(register)
    cases: QuerySet[Any] = _workflow(register).model._default_manager.all()
    rows = cases.select_related("department", *([other] if other else []))
    if actor.account_id is None or actor.roles & PEOPLE_READERS:
        return rows
    own = {post.department_id for post in actor.posts if post.department_id} | {actor.department_id or 0}
    return rows.filter(Q(department_id__in=own) | (Q(**{f"{other}_id__in": own}) if other else Q(pk__in=[])))


def _steps(register: str, ids: Iterable[int], today: date) -> dict[int, list[StepRow]]:
    found: dict[int, list[StepRow]] = defaultdict(list)
    for step in Step.objects.filter(kind=_workflow(register).name, case_id__in=list(ids)).order_by("due_on", "id"):
        late = access.late(step.due_on, step.done_on, today)
        found[step.case_id].append(StepRow(step.pk, step.title, step.due_on, step.done_on, late))
    return found


def access_page(
    register: str, actor: Actor, at: datetime, *, text: str = "", number: int = 1, size: int = 20
) -> tuple[list[AccessRow], Page]:
    """Return one page of a register (legacy, networks, support, direct, incidents), newest first."""
    rows = _visible(register, actor).order_by("-pk")
    if text := " ".join(text.replace("\x00", "").split())[:60]:
        rows = rows.filter(Q(title__icontains=text) | Q(department__name__icontains=text))
    found, meta = page(rows, number, size)
    steps = _steps(register, [case.pk for case in found], beijing_day(at))
    return [_row(register, case, steps[case.pk]) for case in found], meta


def migration_report(actor: Actor, at: datetime) -> list[AccessRow]:
    """Return the legacy exchange systems that are late or have no plan (R-EXC-013)."""
    rows, _meta = access_page("legacy", actor, at, size=1000)
    return [row for row in rows if row.late or row.unplanned]


def access_case(register: str, case_id: int, actor: Actor, at: datetime) -> AccessDetail:
    """Return one case. NotThere where the actor may not know of it."""
    workflow = _workflow(register)
    case = _visible(register, actor).filter(pk=case_id).first()
    if case is None or not sees_access(actor, case):
        raise NotThere(_("没有找到该%s，或您无权知悉。") % _(workflow.title))
    steps = _steps(register, [case.pk], beijing_day(at))[case.pk]
    return AccessDetail(
        row=_row(register, case, steps),
        text=case.text,
        account_name=case.account_name,
        facts=tuple(_facts(case)),
        steps=tuple(steps),
        history=tuple(kernel.history(workflow.name, case.pk)),
        buttons=tuple(workflow.open_to(actor, case)),
    )


def _row(register: str, case: Any, steps: list[StepRow]) -> AccessRow:
    other = getattr(case, OTHERS[register]) if register in OTHERS else None
    open_ = case.state not in ENDED
    return AccessRow(
        id=case.pk,
        register=register,
        title=case.title,
        department_id=case.department_id,
        department_name=case.department.short_name or case.department.name,
        other=(other.short_name or other.name) if other else "",
        state=case.state,
        state_label=_workflow(register).state_label(case.state),
        opened_at=case.opened_at,
        late=open_ and any(step.late for step in steps),
        unplanned=open_ and register in PLANNED and not steps,
    )


def _facts(case: Any) -> Iterable[tuple[str, str]]:
    """Return what a kind of case has beyond the common fields, in words."""
    for name, term in (("kind", access.SupportKind), ("side", access.Side)):
        if code := getattr(case, name, ""):
            yield name, _(term(code).label)
    for name in ("exception", "answer", "answered_by", "decision", "conclusion"):
        if value := getattr(case, name, ""):
            yield name, value


def trainings(actor: Actor, *, number: int = 1, size: int = 20) -> tuple[list[TrainingRow], Page]:
    """Return the trainings, newest first; people outside the overseeing posts see their departments' participants."""
    everything = actor.account_id is None or bool(actor.roles & PEOPLE_READERS)
    found, meta = page(
        Training.objects.prefetch_related("participations__department").order_by("-held_on", "-pk"), number, size
    )
    rows = [
        TrainingRow(
            t.pk,
            t.title,
            _(access.SupportKind(t.kind).label),
            t.held_on,
            tuple(
                (p.department.short_name or p.department.name, p.people)
                for p in t.participations.all()
                if everything or p.department_id in actor.serves
            ),
        )
        for t in found
    ]
    return rows, meta


def check_dedicated(department_id: int, at: datetime) -> None:
    """Refuse a transfer over a dedicated network where the profile of the department's region leaves none (R-EXC-015).

    A recorded exception of the State for one of the department's networks lets it through.
    """
    department = Department.objects.get(pk=department_id)
    held = DedicatedNetwork.objects.filter(department_id=department_id).exclude(exception="").first()
    policy = jurisdiction.policy_for(department.region_id, beijing_day(at))
    access.check_dedicated(policy.text("new_dedicated_network"), held.exception if held else "")
