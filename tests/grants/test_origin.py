"""What is shared follows a stated need: every grant tells the case it came from, and none is opened without one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from test_requests import answered

from covers import covers
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import RuleBroken
from jutong.slices.grants import actions
from jutong.slices.grants.models import Grant
from jutong.wire.grants import Column, Kind
from published import published
from world import World


@covers("R-SHR-035")
def test_a_grant_leads_to_the_number_of_its_request_and_none_is_opened_without_an_origin(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    case = answered(world, published(world))
    reader = world.client("hr.head")
    origin = reader.get(f"/api/v1/grants/{case.grant_id}").json()["case_ref"]
    assert origin == f"sharing_request:{case.pk}"
    number = reader.get(f"/api/v1/sharing/requests/{origin.partition(':')[2]}").json()["line"]["number"]
    assert number == case.number
    held = Grant.objects.get(pk=case.grant_id)
    terms = actions.Terms(
        columns=(Column("姓名", "name", Kind.TEXT),),
        conditions=(),
        key_items=(),
        modes=("query",),
        purposes=("data_verification",),
        valid_from=world.at,
        valid_until=world.at + timedelta(days=30),
        basis="社会救助暂行办法",
        known={"姓名": Kind.TEXT},
    )
    with pytest.raises(RuleBroken) as refused:
        actions.open_grant(
            actions.Opening(
                region=held.region,
                resource_id=held.resource_id,
                resource_title=held.resource_title,
                entry_code=held.entry_code,
                entry_version=held.entry_version,
                provider_id=held.provider_id,
                consumer_id=held.consumer_id,
                authority_id=held.authority_id,
                case_ref="",
                request_digest="0" * 64,
                terms=terms,
            ),
            by=system_actor("sharing"),
            at=world.at,
        )
    assert refused.value.field == "case_ref"
    assert Grant.objects.count() == 1
