"""Lists of demands decided at once, or refused whole as one demand would be; and figures that lead to their lists."""

from __future__ import annotations

import html
import re
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


def test_each_figure_of_demands_leads_those_who_watch_over_them_to_the_demands_it_counts(world: World) -> None:
    submitted(world, "不动产登记信息")
    gap = submitted(world, "住房公积金缴存信息")
    actions.accept_demands([gap], by=world.actor("authority.reviewer"), at=world.at, entries={})
    police = world.department("police")
    actions.assign_demands([gap], by=world.actor("authority.reviewer"), at=world.at, provider_id=police)
    dropped = submitted(world, "婚姻登记信息")
    actions.reject_demands([dropped], by=world.actor("authority.reviewer"), at=world.at, reason="已有目录")
    reviewer = world.client("authority.reviewer")
    page = reviewer.get("/catalogue/demands/lists/").content.decode()
    figures = re.findall(r'<a href="(/catalogue/demands/[^"]*)">([0-9]+)</a>', page)
    assert len(figures) > len(("scopes", "departments")) * 6
    for link, many in figures:
        listed = reviewer.get(html.unescape(link)).content.decode()
        assert (f"共 {many} 条" in listed) if int(many) else ("共 " not in listed), link
    assert "/catalogue/demands/?view=all&amp;region=" not in (
        world.client("hr.clerk").get("/catalogue/demands/lists/").content.decode()
    )
