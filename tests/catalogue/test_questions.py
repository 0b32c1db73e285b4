"""Guidance: departments ask, provider and authority answer, and everybody finds the answers."""

from __future__ import annotations

from typing import Any

import pytest

from covers import covers
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import InboxItem
from jutong.slices.catalogue import actions, queries
from published import content, published
from world import World


def found(world: World, who: str, text: str = "", **how: Any) -> list[int]:
    rows, _meta = queries.questions(world.actor(who), text=text, **how)
    return [row.id for row in rows]


@covers("R-CAT-049")
def test_an_answer_of_the_authority_stands_with_the_entry_and_is_found_by_keyword_by_other_departments(
    world: World,
) -> None:
    pk = published(world)
    asked = actions.ask(
        by=world.actor("market.clerk"), at=world.at, entry_id=pk, addressee="authority",
        text="收入一项按家庭还是按个人统计？",
    )  # fmt: skip
    told = InboxItem.objects.get(title__contains="城乡低保对象信息", role="authority_reviewer")
    assert told.link == f"/catalogue/questions/{asked.pk}/"
    for who in ("hr.officer", "market.officer"):
        with pytest.raises(NotAllowed):
            actions.answer(asked, by=world.actor(who), at=world.at, text="按家庭")
    with pytest.raises(RuleBroken):
        actions.answer(asked, by=world.actor("authority.reviewer"), at=world.at, text=" ")
    actions.answer(asked, by=world.actor("authority.reviewer"), at=world.at, text="按共同生活的家庭成员人均计算。")
    with pytest.raises(WrongState):
        actions.answer(asked, by=world.actor("authority.reviewer"), at=world.at, text="再答")
    assert found(world, "police.clerk", "人均") == [asked.pk]
    assert found(world, "police.clerk", "低保对象 收入") == [asked.pk]
    assert found(world, "police.clerk", "车辆") == []
    clerk = world.actor("hr.clerk")
    panel = queries.questions_panel(clerk, world.at, entry=queries.entry(pk, actor=clerk, at=world.at)).card
    assert (panel.total, panel.rows[0].answered_for) == (1, "内江市数据局")
    assert InboxItem.objects.filter(account_id=world.account("market.clerk"), title__startswith="已答复").count() == 1
    for wrong in ({}, {"topic": "nothing"}, {"topic": "items", "addressee": "provider"}):
        with pytest.raises(RuleBroken) as refused:
            actions.ask(by=world.actor("market.clerk"), at=world.at, text="怎么编？", **wrong)
        assert refused.value.code == "validation_error"


def test_the_provider_answers_questions_and_remarks_on_its_own_entries(world: World) -> None:
    pk = published(world)
    clerk, officer = world.actor("market.clerk"), world.actor("civil.officer")
    question = actions.ask(by=clerk, at=world.at, entry_id=pk, text="多久更新？")
    remark = actions.ask(by=clerk, at=world.at, entry_id=pk, kind="comment", text="说明很清楚")
    assert found(world, "civil.officer", fold="waiting") == [remark.pk, question.pk]
    assert found(world, "hr.officer", fold="waiting") == []
    actions.answer(question, by=officer, at=world.at, text="每日更新")
    assert found(world, "civil.officer", fold="waiting") == [remark.pk]
    assert found(world, "market.clerk", fold="mine") == [remark.pk, question.pk]


def test_a_question_about_a_draft_stays_between_its_department_and_the_authority(world: World) -> None:
    draft = actions.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), content=content()
    )
    asked = actions.ask(
        by=world.actor("civil.officer"), at=world.at, entry_id=draft.pk, addressee="authority", text="类别选哪个？"
    )
    assert found(world, "hr.clerk", "类别") == []
    with pytest.raises(NotThere):
        queries.question(asked.pk, actor=world.actor("hr.clerk"))
    with pytest.raises(NotThere):
        actions.ask(by=world.actor("hr.clerk"), at=world.at, entry_id=draft.pk, text="是什么？")
    assert found(world, "authority.reviewer", fold="waiting") == [asked.pk]


def test_pages_and_interface_ask_find_and_answer(world: World) -> None:
    pk = published(world)
    clerk, reviewer = world.client("market.clerk"), world.client("authority.reviewer")
    assert "还没有人提问或评议" in clerk.get(f"/catalogue/{pk}/").content.decode()
    assert clerk.get("/catalogue/questions/new/").status_code == 200
    assert clerk.post("/catalogue/questions/new/", {"text": "怎样分类？", "topic": ""}).status_code == 422
    answer = clerk.post("/catalogue/questions/new/", {"text": "怎样分类？", "topic": "classification"})
    assert answer.status_code == 303
    here = answer.url
    assert clerk.post(here, {"answer": "随便"}).status_code == 403
    assert reviewer.post(here, {"answer": ""}).status_code == 422
    assert reviewer.post(here, {"answer": "按履职形成的，归部门类。"}).status_code == 303
    assert "归部门类" in world.client("hr.clerk").get("/catalogue/questions/?q=部门类").content.decode()
    given = {"kind": "comment", "addressee": "provider", "topic": "", "text": "缺少口径说明"}
    assert clerk.post(f"/catalogue/questions/new/?entry={pk}", given).status_code == 303
    assert "缺少口径说明" in world.client("hr.clerk").get(f"/catalogue/{pk}/").content.decode()
    base = "/api/v1/catalogue/questions"
    made = clerk.post(base, {"text": "可否提供历史数据？", "entry_id": pk}, content_type="application/json")
    assert made.status_code == 201, made.content
    refused = clerk.post(base, {"text": "怎么编？"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_error")
    officer = world.client("civil.officer")
    told = officer.post(f"{base}/{made.json()['id']}/answer", {"text": "可以"}, content_type="application/json")
    assert told.json()["answered_for"] == "内江市民政局"
    assert clerk.get(base, {"q": "历史"}).json()["total"] == 1
    assert clerk.get(f"{base}/{made.json()['id']}").json()["answer"] == "可以"
