"""W11: the authority marks at once, decides or transfers, and tells; three clocks from one receipt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from correction_world import RECORD, entered, granted, marks, raised, reported, rules
from covers import covers
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.kernel.models import Clock, InboxItem
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction import actions, queries
from jutong.slices.correction.models import Objection, Receiver
from world import World


@pytest.fixture(autouse=True)
def _neijiang(world: World) -> None:
    rules("neijiang-2020")


def objection(world: World, resource: int, **more: Any) -> Objection:
    words = {
        "ground": "error", "text": "本人婚姻状况登记错误", "evidence": "离婚证复印件，民政部门出具", "record": RECORD, **more,
    }  # fmt: skip
    return raised(world, actions.raise_objection, resource_id=resource, **words)[0]  # type: ignore[no-any-return]


def clocks(case: Objection) -> dict[str, Any]:
    return {c.name: c for c in Clock.objects.filter(case_kind="objection", case_id=case.pk)}


@covers("R-COR-013")
def test_an_objection_goes_to_the_authority_with_data_ground_and_evidence(world: World) -> None:
    resource = entered(world)
    for field, wrong in (("ground", "dislike"), ("evidence", " "), ("text", "")):
        with pytest.raises(RuleBroken) as told:
            objection(world, resource, **{field: wrong})
        assert told.value.field == field
    case = objection(world, resource)
    assert (case.state, case.received_on, case.authority_id) == (
        "received", world.at.date(), world.department("authority"),
    )  # fmt: skip
    assert InboxItem.objects.filter(department_id=case.authority_id, title__contains=case.number).exists()
    assert not InboxItem.objects.filter(department_id=case.provider_id, title__contains=case.number).exists()
    rules("national-2025")
    with pytest.raises(NotAllowed, match="投诉举报"):
        objection(world, resource)


@covers("R-COR-014")
def test_the_mark_is_due_in_three_days_and_everybody_who_obtains_the_data_sees_it(world: World) -> None:
    resource, reviewer = granted(world), world.actor("authority.reviewer")
    case = objection(world, resource)
    assert str(clocks(case)["mark"].due_day) == "2026-03-05"
    assert marks(world.at) == {}
    world.drain(world.at + timedelta(days=4))
    assert InboxItem.objects.filter(department_id=case.authority_id, title__contains="异议标注已超期").exists()
    with pytest.raises(WrongState):
        actions.take_objection(case, by=reviewer, at=world.at)  # not before the mark
    actions.mark_objection(case, by=reviewer, at=world.at + timedelta(days=3))
    assert "存在异议" in marks(world.at)["objection", RECORD]
    said = queries.entry_panel(reviewer, world.at, entry=catalogue.entry(resource, actor=reviewer, at=world.at))
    assert said
    panel = said.card
    assert [row.kind for row in panel.rows] == ["objection"]
    actions.take_objection(case, by=reviewer, at=world.at)
    actions.decide_objection(case, by=reviewer, at=world.at, decision="not_correct", reason="与登记档案一致")
    assert marks(world.at) == {}


@covers("R-COR-015", "R-COR-018")
def test_the_authority_decides_in_ten_days_and_cannot_close_before_the_objector_was_told(world: World) -> None:
    resource, reviewer = granted(world), world.actor("authority.reviewer")
    case = objection(world, resource)
    tenth = world.at + timedelta(days=14)
    actions.mark_objection(case, by=reviewer, at=world.at)
    actions.take_objection(case, by=reviewer, at=world.at)
    with pytest.raises(RuleBroken, match="请作出决定"):
        actions.decide_objection(case, by=reviewer, at=tenth, decision="later", reason="尚在核实之中")
    actions.decide_objection(case, by=reviewer, at=tenth, decision="correct", reason="档案显示登记有误")
    own = clocks(case)["own_decision"]
    assert str(own.due_day) == "2026-03-16"
    assert own.stopped_at < own.due_at
    with pytest.raises(WrongState):
        actions.close_objection(case, by=reviewer, at=tenth)
    with pytest.raises(WrongState, match="须先登记更正内容"):
        actions.notify_objector(case, by=reviewer, at=tenth)
    rows = [actions.Corrected("姓名", "甲", "乙")]
    actions.correct_objected(case, by=world.actor("civil.officer"), at=tenth, rows=rows, note="已在源库更正")
    actions.notify_objector(case, by=reviewer, at=tenth)
    detail = queries.case("objection", case.pk, reviewer, tenth)
    assert "予以更正" in detail.told[-1][1]
    assert "档案显示登记有误" in detail.told[-1][1]
    assert Receiver.objects.get().consumer_id == world.department("hr")
    actions.close_objection(case, by=reviewer, at=tenth)


@covers("R-COR-016", "R-COR-017")
def test_a_transfer_in_five_days_starts_the_departments_own_five_days(world: World) -> None:
    resource, reviewer = entered(world), world.actor("authority.reviewer")
    case, fifth = objection(world, resource), world.at + timedelta(days=7)
    actions.mark_objection(case, by=reviewer, at=world.at)
    with pytest.raises(RuleBroken, match="只能转交提供该数据的部门"):
        actions.transfer_objection(case, by=reviewer, at=fifth, department_id=world.department("hr"))
    actions.transfer_objection(case, by=reviewer, at=fifth, department_id=world.department("civil"))
    found = clocks(case)
    assert found["transfer"].stopped_at < found["transfer"].due_at
    assert (found["own_decision"].state, str(found["department"].due_day)) == ("stopped", "2026-03-16")
    world.drain(world.at + timedelta(days=15))
    assert InboxItem.objects.filter(department_id=world.department("civil"), title__contains="已超期").exists()
    officer = world.actor("civil.officer")
    actions.decide_department(case, by=officer, at=fifth, decision="not_correct", reason="与登记档案一致")
    told = InboxItem.objects.filter(department_id=case.authority_id, title__contains="部门决定")
    assert told.exists()  # decision and notice in one
    actions.record_result(case, by=reviewer, at=fifth)
    assert Objection.objects.get(pk=case.pk).state == "decided"


@covers("R-COR-019")
def test_a_case_in_the_wrong_procedure_goes_on_in_the_right_one_with_its_first_receipt(world: World) -> None:
    resource, reviewer = entered(world), world.actor("authority.reviewer")
    words = {"resource_id": resource, "kind": "doubt", "text": "本人收入信息被公开", "record": RECORD}
    case, code = raised(world, actions.report, **words)
    later = world.at + timedelta(days=2)
    with pytest.raises(NotAllowed):
        actions.convert_verification(case, by=world.actor("civil.officer"), at=later, to="objection", detail="privacy")
    with pytest.raises(RuleBroken, match="异议理由"):
        actions.convert_verification(case, by=reviewer, at=later, to="objection", detail="doubt")
    actions.convert_verification(case, by=reviewer, at=later, to="objection", detail="privacy")
    made = Objection.objects.get()
    assert (made.received_at, str(clocks(made)["mark"].due_day)) == (world.at, "2026-03-05")
    detail = queries.case("objection", made.pk, reviewer, later)
    assert detail.converted_from
    assert detail.converted_from.number == case.number
    assert detail.line.number != case.number
    assert marks(later) == {}
    assert queries.following(actions.followed(case.number, code), later).went_on_as == made.number
    assert actions.followed(made.number, code).pk == made.pk
    with pytest.raises(WrongState):
        actions.convert_verification(case, by=reviewer, at=later, to="objection", detail="privacy")
    back = actions.convert_objection(made, by=reviewer, at=later, to="verification", detail="error")
    assert back.converted_to.startswith("verification:")
    own = reported(world, resource)
    actions.convert_verification(own, by=reviewer, at=later, to="objection", detail="error")
    assert Objection.objects.latest("pk").consumer_id == world.department("hr")
