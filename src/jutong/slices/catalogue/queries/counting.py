"""How many entries are in force, and which, for reports of slices above."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from jutong.kernel.paging import Page, page
from jutong.slices.catalogue.models import Entry

_PUBLISHED = Entry.objects.filter(published__isnull=False, zone="outer")


@dataclass(frozen=True, slots=True)
class CountedEntry:
    """A published entry as it stands behind a figure."""

    id: int
    code: str
    title: str
    provider_id: int
    provider_name: str
    share_type: str


def counted_published() -> dict[tuple[int, str], int]:
    """Return how many entries are in force, by provider and sharing type."""
    rows = _PUBLISHED.values_list("provider_id", "share_type")
    return {(provider, kind): n for provider, kind, n in rows.annotate(n=Count("pk")).order_by("provider_id")}


def counted_by_type(authorities: Collection[int] | None) -> dict[str, int]:
    """Return how many entries are in force that these authorities published (None: all), by sharing type."""
    rows = _published_by(authorities).values_list("share_type").annotate(n=Count("*"))  # by the index alone
    return dict(rows.order_by("share_type"))


def published_by(
    authorities: Collection[int] | None, share_type: str, *, number: int = 1, size: int = 20
) -> tuple[list[CountedEntry], Page]:
    """Return the entries behind such a figure; of all sharing types for an empty one."""
    rows = _published_by(authorities)
    rows = rows.filter(share_type=share_type) if share_type else rows
    chosen = rows.only("code", "title", "provider_id", "provider_name", "share_type").order_by("-pk")
    found, meta = page(chosen, number, size)
    return [
        CountedEntry(one.pk, one.code or "", one.title, one.provider_id, one.provider_name, one.share_type)
        for one in found
    ], meta


def _published_by(authorities: Collection[int] | None) -> Any:
    return _PUBLISHED if authorities is None else _PUBLISHED.filter(authority_id__in=list(authorities))
