"""Submitted batches, entries that are late, and deliveries outside the platform, as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.terms import N_, UpdateCycle
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.exchange.models import OffPlatform, Submission, SubmissionFault, Timeliness
from jutong.slices.exchange.rules.submissions import Rule
from jutong.slices.exchange.workflow import OVERSEERS


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """A submitted batch; unbound: none of the entry's items is bound to a standard or code list."""

    id: int
    number: str
    resource_id: int
    title: str
    entry_version: int
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
    by_name: str
    at: datetime


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


@dataclass(frozen=True, slots=True)
class OffPlatformRow:
    """A recorded delivery outside the platform."""

    id: int
    title: str
    provider_name: str
    consumer_name: str
    delivered_on: date
    reason: str
    profile: str


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


def off_platform(actor: Actor) -> list[OffPlatformRow]:
    """Return the recorded deliveries outside the platform that concern the actor's departments, newest first."""
    mine = Q() if actor.account_id is None or actor.holds(*OVERSEERS) else (
        Q(provider_id__in=actor.serves) | Q(consumer_id__in=actor.serves)
    )  # fmt: skip
    rows = OffPlatform.objects.select_related("provider", "consumer").filter(mine).order_by("-delivered_on", "-id")
    return [
        OffPlatformRow(r.pk, r.title, r.provider.name, r.consumer.name, r.delivered_on, r.reason, r.profile)
        for r in rows[:500]
    ]


def submittable(actor: Actor) -> list[tuple[str, str]]:
    """Return the published entries of the actor's departments as (id, name)."""
    rows, _meta = catalogue.entries_of(actor, state="published", size=200)
    return [(str(row.id), f"{row.code} {row.title}") for row in rows]


def _row(found: Submission) -> SubmissionRow:
    return SubmissionRow(
        id=found.pk,
        number=f"B-{found.pk:06d}",
        resource_id=found.resource_id,
        title=found.title,
        entry_version=found.entry_version,
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
        by_name=found.account_name,
        at=found.at,
    )
