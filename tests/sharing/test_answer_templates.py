"""A department's templates of answers fill drafts in, one by one and many at once; they never send anything."""

from __future__ import annotations

import re

import pytest
from asking_world import posted
from test_requests import filed

from jutong.kernel.errors import Conflict, NotThere, RuleBroken
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.models import AnswerTemplate, SharingRequest
from published import published
from world import World

REASON = "申请的用途超出本部门数据可以支持的范围"


def test_a_template_is_the_departments_own_and_holds_only_what_an_answer_may_say(world: World) -> None:
    officer, page = world.client("civil.officer"), "/sharing/templates/new/"
    words = {
        "kind": "refuse",
        "name": "用途不符",
        "reason": REASON,
        "basis": "社会救助暂行办法第十一条",
        "scope": "不相干",
    }
    refused = posted(officer, page, **{**words, "reason": "申请材料不全"})
    assert (refused.status_code, "一次性告知补正" in refused.content.decode()) == (422, True)
    assert posted(officer, page, **words).status_code == 303
    row = AnswerTemplate.objects.get()
    assert row.words == {"reason": REASON, "basis": "社会救助暂行办法第十一条"}
    with pytest.raises(Conflict):
        actions.keep_answer_template(
            by=world.actor("civil.clerk"), at=world.at, kind="agree", name="用途不符", words={"scope": "科室使用"}
        )
    with pytest.raises(RuleBroken):
        actions.keep_answer_template(by=world.actor("civil.clerk"), at=world.at, kind="supplement", name="空", words={})
    assert world.client("hr.clerk").get(f"/sharing/templates/{row.pk}/").status_code == 404
    with pytest.raises(NotThere):
        actions.drop_answer_template(row.pk, by=world.actor("hr.clerk"), at=world.at)


def test_chosen_it_fills_the_draft_in_and_nothing_leaves_before_a_person_sends_it(world: World) -> None:
    resource, officer, at = published(world), world.actor("civil.officer"), world.at
    cases = [filed(world, resource), filed(world, resource)]
    kept = actions.keep_answer_template(
        by=officer, at=at, kind="refuse", name="用途不符", words={"reason": REASON, "basis": "社会救助暂行办法"}
    )
    missing = actions.keep_answer_template(
        by=officer, at=at, kind="supplement", name="常缺", words={"papers": ["单位证明", "委托书"]}
    )
    client, case = world.client("civil.officer"), f"/sharing/requests/{cases[0].pk}/"
    shown = client.get(f"{case}reply/?template={kept.pk}").content.decode()
    assert f">\n{REASON}</textarea>" in shown
    assert re.search(r'<input[^>]*value="refuse"[^>]* checked', shown)
    assert ">\n单位证明\n委托书</textarea>" in client.get(f"{case}?template={missing.pk}").content.decode()
    assert {row.state for row in SharingRequest.objects.all()} == {"received"}
    template = queries.answer_template(kept.pk, officer)
    done = actions.prepare_alike(cases[0].pk, ids=[cases[1].pk], by=officer, at=at, template=template)
    assert done.done == [cases[1].pk]
    drafted = SharingRequest.objects.get(pk=cases[1].pk)
    assert (drafted.state, drafted.reply["reason"], drafted.reply_reason) == ("reply_prepared", REASON, "")
    other = f"/api/v1/sharing/requests/{cases[1].pk}/alike/prepare"
    answer = client.post(other, {"ids": [cases[0].pk], "template_id": kept.pk}, content_type="application/json")
    assert answer.json() == {"done": [cases[0].pk], "refused": {}}
    listed = client.get("/api/v1/sharing/templates").json()
    assert [row["name"] for row in listed] == ["用途不符", "常缺"]
