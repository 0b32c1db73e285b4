"""Resource codes: never given out twice, retired with their entries, and leading to what an entry was merged into."""

from __future__ import annotations

import pytest

from jutong.kernel.actors import system_actor
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Entry
from published import published
from world import World


def code_of(pk: int) -> str:
    return Entry.objects.get(pk=pk).code or ""


def withdrawn(world: World, pk: int, successor: str = "") -> None:
    actions.withdraw(pk, by=system_actor("grants"), at=world.at, reason="职责整合", successor=successor)


def test_a_code_of_a_withdrawn_entry_is_retired_and_not_given_to_the_next(world: World) -> None:
    first = published(world)
    gone = code_of(first)
    withdrawn(world, first)
    with pytest.raises(NotThere, match="已停用"):
        queries.at_code(gone)
    again = published(world)
    assert (gone, code_of(again)) == ("3070010001/000001", "3070010001/000002")
    with pytest.raises(NotThere, match="没有信息资源代码"):
        queries.at_code("3070010001/999999")


def test_a_merged_entrys_code_leads_to_its_successor_through_every_merger(world: World) -> None:
    first, second, third = (published(world, title=title) for title in ("低保对象", "特困人员", "社会救助对象"))
    codes = [code_of(pk) for pk in (first, second, third)]
    withdrawn(world, first, codes[1])
    withdrawn(world, second, codes[2])
    assert [queries.at_code(code) for code in codes] == [third] * 3
    clerk = world.client("market.clerk")
    assert clerk.get(f"/catalogue/code/{codes[0]}")["Location"] == f"/catalogue/{third}/"
    assert clerk.get(f"/api/v1/catalogue/code?code={codes[0]}").json()["id"] == third
    withdrawn(world, third)
    assert clerk.get(f"/catalogue/code/{codes[0]}").status_code == 404


def test_an_entry_is_merged_only_into_another_that_is_published(world: World) -> None:
    pk, gone = published(world), published(world, title="特困人员")
    withdrawn(world, gone)
    for code in (code_of(pk), code_of(gone), "3070010001/000099"):
        with pytest.raises(RuleBroken) as refusal:
            withdrawn(world, pk, code)
        assert refusal.value.field == "successor"
    assert queries.require_published(pk).id == pk
