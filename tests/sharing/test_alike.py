"""Several at once: one request splits into a case for each resource; like requests are answered together, each with its own trail."""

from __future__ import annotations

import pytest
from asking_world import FILLED, posted
from test_requests import asked, filed, reply

from covers import covers
from jutong.kernel.errors import NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import queries as grants
from jutong.slices.sharing import actions
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
