"""Assessments before submission are records of their own that hold for what they assessed; unmarked persons are pointed out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from covers import covers
from jutong.kernel import clock
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, InboxItem, StoredFile
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Assessment, Entry, EntryVersion
from jutong.slices.catalogue.queries import grading as graded
from jutong.slices.catalogue.rules.assessments import PERSONAL, QUESTIONS, SECRECY
from published import ANSWERED, ASSESSED, HANDLED, ITEMS, content, published
from world import World

YES = dict.fromkeys(QUESTIONS[PERSONAL], "yes")
PIPIA: dict[str, Any] = {
    "kind": PERSONAL,
    "answers": YES,
    "result": "acceptable",
    "conclusion": "可控",
    "responsible": "张伟",
}


def draft(world: World, **changes: Any) -> Entry:
    return actions.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), content=content(**changes)
    )


@covers("R-SEC-038")
def test_an_entry_is_submitted_with_assessments_that_hold_for_its_items_and_its_sharing_only(world: World) -> None:
    secrecy, officer, leader = (world.actor(f"civil.{post}") for post in ("secrecy", "officer", "leader"))
    entry = draft(world).pk
    with pytest.raises(WrongState):
        actions.submit(entry, by=officer, at=world.at)
    with pytest.raises(RuleBroken, match="个人信息保护影响评估") as refused:
        actions.assess(entry, by=secrecy, at=world.at, secret=False, secrecy="不涉密")
    assert set(refused.value.remarks) == {"personal_information"}
    with pytest.raises(RuleBroken, match="逐项回答"):
        actions.record_assessment(by=secrecy, at=world.at, entry_id=entry, **{**PIPIA, "answers": {}})
    with pytest.raises(RuleBroken, match="不能是“可接受”"):
        actions.record_assessment(
            by=secrecy, at=world.at, entry_id=entry, **{**PIPIA, "answers": {**YES, "least": "no"}}
        )
    bad = actions.record_assessment(by=secrecy, at=world.at, entry_id=entry, **{**PIPIA, "result": "not_acceptable"})
    with pytest.raises(WrongState, match="不可接受"):
        actions.assess(entry, by=secrecy, at=world.at, **ASSESSED)
    good = actions.record_assessment(by=secrecy, at=world.at, entry_id=entry, **PIPIA)
    assert Assessment.objects.get(pk=bad.pk).state == "lapsed"
    actions.assess(entry, by=secrecy, at=world.at, secret=False, secrecy="不涉密")
    actions.leader_approve(entry, by=leader, at=world.at)
    held = Assessment.objects.get(pk=good.pk)
    assert (held.state, held.approved_by, held.assessor) == ("approved", leader.name, secrecy.name)
    assert (held.version.number, held.at) == (1, world.at)
    late = world.at + timedelta(days=366)
    with pytest.raises(WrongState, match="没有有效的"):
        actions.submit(entry, by=world.actor("civil.officer", at=late), at=late)
    actions.submit(entry, by=officer, at=world.at)


def test_changed_items_and_wider_sharing_ask_for_a_new_assessment_and_wording_does_not(world: World) -> None:
    officer, secrecy = world.actor("civil.officer"), world.actor("civil.secrecy")
    made = published(world)
    actions.revise(made, by=officer, at=world.at)
    actions.edit_entry(made, by=officer, at=world.at, content=content(abstract="全市城乡低保对象。"))
    actions.assess(made, by=secrecy, at=world.at, secret=False, secrecy="")  # both still hold
    more = (*content().items, msgspec.structs.replace(ITEMS[4], name="家庭收入", column="family_income"))
    for number, changes in enumerate(({"items": more}, {"share_type": "unconditional", "personal": True})):
        if number:
            given = content(**changes)  # type: ignore[arg-type]
            same = {"use_purposes": content().use_purposes, "share_scope": content().share_scope}
            given = msgspec.structs.replace(given, **same, share_conditions=content().share_conditions)
        else:
            given = content(**changes)  # type: ignore[arg-type]
        actions.edit_entry(made, by=officer, at=world.at, content=given)
        lacking = queries.entry(made, actor=officer, at=world.at).assessments
        assert [one.holds for one in lacking] == [False, False]
        with pytest.raises(RuleBroken):
            actions.assess(made, by=secrecy, at=world.at, secret=False, secrecy="")


def test_the_leader_decides_the_workbench_shows_it_and_what_is_over_lapses(world: World) -> None:
    entry = draft(world).pk
    client = world.client("civil.secrecy")
    form = {**{k: v for k, v in PIPIA.items() if k not in {"answers", "kind"}}, **ANSWERED, "valid_until": "2099-01-01"}
    address = f"/catalogue/{entry}/assessments/new/{PERSONAL}/"
    assert "处理目的" in client.get(address).content.decode()
    assert client.post(address, {**form, "result": ""}).status_code == 422
    assert client.post(address, form).status_code == 303
    case = Assessment.objects.get()
    leader = world.client("civil.leader")
    assert "批准评估" in leader.get("/").content.decode()
    assert leader.post(f"/catalogue/assessments/{case.pk}/do/send_back/", {"reason": ""}).status_code == 422
    assert leader.post(f"/catalogue/assessments/{case.pk}/do/send_back/", {"reason": "措施不具体"}).status_code == 303
    world.drain(clock.now())
    assert InboxItem.objects.filter(title__startswith="评估被部门负责人退回").exists()
    body = {**PIPIA, "valid_until": "2099-01-10"}
    made = client.post(f"/api/v1/catalogue/{entry}/assessments", body, content_type="application/json")
    assert made.status_code == 201, made.content
    with pytest.raises(NotAllowed):
        actions.approve_assessment(made.json()["id"], by=world.actor("civil.officer"), at=world.at)
    actions.approve_assessment(made.json()["id"], by=world.actor("civil.leader"), at=world.at)
    page = world.client("civil.officer").get("/catalogue/assessments/?state=approved").content.decode()
    assert "城乡低保对象信息" in page
    assert world.client("market.officer").get(f"/catalogue/assessments/{case.pk}/").status_code == 404
    assert world.client("civil.officer").get("/catalogue/assessments/export/").status_code == 200
    assert actions.lapse_assessments(at=world.at.replace(year=2099)) == 1
    assert Assessment.objects.get(pk=made.json()["id"]).state == "lapsed"


@covers("R-SEC-011")
def test_an_identity_number_without_the_mark_is_answered_and_a_mark_has_its_handling_rule(world: World) -> None:
    officer, secrecy, leader = (world.actor(f"civil.{post}") for post in ("officer", "secrecy", "leader"))
    bare = msgspec.structs.replace(content(share_type="unconditional", title="甲"), items=ITEMS)
    entry = actions.compile_entry(by=officer, at=world.at, provider_id=world.department("civil"), content=bare).pk
    lacking = dict(queries.entry(entry, actor=officer, at=world.at).lacking)
    assert "“公民身份号码”" in lacking["items"]
    assert "“含个人信息”" in lacking["items"]
    actions.assess(entry, by=secrecy, at=world.at, **ASSESSED)
    with pytest.raises(RuleBroken, match="“公民身份号码”按名称疑似公民身份号码"):
        actions.leader_approve(entry, by=leader, at=world.at)
    answered = {"公民身份号码": actions.ItemGrade(sensitive=True, not_personal="测试用编造号码，不对应任何人")}
    actions.grade_entry(entry, by=officer, at=world.at, reason="已核对", items=answered)
    assert "items" not in dict(queries.entry(entry, actor=officer, at=world.at).lacking)
    actions.assess(entry, by=secrecy, at=world.at, **ASSESSED)
    actions.leader_approve(entry, by=leader, at=world.at)
    actions.submit(entry, by=officer, at=world.at)
    marked = msgspec.structs.replace(content(title="乙"), extra={})
    other = actions.compile_entry(by=officer, at=world.at, provider_id=world.department("civil"), content=marked).pk
    actions.assess(other, by=secrecy, at=world.at, **ASSESSED)
    with pytest.raises(RuleBroken, match="须写明处理规则") as refused:
        actions.leader_approve(other, by=leader, at=world.at)
    assert set(refused.value.remarks) == {"handling_rule"}
    assert "个人信息保护法" in refused.value.sentence
    made = published(world, title="丙")
    assert HANDLED in world.client("market.clerk").get(f"/catalogue/{made}/").content.decode()


def test_what_the_values_are_counts_where_the_names_say_nothing(world: World) -> None:
    items = (
        msgspec.structs.replace(ITEMS[0], name="对象标识", column="obj_key", sensitive=False),
        msgspec.structs.replace(ITEMS[2], name="办理情况", column="state", type="C"),
    )
    entry = draft(world, share_type="unconditional", items=items)
    officer = world.actor("civil.officer")
    assert "items" not in dict(queries.entry(entry.pk, actor=officer, at=world.at).lacking)
    actions.note_recognised(entry.pk, {"obj_key": ("identity", 99), "state": ("phone", 80)}, at=world.at)
    seen = queries.entry(entry.pk, actor=officer, at=world.at)
    assert "“对象标识”的样本值疑似公民身份号码" in dict(seen.lacking)["items"]
    assert any("“办理情况”的样本值疑似电话号码" in sentence for _field, sentence in seen.doubts)
    proposed = {item.name: item.proposed for item in graded.grading(entry.pk, actor=officer, at=world.at).items}
    assert proposed["对象标识"].why == "样本值表明是公民身份号码"


@covers(partly=["R-SEC-037"])
def test_what_is_secret_is_refused_before_anything_is_kept_and_taken_out_at_once_where_it_was_found_later(
    world: World,
) -> None:
    officer, client = world.actor("civil.officer"), world.client("civil.officer")
    for changes in ({"secret": "work_secret"}, {"items": (msgspec.structs.replace(ITEMS[4], classified=True),)}):
        with pytest.raises(NotAllowed):
            draft(world, title="机密演习安排", **changes)
    before = StoredFile.objects.count()
    for name, text in (
        ("目录.csv", "资源名称,涉密属性\n普通名单,非涉密\n机密演习安排,涉密\n"),
        ("目录.json", '[{"资源名称": "机密演习安排", "是否涉密": "是"}]'),
    ):
        from django.core.files.uploadedfile import SimpleUploadedFile

        answer = client.post("/catalogue/import/", {"file": SimpleUploadedFile(name, text.encode())})
        assert answer.status_code == 403, name
        assert "未予保存" in answer.content.decode()
    assert StoredFile.objects.count() == before
    assert not EntryVersion.objects.filter(content__title__contains="机密").exists()
    refused = AuditEntry.objects.filter(outcome="refused", verb="catalogue.upload")
    assert refused.count() == 2
    assert "机密" not in str(list(AuditEntry.objects.values()))
    made = published(world)
    with pytest.raises(NotAllowed):
        actions.take_out(made, by=officer, at=world.at, kind="work_secret", document="密〔2026〕1号")
    secrecy = world.client("civil.secrecy")
    assert secrecy.post(f"/catalogue/{made}/do/take_out/", {"kind": "work_secret", "document": ""}).status_code == 422
    form = {"kind": "work_secret", "document": "密〔2026〕1号"}
    assert secrecy.post(f"/catalogue/{made}/do/take_out/", form).status_code == 303
    assert world.client("market.clerk").get(f"/catalogue/{made}/").status_code == 404
    assert client.get(f"/catalogue/{made}/").status_code == 403
    assert "城乡低保对象信息" not in client.get("/catalogue/own/").content.decode()
    assert queries.published(made) is None
    assert Assessment.objects.filter(kind=SECRECY, entry=made).exists()
