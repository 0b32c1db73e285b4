"""W12 and W29: the open catalogue is changed by the authority alone; complaints at any department; who may know the person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from asking_world import posted

from correction_world import CREDIT_CODE, ID_NUMBER, OPENED, citizen, entered, granted, marks, raised, rules
from covers import covers
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, Clock, InboxItem
from jutong.slices.correction import actions, queries
from jutong.slices.correction.models import Applicant, Complaint, KnownIdentity, Look, OpenCorrection
from jutong.slices.grants.models import Grant
from jutong.slices.usage.models import MisuseCase
from world import World


def applied(world: World, resource: int, **more: Any) -> OpenCorrection:
    words = {"field": "abstract", "text": "摘要与实际内容不符", "proposed": "全市婚姻登记机关名录", **more}
    case, _code = raised(world, actions.apply_for_correction, resource_id=resource, **words)
    return case  # type: ignore[no-any-return]


@covers("R-COR-009", "R-COR-010", "R-COR-012")
def test_an_application_on_the_open_catalogue_is_answered_in_ten_days_with_reason_and_basis(world: World) -> None:
    rules("neijiang-2020")
    resource, officer = entered(world, **OPENED), world.actor("civil.officer")
    with pytest.raises(NotThere, match="开放目录中没有"):
        applied(world, entered(world, title="殡葬登记信息"))
    with pytest.raises(RuleBroken, match="目录字段"):
        applied(world, resource, field="colour")
    case = applied(world, resource)
    assert InboxItem.objects.filter(department_id=world.department("civil"), title__contains=case.number).exists()
    clock = Clock.objects.get(case_kind="open_correction")
    assert str(clock.due_day) == "2026-03-16"
    for days, error in ((11, RuleBroken), (6, None), (5, RuleBroken)):
        if error is None:
            actions.extend_answer(case, by=world.actor("civil.principal"), at=world.at, days=days)
            continue
        with pytest.raises(error, match="延长天数累计不得超过"):
            actions.extend_answer(case, by=world.actor("civil.principal"), at=world.at, days=days)
    late = applied(world, resource)
    world.drain(world.at + timedelta(days=15))
    assert InboxItem.objects.filter(department_id=late.authority_id, title__contains=f"已超期：{late.number}").exists()
    assert queries.following(late, world.at + timedelta(days=15)).overdue
    with pytest.raises(RuleBroken, match="不少于 4 个字"):
        actions.refuse_correction(late, by=officer, at=world.at, reason="摘要与内容相符", basis="")
    assert Clock.objects.get(case_id=late.pk, case_kind="open_correction").state == "running"
    refused = actions.refuse_correction(late, by=officer, at=world.at, reason="摘要与内容相符", basis="编目规范第三条")
    assert "编目规范第三条" in refused.told[-1]["text"]
    rules("national-2025")
    with pytest.raises(NotAllowed, match="没有规定开放目录更正"):
        applied(world, resource)


@covers("R-COR-011")
def test_only_the_authoritys_change_makes_a_correction_of_the_open_catalogue_effective(world: World) -> None:
    rules("neijiang-2020")
    resource = entered(world, **OPENED)
    case = applied(world, resource)
    actions.agree_to_correction(case, by=world.actor("civil.officer"), at=world.at, value="全市婚姻登记机关名录")
    world.drain()
    assert OpenCorrection.objects.get(pk=case.pk).state == "change_requested"
    assert InboxItem.objects.filter(department_id=case.authority_id, title__startswith="提请变更开放目录").exists()
    assert queries.open_entry(resource).entry.abstract != "全市婚姻登记机关名录"
    with pytest.raises(NotAllowed):
        actions.change_open_catalogue(case, by=world.actor("civil.officer"), at=world.at)
    done = actions.change_open_catalogue(case, by=world.actor("authority.reviewer"), at=world.at)
    assert queries.open_entry(resource).entry.abstract == "全市婚姻登记机关名录"
    assert [row.abstract for row in queries.open_entries()[0]] == ["全市婚姻登记机关名录"]
    assert len(done.told) == 2  # the applicant sees both steps


def complaint(world: World, **more: Any) -> tuple[Complaint, str]:
    words: dict[str, Any] = {
        "department_id": world.department("market"), "act": "超范围查询本人信息", "right": "个人信息权益",
        "text": "某单位多次无故查询本人低保信息", **more,
    }  # fmt: skip
    return raised(world, actions.complain, **words)


@covers("R-COR-022")
def test_a_complaint_at_any_department_keeps_its_receipt_and_its_person_to_the_handlers(world: World) -> None:
    with pytest.raises(RuleBroken, match="不少于 4 个字"):
        complaint(world, text="  ")
    case, _code = complaint(world)
    assert case.number.startswith("TS-2026-")
    clerk, at = world.actor("market.clerk"), world.at + timedelta(days=1)
    actions.transfer_complaint(case, by=clerk, at=at, department_id=world.department("hr"))
    moved = Complaint.objects.get(pk=case.pk)
    assert (moved.received_at, moved.provider_id) == (world.at, world.department("hr"))
    handler = queries.case("complaint", case.pk, world.actor("hr.clerk"), at)
    assert handler.applicant
    assert handler.applicant.number == "511************028"
    for other in ("market.clerk", "authority.reviewer"):
        seen = queries.case("complaint", case.pk, world.actor(other), at)
        assert (seen.applicant, seen.hidden_applicant) == (None, True)
    with pytest.raises(NotThere):
        queries.case("complaint", case.pk, world.actor("civil.clerk"), at)


@covers("R-COR-023")
def test_a_complaint_ends_with_findings_a_notice_and_where_it_was_handed_over_to(world: World) -> None:
    case, code = complaint(world)
    clerk = world.actor("market.clerk")
    actions.examine_complaint(case, by=clerk, at=world.at)
    found = {"examined": "网关日志显示非工作时间查询 12 次", "reason": "经办人越权查询，情况属实"}
    with pytest.raises(RuleBroken, match="不能同时认定"):
        actions.resolve_complaint(case, by=clerk, at=world.at, finding="unfounded", misuse=True, **found)
    actions.resolve_complaint(case, by=clerk, at=world.at, finding="founded", misuse=True, **found)
    actions.notify_complainant(case, by=clerk, at=world.at)
    with pytest.raises(WrongState, match="移交整改"):
        actions.close_complaint(case, by=clerk, at=world.at)
    with pytest.raises(RuleBroken, match="移交事项"):
        actions.link_complaint(case, by=clerk, at=world.at, links=[{"kind": "incident", "reference": ""}])
    actions.link_complaint(case, by=clerk, at=world.at, links=[{"kind": "rectification", "reference": "ZG-2026-7"}])
    line = queries.case("complaint", case.pk, clerk, world.at + timedelta(days=60)).line
    assert line.beyond_target
    assert line.clocks == ()
    actions.close_complaint(case, by=clerk, at=world.at)
    shown = queries.following(actions.followed(case.number, code), world.at)
    assert (shown.state, shown.overdue) == ("closed", False)
    assert "属实" in shown.told[-1][1]
    assert marks(world.at) == {}


@covers(partly=["R-COR-023"])
def test_misuse_shown_by_a_complaint_becomes_a_case_of_its_own_with_what_was_found(world: World) -> None:
    granted(world)
    grant = Grant.objects.get()
    case, _code = complaint(world)
    clerk, page = world.actor("market.clerk"), f"/correction/complaint/{case.pk}/"
    actions.examine_complaint(case, by=clerk, at=world.at)
    found = {"examined": "网关日志显示非工作时间查询 12 次", "reason": "经办人越权查询，情况属实"}
    actions.resolve_complaint(case, by=clerk, at=world.at, finding="founded", misuse=True, **found)
    answer = posted(world.client("market.clerk"), f"{page}link/", page=page, grant=f"G-{grant.pk:06d}")
    assert answer.status_code == 303
    made = MisuseCase.objects.get()
    assert (made.source, made.source_ref, made.text) == ("complaint", case.number, found["examined"])
    assert Complaint.objects.get().links == [{"kind": "rectification", "reference": made.number}]
    actions.notify_complainant(case, by=clerk, at=world.at)
    assert actions.close_complaint(case, by=clerk, at=world.at).state == "closed"


@covers("R-SEC-025")
def test_applicants_are_kept_sealed_shown_masked_and_looked_at_only_for_a_recorded_reason(world: World) -> None:
    case, _code = complaint(world)
    row = Applicant.objects.get()
    stored = b"".join(bytes(value) for value in (row.name, row.number, row.phone))
    assert ID_NUMBER.encode() not in stored
    assert "李小芳".encode() not in stored
    assert (row.name_shown, row.number_shown) == ("李**", "511************028")
    clerk = world.actor("market.clerk")
    with pytest.raises(RuleBroken, match="不少于 4 个字"):
        actions.reveal_applicant("complaint", case.pk, by=clerk, at=world.at, reason="")
    with pytest.raises(NotAllowed):
        actions.reveal_applicant("complaint", case.pk, by=world.actor("authority.reviewer"), at=world.at, reason="复核")
    shown = actions.reveal_applicant("complaint", case.pk, by=clerk, at=world.at, reason="电话核实查询时间")
    assert (shown.name, shown.number) == ("李小芳", ID_NUMBER)
    assert Look.objects.get().reason == "电话核实查询时间"
    assert AuditEntry.objects.filter(verb="correction.reveal_applicant", outcome="success").count() == 1
    for who in ("market.clerk", "authority.chief", "admin.system"):
        with pytest.raises(NotAllowed):
            actions.export_applicants(by=world.actor(who), at=world.at)
    assert len(actions.export_applicants(by=world.actor("admin.security"), at=world.at)) == 1


def test_an_identity_is_vouched_for_by_the_register_that_is_set_and_impossible_numbers_are_named(world: World) -> None:
    by = actions.at_the_window("10.0.0.1", "t")
    stranger = actions.Person("citizen", "王伟", ID_NUMBER)
    citizen(world)
    with pytest.raises(NotAllowed, match="未能通过身份核验"):
        actions.register_applicant(by=by, at=world.at, person=stranger)

    class State:
        name = "state"

        def check(self, kind: str, name: str, number: str) -> str:
            return "S-1" if name == "王伟" else ""

    with actions.identities_from(State()):
        assert actions.register_applicant(by=by, at=world.at, person=stranger).checked_by == "state"
    desk = world.actor("civil.clerk")
    for kind, number, sentence in (
        ("citizen", ID_NUMBER[:-1] + "1", "第 2 行：公民身份号码不正确"), ("citizen", "511002198513070028", "第 2 行"),
        ("legal_person", CREDIT_CODE[:-1] + "0", "统一社会信用代码不正确"), ("robot", CREDIT_CODE, "申请人类型"),
    ):  # fmt: skip
        rows = [actions.Person("citizen", "李小芳", ID_NUMBER), actions.Person(kind, "某公司", number)]
        with pytest.raises(RuleBroken, match=sentence):
            actions.enter_identities(by=desk, at=world.at, people=rows)
    assert (
        actions.enter_identities(by=desk, at=world.at, people=[actions.Person("legal_person", "某公司", CREDIT_CODE)])
        == 1
    )
    assert KnownIdentity.objects.count() == 2
    with pytest.raises(NotAllowed):
        actions.enter_identities(by=world.actor("admin.system"), at=world.at, people=rows[:1])
