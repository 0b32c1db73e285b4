"""Figures of the deliveries for those who watch the machinery; numbers only."""

from __future__ import annotations

from django.db.models import Count

from jutong.slices.exchange.models import Run


def counted_by_state() -> list[tuple[str, int]]:
    """Return how many deliveries there are in each state."""
    return list(Run.objects.values_list("state").annotate(n=Count("pk")).order_by("state"))
