"""Several at once: one request splits into a case for each resource; like requests are answered together, each with its own trail."""

from __future__ import annotations

import pytest
from asking_world import FILLED, posted
from test_requests import asked, filed, reply

from covers import covers
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import queries as grants
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.models import SharingRequest
from published import published
from world import World


def test_one_reply_is_drafted_and_decided_for_like_requests_each_within_its_own_scope(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    resource, officer, head = published(world), world.actor("civil.officer"), world.actor("civil.head")
    first = filed(world, resource)
    second = filed(world, resource, items=("公民身份号码", "出生日期"))
    other = filed(world, published(world, title="临时救助信息"))
    for stranger, case_id in ((world.actor("market.head"), first.pk), (officer, first.pk + 1000)):
        with pytest.raises(NotThere):
            actions.prepare_alike(case_id, ids=[second.pk], by=stranger, at=world.at)
    with pytest.raises(WrongState, match="还没有拟定"):
        actions.prepare_alike(first.pk, ids=[second.pk], by=officer, at=world.at)
    actions.prepare_reply(first, by=officer, at=world.at, reply=reply())
    drafted = actions.prepare_alike(first.pk, ids=[second.pk, other.pk], by=officer, at=world.at)
    assert drafted.done == [second.pk]
    assert "逐件" in drafted.refused[other.pk]
    second.refresh_from_db()
    assert [item["item"] for item in second.reply["items"]] == ["公民身份号码"]
    decided = actions.decide_alike(first.pk, ids=[first.pk, second.pk], by=head, at=world.at)
    assert (decided.done, list(decided.refused)) == ([first.pk], [second.pk])
    third = filed(world, resource, use_scope="工伤保险科经办人员使用")
    actions.prepare_reply(third, by=officer, at=world.at, reply=reply())
    actions.prepare_reply(other, by=officer, at=world.at, reply=reply())
    fourth = filed(world, resource, use_scope="失业保险科经办人员使用")
    page = world.client("civil.officer").get(f"/sharing/requests/{third.pk}/").content.decode()
    assert fourth.number in page
    actions.prepare_alike(third.pk, ids=[fourth.pk], by=officer, at=world.at)
    answer = world.client("civil.head").post(
        f"/api/v1/sharing/requests/{third.pk}/alike/decide",
        {"ids": [third.pk, fourth.pk]},
        content_type="application/json",
    )
    assert answer.json() == {"done": [third.pk, fourth.pk], "refused": {}}
    states = dict(SharingRequest.objects.values_list("pk", "state"))
    assert {states[third.pk], states[fourth.pk]} == {"agreed"}
    assert AuditEntry.objects.filter(verb="sharing_request.agree", outcome="success").count() == 3
    fourth.refresh_from_db()
    assert grants.wire_grant(fourth.grant_id).state == "active"


def test_like_requests_are_shown_to_those_only_who_may_answer_them_and_the_others_say_why(world: World) -> None:
    resource, officer, head = published(world), world.actor("civil.officer"), world.actor("civil.head")
    first, same, other, bare, waits = (
        filed(world, resource, use_scope=f"{name}保险科经办人员使用")
        for name in ("养老", "工伤", "失业", "医疗", "生育")
    )
    for case in (first, same):
        actions.prepare_reply(case, by=officer, at=world.at, reply=reply())
    actions.prepare_reply(other, by=officer, at=world.at, reply=reply(scope="仅限窗口核验"))
    actions.ask_supplement(waits, by=officer, at=world.at, papers=["单位证明"])
    with pytest.raises(NotAllowed):
        queries.alike(first.pk, "decide", officer, world.at)  # drafts, and does not decide
    for stranger in ("civil.engineer", "hr.clerk"):
        for verb in ("prepare", "decide"):
            with pytest.raises(NotAllowed):
                queries.alike(first.pk, verb, world.actor(stranger), world.at)
            answer = world.client(stranger).post(
                f"/api/v1/sharing/requests/{first.pk}/alike/{verb}", {"ids": [same.pk]}, "application/json"
            )
            assert answer.status_code == 403
        assert bare.number not in world.client(stranger).get(f"/sharing/requests/{first.pk}/").content.decode()
    with pytest.raises(NotThere):
        queries.alike(first.pk, "decide", world.actor("market.head"), world.at)
    found = queries.alike(first.pk, "decide", head, world.at)
    why = {row.id: sentence for row, sentence in found.others}
    assert [row.id for row in found.rows] == [same.pk]
    assert ("与本件不同" in why[other.pk], "还没有拟定" in why[bare.pk], "补正" in why[waits.pk]) == (True, True, True)
    drafts = queries.alike(first.pk, "prepare", officer, world.at)
    assert [row.id for row in drafts.rows] == [bare.pk]
    client, page = world.client("civil.head"), f"/sharing/requests/{first.pk}/"
    shown = client.get(page).content.decode()
    assert f"{other.number}</a>" in shown
    assert f"：{why[other.pk]}" in shown
    assert client.post(f"{page}alike/decide/", {"ids": [other.pk, bare.pk]}).status_code == 409
    told = client.post(f"{page}alike/decide/", {"ids": [first.pk, same.pk, other.pk]}, follow=True).content.decode()
    assert "已办理 2 件。" in told
    assert f"{other.number}：{why[other.pk]}" in told


@covers(partly=["R-SHR-002"])
def test_one_request_for_several_resources_splits_and_an_earlier_ones_words_serve_again(world: World) -> None:
    low, free = published(world), published(world, "market", title="行政区划代码信息", share_type="unconditional",
                                            open_type="conditional", open_conditions="实名登记")  # fmt: skip
    code = catalogue.require_published(free).code
    clerk, client = world.actor("hr.clerk"), world.client("hr.clerk")
    with pytest.raises(RuleBroken, match="目录编号 9/9"):
        actions.write_several(by=clerk, at=world.at, asked=asked(low), codes=[code, "9/9"])
    assert not SharingRequest.objects.exists()
    form = FILLED | {"others": code}
    answer = posted(client, f"/sharing/new/{low}/", **form)
    assert answer.status_code == 303
    cases = list(SharingRequest.objects.order_by("pk"))
    assert [case.provider_id for case in cases] == [world.department("civil"), world.department("market")]
    assert cases[0].use_basis == cases[1].use_basis
    assert set(cases[1].items) == {item.name for item in catalogue.require_published(free).items}
    page = client.get(f"/sharing/new/{low}/?like={cases[1].pk}").content.decode()
    assert "办理养老保险代缴时核验低保身份</textarea>" in page
