"""Disposals as provider, consumer and authority see them: by grant, and the copies of one grant (R-SHR-046, R-SHR-047)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from django.db.models import Count, Min, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.files import FileRow
from jutong.kernel.files import row as file_row
from jutong.kernel.paging import Page, every, page
from jutong.kernel.queries import ClockRow
from jutong.slices.usage.models import Disposal, UseRecord
from jutong.slices.usage.queries.records import MOST_LINES, SIDES, instruction_label, known_to
from jutong.slices.usage.rules.disposals import GROUNDS, Method
from jutong.slices.usage.workflow import DISPOSAL
from jutong.slices.usage.workflow.disposals import may_know_disposal

VERBS: Final = ("instruct", "report", "accept", "send_back")
"""What people do with copies, in this order on the page."""


@dataclass(frozen=True, slots=True)
class DisposalGroup:
    """The disposals of one grant in a list: how many wait for whom, and the first day due."""

    grant_id: int
    reference: str
    title: str
    consumer: str
    provider: str
    ground_label: str
    began: int
    instructed: int
    reported: int
    over: int
    due_on: date | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class DisposalRow:
    """The disposal of one copy. verbs: what is open to the actor; late: past the provider's day."""

    id: int
    copy_id: int
    copy: str
    state: str
    state_label: str
    ground_label: str
    instruction: str
    instruction_label: str
    due_on: date | None
    words: str
    method_label: str
    executed_on: date | None
    executor: str
    proof_id: int | None
    note: str
    reported_by: str
    reported_at: datetime | None
    returned_for: str
    accepted_by: str
    accepted_at: datetime | None
    late: bool
    verbs: tuple[str, ...]
    clock: ClockRow | None


@dataclass(frozen=True, slots=True)
class Disposing:
    """The disposals of one grant as their page shows them; done: all are over."""

    grant_id: int
    reference: str
    title: str
    consumer: str
    provider: str
    ended_at: datetime | None
    rows: tuple[DisposalRow, ...]

    @property
    def done(self) -> bool:
        """Whether every copy is proven disposed of."""
        return all(row.state in {"accepted", "closed"} for row in self.rows)

    def open_to(self, verb: str) -> list[DisposalRow]:
        """Return the copies on which the actor may make a move now."""
        return [row for row in self.rows if verb in row.verbs]


def groups(
    actor: Actor, at: datetime, *, side: str = "", fold: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[DisposalGroup], Page]:
    """Return the grants with disposals that an actor may know, newest first; fold: open, overdue or over."""
    today = beijing_day(at)
    rows = UseRecord.objects.filter(known_to(actor)).select_related("consumer", "provider")
    if side in SIDES:
        rows = rows.filter(**{f"{side}_id__in": actor.serves})
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(Q(resource_title__icontains=text) | Q(reference=text.upper()))
    waiting = Q(disposals__state="instructed")
    rows = rows.annotate(
        began=Count("disposals", filter=Q(disposals__state="ended")),
        instructed=Count("disposals", filter=waiting),
        reported=Count("disposals", filter=Q(disposals__state="reported")),
        over=Count("disposals", filter=Q(disposals__state__in=["accepted", "closed"])),
        due=Min("disposals__due_on", filter=waiting),
        any_ground=Min("disposals__ground"),
    ).filter(any_ground__isnull=False)
    if fold == "open":
        rows = rows.filter(Q(began__gt=0) | Q(instructed__gt=0) | Q(reported__gt=0))
    elif fold == "overdue":
        rows = rows.filter(due__lt=today)
    elif fold == "over":
        rows = rows.filter(began=0, instructed=0, reported=0)
    found, meta = page(rows.order_by("-id"), number, size)
    return [_group(row, today) for row in found], meta


