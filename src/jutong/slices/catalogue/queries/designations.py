"""Designations of sources (W28) and the tasks that support a source: lists, and one with everything its page shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.queries import history
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.models import Designation, Party, SourceTask
from jutong.slices.catalogue.workflow import AUTHORITY, DESIGNATION, SOURCE_TASK
from jutong.slices.catalogue.workflow.sources import PARTY, SOURCE, may_know_designation
from jutong.slices.parties import queries as parties

MOST_NAMED: Final = 6
OPEN: Final = ("overlap_found", "opinions")


@dataclass(frozen=True, slots=True)
class DesignationRow:
    """A designation in a list. items: names, at most six, of `count`; late: open beyond its internal target."""

    id: int
    region: str
    state: str
    state_label: str
    items: tuple[str, ...]
    count: int
    departments: tuple[str, ...]
    source: str
    document: str
    effective_on: date | None
    target_on: date
    late: bool
    found_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A department concerned: its entry with the items, its opinion; open: the actor can give one."""

    id: int
    department_id: int
    department: str
    entry_id: int
    title: str
    opinion: str
    given_by: str
    given_at: datetime | None
    open: bool


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task of a source department to another one."""

    id: int
    designation_id: int
    source: str
    holder: str
    items: tuple[str, ...]
    text: str
    due_on: date
    done_on: date | None
    note: str
    late: bool
    state: str
    state_label: str


@dataclass(frozen=True, slots=True)
class DesignationDetail:
    """A designation as its page shows it. replaceable: designations in force that it can replace (id, words)."""

    row: DesignationRow
    names: tuple[str, ...]
    reason: str
    ended_for: str
    authority_name: str
    source_id: int
    parties: tuple[PartyRow, ...]
    tasks: tuple[TaskRow, ...]
    replaceable: tuple[tuple[int, str], ...]
    may_ask: bool
    buttons: tuple[Button, ...]
    happenings: tuple[Happening, ...]
    profile: str


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """A task as its page shows it."""

    row: TaskRow
    buttons: tuple[Button, ...]
    happenings: tuple[Happening, ...]


def _known_to(actor: Actor) -> QuerySet[Designation]:
    rows = Designation.objects.select_related("authority", "source").prefetch_related("parties__department", "items")
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    mine = Party.objects.filter(department__in=actor.serves).values("designation")
    return rows.filter(
        Q(state__in=["in_force", "superseded"])
        | Q(authority__in=actor.serves)
        | Q(superior_id__in=actor.serves)
        | Q(pk__in=mine)
    )


def designations(
    actor: Actor, *, at: datetime, state: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[DesignationRow], Page]:
    """Return the designations the actor may know of, newest first; `text` matches items and the source."""
    rows = _known_to(actor).order_by("-pk")
    if state:
        rows = rows.filter(state=state)
    if text:
        named = Q(pk__in=Designation.objects.filter(items__name__icontains=text).values("pk"))
        rows = rows.filter(named | Q(source__name__icontains=text))
    found, meta = page(rows, number, size)
    return [_row(case, beijing_day(at)) for case in found], meta


def _row(case: Designation, today: date) -> DesignationRow:
    names = sorted(item.name for item in case.items.all())
    return DesignationRow(
        id=case.pk,
        region=case.region,
        state=case.state,
        state_label=DESIGNATION.state_label(case.state),
        items=tuple(names[:MOST_NAMED]),
        count=len(names),
        departments=tuple(party.department.name for party in case.parties.all()),
        source=case.source.name if case.source else "",
        document=case.document,
        effective_on=case.effective_on,
        target_on=case.target_on,
        late=case.state in OPEN and case.target_on < today,
        found_by=case.found_by,
        at=case.at,
    )


def designation_lines(actor: Actor, *, at: datetime, state: str = "", text: str = "") -> Iterator[DesignationRow]:
    """Return every designation of a list, page by page, for Excel."""
    return every(lambda number: designations(actor, at=at, state=state, text=text, number=number, size=LARGEST))


def designation(designation_id: int, *, actor: Actor, at: datetime) -> DesignationDetail:
    """Return one designation. NotThere for one the actor may not know of."""
    case = _known_to(actor).filter(pk=designation_id).first()
    if case is None or not may_know_designation(actor, case):
        raise NotThere(_("没有找到该数源认定，或您无权知悉。"))
    tasks = SourceTask.objects.filter(designation=case).select_related("source", "holder").order_by("-pk")
    if not (actor.serves & {case.source_id, case.authority_id} or actor.holds(Role.AUDITOR)):
        tasks = tasks.filter(holder__in=actor.serves)
    return DesignationDetail(
        row=_row(case, beijing_day(at)),
        names=tuple(sorted(item.name for item in case.items.all())),
        reason=case.reason,
        ended_for=case.ended_for,
        authority_name=case.authority.name,
        source_id=case.source_id or 0,
        parties=tuple(_party(party, case, actor) for party in case.parties.select_related("department", "entry")),
        tasks=tuple(_task(task) for task in tasks[:200]),
        replaceable=tuple(_replaceable(case)),
        may_ask=case.state == "in_force" and SOURCE.permits(actor, case) is not None,
        buttons=tuple(DESIGNATION.open_to(actor, case)),
        happenings=tuple(happenings(history(DESIGNATION.name, case.pk), DESIGNATION)),
        profile=case.profile,
    )


def _party(party: Party, case: Designation, actor: Actor) -> PartyRow:
    entry = party.entry
    return PartyRow(
        party.pk, party.department_id, party.department.name, entry.pk if entry else 0, entry.title if entry else "",
        party.opinion, party.given_by, party.given_at,
        case.state in OPEN and PARTY.permits(actor, party) is not None,
    )  # fmt: skip


def _replaceable(case: Designation) -> Iterator[tuple[int, str]]:
    keys = [item.key for item in case.items.all()]
    others = Designation.objects.filter(region=case.region, state="in_force", items__key__in=keys).distinct()
    for other in others.exclude(pk=case.pk).select_related("source").order_by("pk"):
        yield other.pk, f"{other.document} {other.source.name if other.source else ''}"


def _task(task: SourceTask) -> TaskRow:
    return TaskRow(
        task.pk, task.designation_id, task.source.name, task.holder.name, tuple(task.items), task.text, task.due_on,
        task.done_on, task.note, task.late, task.state, SOURCE_TASK.state_label(task.state),
    )  # fmt: skip


def _tasks_known_to(actor: Actor) -> QuerySet[SourceTask]:
    rows = SourceTask.objects.select_related("source", "holder")
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    mine = actor.serves
    return rows.filter(Q(source__in=mine) | Q(holder__in=mine) | Q(authority__in=mine))


def source_tasks(actor: Actor, *, state: str = "", number: int = 1, size: int = 20) -> tuple[list[TaskRow], Page]:
    """Return the tasks that concern the actor's departments or their area, those due first before."""
    rows = _tasks_known_to(actor).order_by("-due_on", "-pk")
    found, meta = page(rows.filter(state=state) if state else rows, number, size)
    return [_task(task) for task in found], meta


def task_lines(actor: Actor, *, state: str = "") -> Iterator[TaskRow]:
    """Return every task of a list, page by page, for Excel."""
    return every(lambda number: source_tasks(actor, state=state, number=number, size=LARGEST))


def source_task(task_id: int, *, actor: Actor) -> TaskDetail:
    """Return one task. NotThere for one the actor may not know of."""
    task = _tasks_known_to(actor).filter(pk=task_id).first()
    if task is None:
        raise NotThere(_("没有找到该更新任务，或您无权知悉。"))
    return TaskDetail(
        _task(task),
        tuple(SOURCE_TASK.open_to(actor, task)),
        tuple(happenings(history(SOURCE_TASK.name, task.pk), SOURCE_TASK)),
    )


def watched_regions(actor: Actor) -> list[str]:
    """Return the regions whose competent authority the actor reviews or heads."""
    if not actor.holds(*AUTHORITY.roles):
        return []
    return [row.region for row in parties.authorities() if row.department_id in actor.serves]
