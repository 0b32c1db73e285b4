"""Use records with the consumer's ledger as those see them who may know of them (R-SHR-022, R-SHR-054, R-SHR-056)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.paging import Page, every, page
from jutong.kernel.prepared import prepared
from jutong.kernel.workflow import Button
from jutong.slices.parties import queries as parties
from jutong.slices.usage.models import UseRecord
from jutong.slices.usage.rules.disposals import GROUNDS, Instruction
from jutong.slices.usage.rules.records import FIELDS
from jutong.slices.usage.workflow import USE_RECORD
from jutong.slices.usage.workflow.disposals import OPEN
from jutong.slices.usage.workflow.records import RUNNING

MOST_LINES: Final = 10_000
SIDES: Final = ("consumer", "provider", "authority")
FOLDS: Final = ("incomplete", "undisposed", "kept")
"""What a list can be narrowed to: records that lack something, with copies still to be disposed of, only kept now."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A use record in a list. copies: held now; unplaced: of these without a place; undisposed: disposals that are open."""

    id: int
    grant_id: int
    reference: str
    title: str
    entry_code: str
    consumer_id: int
    consumer: str
    provider: str
    state: str
    state_label: str
    personal: bool
    opened_at: datetime
    period_until: date | None
    lacking: tuple[str, ...]
    copies: int
    unplaced: int
    undisposed: int
    ended_at: datetime | None
    ground_label: str
    kept_until: date | None
    buttons: tuple[Button, ...] = ()


def known_to(actor: Actor) -> Q:
    """Return the condition of the records an actor may know."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return Q()
    mine = actor.serves
    return Q(consumer_id__in=mine) | Q(provider_id__in=mine) | Q(authority_id__in=mine)


def counted() -> QuerySet[UseRecord]:
    """Return records with their parties, and their copies and open disposals counted, in one statement."""
    held = Q(copies__disposed_on=None)
    return UseRecord.objects.select_related("consumer", "provider").annotate(
        held=Count("copies", filter=held, distinct=True),
        unplaced=Count("copies", filter=held & Q(copies__storage=""), distinct=True),
        undisposed=Count("disposals", filter=Q(disposals__state__in=OPEN), distinct=True),
    )


def records(
    actor: Actor, *, side: str = "", fold: str = "", text: str = "", consumer_id: int | None = None, number: int = 1,
    size: int = 20,
) -> tuple[list[RecordRow], Page]:  # fmt: skip
    """Return the use records an actor may know, newest first. side: consumer, provider, authority; fold: see FOLDS."""
    wanted = UseRecord.objects.filter(known_to(actor)).order_by("-id")
    if side in SIDES:
        wanted = wanted.filter(**{f"{side}_id__in": actor.serves})
    if consumer_id is not None:
        wanted = wanted.filter(consumer_id=consumer_id)
    if fold == "incomplete":
        wanted = wanted.exclude(lacking=[])
    elif fold == "undisposed":
        wanted = wanted.filter(disposals__state__in=OPEN).distinct()
    elif fold == "kept":
        wanted = wanted.exclude(state__in=RUNNING)
    if text := text.replace("\x00", "").strip():
        wanted = wanted.filter(Q(resource_title__icontains=text) | Q(reference=text.upper()) | Q(entry_code=text))
    found, meta = page(wanted.only("pk"), number, size)
    full = {record.pk: record for record in counted().filter(pk__in=[one.pk for one in found])}
    return [row_of(full[one.pk]) for one in found], meta


def record_lines(actor: Actor, **asked: Any) -> Iterator[RecordRow]:
    """Return every record of a list (at most 10,000), for Excel."""
    return islice(every(lambda number: records(actor, number=number, size=200, **asked)), MOST_LINES)


def row_of(record: Any, actor: Actor | None = None) -> RecordRow:
    """Return a counted record as a row, with the buttons open to an actor."""
    lacking = dict.fromkeys(field for one in record.lacking for field in one["fields"])
    return RecordRow(
        id=record.pk,
        grant_id=record.grant_id,
        reference=record.reference,
        title=record.resource_title,
        entry_code=record.entry_code,
        consumer_id=record.consumer_id,
        consumer=record.consumer.name,
        provider=record.provider.name,
        state=record.state,
        state_label=USE_RECORD.state_label(record.state),
        personal=record.personal,
        opened_at=record.opened_at,
        period_until=record.period_until,
        lacking=tuple(_(FIELDS[name]) for name in lacking),
        copies=record.held,
        unplaced=record.unplaced,
        undisposed=record.undisposed,
        ended_at=record.ended_at,
        ground_label=_(GROUNDS[record.ground]) if record.ground in GROUNDS else record.ground,
        kept_until=record.kept_until,
        buttons=tuple(USE_RECORD.open_to(actor, record)) if actor else (),
    )


def grant_of_record(record_id: int, actor: Actor) -> int:
    """Return the grant of a use record. NotThere where the actor may not know of it."""
    found = UseRecord.objects.filter(known_to(actor), pk=record_id).values_list("grant_id", flat=True).first()
    if found is None:
        raise NotThere(_("没有找到该使用记录，或您无权知悉。"))
    return found


@dataclass(frozen=True, slots=True)
class DepartmentLedger:
    """The ledger of one department as a reader may know it: all of it, or what the reader's department provides."""

    department_id: int
    department: str
    whole: bool
    rows: tuple[RecordRow, ...]
    meta: Page


def department_ledger(department_id: int, actor: Actor, *, fold: str = "", number: int = 1) -> DepartmentLedger:
    """Return a department's ledger. NotAllowed for people of a department that neither supervises nor provides to it."""
    department = parties.department(department_id)
    mine = UseRecord.objects.filter(consumer_id=department_id).filter(known_to(actor))
    own = department_id in actor.serves
    watched = actor.holds(Role.AUDITOR) or mine.filter(authority_id__in=actor.serves).exists()
    if not own and not watched and not mine.exists():
        raise NotAllowed(_("该部门的使用台账只向本部门、其数据提供方和主管部门开放。"))
    rows, meta = records(actor, consumer_id=department_id, fold=fold, number=number)
    return DepartmentLedger(department.id, department.name, own or watched, tuple(rows), meta)


def instruction_label(code: str) -> str:
    """Return what is to be done with a copy, in words."""
    return _(Instruction(code).label) if code in set(Instruction) else ""


def incomplete_panel(actor: Actor, at: datetime) -> list[RecordRow] | None:
    """Return the incomplete records of the actor's departments, as consumer and as authority, for the workbench."""
    return [row_of(record) for record in _incomplete(actor.serves).ask()] or None


@prepared
def _incomplete(departments: frozenset[int]) -> QuerySet[UseRecord]:
    mine = Q(consumer_id__in=departments) | Q(authority_id__in=departments)
    return counted().filter(mine).exclude(lacking=[]).order_by("-id")[:8]
