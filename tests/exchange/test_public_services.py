"""Query, exchange and publication over one network zone: who may read, who may exchange, and what no other zone reaches."""

from __future__ import annotations

from typing import Any

import pytest

from covers import covers
from jutong.client import AsyncClient, Refused
from jutong.dataplane.settings import Settings
from jutong.kernel.errors import NotThere
from jutong.slices.catalogue.models import Entry
from jutong.slices.datacentre import actions as datacentre
from published import published
from runworld import called
from sourceworld import MAPPING, register
from world import World

READERS = ("hr.clerk", "police.clerk", "market.officer")


def read(world: World, entry: int, code: str) -> set[int]:
    """Return how the addresses of an entry answer people of three departments."""
    addresses = (
        f"/catalogue/{entry}/", f"/sharing/new/{entry}/", f"/api/v1/catalogue/{entry}", f"/api/v1/catalogue/{entry}/dcat",
        f"/api/v1/catalogue/code?code={code}",
    )  # fmt: skip
    return {world.client(name).get(address).status_code for name in READERS for address in addresses}


@covers("R-EXC-009")
def test_what_is_published_all_of_the_zone_may_read_what_is_exchanged_its_parties_only(
    world: World, agreed: dict[str, Any], own: Settings, civil_db: str
) -> None:
    entry = published(world, "civil", title="福利机构公示信息", share_type="unconditional", personal=False)
    case = Entry.objects.get(pk=entry)
    assert read(world, entry, str(case.code)) == {200}
    # exchange: its two parties, nobody else; people are not even told that there is such a grant
    order = {"grant_id": agreed["grant_id"], "source_id": agreed["source_id"], "schema": "public", "table": "dibao"}
    path = "/api/v1/exchange/runs/table"
    assert world.client("police.clerk").post(path, order, content_type="application/json").status_code == 404

    async def story(client: AsyncClient) -> Refused:
        with pytest.raises(Refused) as refused:
            await client.query(str(agreed["grant_id"]), {"公民身份号码": "511002198001010001"})
        return refused.value

    refusal = called(own, world, "police", story)
    assert (refusal.problem.status, refusal.problem.code) == (403, "forbidden")
    assert "本业务系统没有这项授权" in refusal.problem.detail
    # a method that there is not
    unknown = world.client("hr.clerk").post(path, order | {"mode": "telepathy"}, content_type="application/json")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "validation_error")
    # an entry of the inner network is in no way reached from the outer one
    Entry.objects.filter(pk=entry).update(zone="inner")
    assert read(world, entry, str(case.code)) <= {403, 404}
    with pytest.raises(NotThere):
        datacentre.mount(
            by=world.actor("civil.officer"), at=world.at, resource_id=entry, schema="public", table="people",
            source_id=register(world, "civil", civil_db, title="另一个库").pk, mapping=MAPPING,
        )  # fmt: skip
