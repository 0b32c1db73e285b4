"""W06 under every profile, before and since the decree: what a request, a reply, a refusal and a non-acceptance must carry."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from rules_world import BEFORE, PROFILES, due, under
from test_requests import asked, filed, reply

from covers import covers
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.kernel.models import OutboxEvent
from jutong.slices.grants import actions as grant_actions
from jutong.slices.grants import queries as grants
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.models import SharingRequest
from published import published
from world import World


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


def filed_before(world: World, resource_id: int, **changes: Any) -> SharingRequest:
    """File a request in June 2025, as the local texts had it: without a head's consent."""
    given = asked(resource_id, use_from=date(2025, 6, 2), **changes)
    case = actions.write_request(by=world.actor("hr.clerk"), at=BEFORE, asked=given)
    return actions.file_directly(case, by=world.actor("hr.clerk"), at=BEFORE)


NO = actions.Reply(agree=False, reason="该事项与贵局职责无关")


@covers("R-SHR-003")
def test_a_fee_is_refused_but_in_inner_mongolia_with_a_law_that_says_so(world: World) -> None:
    resource = published(world)
    officer = world.actor("civil.officer")
    for profile, fee, basis, field in (
        ("national-2025", "每条一元", "《某法》第一条", "fee"),
        ("inner-mongolia-2018", "每条一元", "", "fee_basis"),
    ):
        under(world, profile) if profile != "national-2025" else None
        request = filed(world, resource)
        with pytest.raises(RuleBroken) as refused:
            actions.prepare_reply(request, by=officer, at=world.at, reply=reply(fee=fee, fee_basis=basis))
        assert field in refused.value.remarks, profile
    kept = actions.prepare_reply(
        request, by=officer, at=world.at, reply=reply(fee="每条一元", fee_basis="《内蒙古自治区收费管理条例》第三条")
    )
    assert kept.reply["fee"] == "每条一元"


@covers("R-SHR-007")
@pytest.mark.parametrize(
    ("profile", "since", "before"),
    [
        ("national-2025", "reason", None),
        ("jiangxi-2017", "reason", "reason"),
        ("inner-mongolia-2018", "reason", "reason"),
        ("neijiang-2020", "basis", "basis"),
        ("liyang-2020", "reason", ""),
    ],
)
def test_a_refusal_carries_what_the_profile_asks(world: World, profile: str, since: str, before: str | None) -> None:
    resource, officer = published(world), world.actor("civil.officer")
    under(world, profile)
    short = actions.Reply(agree=False, reason="" if since == "reason" else "该事项与贵局职责无关")
    request = filed(world, resource)
    with pytest.raises(RuleBroken) as refused:
        actions.prepare_reply(request, by=officer, at=world.at, reply=short)
    assert since in refused.value.remarks
    whole = actions.Reply(agree=False, reason="该事项与贵局职责无关", basis="《政务信息资源共享管理暂行办法》第十条")
    actions.prepare_reply(request, by=officer, at=world.at, reply=whole)
    assert actions.refuse(request, by=world.actor("civil.head"), at=world.at).state == "refused"
    if before is None:
        return
    old = filed_before(world, resource)
    assert due("sharing_request", old.pk, "reply") == date(2025, 6, 16)
    if before:
        with pytest.raises(RuleBroken):
            actions.refuse_directly(old, by=officer, at=BEFORE, reply=short)
    else:
        assert actions.refuse_directly(old, by=officer, at=BEFORE, reply=short).state == "refused"


@covers("R-CAT-044")
def test_where_the_local_text_says_so_scope_is_declared_when_a_request_is_approved(world: World) -> None:
    resource, other, officer = published(world), published(world, title="低保家庭"), world.actor("civil.officer")
    request = filed(world, resource)
    actions.prepare_reply(request, by=officer, at=world.at, reply=reply(scope=""))  # the catalogue declares it
    under(world, "neijiang-2020")
    local = filed(world, other)
    with pytest.raises(RuleBroken) as refused:
        actions.prepare_reply(local, by=officer, at=world.at, reply=reply(scope=""))
    assert "准许的使用范围" in refused.value.remarks["scope"]
    kept = actions.prepare_reply(local, by=officer, at=world.at, reply=reply(scope="社会保险待遇资格核验"))
    assert kept.reply["scope"] == "社会保险待遇资格核验"


@covers(partly=["R-SHR-007"])
def test_a_reply_is_agree_or_disagree_and_nothing_between(world: World) -> None:
    request = filed(world, published(world))
    client = world.client("civil.officer")
    answer = client.post(
        f"/api/v1/sharing/requests/{request.pk}/prepare_reply", {"reason": "再议"}, content_type="application/json"
    )
    assert answer.status_code == 422
    fee = client.post(
        f"/api/v1/sharing/requests/{request.pk}/prepare_reply",
        {"agree": True, "fee": "每条一元"},
        content_type="application/json",
    )
    assert (fee.status_code, fee.json()["code"]) == (422, "validation_error")


