"""Secret data and the agreement of secrecy before them (jiangxi-2017#19)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from agreement_world import active, line, refused, written
from test_requests import filed, reply

from covers import covers
from jurisdictions import under
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.slices.agreements import actions, queries
from jutong.slices.catalogue.models import Item
from jutong.slices.sharing import actions as sharing
from published import published
from world import World


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


BASIS: dict[str, Any] = {
    "basis_rank": "administrative_regulation", "basis_instrument": "社会救助暂行办法", "basis_article": "第十一条",
}  # fmt: skip


def secret(world: World) -> int:
    """An entry in force with an item marked secret, as an inner network has them."""
    resource = published(world, **BASIS)
    item = Item.objects.filter(version__entry=resource, name="收入").latest("pk")
    item.detail = {**item.detail, "classified": True}
    item.save()
    return resource


@covers(partly=["R-SEC-009"])
def test_jiangxi_grants_secret_data_only_under_an_agreement_of_secrecy_in_force(world: World) -> None:
    resource = secret(world)
    under("jiangxi-2017")
    case = filed(world, resource)
    officer, head = world.actor("civil.officer"), world.actor("civil.head")
    with refused(WrongState, "须签订安全保密协议（") as told:
        sharing.prepare_reply(case, by=officer, at=world.at, reply=reply())
    assert "第十九条" in told.value.sentence
    assert "内江市民政局" in told.value.sentence
    with refused(WrongState, "须签订安全保密协议"):
        active(world, line(world, resource))
    kept = active(world, kind="confidentiality", quality="", quantity="", frequency="", schedule="")
    assert queries.confidential(world.department("hr"), world.department("civil"), at=world.at) == kept.number
    sharing.prepare_reply(case, by=officer, at=world.at, reply=reply())
    actions.terminate(kept.pk, by=head, at=world.at, reason="不再需要")
    with refused(WrongState, "须签订安全保密协议"):
        sharing.agree(case, by=head, at=world.at)
    again = active(world, kind="confidentiality")
    assert sharing.agree(case, by=head, at=world.at).state == "agreed"
    over = world.at + timedelta(days=400)
    world.drain(over)
    assert queries.confidential(world.department("hr"), world.department("civil"), at=over) == ""
    assert again.pk


def test_other_texts_ask_for_no_such_agreement_and_what_is_not_secret_needs_none(world: World) -> None:
    resource = secret(world)
    under("inner-mongolia-2018")
    case = filed(world, resource)
    sharing.prepare_reply(case, by=world.actor("civil.officer"), at=world.at, reply=reply())
    assert case.pk


def test_an_agreement_of_secrecy_is_between_two_and_grants_nothing_itself(world: World) -> None:
    with refused(RuleBroken, "双方签订"):
        actions.draft(
            by=world.actor("civil.officer"), at=world.at, kind="confidentiality",
            written=written(world, "civil", "hr", "market"),
        )  # fmt: skip
    with refused(RuleBroken, "本身不授权数据"):
        active(world, line(world, published(world)), kind="confidentiality")
