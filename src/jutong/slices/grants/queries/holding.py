"""Grants that run, whoever asks: for slices above that act on several of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, QuerySet

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
    return {row.id: row for row in _rows(Grant.objects.filter(pk__in=set(ids)))}


def standing_between(provider_id: int, consumer_id: int) -> list[Standing]:
    """Return the grants of one provider to one consumer that work or are suspended, newest first."""
    held = Grant.objects.filter(provider_id=provider_id, consumer_id=consumer_id, state__in=["granted", "suspended"])
    return _rows(held.order_by("-pk"))


class Holdings:
    """What consumers hold that works or is suspended, as it was before any of their newest grants.

    since: id of the oldest of those newest grants. Of what was opened before it, only the newest grant of a resource is kept.
    """

    def __init__(self, consumer_ids: Collection[int], *, since: int) -> None:
        held = Grant.objects.filter(consumer_id__in=consumer_ids, state__in=["granted", "suspended"])
        older = held.filter(pk__lt=since).values("consumer_id", "resource_id").annotate(newest=Max("pk"))
        newer = held.filter(pk__gte=since).values_list("consumer_id", "resource_id", "pk")
        self._opened: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for consumer, resource, pk in sorted(
            [*older.values_list("consumer_id", "resource_id", "newest"), *newer], key=lambda one: one[2]
        ):
            self._opened[consumer].append((resource, pk))

    def of(self, consumer_id: int, *, before: int | None = None) -> dict[int, int]:
        """Return the id of a consumer's newest grant of each resource; before: of those opened before the one with this id."""
        return {resource: pk for resource, pk in self._opened[consumer_id] if before is None or pk < before}


def _rows(found: QuerySet[Grant]) -> list[Standing]:
    return [
        Standing(
            g.pk, f"G-{g.pk:06d}", g.state, GRANT.state_label(g.state), g.region, g.resource_id, g.resource_title, g.provider_id, g.consumer_id,
            g.authority_id, g.held_by, g.reason, tuple(g.items), tuple(g.purposes), tuple(g.modes),
            g.framed_by or g.case_ref,
        )
        for g in found
    ]  # fmt: skip
