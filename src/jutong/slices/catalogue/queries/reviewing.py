"""The review queue as sets: what is in it by department, every entry of it, and what became of a set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Case, Count, Value, When
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.queries import ClockRow, clocks
from jutong.slices.catalogue.models import AffectedEntry, ReviewBatch
from jutong.slices.catalogue.queries.entries import EntryRow, narrowed, row_of, waiting
from jutong.slices.catalogue.rules.batches import BATCH_VERBS, MOST
from jutong.slices.catalogue.workflow import CATALOG_UPDATE


@dataclass(frozen=True, slots=True)
class QueueFigure:
    """A department in the queue and how many of its entries wait."""

    department_id: int
    department: str
    entries: int


@dataclass(frozen=True, slots=True)
class StayedRow:
    """An entry of a set that did not move, and why; without name where the reader may not know of it."""

    entry_id: int
    title: str
    provider: str
    reason: str


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A set that was decided together: what was done, how far it is, and what stayed."""

    id: int
    verb: str
    verb_label: str
    note: str
    number: str
    total: int
    done: int
    stayed: tuple[StayedRow, ...]
    notices: str
    name: str
    at: datetime
    finished_at: datetime | None
    progress_id: int | None


def review_queue(
    actor: Actor,
    *,
    at: datetime,
    state: str = "",
    text: str = "",
    department: int = 0,
    number: int = 1,
    size: int = 50,
) -> tuple[list[EntryRow], Page]:
    """Return what waits for the actor as authority: review, determination, publication.

    Updates whose review has a limit (national-2025#17) come first, each with it; then the oldest.
    """
    limits = _limits(actor, at)
    place = Case(When(pk__in=limits, then=Value(0)), default=Value(1))
    rows = narrowed(waiting(actor, department=department), state, text).order_by(place, "changed_at", "pk")
    found, meta = page(rows.defer("working", "published"), number, size)
    return [replace(row_of(case), limit=limits.get(case.pk)) for case in found], meta


def _limits(actor: Actor, at: datetime) -> dict[int, ClockRow]:
    """Return by entry the nearest limit of the updates that the actor's authority has received and not yet published."""
    named = AffectedEntry.objects.filter(
        done_at=None, update__state="authority_review", update__authority__in=actor.serves
    ).values_list("entry", "update")
    running = clocks(CATALOG_UPDATE.name, {update for _entry, update in named}, at)
    found: dict[int, ClockRow] = {}
    for entry, update in named:
        for clock in running.get(update, ()):
            nearest = found.get(entry)
            if clock.name == "review" and (nearest is None or clock.due_day < nearest.due_day):
                found[entry] = clock
    return found


def queue_figures(actor: Actor) -> list[QueueFigure]:
    """Return the departments whose entries wait for the actor, those with the most first."""
    rows = (
        waiting(actor)
        .values_list("provider", "provider__name")
        .annotate(many=Count("pk"))
        .order_by("-many", "provider__name")
    )
    return [QueueFigure(pk, name, many) for pk, name, many in rows]


def queue_ids(actor: Actor, *, state: str = "", text: str = "", department: int = 0) -> list[int]:
    """Return every entry of the queue as it is filtered, oldest first, at most one more than a set may have."""
    rows = narrowed(waiting(actor, department=department), state, text).order_by("changed_at", "pk")
    return list(rows.values_list("pk", flat=True)[: MOST + 1])


def review_batch(batch_id: int, *, actor: Actor) -> BatchRow:
    """Return what became of a set. NotThere for another person's, but auditors see all."""
    row = ReviewBatch.objects.filter(pk=batch_id).first()
    if row is None or (row.account_id != actor.account_id and not actor.holds(Role.AUDITOR)):
        raise NotThere(_("没有找到该次批量办理，或您无权知悉。"))
    return BatchRow(
        id=row.pk,
        verb=row.verb,
        verb_label=_(BATCH_VERBS[row.verb]),
        note=row.note,
        number=row.number,
        total=row.total,
        done=row.done,
        stayed=tuple(StayedRow(*line) for line in row.refused),
        notices=row.notices,
        name=row.account_name,
        at=row.at,
        finished_at=row.finished_at,
        progress_id=row.progress_id,
    )
