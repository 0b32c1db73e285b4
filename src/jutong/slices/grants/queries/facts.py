"""What slices above keep of a grant: between whom, of what, since when, how it ended; without a person asking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from jutong.slices.grants.models import Grant


@dataclass(frozen=True, slots=True)
class Facts:
    """A grant in facts. items: names; ground and ended_at: once it has ended; calls and rows: since it was opened."""

    id: int
    reference: str
    state: str
    region: str
    resource_id: int
    resource_title: str
    entry_code: str
    provider_id: int
    consumer_id: int
    authority_id: int | None
    case_ref: str
    items: tuple[str, ...]
    modes: tuple[str, ...]
    purposes: tuple[str, ...]
    basis: str
    scope: str
    valid_from: datetime
    valid_until: datetime
    ground: str
    ended_at: datetime | None
    calls: int
    rows: int
    last_used_at: datetime | None


def facts_of(grant_id: int) -> Facts | None:
    """Return one grant in facts, or None for an unknown id."""
    return facts_by_ids([grant_id]).get(grant_id)


def facts_by_ids(ids: Iterable[int]) -> dict[int, Facts]:
    """Return grants in facts by id; unknown ids are left out."""
    return {row.pk: _facts(row) for row in Grant.objects.filter(pk__in=set(ids))}


def sides_of(ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return the provider and the consumer of each grant; unknown ids are left out."""
    rows = Grant.objects.filter(pk__in=set(ids)).values_list("pk", "provider_id", "consumer_id")
    return {pk: (provider, consumer) for pk, provider, consumer in rows}


def in_force(first: datetime, last: datetime, *, consumers: Iterable[int] | None = None) -> list[Facts]:
    """Return the grants that were in force at some moment from `first` to `last` (of some consumers), by id."""
    rows = Grant.objects.filter(valid_from__lte=last, valid_until__gt=first).filter(
        Q(ended_at=None) | Q(ended_at__gte=first)
    )
    if consumers is not None:
        rows = rows.filter(consumer_id__in=set(consumers))
    return [_facts(row) for row in rows.order_by("pk")]


def _facts(g: Any) -> Facts:
    return Facts(
        id=g.pk, reference=f"G-{g.pk:06d}", state=g.state, region=g.region, resource_id=g.resource_id,
        resource_title=g.resource_title, entry_code=g.entry_code, provider_id=g.provider_id, consumer_id=g.consumer_id,
        authority_id=g.authority_id, case_ref=g.case_ref, items=tuple(one["item"] for one in g.items),
        modes=tuple(g.modes), purposes=tuple(g.purposes), basis=g.basis, scope=g.scope, valid_from=g.valid_from,
        valid_until=g.valid_until, ground=g.ended_ground, ended_at=g.ended_at, calls=g.calls, rows=g.rows,
        last_used_at=g.last_used_at,
    )  # fmt: skip
