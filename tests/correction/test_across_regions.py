"""A case between two jurisdictions: every step follows the rules of the body that acts in it; targets are no limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from correction_world import entered, raised, reported, rules
from covers import covers
from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor, Channel, system_actor
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import Clock, OutboxEvent, PolicyAssignment
from jutong.slices.correction import actions, queries
from jutong.slices.correction.models import Objection, Verification
from jutong.slices.parties import actions as parties
from jutong.slices.parties import queries as people
from world import World, _department, _person

BEFORE = datetime(2025, 7, 8, 1, 0, tzinfo=UTC)
FAR = "150100"


def far_officer(world: World, at: datetime) -> Actor:
    """Return an officer of a department of Hohhot, where Inner Mongolia's rules hold."""
    by = system_actor("test")
    parties.ensure_regions({"150000": "内蒙古自治区", FAR: "呼和浩特市"}, by=by, at=world.at)
    name = "呼和浩特市民政局"
    department = _department(
        "呼和浩特民政", name, name, FAR, "government_department", {str(n): n for n in range(70)}, by
    )
    account = _person("far.officer", 950, department, "data_officer", by)[1]
    start = date(2017, 1, 1)
    PolicyAssignment.objects.create(
        region="150000", profile="inner-mongolia-2018", effective_from=start, assigned_at=world.at
    )
    return people.actor_for(account, "127.0.0.1", Channel.PAGE, at=world.at)


def reported_by(by: Actor, resource: int, at: datetime, **more: Any) -> Verification:
    asker = actions.department_asks(by, at)
    words = {"kind": "error", "text": "姓名与身份证件不一致", "items": ["姓名"], **more}
    return actions.report(by=by, at=at, asker=asker, resource_id=resource, **words)


def limits(case: Verification) -> dict[str, tuple[int, str]]:
    found = Clock.objects.filter(case_kind="verification", case_id=case.pk)
    return {clock.name: (clock.days, clock.explanation) for clock in found}


@covers("R-CAS-013")
def test_feeding_back_follows_the_consumers_rules_and_verifying_the_providers(world: World) -> None:
    resource = entered(world)
    rules("jiangxi-2017")
    officer = far_officer(world, world.at)
    with pytest.raises(RuleBroken, match="发现问题的日期"):
        reported_by(officer, resource, BEFORE)
    early = reported_by(officer, resource, BEFORE, found_on=date(2025, 7, 1))
    assert not early.late
    assert limits(early) == {}
    late = reported_by(officer, resource, BEFORE, found_on=date(2025, 6, 30), record="511000199001011235")
    assert late.late
    case = reported_by(officer, resource, world.at, found_on=date(2026, 2, 24), record="511000199001011236")
    assert (case.late, case.filing) == (False, "")
    assert limits(case)["complete"][0] == 10
    seen = queries.case("verification", case.pk, officer, world.at).governed
    assert [(step.body, step.reference) for step in seen] == [
        ("呼和浩特市民政局", "inner-mongolia-2018@1"), ("内江市民政局", "jiangxi-2017@1"),
    ]  # fmt: skip
    assert seen[0].rule.startswith("5 个工作日 — ")
    assert seen[1].rule == "10 个工作日 — 政务数据共享条例第二十六条（国家规定）"
    assert not queries.case("verification", early.pk, officer, world.at).governed[1].rule.startswith("10")


@covers("R-OVR-039")
def test_beyond_an_internal_target_is_shown_as_such_and_never_overdue(world: World) -> None:
    resource = entered(world)
    found = date(2026, 2, 24)
    rules("liyang-2020")
    plain = reported(world, resource, found_on=found, at=world.at + timedelta(days=1))
    assert (plain.late, plain.beyond_target) == (False, False)
    PolicyAssignment.objects.update(version=2, targets={"verification_feedback_days": 5})
    assert not reported(world, resource, found_on=found, record="1").beyond_target
    case = reported(world, resource, found_on=found, record="2", at=world.at + timedelta(days=1))
    assert (case.late, case.beyond_target) == (False, True)
    (line, *_more), _page = queries.cases("verification", world.actor("hr.clerk"), world.at)
    assert (line.id, line.beyond_target, line.late) == (case.pk, True, False)


@covers(partly=["R-OVR-039"])
def test_telling_the_objector_promptly_can_have_a_target_and_has_none_otherwise(world: World) -> None:
    resource = entered(world)
    rules("neijiang-2020")
    chief = world.actor("authority.chief")

    def decided() -> Objection:
        words = {"resource_id": resource, "ground": "error", "evidence": "离婚证复印件", "text": "本人婚姻状况登记错误"}
        case, _code = raised(world, actions.raise_objection, **words)
        actions.mark_objection(case, by=chief, at=world.at)
        actions.take_objection(case, by=chief, at=world.at)
        return actions.decide_objection(case, by=chief, at=world.at, decision="not_correct", reason="与登记档案一致")

    def notice(case: Objection) -> list[tuple[str, bool]]:
        return [
            (c.text, c.target) for c in kernel.clocks("objection", [case.pk], world.at)[case.pk] if c.name == "notice"
        ]

    assert notice(decided()) == []
    PolicyAssignment.objects.update(version=4, targets={"objection_notice": 3})
    assert notice(decided()) == [("内部目标剩余 3 个工作日", True)]


@covers(partly=["R-OVR-039"])
def test_a_target_where_no_text_gives_a_limit_runs_as_a_clock_that_never_strikes_overdue(world: World) -> None:
    resource = entered(world)
    rules("liyang-2020")
    PolicyAssignment.objects.update(version=3, targets={"verification_handle_days": 5})
    case = reported(world, resource, at=BEFORE)
    (clock,) = kernel.clocks("verification", [case.pk], BEFORE)[case.pk]
    assert (clock.target, clock.explanation) == (True, "内部目标 5 个工作日（非法定期限）")
    later = BEFORE + timedelta(days=10)
    world.drain(later)
    (clock,) = kernel.clocks("verification", [case.pk], later)[case.pk]
    assert (clock.text, clock.tone) == ("已超内部目标 3 个工作日", "yellow")
    told = set(OutboxEvent.objects.filter(subject=f"verification:{case.pk}").values_list("name", flat=True))
    assert "clock.beyond_target" in told
    assert not told & {"clock.overdue", "clock.due_soon"}
    seen = queries.watch("verification", world.actor("authority.reviewer"), later)
    assert ([row.overdue for row in seen.figures if row.open], seen.overdue) == ([0], ())
