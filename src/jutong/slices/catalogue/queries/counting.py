"""How many entries are in force, for reports of slices above."""

from __future__ import annotations

from django.db.models import Count

from jutong.slices.catalogue.models import Entry


def counted_published() -> dict[tuple[int, str], int]:
    """Return how many entries are in force, by provider and sharing type."""
    rows = Entry.objects.filter(published__isnull=False, zone="outer").values_list("provider_id", "share_type")
    return {(provider, kind): n for provider, kind, n in rows.annotate(n=Count("pk")).order_by("provider_id")}