@covers("R-SHR-016")
def test_a_non_acceptance_has_a_reason_the_authority_judges_and_may_become_a_finding(world: World) -> None:
    resource = published(world)
    under(world, "liyang-2020")
    request = filed(world, resource)
    head = world.actor("civil.head")
    for reason in ("", "材料不全"):
        with pytest.raises(RuleBroken):
            actions.decline(request, by=head, at=world.at, reason=reason)
    actions.decline(request, by=head, at=world.at, reason="本部门认为没有必要")
    seen = queries.request(request.pk, world.actor("authority.reviewer"), world.at)
    assert (seen.line.state, seen.reply_reason) == ("not_accepted", "本部门认为没有必要")
    with pytest.raises(NotAllowed):
        actions.judge(request, by=head, at=world.at, justified=True, words="理由成立")
    actions.judge(request, by=world.actor("authority.reviewer"), at=world.at, justified=False, words="理由不成立")
    proposed = OutboxEvent.objects.get(name="sharing.finding_proposed").payload
    assert (proposed["kind"], proposed["department_id"]) == ("unjustified_non_acceptance", world.department("civil"))
    assert "第二十六条第（三）项" in proposed["source"]


@covers("R-SHR-020")
def test_jiangxi_admits_no_commercial_use_and_says_by_which_article(world: World) -> None:
    resource = published(world)
    national = actions.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(resource, commercial=True))
    assert national.commercial
    under(world, "jiangxi-2017")
    with pytest.raises(RuleBroken) as refused:
        actions.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(resource, commercial=True))
    assert "第十七条" in refused.value.remarks["commercial"]


@covers("R-SHR-035")
def test_a_grant_names_the_case_it_comes_from_and_none_comes_from_nothing(world: World) -> None:
    resource = published(world)
    request = filed(world, resource)
    actions.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply())
    request = actions.agree(request, by=world.actor("civil.head"), at=world.at)
    held = grants.grant(request.grant_id, world.actor("hr.clerk"))
    assert held.origin == request.number == "SR-2026-000001"
    nothing = grant_actions.Terms((), (), (), (), (), world.at, world.at, "无")
    with pytest.raises(RuleBroken, match="来源"):
        grant_actions.open_grant(
            grant_actions.Opening(
                region=world.region,
                resource_id=resource,
                resource_title="无",
                entry_code="无",
                entry_version=1,
                provider_id=world.department("civil"),
                consumer_id=world.department("hr"),
                authority_id=None,
                case_ref=" ",
                request_digest="0" * 64,
                terms=nothing,
            ),
            by=world.actor("civil.head"),
            at=world.at,
        )


@covers(partly=["R-SHR-004", "R-SHR-006"])
@pytest.mark.parametrize("profile", PROFILES[1:5])
def test_unconditional_data_was_obtained_directly_and_is_asked_for_since_the_decree(world: World, profile: str) -> None:
    free = published(
        world, title="行政区划代码信息", share_type="unconditional", open_type="conditional", open_conditions="实名登记"
    )
    under(world, profile)
    clerk = world.actor("hr.clerk")
    given = asked(free, use_from=date(2025, 6, 2))
    with pytest.raises(NotAllowed):
        actions.write_request(by=clerk, at=BEFORE, asked=given)
    case = actions.obtain(by=clerk, at=BEFORE, asked=given)
    assert (case.state, grants.wire_grant(case.grant_id).state) == ("granted", "active")
    with pytest.raises(NotAllowed):
        actions.obtain(by=clerk, at=world.at, asked=asked(free))


@covers("R-CAT-055")
def test_a_reply_makes_no_condition_that_the_entry_does_not_declare(world: World) -> None:
    request = filed(world, published(world, share_conditions="限于办理事项时核验；不得留存副本"))
    officer = world.actor("civil.officer")
    with pytest.raises(RuleBroken, match="擅自增设"):
        actions.prepare_reply(request, by=officer, at=world.at, reply=reply(terms=("须先签订合作协议",)))
    actions.prepare_reply(request, by=officer, at=world.at, reply=reply(terms=("不得留存副本",)))
    agreed = actions.agree(request, by=world.actor("civil.head"), at=world.at)
    assert "不得留存副本" in grants.grant(agreed.grant_id, world.actor("hr.clerk")).remarks


def test_before_the_decree_the_officer_answers_alone_and_nothing_is_extended(world: World) -> None:
    resource = published(world)
    under(world, "jiangxi-2017")
    request = filed_before(world, resource)
    officer = world.actor("civil.officer")
    with pytest.raises(NotAllowed):
        actions.ask_extension(request, by=officer, at=BEFORE, days=5, reason="需核对口径")
    with pytest.raises(NotAllowed):
        actions.prepare_reply(request, by=officer, at=BEFORE, reply=reply())
    agreed = actions.agree_directly(request, by=officer, at=BEFORE, reply=reply())
    assert (agreed.state, grants.wire_grant(agreed.grant_id).state) == ("agreed", "active")
    with pytest.raises(WrongState):
        actions.refuse_directly(agreed, by=officer, at=BEFORE + timedelta(days=1), reply=NO)