def _group(row: Any, today: date) -> DisposalGroup:
    ground = row.ground or row.any_ground
    return DisposalGroup(
        grant_id=row.grant_id, reference=row.reference, title=row.resource_title, consumer=row.consumer.name,
        provider=row.provider.name, ground_label=_(GROUNDS[ground]) if ground in GROUNDS else ground, began=row.began,
        instructed=row.instructed, reported=row.reported, over=row.over, due_on=row.due,
        overdue=row.due is not None and row.due < today,
    )  # fmt: skip


def group_lines(actor: Actor, at: datetime, **asked: str) -> Iterator[DisposalGroup]:
    """Return every line of a list (at most 10,000), for Excel."""
    return islice(every(lambda number: groups(actor, at, number=number, size=200, **asked)), MOST_LINES)


def disposing(grant_id: int, actor: Actor, at: datetime) -> Disposing:
    """Return the disposals of one grant, each copy's newest. NotThere where there are none that the actor may know."""
    record = UseRecord.objects.select_related("consumer", "provider").filter(known_to(actor), grant_id=grant_id).first()
    rows = Disposal.objects.filter(record=record).order_by("copy_id", "-pk").distinct("copy_id") if record else ()
    cases = list(rows)
    if record is None or not cases:
        raise NotThere(_("该授权没有数据处置事项，或您无权知悉。"))
    clocks = kernel.clocks(DISPOSAL.name, [case.pk for case in cases], at)
    return Disposing(
        grant_id=grant_id, reference=record.reference, title=record.resource_title, consumer=record.consumer.name,
        provider=record.provider.name, ended_at=record.ended_at,
        rows=tuple(_row(case, actor, clocks.get(case.pk, []), beijing_day(at)) for case in cases),
    )  # fmt: skip


def _row(case: Disposal, actor: Actor, clocks: list[ClockRow], today: date) -> DisposalRow:
    open_to = {button.verb for button in DISPOSAL.open_to(actor, case)}
    return DisposalRow(
        id=case.pk,
        copy_id=case.copy_id,
        copy=case.copy_title,
        state=case.state,
        state_label=DISPOSAL.state_label(case.state),
        ground_label=_(GROUNDS[case.ground]) if case.ground in GROUNDS else case.ground,
        instruction=case.instruction,
        instruction_label=instruction_label(case.instruction),
        due_on=case.due_on,
        words=case.words,
        method_label=_(Method(case.method).label) if case.method in set(Method) else "",
        executed_on=case.executed_on,
        executor=case.executor,
        proof_id=case.proof_id,
        note=case.note,
        reported_by=case.reported_by,
        reported_at=case.reported_at,
        returned_for=case.returned_for,
        accepted_by=case.accepted_by,
        accepted_at=case.accepted_at,
        late=case.state == "instructed" and case.due_on is not None and case.due_on < today,
        verbs=tuple(verb for verb in VERBS if verb in open_to),
        clock=clocks[0] if clocks else None,
    )


def proof(grant_id: int, file_id: int, actor: Actor) -> FileRow:
    """Return the proof of a disposal. NotThere unless a disposal of the grant has it and the actor may know of that."""
    case = Disposal.objects.filter(grant_id=grant_id, proof_id=file_id).first()
    if case is None or not may_know_disposal(actor, case):
        raise NotThere(_("没有找到该证明文件，或您无权知悉。"))
    return file_row(file_id)


def grant_of(disposal_id: int, actor: Actor) -> int:
    """Return the grant that a disposal belongs to. NotThere where the actor may not know of it."""
    case = Disposal.objects.filter(pk=disposal_id).first()
    if case is None or not may_know_disposal(actor, case):
        raise NotThere(_("没有找到该数据处置事项，或您无权知悉。"))
    return case.grant_id


def first_of_each_grant() -> Q:
    """Return the condition of one disposal per grant and state: a workbench names the grant once, not every copy."""
    alike = Disposal.objects.filter(record=OuterRef("record"), state=OuterRef("state")).order_by("pk")
    return Q(pk=Subquery(alike.values("pk")[:1]))
