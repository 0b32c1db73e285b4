"""What is marked secret after it was granted: the gateway's own admission refuses it with the very next bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from model_doors import Doors

from covers import covers
from jutong.dataplane.snapshots import CLASSIFIED, INNER, barred, inactive_reason
from jutong.kernel import outbox
from jutong.slices.catalogue import actions as entries
from jutong.slices.catalogue.models import Item
from sourceworld import civil_db, granted, hr_db, mounted, node, probe, register  # noqa: F401 - fixtures among them
from world import World


class Gateway:
    """A gateway of the outer network, what it is told now, and a grant that it serves."""

    def __init__(self, world: World, database: str) -> None:
        self.world, self.doors = world, Doors(world.system("hr").key_id)
        self.grant = granted(world, mounted(world, register(world, "civil", database)))
        world.drain()

    def shows(self, zone: str = "outer") -> Mapping[str, str] | None:
        self.doors.hear(self.world.at)
        return self.doors.shown(self.grant.pk, "data_verification", self.world.at, zone=zone)

    def why(self) -> str:
        assert self.doors.whole is not None
        return inactive_reason(barred(self.doors.whole, "outer").grants[str(self.grant.pk)], self.world.at)


@pytest.fixture
def gateway(world: World, probe: Any, civil_db: str) -> Gateway:  # noqa: F811 - the fixtures
    gateway = Gateway(world, civil_db)
    assert gateway.shows(), "it serves while nothing is secret"
    return gateway


@covers(partly=["R-SEC-010", "R-SEC-011", "R-SEC-038"])
def test_an_item_marked_secret_bars_the_grants_of_its_entry_outside_the_inner_network(gateway: Gateway) -> None:
    world = gateway.world
    for item in Item.objects.filter(version__entry=gateway.grant.resource_id, name="收入"):
        item.detail = {**item.detail, "classified": True}
        item.save()
    told = {"id": gateway.grant.resource_id, "provider_id": gateway.grant.provider_id}
    outbox.publish("catalog_entry.published", f"catalog_entry:{told['id']}", told, at=world.at)
    world.drain()
    assert (gateway.shows(), gateway.why()) == (None, CLASSIFIED)
    assert gateway.shows(INNER) is not None


@covers(partly=["R-SEC-037"])
def test_what_is_taken_out_as_secret_is_refused_before_any_event_is_heard(gateway: Gateway) -> None:
    world = gateway.world
    said = {"kind": "work_secret", "document": "密〔2026〕1号"}
    entries.take_out(gateway.grant.resource_id, by=world.actor("civil.secrecy"), at=world.at, **said)
    assert (gateway.shows(), gateway.why()) == (None, CLASSIFIED)
    assert gateway.shows(INNER) is None, "nor in the inner network"
    world.drain()
    gateway.grant.refresh_from_db()
    assert gateway.grant.state == "revoked"
