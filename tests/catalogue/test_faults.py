"""Findings about catalogues: recorded with evidence, proposed by checks and reports, put right by a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from covers import covers
from jurisdictions import under
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken
from jutong.kernel.models import InboxItem
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Fault
from published import ASSESSED, content, published
from world import World


def finding(world: World, **changes: Any) -> Fault:
    """Record that the civil affairs department left an item out on purpose."""
    given: dict[str, Any] = {
        "by": world.actor("authority.reviewer"), "at": world.at, "department_id": world.department("civil"),
        "kind": "incomplete", "text": "目录缺少“救助金额”", "evidence": "2026年检查记录第3号", "wilful": True,
    }  # fmt: skip
    return actions.record_finding(**{**given, **changes})


def withheld(world: World) -> int:
    """Publish an entry that is withheld by law."""
    at, reviewer = world.at, world.actor("authority.reviewer")
    stated = content(
        "不予共享的目录", share_type="withheld", withheld_reason="涉及个人隐私", basis_rank="law",
        basis_instrument="个人信息保护法", basis_article="第十条", basis_wording="不得非法提供", share_mode_class="",
        share_mode="",
    )  # fmt: skip
    entry = actions.compile_entry(
        by=world.actor("civil.officer"), at=at, provider_id=world.department("civil"), content=stated
    )
    actions.assess(entry, by=world.actor("civil.secrecy"), at=at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor("civil.leader"), at=at)
    actions.submit(entry, by=world.actor("civil.officer"), at=at)
    actions.review(entry, by=reviewer, at=at, express_prohibition=True)
    actions.publish(entry, by=reviewer, at=at)
    return entry.pk


@covers("R-CAT-047")
def test_a_wilfully_incomplete_catalogue_is_recorded_with_evidence_and_put_right_by_a_day(world: World) -> None:
    with pytest.raises(RuleBroken) as lacking:
        finding(world, evidence=" ")
    assert set(lacking.value.remarks) == {"evidence"}
    with pytest.raises(NotAllowed):
        finding(world, by=world.actor("hr.officer"))
    case = finding(world)
    officer, reviewer = world.actor("civil.officer"), world.actor("authority.reviewer")
    with pytest.raises(NotThere):
        queries.fault(case.pk, actor=officer)
    actions.confirm_finding(case, by=reviewer, at=world.at)
    today = beijing_day(world.at)
    with pytest.raises(RuleBroken, match="整改期限"):
        actions.order_rectification(case, by=reviewer, at=world.at, demand="补齐信息项", due_on=today)
    actions.order_rectification(case, by=reviewer, at=world.at, demand="补齐信息项", due_on=today + timedelta(days=5))
    assert "补齐信息项" in world.client("civil.officer").get(f"/catalogue/faults/{case.pk}/").content.decode()
    for days in (6, 7):
        world.drain(world.at + timedelta(days=days))
    told = InboxItem.objects.filter(department_id=world.department("civil"), title__contains="逾期未整改")
    assert told.count() == 1
    actions.put_right(case, by=officer, at=world.at, note="已补齐并重新发布")
    with pytest.raises(NotAllowed):
        actions.verify_rectification(case, by=officer, at=world.at)
    actions.demand_again(case, by=reviewer, at=world.at, reason="仍缺编码", due_on=today + timedelta(days=9))
    actions.put_right(case, by=officer, at=world.at, note="已补编码")
    actions.verify_rectification(case, by=reviewer, at=world.at)
    seen = queries.fault(case.pk, actor=officer)
    assert (seen.row.state, seen.row.wilful, seen.row.article) == ("verified", True, "政务数据共享条例第十六条")
    assert "已补编码" in world.client("civil.officer").get(f"/catalogue/faults/{case.pk}/").content.decode()


@covers("R-CAT-048")
def test_a_department_without_published_catalogue_is_a_proposed_finding_and_withheld_entries_stay_visible(
    world: World,
) -> None:
    pk = withheld(world)
    check: dict[str, Any] = {
        "by": world.actor("authority.reviewer"), "at": world.at, "authority_id": world.department("authority"),
    }  # fmt: skip
    with pytest.raises(NotAllowed):
        actions.check_provision(**check)
    under("inner-mongolia-2018")
    many = actions.check_provision(**check)
    found = {row.department for row in queries.faults(world.actor("authority.reviewer"), size=100)[0]}
    assert many == len(found)
    assert "内江市公安局" in found
    assert "内江市民政局" not in found
    assert {row.kind for row in queries.faults(world.actor("authority.reviewer"))[0]} == {"catalog_not_provided"}
    assert actions.check_provision(**check) == 0
    shown = world.client("hr.clerk").get(f"/catalogue/{pk}/")
    assert (shown.status_code, "不予共享的目录" in shown.content.decode()) == (200, True)


@covers(partly=["R-CAT-055"])
def test_a_condition_that_the_entry_does_not_list_is_reported_with_evidence(world: World) -> None:
    pk = published(world, "civil")
    client = world.client("hr.clerk")
    assert "反映目录外条件" in client.get(f"/catalogue/{pk}/").content.decode()
    form = {"reporter_id": world.department("hr"), "text": "须先签订有偿服务协议"}
    answer = client.post(f"/catalogue/{pk}/condition/", form)
    assert (answer.status_code, "请写明证据" in answer.content.decode()) == (422, True)
    listed = {**form, "text": "限于办理事项时核验", "evidence": "函"}
    assert client.post(f"/catalogue/{pk}/condition/", listed).status_code == 422
    sent = client.post(
        f"/api/v1/catalogue/{pk}/condition", {**form, "evidence": "民政局2026年2号函"}, content_type="application/json"
    )
    assert sent.status_code == 201
    (row,) = queries.faults(world.actor("authority.reviewer"))[0]
    assert (row.state, row.kind, row.article) == (
        "finding_proposed",
        "unlisted_condition",
        "政务数据共享条例第三十九条第（二）项",
    )
    actions.reject_finding(row.id, by=world.actor("authority.reviewer"), at=world.at, reason="目录已更新")
    assert queries.faults(world.actor("civil.officer"))[1].total == 0


@covers(partly=["R-CAT-020"])
def test_a_late_catalogue_update_is_proposed_as_a_finding_once(world: World) -> None:
    pk = published(world, "civil")
    actions.register_change(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), kind="law",
        event_on=beijing_day(world.at), occasion="社会救助法修订", entries=[pk],
    )  # fmt: skip
    for days in (30, 31):
        world.drain(world.at + timedelta(days=days))
    case = Fault.objects.get()
    assert (case.kind, case.state, "社会救助法修订" in case.text) == ("catalog_not_updated", "finding_proposed", True)
