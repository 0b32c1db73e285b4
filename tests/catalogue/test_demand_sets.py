"""Lists of demands decided at once: part of them, or refused whole as one demand would be."""

from __future__ import annotations

from typing import Any

from jutong.slices.catalogue import actions
from jutong.slices.catalogue.rules.demands import Wanted
from world import World


def submitted(world: World, data: str) -> int:
    """A demand of hr's, handed in for review."""
    given = Wanted(
        scope="external",
        wanted=data,
        contents="核实申请人名下的不动产，每日更新",
        duty="社会救助家庭经济状况核对",
        basis="社会救助暂行办法第五十八条",
    )
    by = world.actor("hr.officer")
    pk = actions.record_demand(by=by, at=world.at, consumer_id=world.department("hr"), given=given).pk
    assert actions.submit_demands([pk], by=by, at=world.at).demands.done == [pk]
    return pk


def test_a_list_of_demands_is_refused_whole_to_who_may_decide_none_and_tells_a_stranger_nothing(world: World) -> None:
    vague, other = submitted(world, "不动产登记信息"), submitted(world, "殡葬服务信息")
    actions.accept_demands([vague], by=world.actor("authority.reviewer"), at=world.at)

    def sent(key: str, verb: str, *ids: int, **more: Any) -> tuple[int, Any]:
        client = world.client(key)
        answer = client.post(f"/api/v1/catalogue/demands/{verb}", {"ids": ids, **more}, "application/json")
        return answer.status_code, answer.json()

    assert sent("hr.officer", "accept", other)[0] == 403
    status, told = sent("hr.officer", "accept", vague, other)  # one of them is accepted already
    assert (status, set(told["refused"])) == (403, {str(vague), str(other)})
    status, told = sent("market.head", "assign", vague)
    assert (status, "不动产" in told["detail"]) == (404, False)
    status, told = sent("authority.reviewer", "assign", vague)
    assert (status, "没有可能的提供部门" in told["detail"]) == (422, True)
    assert sent("authority.reviewer", "reject", vague, reason="重复")[0] == 409
    status, told = sent("authority.reviewer", "accept", vague, other)
    assert (status, told["done"], list(told["refused"])) == (200, [other], [str(vague)])
