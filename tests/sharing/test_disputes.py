"""W07 through actions: who negotiates, coordinates and decides under each profile, by when, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from rules_world import BEFORE, due, under
from test_local_texts import NO, filed_before
from test_requests import filed, reply

from covers import covers
from jutong.kernel import inbox
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import OutboxEvent
from jutong.slices.grants import actions as grant_actions
from jutong.slices.grants import queries as grants
from jutong.slices.parties import actions as parties
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.models import Dispute, SharingRequest
from published import WITHHELD, published
from world import World, _department, _person

DUTY = "城乡居民基本养老保险经办"
SAYS = "该数据为办理代缴所必需，依法应当共享"


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


def refused(world: World, resource_id: int | None = None) -> SharingRequest:
    """A request that the provider refused, since the decree."""
    request = filed(world, resource_id or published(world))
    actions.prepare_reply(
        request,
        by=world.actor("civil.officer"),
        at=world.at,
        reply=actions.Reply(agree=False, reason="该事项与贵局职责无关", basis="《社会救助暂行办法》第一条"),
    )
    return actions.refuse(request, by=world.actor("civil.head"), at=world.at)


def raised(world: World, request: SharingRequest, at: datetime | None = None, kind: str = "refusal") -> Dispute:
    return actions.open_dispute(
        by=world.actor("hr.clerk"), at=at or world.at, kind=kind, duty=DUTY, statement=SAYS, request_id=request.pk
    )


def failed(world: World, case: Dispute, at: datetime | None = None) -> Dispute:
    return actions.fail(case, by=world.actor("hr.clerk"), at=at or world.at, reason="协商两次，提供方坚持不予提供")


def escalated(world: World, case: Dispute, at: datetime | None = None) -> Dispute:
    at = at or world.at
    actions.state_opinion(case, by=world.actor("civil.officer"), at=at, text="该数据涉及隐私，不宜提供")
    return actions.escalate(failed(world, case, at), by=world.actor("hr.clerk"), at=at)


def outcome(result: str = "share", **more: Any) -> actions.Outcome:
    return actions.Outcome(result=result, text="双方同意按申请内容提供", **more)


@covers("R-SHR-051")
def test_every_dispute_is_negotiated_first_and_goes_to_the_authority_with_both_statements(world: World) -> None:
    request = refused(world)
    clerk = world.actor("hr.clerk")
    with pytest.raises(WrongState, match="先协商"):
        actions.object_sharing(by=clerk, at=world.at, duty=DUTY, statement=SAYS, request_id=request.pk)
    with pytest.raises(RuleBroken) as nameless:
        raised(world, request, kind="")
    assert "kind" in nameless.value.remarks
    case = raised(world, request)
    with pytest.raises(Conflict):
        raised(world, request)
    with pytest.raises(WrongState):
        actions.escalate(case, by=clerk, at=world.at)
    failed(world, case)
    with pytest.raises(WrongState, match="提供方的意见"):
        actions.escalate(case, by=clerk, at=world.at)
    case = actions.escalate(case, by=clerk, at=world.at, absence="两次书面催告，提供方未陈述")
    assert (case.state, case.authority_id) == ("coordinating", world.department("authority"))
    seen = queries.dispute(case.pk, world.actor("authority.reviewer"), world.at)
    assert {(note.sort, note.side) for note in seen.notes} == {("statement", "consumer"), ("absence", "provider")}
    assert [row.id for row in queries.disputes(world.actor("authority.reviewer"), world.at)[0]] == [case.pk]
    with pytest.raises(NotThere):
        queries.dispute(case.pk, world.actor("market.head"), world.at)


@covers("R-SHR-011")
def test_what_is_withheld_is_negotiated_but_shared_only_after_its_type_was_changed(world: World) -> None:
    withheld = published(world, title="救助核查信息", **WITHHELD)
    clerk = world.actor("hr.clerk")
    about: dict[str, Any] = {"duty": DUTY, "statement": SAYS}
    case = actions.open_dispute(by=clerk, at=world.at, kind="sharing_type", resource_id=withheld, **about)
    assert {case.consumer_id, case.provider_id} == {world.department("hr"), world.department("civil")}
    with pytest.raises(WrongState, match="仍为不予共享"):
        actions.propose(case, by=clerk, at=world.at, outcome=outcome(terms=reply()))
    actions.propose(case, by=clerk, at=world.at, outcome=outcome("change_type"))
    assert actions.settle(case, by=world.actor("civil.head"), at=world.at).state == "settled"
    assert any("更改共享属性" in one.title for one in inbox.notices(world.actor("civil.officer")))
    free = published(
        world, title="行政区划代码信息", share_type="unconditional", open_type="conditional", open_conditions="实名登记"
    )
    closed = published(world)
    under(world, "jiangxi-2017")
    pending = filed_before(world, closed)
    for wrong in ({"resource_id": free}, {"request_id": pending.pk}):
        with pytest.raises(WrongState):
            actions.open_dispute(by=clerk, at=BEFORE, kind="withheld_or_refused", **wrong, **about)
    old = actions.open_dispute(by=clerk, at=BEFORE, kind="withheld_or_refused", resource_id=withheld, **about)
    actions.propose(old, by=world.actor("civil.officer"), at=BEFORE, outcome=outcome(terms=reply()))
    settled = actions.settle(old, by=world.actor("hr.head"), at=BEFORE)
    assert grants.wire_grant(settled.outcome_grant_id).state == "active"


@covers("R-SHR-012")
def test_a_negotiation_fails_by_itself_after_ten_working_days_in_inner_mongolia_only(world: World) -> None:
    opened = datetime(2025, 9, 30, 2, 0, tzinfo=UTC)
    resources = {name: published(world, title=f"低保信息{name}") for name in ("inner-mongolia-2018", "jiangxi-2017")}
    for profile, state in (("inner-mongolia-2018", "failed"), ("jiangxi-2017", "negotiating")):
        under(world, profile)
        case = raised(world, refused(world, resources[profile]), opened)
        world.drain(opened)
        if state == "failed":
            assert due("dispute", case.pk, "negotiation") == date(2025, 10, 21)
        world.drain(datetime(2025, 10, 21, 8, 0, tzinfo=UTC))
        case.refresh_from_db()
        assert case.state == "negotiating"
        world.drain(datetime(2025, 10, 22, 1, 0, tzinfo=UTC))
        case.refresh_from_db()
        assert case.state == state, profile
    assert actions.fail(case, by=world.actor("civil.officer"), at=opened, reason="意见不一致").state == "failed"


@covers("R-SHR-013")
def test_coordination_has_thirty_working_days_in_inner_mongolia_and_the_leading_group_in_liyang(world: World) -> None:
    started = datetime(2025, 9, 30, 2, 0, tzinfo=UTC)
    resource, marriages, burials = (published(world, title=title) for title in ("低保信息", "婚姻登记信息", "殡葬信息"))
    under(world, "inner-mongolia-2018")
    case = escalated(world, raised(world, refused(world, resource), started), started)
    assert due("dispute", case.pk, "coordination") == date(2025, 11, 18)
    world.drain(datetime(2025, 11, 19, 1, 0, tzinfo=UTC))
    case.refresh_from_db()
    assert case.state == "coordinating"
    assert OutboxEvent.objects.filter(name="clock.overdue", payload__case_kind="dispute").count() == 1
    assert any("已超期" in one.title for one in inbox.notices(world.actor("authority.reviewer")))
    under(world, "liyang-2020")
    old = filed_before(world, marriages)
    actions.refuse_directly(old, by=world.actor("civil.officer"), at=BEFORE, reply=NO)
    dispute = raised(world, old, BEFORE, kind="withheld_or_refused")
    with pytest.raises(RuleBroken, match="领导小组"):
        escalated(world, dispute, BEFORE)
    actions.name_dispute_body(
        by=world.actor("authority.chief"), at=BEFORE, sort="leading_group", department_id=world.department("court")
    )
    with pytest.raises(RuleBroken, match="不能交其他部门"):
        actions.escalate(dispute, by=world.actor("hr.clerk"), at=BEFORE, body_id=world.department("authority"))
    taken = actions.escalate(dispute, by=world.actor("hr.clerk"), at=BEFORE, body_id=world.department("court"))
    assert taken.authority_id == world.department("court")
    with pytest.raises(NotThere):
        actions.decide(taken, by=world.actor("authority.chief"), at=BEFORE, outcome=outcome())
    decided = actions.decide(taken, by=world.actor("court.principal"), at=BEFORE, outcome=outcome(terms=reply()))
    assert decided.state == "decided"
    since = escalated(world, raised(world, refused(world, burials)))
    assert since.authority_id == world.department("authority")


@covers("R-SHR-014")
def test_an_outcome_in_favour_of_sharing_is_a_grant_with_its_conditions(world: World) -> None:
    case = escalated(world, raised(world, refused(world)))
    chief = world.actor("authority.chief")
    for wrong, field in ((outcome(""), "result"), (outcome("share_with_conditions"), "conditions")):
        with pytest.raises(RuleBroken) as broken:
            actions.decide(case, by=chief, at=world.at, outcome=wrong)
        assert field in broken.value.remarks
    decided = actions.decide(
        case, by=chief, at=world.at, outcome=outcome("share_with_conditions", conditions="仅限养老保险科核验，不得留存")
    )
    held = grants.grant(decided.outcome_grant_id or 0, world.actor("hr.clerk"))
    assert (held.state, held.origin, "不得留存" in held.remarks) == ("granted", decided.number, True)
    assert grants.wire_grant(held.id).state == "active"
    from jutong.slices.catalogue import queries as catalogue

    assert catalogue.require_published(decided.resource_id).share_type == "conditional"


@covers("R-SHR-015")
def test_neijiang_took_an_objection_straight_to_the_authority_before_the_decree(world: World) -> None:
    resource = published(world)
    under(world, "neijiang-2020")
    request = filed_before(world, resource)
    actions.refuse_directly(
        request,
        by=world.actor("civil.officer"),
        at=BEFORE,
        reply=actions.Reply(agree=False, reason="涉及个人隐私", basis="《个人信息保护法》第十三条"),
    )
    about: dict[str, Any] = {"duty": DUTY, "statement": SAYS, "request_id": request.pk}
    clerk, chief = world.actor("hr.clerk"), world.actor("authority.chief")
    with pytest.raises(NotAllowed):
        actions.open_dispute(by=clerk, at=BEFORE, kind="withheld_or_refused", **about)
    case = actions.object_sharing(by=clerk, at=BEFORE, **about)
    assert (case.state, case.authority_id) == ("coordinating", world.department("authority"))
    assert case.provider_id == world.department("civil")
    with pytest.raises(WrongState, match="提供方"):
        actions.decide(case, by=chief, at=BEFORE, outcome=outcome())
    actions.record(case, by=chief, at=BEFORE, sort="absence", side="provider", text="提供方经通知未陈述意见")
    assert actions.decide(case, by=chief, at=BEFORE, outcome=outcome(terms=reply())).state == "decided"
    with pytest.raises(WrongState, match="先协商"):
        actions.object_sharing(by=clerk, at=world.at, **about)


def _authority(world: World, region: str, name: str) -> int:
    by = system_actor("test")
    department = _department(name, name, name, region, "government_department", {str(n): n for n in range(90)}, by)
    parties.name_authority(region=region, department_id=department, by=by, at=world.at)
    return department


@covers(partly=["R-SHR-052"])
def test_a_dispute_across_regions_goes_to_the_common_superior_authority(world: World) -> None:
    by = system_actor("test")
    parties.ensure_regions({"511900": "巴中市", "511902": "巴州区"}, by=by, at=world.at)
    far = _department(
        "巴州民政",
        "巴州区民政局",
        "巴州区民政局",
        "511902",
        "government_department",
        {str(n): n for n in range(50)},
        by,
    )
    account = _person("far.head", 900, far, "sharing_unit_head", by)[1]
    from jutong.kernel.actors import Channel
    from jutong.slices.parties import queries as people

    actor = people.actor_for(account, "127.0.0.1", Channel.PAGE, at=world.at)
    case = actions.open_dispute(
        by=actor, at=world.at, kind="quality", duty=DUTY, statement=SAYS, resource_id=published(world)
    )
    actions.fail(case, by=actor, at=world.at, reason="协商不成")
    with pytest.raises(RuleBroken, match=r"巴州区民政局.*内江市民政局.*共同的上级"):
        actions.escalate(case, by=actor, at=world.at, absence="未陈述")
    province = _authority(world, "510000", "四川省数据局")
    taken = actions.escalate(case, by=actor, at=world.at, absence="未陈述")
    assert taken.authority_id == province


@covers("R-SHR-053")
def test_without_agreement_the_government_decides_and_its_decision_is_carried_out(world: World) -> None:
    case = escalated(world, raised(world, refused(world)))
    reviewer, chief = world.actor("authority.reviewer"), world.actor("authority.chief")
    actions.close_without(case, by=chief, at=world.at, opinion="建议提供")
    with pytest.raises(WrongState, match="协调记录"):
        actions.submit_to_government(case, by=reviewer, at=world.at)
    actions.record(case, by=reviewer, at=world.at, sort="minutes", text="三月二日协调会，双方未达成一致")
    actions.record(case, by=reviewer, at=world.at, sort="expert", source="王教授", text="属于履职必需")
    with pytest.raises(RuleBroken, match="本级人民政府"):
        actions.submit_to_government(case, by=reviewer, at=world.at)
    actions.name_dispute_body(by=chief, at=world.at, sort="government", department_id=world.department("court"))
    actions.submit_to_government(case, by=reviewer, at=world.at)
    government = world.actor("court.principal")
    assert [row.id for row in queries.disputes(government, world.at, side="government")[0]] == [case.pk]
    decision: dict[str, Any] = {"number": "内府函〔2026〕7号", "decided_on": date(2026, 3, 2), "outcome": outcome()}
    with pytest.raises(NotAllowed):
        actions.record_government_decision(case, by=chief, at=world.at, **decision)
    with pytest.raises(RuleBroken):
        actions.record_government_decision(case, by=government, at=world.at, **decision | {"number": " "})
    done = actions.record_government_decision(case, by=government, at=world.at, **decision)
    assert (done.state, done.decision_number) == ("government_decided", "内府函〔2026〕7号")
    assert grants.wire_grant(done.outcome_grant_id).state == "active"


def test_a_decision_restores_or_ends_the_grant_that_is_disputed(world: World) -> None:
    request = filed(world, published(world))
    actions.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply())
    request = actions.agree(request, by=world.actor("civil.head"), at=world.at)
    about: dict[str, Any] = {"duty": DUTY, "statement": SAYS, "grant_id": request.grant_id}
    with pytest.raises(WrongState, match="没有被暂停"):
        actions.open_dispute(by=world.actor("hr.head"), at=world.at, kind="suspension", **about)
    grant_actions.suspend_grant(request.grant_id or 0, by=world.actor("civil.head"), at=world.at, reason="疑似超范围")
    case = actions.open_dispute(by=world.actor("hr.head"), at=world.at, kind="suspension", **about)
    assert grants.wire_grant(request.grant_id).state == "suspended"
    actions.propose(case, by=world.actor("hr.head"), at=world.at, outcome=outcome("restore"))
    with pytest.raises(WrongState, match="对方"):
        actions.settle(case, by=world.actor("hr.head"), at=world.at)
    actions.settle(case, by=world.actor("civil.head"), at=world.at)
    assert grants.wire_grant(request.grant_id).state == "active"


@covers(partly=["R-SHR-051"])
def test_a_dispute_that_nobody_acts_on_is_shown_to_the_superior_authority(world: World) -> None:
    province = _authority(world, "510000", "四川省数据局")
    account = _person("province.head", 901, province, "authority_head", system_actor("test"))[1]
    from jutong.kernel.actors import Channel
    from jutong.slices.parties import queries as people

    superior = people.actor_for(account, "127.0.0.1", Channel.PAGE, at=world.at)
    case = escalated(world, raised(world, refused(world)))
    with pytest.raises(NotThere):
        queries.dispute(case.pk, superior, world.at)
    world.drain(world.at + timedelta(days=60))
    assert queries.dispute(case.pk, superior, world.at).row.idle_since
