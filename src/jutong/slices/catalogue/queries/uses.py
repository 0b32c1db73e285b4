"""Who provides what to whom, and which entries are used together: read from the grants heard of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Q, QuerySet

from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.slices.catalogue.models import Entry, Use

MOST_DRAWN = 60


@dataclass(frozen=True, slots=True)
class Flow:
    """What one department gives another: entries under living grants, grants, and when one was last called."""

    provider_id: int
    provider: str
    consumer_id: int
    consumer: str
    entries: int
    grants: int
    used_on: date | None


@dataclass(frozen=True, slots=True)
class Given:
    """An entry that one department gives another, since when."""

    entry_id: int
    title: str
    code: str
    since: date
    used_on: date | None


@dataclass(frozen=True, slots=True)
class Together:
    """An entry that departments use beside another one: how many of them."""

    entry_id: int
    title: str
    provider: str
    consumers: int


def _living(region: str, department: int) -> QuerySet[Use]:
    rows = Use.objects.filter(ended_on=None)
    if region:
        rows = rows.filter(provider__region__code=region)
    return rows.filter(Q(provider=department) | Q(consumer=department)) if department else rows


def flows(*, region: str = "", department: int = 0) -> list[Flow]:
    """Return the flows under living grants, the largest first; of one region's providers, or to and from a department."""
    rows = (
        _living(region, department)
        .values("provider_id", "provider__name", "consumer_id", "consumer__name")
        .annotate(entries=Count("entry", distinct=True), grants=Count("pk"), last=Max("used_on"))
        .order_by("-entries", "provider_id", "consumer_id")
    )
    return [
        Flow(r["provider_id"], r["provider__name"], r["consumer_id"], r["consumer__name"], r["entries"], r["grants"], r["last"])
        for r in rows
    ]  # fmt: skip


def given(provider: int, consumer: int, *, number: int = 1, size: int = 20) -> tuple[list[Given], Page]:
    """Return the entries that one department gives another under living grants, the latest first."""
    rows = Use.objects.filter(provider=provider, consumer=consumer, ended_on=None).select_related("entry")
    found, meta = page(rows.order_by("-since", "-pk"), number, size)
    return [Given(use.entry_id, use.entry.title, use.entry.code or "", use.since, use.used_on) for use in found], meta


def every_given(provider: int, consumer: int) -> Iterator[Given]:
    """Yield all of them, for a sheet."""
    return every(lambda number: given(provider, consumer, number=number, size=LARGEST))


def used_together(entry_id: int, *, most: int = 8) -> list[Together]:
    """Return published entries that the departments using this one use too, those of most departments first."""
    consumers = Use.objects.filter(entry=entry_id, ended_on=None).values("consumer")
    rows = (
        Use.objects.filter(consumer__in=consumers, ended_on=None, entry__published__isnull=False)
        .exclude(entry=entry_id)
        .values("entry_id")
        .annotate(many=Count("consumer", distinct=True))
        .order_by("-many", "entry_id")[:most]
    )
    counts = {row["entry_id"]: row["many"] for row in rows}
    entries = Entry.objects.in_bulk(list(counts))
    return [
        Together(pk, entries[pk].title, entries[pk].provider_name, many) for pk, many in counts.items() if pk in entries
    ]
