"""Who obtained data of an entry otherwise than by calls: tables, files and batches that were released, and off the platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from jutong.kernel import queries as kernel
from jutong.kernel.clock import beijing_day, end_of_day
from jutong.kernel.paging import Page, page
from jutong.slices.exchange.models import OffPlatform, Run
from jutong.slices.exchange.rules import Kind


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A delivery of an entry's data: to whom, ordered and fetched by whom, when, how many rows, which items.

    person: who ordered it; fetched: who downloaded the file, from the audit trail, one "name time" each.
    """

    grant_id: int
    consumer_name: str
    person: str
    fetched: tuple[str, ...]
    at: datetime
    kind: str
    place: str
    items: tuple[str, ...]
    purposes: tuple[str, ...]
    rows: int
    number: str


def handed_over(
    entry_id: int, first: date, last: date, *, number: int = 1, size: int = 50
) -> tuple[list[HandedOver], Page]:
    """Return the released deliveries of an entry from one Beijing day to another, newest first, whoever asks."""
    rows = _released(entry_id, first, last).select_related("task__target", "grant", "consumer")
    found, meta = page(rows.order_by("-settled_at", "-pk"), number, size)
    fetched = kernel.acts_on(Run._meta.label_lower, [run.pk for run in found], "exchange.download")
    return [
        HandedOver(
            grant_id=run.grant_id,
            consumer_name=run.consumer.name,
            person=run.account_name,
            fetched=tuple(f"{act.actor_name} {beijing_day(act.at)}" for act in fetched.get(str(run.pk), ())),
            at=run.settled_at or run.ordered_at,
            kind=_(Kind(run.task.kind).label),
            place=run.task.target.title if run.task.target else "",
            items=tuple(item["item"] for item in run.grant.items),
            purposes=tuple(run.grant.purposes),
            rows=run.rows_done,
            number=f"T-{run.pk:06d}",
        )
        for run in found
    ], meta


@dataclass(frozen=True, slots=True)
class HandedSum:
    """What one department obtained by deliveries: how many, and how many rows."""

    runs: int
    rows: int


def handed_sums(entry_id: int, first: date, last: date) -> dict[int, HandedSum]:
    """Return the same by department, in one statement; deliveries off the platform count without rows."""
    found = _released(entry_id, first, last).values("consumer_id").annotate(runs=Count("pk"), rows=Sum("rows_done"))
    sums = {one["consumer_id"]: HandedSum(one["runs"], one["rows"] or 0) for one in found.order_by()}
    off = OffPlatform.objects.filter(grant__resource=entry_id, delivered_on__gte=first, delivered_on__lte=last)
    for consumer, times in off.values_list("consumer_id").annotate(times=Count("pk")).order_by():
        before = sums.get(consumer, HandedSum(0, 0))
        sums[consumer] = HandedSum(before.runs + times, before.rows)
    return sums


def _released(entry_id: int, first: date, last: date) -> QuerySet[Run]:
    since, until = end_of_day(first - timedelta(days=1)), end_of_day(last)
    within = Q(settled_at__gte=since, settled_at__lt=until)
    return Run.objects.filter(within, grant__resource=entry_id, state="released")
