"""The code list of purposes of use: what may be added, that nothing outside it passes, and what retiring means."""

from __future__ import annotations

import pytest
from test_requests import asked, filed, reply

from covers import covers
from jutong.kernel.errors import Conflict, NotAllowed, RuleBroken, WrongState
from jutong.slices.grants import queries as grants
from jutong.slices.sharing import actions as sharing
from jutong.slices.standards import actions, queries
from published import published
from world import World


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    """Bundles are sealed to a node of the data plane."""
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


def granted(world: World, resource: int, code: str) -> int:
    """Let civil answer a request for a purpose with a grant for it."""
    request = filed(world, resource, purposes=(code,))
    sharing.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply(purposes=(code,)))
    return sharing.agree(request, by=world.actor("civil.head"), at=world.at).grant_id or 0


EMERGENCY = {"code": "emergency_response", "name": "应急处置", "meaning": "突发事件应急处置中核验人员身份"}


@covers("R-SHR-010")
def test_a_purpose_outside_the_list_is_refused_until_an_administrator_adds_it(world: World) -> None:
    resource, clerk = published(world), world.actor("hr.clerk")
    wanted = asked(resource, purposes=("emergency_response",))
    with pytest.raises(RuleBroken) as refused:
        sharing.write_request(by=clerk, at=world.at, asked=wanted)
    assert refused.value.remarks == {
        "purposes": "所选用途不在使用用途清单中，请从清单中选择：行政依据、工作参考、数据校核、业务协同。"
    }
    with pytest.raises(NotAllowed):
        actions.add_purpose(**EMERGENCY, by=clerk, at=world.at)
    actions.add_purpose(**EMERGENCY, by=world.actor("admin.system"), at=world.at)
    grant = granted(world, resource, "emergency_response")
    assert grants.wire_grant(grant).purposes == ("emergency_response",)
    assert queries.purposes_in_words(["emergency_response", "work_reference"]) == "应急处置、工作参考"


@covers(partly=["R-SHR-010"])
def test_a_retired_purpose_stays_with_what_was_granted_and_its_code_is_never_given_again(world: World) -> None:
    chief = world.actor("authority.chief")
    resource = published(world)
    made = actions.add_purpose(**EMERGENCY, by=chief, at=world.at)
    grant = granted(world, resource, made.code)
    actions.retire_purpose(made, by=chief, at=world.at)
    with pytest.raises(WrongState, match="已经停用"):
        actions.retire_purpose(made, by=chief, at=world.at)
    with pytest.raises(RuleBroken, match="不在使用用途清单中"):
        sharing.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(resource, purposes=(made.code,)))
    with pytest.raises(Conflict, match="已经用过"):
        actions.add_purpose(**EMERGENCY, by=chief, at=world.at)
    assert grants.wire_grant(grant).purposes == (made.code,)
    queries.check_purposes([made.code], held=[made.code])
    assert queries.purpose_label(made.code) == "应急处置"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"code": "应急"}, "code"), ({"code": "X"}, "code"), ({"name": ""}, "name"), ({"meaning": " "}, "meaning")],
)
def test_a_purpose_needs_code_name_and_meaning(world: World, change: dict[str, str], field: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        actions.add_purpose(**{**EMERGENCY, **change}, by=world.actor("authority.chief"), at=world.at)
    assert refused.value.field == field
    assert len(queries.offered_purposes()) == 4
