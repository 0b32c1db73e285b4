"""Two people at once: the same delivery is ordered once, a run is retried once, and serials leave no gap behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jutong.kernel.errors import Conflict, WrongState
from jutong.kernel.models import AuditEntry
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.models import Run
from reports import order_of, report, take
from sourceworld import granted, mounted, register
from world import World


def at_once(deeds: list[Callable[[], Any]]) -> list[Any]:
    """Do all deeds in threads of their own, beginning together; return results or refusals."""
    from django.db import connection

    gate = threading.Barrier(len(deeds))

    def done(deed: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return deed()
        except (Conflict, WrongState) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(done, deeds))


@pytest.mark.django_db(transaction=True)
def test_four_people_order_and_retry_the_same_delivery_at_once(world: World, probe: Any, civil_db: str) -> None:
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    clerk = world.actor("hr.clerk")

    def order() -> Run:
        return actions.order_batch(by=clerk, at=world.at, grant_id=grant.pk)

    found = at_once([order] * 4)
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "Conflict", "Conflict", "Run"]
    run = Run.objects.get()
    assert AuditEntry.objects.filter(verb="exchange_task.order", outcome="refused").count() == 3
    take(report(order_of(run), "rejected", message="目标库没有应答"))
    found = at_once([lambda: actions.retry(run.pk, by=clerk, at=world.at)] * 3)
    assert sum(isinstance(one, Run) for one in found) == 1
    run.refresh_from_db()
    assert (run.round, run.state) == (2, "queued")
    take(report(order_of(run), "rejected"))
    found = at_once([order] * 4)  # the task is there now: only its lock keeps them apart
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "Conflict", "Conflict", "Run"]
    formats = ["xlsx", "jsonl"]
    at_once(
        [
            lambda name=name: actions.order_batch(by=clerk, at=world.at, grant_id=grant.pk, file_format=name)
            for name in formats
        ]
    )
    serial, orders = queries.orders_since(0)
    assert len(orders) == 3
    assert serial == max(Run.objects.values_list("serial", flat=True)) == 5
