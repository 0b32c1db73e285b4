"""Business information of national projects is had under an agreement only."""

from __future__ import annotations

import pytest
from agreement_world import drafted, line, signed

from covers import covers
from jurisdictions import under
from jutong.kernel.errors import NotAllowed
from jutong.slices.agreements import actions, queries
from published import published
from world import World


@covers("R-CAT-039")
def test_business_information_of_a_national_project_is_forbidden_without_an_agreement_in_force(world: World) -> None:
    entry = published(world, extra={"info_kind": "business_information", "share_method": "query"})
    hr = world.department("hr")
    queries.check_agreed(entry, hr, at=world.at)
    under("national-project-opinion")
    with pytest.raises(NotAllowed, match="只能按双边或多边协议共享"):
        queries.check_agreed(entry, hr, at=world.at)
    case = drafted(world, lines=(line(world, entry),))
    actions.send(case, by=world.actor("civil.officer"), at=world.at)
    with pytest.raises(NotAllowed):
        queries.check_agreed(entry, hr, at=world.at)
    assert signed(world, case, "civil.head", "hr.head").state == "active"
    queries.check_agreed(entry, hr, at=world.at)
    with pytest.raises(NotAllowed):
        queries.check_agreed(entry, world.department("market"), at=world.at)
