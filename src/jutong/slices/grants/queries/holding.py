"""Grants that run, whoever asks: for slices above that act on several of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from jutong.slices.grants.models import Grant
from jutong.slices.grants.workflow import GRANT


@dataclass(frozen=True, slots=True)
class Standing:
    """A grant with its parties and items; reason: of its newest move; held_by: number of the case that keeps it suspended.

    came_under: reference of the agreement that frames it, else of the case that it came from.
    """

    id: int
    reference: str
    state: str
    state_label: str
    region: str
    resource_id: int
    resource_title: str
    provider_id: int
    consumer_id: int
    authority_id: int | None
    held_by: str
    reason: str
    items: tuple[dict[str, Any], ...]
    purposes: tuple[str, ...]
    modes: tuple[str, ...]
    came_under: str


def standing(ids: Iterable[int]) -> dict[int, Standing]:
    """Return grants by id, in whatever state; unknown ids are left out."""
    return {row.pk: standing_of(row) for row in Grant.objects.filter(pk__in=set(ids))}


def standing_between(provider_id: int, consumer_id: int) -> list[Standing]:
    """Return the grants of one provider to one consumer that work or are suspended, newest first."""
    held = Grant.objects.filter(provider_id=provider_id, consumer_id=consumer_id, state__in=["granted", "suspended"])
    return [standing_of(row) for row in held.order_by("-pk")]


def newest_of(consumer_ids: Collection[int], *, without: Collection[int]) -> dict[int, dict[int, int]]:
    """Return by consumer and resource the id of the newest grant that works or is suspended; without: ids left out."""
    held = Grant.objects.filter(consumer_id__in=consumer_ids, state__in=["granted", "suspended"])
    newest = held.exclude(pk__in=without).values("consumer_id", "resource_id").annotate(newest=Max("pk"))
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for consumer, resource, pk in newest.values_list("consumer_id", "resource_id", "newest"):
        found[consumer][resource] = pk
    return found


def standing_of(g: Grant) -> Standing:
    """Return a grant that was read, or that is being opened, with its parties and items."""
    return Standing(
        g.pk, f"G-{g.pk:06d}", g.state, GRANT.state_label(g.state), g.region, g.resource_id, g.resource_title, g.provider_id, g.consumer_id,
        g.authority_id, g.held_by, g.reason, tuple(g.items), tuple(g.purposes), tuple(g.modes), g.framed_by or g.case_ref,
    )  # fmt: skip
