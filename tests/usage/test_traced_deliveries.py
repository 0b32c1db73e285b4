"""The trace of deliveries, and two decisions on one case at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import connections

from covers import covers
from jutong.kernel.errors import WrongState
from jutong.slices.exchange import actions as exchange
from jutong.slices.usage import actions, queries
from jutong.slices.usage.models import MisuseCase
from misuse_world import ORDER, granted, opened, told
from reports import delivered
from sourceworld import civil_db, mounted, node, probe, register  # noqa: F401 - fixtures among them
from sourceworld import granted as granted_batches
from world import World


@covers(partly=["R-SHR-021"])
def test_a_delivery_is_traced_to_who_ordered_it_and_who_fetched_the_file(
    world: World,
    probe: Any,  # noqa: F811 - the fixture
    civil_db: str,  # noqa: F811
    node: Any,  # noqa: F811
) -> None:
    grant = granted_batches(world, mounted(world, register(world, "civil", civil_db)))
    batch = exchange.order_batch(by=world.actor("hr.clerk"), at=world.at, grant_id=grant.pk)
    delivered(batch, node, artefact_digest="ab" * 32, bytes=1234)
    exchange.issue_ticket(batch.pk, by=world.actor("hr.officer"), at=world.at, purpose="data_verification")
    first, last, who = date(2026, 3, 1), date(2026, 3, 31), world.actor("authority.chief")
    ((row,), meta) = queries.deliveries(grant.resource_id, first, last, who)
    assert (row.person, row.rows, row.grant_id, meta.total) == (world.actor("hr.clerk").name, 25, grant.pk, 1)
    assert row.fetched == (f"{world.actor('hr.officer').name} 2026-03-02",)
    assert (row.items, row.purposes) == (tuple(item["item"] for item in grant.items), tuple(grant.purposes))
    (total,) = queries.trace(grant.resource_id, first, last, who).sums
    assert (total.consumer_id, total.runs, total.run_rows) == (world.department("hr"), 1, 25)
    assert queries.trace(grant.resource_id, date(2026, 3, 3), last, who).sums == ()


@pytest.mark.slow(seconds=12)
@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_the_same_moment_one_comes_off(world: World) -> None:
    grant = granted(world)
    case, by = opened(world, grant), (world.actor("civil.head"), world.actor("authority.chief"))
    words = {"at": world.at, "grant_ids": [grant], **ORDER}

    def decided(act: Callable[[], object]) -> str:
        try:
            act()
        except WrongState:
            return "refused"
        finally:
            connections.close_all()
        return "done"

    deeds: list[Callable[[], object]] = [
        lambda: actions.suspend_misuse(case.pk, by=by[0], **words),
        lambda: actions.suspend_misuse(case.pk, by=by[1], **words),
        lambda: actions.dismiss_misuse(case.pk, by=by[0], at=world.at, reason="经核实并无违规"),
    ]
    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(decided, deeds)) == ["done", "refused", "refused"]
    suspended = MisuseCase.objects.get().state == "suspended"
    assert told(grant, world.at).state == ("suspended" if suspended else "active")
