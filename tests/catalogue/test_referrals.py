"""W03: what a department cannot decide, the city authority fixes with the departments concerned (Neijiang only)."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from covers import covers
from jutong.kernel.errors import Conflict, NotAllowed, RuleBroken, WrongState
from jutong.kernel.models import InboxItem, PolicyAssignment
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Consulted, Entry, Referral
from published import ASSESSED, content
from world import World

STATED: dict[str, Any] = {"share_type": "unconditional", "title": "低保对象"}


def neijiang(world: World) -> None:
    PolicyAssignment.objects.create(
        region=world.region, profile="neijiang-2020", effective_from=date(2010, 1, 1), assigned_at=world.at
    )


def draft(world: World) -> Entry:
    return actions.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), content=content(**STATED)
    )


def referred(world: World, entry: Entry, **more: Any) -> Referral:
    given = {"asked": ["share_type", "security_level"], "reason": "涉及个人经济状况", **more}
    return actions.refer_attribute(by=world.actor("civil.officer"), at=world.at, entry_id=entry.pk, **given)


@covers("R-CAT-040")
def test_type_and_grade_are_fixed_with_a_number_after_the_departments_consulted_gave_their_opinions(
    world: World,
) -> None:
    neijiang(world)
    entry = draft(world)
    case, chief = referred(world, entry), world.actor("authority.chief")
    world.drain()
    assert InboxItem.objects.filter(department_id=world.department("authority"), title__startswith="提请确定").exists()
    with pytest.raises(Conflict):
        referred(world, entry)
    decision: dict[str, Any] = {
        "by": chief,
        "at": world.at,
        "document": "内数定〔2026〕5号",
        "share_type": "conditional",
        "security_level": "important",
    }
    with pytest.raises(RuleBroken, match="至少一个部门"):
        actions.decide_referral(case, **decision)
    actions.consult(case, by=chief, at=world.at, departments=[world.department("police"), world.department("civil")])
    asked = Consulted.objects.get(referral=case)
    assert asked.department_id == world.department("police")
    with pytest.raises(NotAllowed):
        actions.give_referral_opinion(asked.pk, by=world.actor("hr.officer"), at=world.at, opinion="应为有条件")
    actions.give_referral_opinion(asked.pk, by=world.actor("police.officer"), at=world.at, opinion="应为有条件")
    for wrong in ({"document": ""}, {"share_type": ""}, {"security_level": "secret"}):
        with pytest.raises(RuleBroken):
            actions.decide_referral(case, **{**decision, **wrong})
    actions.decide_referral(case, **decision)
    decided = Referral.objects.get(pk=case.pk)
    assert (decided.state, decided.share_type, decided.security_level) == ("decided", "conditional", "important")
    officer = world.actor("civil.officer")
    actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
    with pytest.raises(RuleBroken, match="内数定〔2026〕5号"):
        actions.submit(entry, by=officer, at=world.at)
    law = {"basis_rank": "law", "basis_instrument": "个人信息保护法", "basis_article": "第二十九条"}
    fixed = msgspec.structs.replace(content(title="低保对象"), security_level="important", **law)
    actions.edit_entry(entry.pk, by=officer, at=world.at, content=fixed)
    actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
    actions.submit(entry, by=officer, at=world.at)
    seen = queries.entry(entry.pk, actor=officer, at=world.at)
    assert [row.number for row in seen.opinions if row.kind == "referral"] == ["内数定〔2026〕5号"]


def test_the_act_is_offered_in_neijiang_only_and_an_open_referral_holds_the_submission(world: World) -> None:
    entry = draft(world)
    with pytest.raises(NotAllowed):
        referred(world, entry)
    address, officer = f"/catalogue/{entry.pk}/", world.client("civil.officer")
    assert f"{address}refer/" not in officer.get(address).content.decode()
    neijiang(world)
    other = actions.copy_entry(
        entry.pk, by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil")
    )
    address = f"/catalogue/{other.pk}/"
    assert f"{address}refer/" in officer.get(address).content.decode()
    with pytest.raises(RuleBroken):
        referred(world, other, asked=[])
    case = referred(world, other, asked=["security_level"])
    assert world.client("police.officer").get(f"/catalogue/revisions/referrals/{case.pk}/").status_code == 404
    for verb, who in (("assess", "secrecy"), ("leader_approve", "leader")):
        given = ASSESSED if verb == "assess" else {}
        if verb == "assess":
            actions.edit_entry(
                other.pk, by=world.actor("civil.officer"), at=world.at, content=content(**{**STATED, "title": "低保二"})
            )
        getattr(actions, verb)(other.pk, by=world.actor(f"civil.{who}"), at=world.at, **given)
    with pytest.raises(RuleBroken, match="尚未确定"):
        actions.submit(other.pk, by=world.actor("civil.officer"), at=world.at)
    actions.take_back_referral(case, by=world.actor("civil.officer"), at=world.at, reason="已自行确定")
    actions.submit(other.pk, by=world.actor("civil.officer"), at=world.at)
    with pytest.raises(WrongState):
        referred(world, other)
