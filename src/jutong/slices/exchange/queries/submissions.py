"""Submitted batches and entries that are late, as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.terms import N_, UpdateCycle
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.catalogue.queries import PublishedEntry
from jutong.slices.exchange.models import Submission, SubmissionFault, Timeliness
from jutong.slices.exchange.rules.corrections import PROVIDER
from jutong.slices.exchange.rules.submissions import Expected, Rule, accepts, check_declared, codes_in
from jutong.slices.exchange.workflow import OVERSEERS


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """A submitted batch; unbound: none of the entry's items is bound to a standard or code list.

    unchecked: the items bound to a code list whose codes the entry does not give.
    """

    id: int
    number: str
    resource_id: int
    title: str
    entry_version: int
    provider_id: int
    provider_name: str
    file_name: str
    digest: str
    ok: bool
    rows: int
    accepted: int
    refused: int
    faults: int
    remark: str
    unbound: bool
    unchecked: tuple[str, ...]
    by_name: str
    at: datetime

    @property
    def outcome(self) -> str:
        """What became of it, in Chinese (translate with gettext)."""
        if not self.ok:
            return N_("整批退回")
        return N_("部分退回") if self.refused else N_("已接收")


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A value that breaks a rule."""

    number: int
    item: str
    value: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class LateRow:
    """An entry whose update limit has passed without a batch."""

    resource_id: int
    title: str
    provider_name: str
    cycle: str
    due_at: datetime
    last_at: datetime | None


def _mine(actor: Actor) -> Q:
    if actor.account_id is None or actor.holds(*OVERSEERS):
        return Q()
    return Q(provider_id__in=actor.serves)


def submissions(actor: Actor, *, number: int = 1, size: int = 20) -> tuple[list[SubmissionRow], Page]:
    """Return the batches of the actor's departments, newest first."""
    rows = Submission.objects.select_related("provider").filter(_mine(actor)).order_by("-id")
    found, meta = page(rows, number, size)
    return [_row(each) for each in found], meta


def submission(submission_id: int, actor: Actor) -> SubmissionRow:
    """Return one batch. NotThere where the actor may not know of it."""
    found = Submission.objects.select_related("provider").filter(_mine(actor), pk=submission_id).first()
    if found is None:
        raise NotThere(N_("没有找到该批次，或您无权知悉。"))
    return _row(found)


def faults(submission_id: int, actor: Actor, *, most: int = 0) -> Iterator[FaultRow]:
    """Yield what is wrong with a batch by row; at most `most`, 0 for all that were kept."""
    submission(submission_id, actor)
    rows = SubmissionFault.objects.filter(submission_id=submission_id).order_by("number", "id")
    found = rows[:most] if most else rows.iterator(chunk_size=1000)
    return (FaultRow(row.number, row.item, row.value, _(Rule(row.rule).label), row.reason) for row in found)


def late(actor: Actor) -> list[LateRow]:
    """Return the late entries of the actor's departments, longest first."""
    rows = Timeliness.objects.select_related("provider").filter(_mine(actor)).exclude(late_since=None)
    return [
        LateRow(r.resource_id, r.title, r.provider.name, _(UpdateCycle(r.cycle).label), r.due_at, r.last_at)
        for r in rows.order_by("due_at")[:500]
        if r.due_at
    ]


def batches_handed_in(actor: Actor) -> Iterator[SubmissionRow]:
    """Yield every batch of the actor's departments, newest first, for a sheet."""
    rows = Submission.objects.select_related("provider").filter(_mine(actor)).order_by("-id")
    return (_row(each) for each in rows.iterator(chunk_size=500))


def expected(entry: PublishedEntry) -> list[Expected]:
    """Return what a batch of an entry must hold, item by item."""
    return [
        Expected(
            name=item.name,
            column=item.column,
            kind=item.kind,
            length=item.length,
            key=item.key,
            sensitive=item.sensitive,
            standard=item.code_table or item.standard,
            codes=codes_in(item.value_range),
            values=item.value_range,
            code_table=item.code_table,
        )
        for item in entry.items
    ]


def form_of(resource_id: int, actor: Actor) -> tuple[str, list[Expected]]:
    """Return title and items of an entry whose batches the actor may hand in as Excel.

    WrongState where it is not in force, NotAllowed for other departments' people, RuleBroken where it declares no Excel.
    """
    entry = catalogue.require_published(resource_id)
    if PROVIDER.permits(actor, entry) is None:
        raise NotAllowed(N_("只有提供部门的数据专员或系统工程师可以报送数据。"))
    check_declared("xlsx", entry.format_types)
    return entry.title, expected(entry)


def submittable(actor: Actor) -> list[tuple[str, str]]:
    """Return the published entries of the actor's departments as (id, name)."""
    rows, _meta = catalogue.entries_of(actor, state="published", size=200)
    return [(str(row.id), f"{row.code} {row.title}") for row in rows]


def fillable(actor: Actor) -> list[tuple[str, str]]:
    """Return those of the entries that can be handed in as Excel, as (id, name)."""
    own = submittable(actor)
    found = catalogue.published_by_ids(int(key) for key, _name in own)
    takes = {str(entry.id) for entry in found.values() if accepts("xlsx", entry.format_types)}
    return [(key, name) for key, name in own if key in takes]


def _row(found: Submission) -> SubmissionRow:
    return SubmissionRow(
        id=found.pk,
        number=f"B-{found.pk:06d}",
        resource_id=found.resource_id,
        title=found.title,
        entry_version=found.entry_version,
        provider_id=found.provider_id,
        provider_name=found.provider.name,
        file_name=found.file_name,
        digest=found.digest,
        ok=found.ok,
        rows=found.rows,
        accepted=found.accepted,
        refused=found.refused,
        faults=found.faults,
        remark=found.remark,
        unbound=found.unbound,
        unchecked=tuple(found.unchecked),
        by_name=found.account_name,
        at=found.at,
    )
