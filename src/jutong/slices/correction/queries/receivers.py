"""Who obtained a resource's data: calls counted under grants, and deliveries that were released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jutong.slices.exchange import queries as exchange
from jutong.slices.grants import queries as grants


@dataclass(frozen=True, slots=True)
class Obtained:
    """A department that obtained data: calls answered, deliveries released, the last of them."""

    consumer_id: int
    calls: int
    runs: int
    last_at: datetime | None


def obtained(resource_id: int) -> list[Obtained]:
    """Return who obtained data of a resource, or can right now: a use of this minute may not be counted yet.

    A grant that ended without a call and without a delivery gave nothing.
    """
    called = [
        Obtained(held.consumer_id, held.calls, 0, held.last_used_at)
        for held in grants.held_of(resource_id)
        if held.calls or held.working
    ]
    delivered = [Obtained(got.consumer_id, 0, got.runs, got.last_at) for got in exchange.delivered_of(resource_id)]
    return [*called, *delivered]
