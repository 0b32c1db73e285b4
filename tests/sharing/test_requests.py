"""W06 through actions: who asks, who consents, who answers, when, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from covers import covers
from jutong.kernel import keys
from jutong.kernel import queries as kernel
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, Clock, OutboxEvent
from jutong.slices.grants import actions as grant_actions
from jutong.slices.grants import queries as grants
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.models import SharingRequest
from jutong.wire.bundle import Bundle
from jutong.wire.grants import Condition, Masking, Mode, Operator
from published import published
from world import World


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


def asked(resource_id: int, **changes: Any) -> actions.Asked:
    given: dict[str, Any] = {
        "resource_id": resource_id,
        "items": ("公民身份号码", "姓名", "出生日期"),
        "key_items": ("公民身份号码",),
        "modes": (Mode.ONLINE_QUERY, Mode.FRONT_END_NODE),
        "purposes": ("administrative_basis",),
        "use_basis": "《社会救助暂行办法》第十一条",
        "use_scene": "办理城乡居民养老保险代缴时核验低保身份",
        "use_scope": "养老保险科经办人员使用",
        "duty": "城乡居民基本养老保险经办",
        "use_from": date(2026, 3, 2),
        "use_until": date(2027, 3, 1),
        "personal_basis": "为履行法定职责所必需",
        "declared": True,
    }
    return actions.Asked(**{**given, **changes})


def reply(**changes: Any) -> actions.Reply:
    given: dict[str, Any] = {
        "agree": True,
        "items": (
            actions.GrantedItem("公民身份号码"),
            actions.GrantedItem("姓名", Masking.NAME),
        ),
        "conditions": (Condition("户籍行政区划", Operator.PREFIX, ("5110",)),),
        "key_items": ("公民身份号码",),
        "confirm_items": ("收入",),
        "modes": ("online_query", "front_end_node"),
        "purposes": ("administrative_basis",),
        "scope": "市社会保险待遇资格核验",
    }
    return actions.Reply(**{**given, **changes})


def filed(world: World, resource_id: int, at: datetime | None = None, **changes: Any) -> SharingRequest:
    at = at or world.at
    request = actions.write_request(by=world.actor("hr.clerk"), at=at, asked=asked(resource_id, **changes))
    actions.consent(request, by=world.actor("hr.head"), at=at)
    return actions.file_request(request, by=world.actor("hr.clerk"), at=at)


def answered(world: World, resource_id: int) -> SharingRequest:
    request = filed(world, resource_id)
    actions.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply())
    return actions.agree(request, by=world.actor("civil.head"), at=world.at)


def clock(request: SharingRequest, name: str) -> Clock:
    return Clock.objects.get(case_kind="sharing_request", case_id=request.pk, name=name)


@covers("R-SHR-032", "R-SHR-005", "R-SHR-036", "R-SHR-037", "R-SHR-001", "R-SHR-002")
def test_an_agreed_request_becomes_a_grant_with_exactly_its_items_rows_and_masking(world: World) -> None:
    request = answered(world, published(world))
    assert request.state == "agreed"
    wire = grants.wire_grant(request.grant_id)
    assert [(c.item, c.column, c.masking) for c in wire.columns] == [
        ("公民身份号码", "id_number", Masking.NONE),
        ("姓名", "name", Masking.NAME),
    ]
    assert wire.conditions == (Condition("户籍行政区划", Operator.PREFIX, ("5110",)),)
    assert (wire.key_items, wire.confirm_items) == (("公民身份号码",), ("收入",))
    assert (wire.provider_id, wire.consumer_id) == (str(world.department("civil")), str(world.department("hr")))
    assert wire.valid_until == datetime(2027, 3, 1, 16, 0, tzinfo=UTC)
    assert wire.valid_from == world.at
    assert wire.state == "active"


def test_a_grant_begins_with_the_beijing_day_asked_for(world: World) -> None:
    request = filed(world, published(world), use_from=date(2026, 3, 9))
    actions.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply())
    agreed = actions.agree(request, by=world.actor("civil.head"), at=world.at)
    assert grants.wire_grant(agreed.grant_id).valid_from == datetime(2026, 3, 8, 16, 0, tzinfo=UTC)


def test_the_bundle_carries_the_grant_under_the_instances_signature(world: World) -> None:
    wire = grants.wire_grant(answered(world, published(world)).grant_id)
    envelope = grants.bundle(0, world.at)
    told = msgspec.json.decode(envelope.payload, type=Bundle)
    assert [g.id for g in told.grants] == [wire.id]
    from jutong.crypto import sm2

    assert sm2.verify(keys.instance().public, b"bundle\n" + envelope.payload, envelope.signature)


@covers("R-SHR-006", "R-SHR-044")
def test_the_reply_and_delivery_clocks_run_by_themselves(world: World) -> None:
    received = datetime(2025, 9, 30, 2, 0, tzinfo=UTC)
    request = filed(world, published(world), received)
    assert (clock(request, "reply").due_day, clock(request, "reply").obliged_id) == (
        date(2025, 10, 21),
        world.department("civil"),
    )
    actions.prepare_reply(request, by=world.actor("civil.officer"), at=received, reply=reply())
    actions.agree(request, by=world.actor("civil.head"), at=received)
    assert clock(request, "reply").state == "stopped"
    assert clock(request, "delivery").due_day == date(2025, 11, 4)
    row = kernel.clocks("sharing_request", [request.pk], received)[request.pk][1]
    assert "第二十二条" in row.explanation


@covers("R-SHR-037")
def test_nothing_is_filed_without_the_heads_consent_to_this_very_version(world: World) -> None:
    resource = published(world)
    request = actions.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(resource))
    with pytest.raises(WrongState):
        actions.file_request(request, by=world.actor("hr.clerk"), at=world.at)
    with pytest.raises(NotAllowed):
        actions.consent(request, by=world.actor("hr.clerk"), at=world.at)
    with pytest.raises(NotThere):
        actions.consent(request, by=world.actor("civil.head"), at=world.at)
    actions.consent(request, by=world.actor("hr.head"), at=world.at)
    changed = actions.change_request(
        request, by=world.actor("hr.clerk"), at=world.at, asked=asked(resource, items=("姓名",))
    )
    assert (changed.state, changed.consented_by) == ("draft", "")


@covers("R-SHR-042", "R-SHR-043")
def test_papers_are_asked_for_once_and_the_clock_waits(world: World) -> None:
    request = filed(world, published(world))
    officer = world.actor("civil.officer")
    actions.ask_supplement(request, by=officer, at=world.at, papers=["部门职责文件", "  "])
    assert clock(request, "reply").state == "paused"
    later = world.at + timedelta(days=7)
    actions.supplement(request, by=world.actor("hr.clerk"), at=later, text="已补交职责文件")
    assert (clock(request, "reply").state, clock(request, "reply").waited) == ("running", 5)
    with pytest.raises(WrongState, match="一次性"):
        actions.ask_supplement(request, by=officer, at=later, papers=["再补一份"])
    with pytest.raises(RuleBroken, match="不是拒绝的理由"):
        actions.prepare_reply(request, by=officer, at=later, reply=actions.Reply(agree=False, reason="申请材料不全"))


def test_papers_that_never_come_let_the_request_lapse_which_is_no_refusal(world: World) -> None:
    request = filed(world, published(world))
    actions.ask_supplement(request, by=world.actor("civil.officer"), at=world.at, papers=["部门职责文件"])
    until = SharingRequest.objects.get(pk=request.pk).supplement_until
    world.drain(datetime.combine(until, datetime.min.time(), UTC) + timedelta(hours=10))
    assert SharingRequest.objects.get(pk=request.pk).state == "supplement_requested"
    world.drain(datetime.combine(until + timedelta(days=1), datetime.min.time(), UTC))
    assert SharingRequest.objects.get(pk=request.pk).state == "lapsed"


@covers("R-SHR-041")
def test_an_extension_needs_the_same_level_authority_and_conditional_data(world: World) -> None:
    request = filed(world, published(world))
    due = clock(request, "reply").due_day
    with pytest.raises(RuleBroken, match="尚未申请"):
        actions.extend(request, by=world.actor("authority.reviewer"), at=world.at, days=5)
    actions.ask_extension(request, by=world.actor("civil.officer"), at=world.at, days=5, reason="需与省厅核对数据口径")
    with pytest.raises(NotAllowed):
        actions.extend(request, by=world.actor("civil.head"), at=world.at, days=5)
    extended = actions.extend(request, by=world.actor("authority.reviewer"), at=world.at, days=5)
    assert extended.state == "extended"
    assert clock(request, "reply").due_day > due
    open_data = filed(
        world,
        published(
            world,
            title="行政区划代码信息",
            share_type="unconditional",
            open_type="conditional",
            open_conditions="实名登记",
        ),
    )
    with pytest.raises(NotAllowed, match="政策"):
        actions.ask_extension(open_data, by=world.actor("civil.officer"), at=world.at, days=5, reason="想要延长")


@covers("R-SHR-040")
def test_unconditional_data_is_answered_in_one_day_and_never_refused(world: World) -> None:
    resource = published(
        world, title="行政区划代码信息", share_type="unconditional", open_type="conditional", open_conditions="实名登记"
    )
    request = filed(world, resource)
    assert clock(request, "reply").days == 1
    with pytest.raises(RuleBroken, match="不得拒绝"):
        actions.prepare_reply(
            request,
            by=world.actor("civil.officer"),
            at=world.at,
            reply=actions.Reply(agree=False, reason="暂不方便提供"),
        )
    assert "refuse" not in {
        b.verb for b in queries.request(request.pk, world.actor("civil.head"), world.at).line.buttons
    }


@covers("R-SHR-038", partly=["R-SHR-004"])
def test_a_standing_consent_answers_unconditional_requests_at_once(world: World) -> None:
    resource = published(
        world, title="行政区划代码信息", share_type="unconditional", open_type="conditional", open_conditions="实名登记"
    )
    with pytest.raises(NotAllowed):
        actions.give_standing_consent(by=world.actor("hr.head"), at=world.at, resource_id=resource)
    actions.give_standing_consent(by=world.actor("civil.head"), at=world.at, resource_id=resource)
    with pytest.raises(Conflict):
        actions.give_standing_consent(by=world.actor("civil.head"), at=world.at, resource_id=resource)
    request = filed(world, resource)
    world.drain()
    request.refresh_from_db()
    assert request.state == "delivering"
    assert grants.wire_grant(request.grant_id).columns[0].item == "公民身份号码"


def test_the_head_decides_on_the_draft_and_on_nothing_else(world: World) -> None:
    request = filed(world, published(world))
    with pytest.raises(WrongState):
        actions.agree(request, by=world.actor("civil.head"), at=world.at)
    actions.prepare_reply(
        request,
        by=world.actor("civil.officer"),
        at=world.at,
        reply=actions.Reply(agree=False, reason="该事项与贵局职责无关"),
    )
    with pytest.raises(Conflict):
        actions.agree(request, by=world.actor("civil.head"), at=world.at)
    with pytest.raises(NotAllowed):
        actions.refuse(request, by=world.actor("civil.officer"), at=world.at)
    back = actions.withhold_consent(request, by=world.actor("civil.head"), at=world.at, remark="请补充说明依据")
    assert back.state == "received"
    actions.prepare_reply(
        request,
        by=world.actor("civil.officer"),
        at=world.at,
        reply=actions.Reply(agree=False, reason="该事项与贵局职责无关"),
    )
    assert actions.refuse(request, by=world.actor("civil.head"), at=world.at).state == "refused"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"use_basis": "无"}, "use_basis"),
        ({"use_scene": "字" * 2001}, "use_scene"),
        ({"items": ()}, "items"),
        ({"items": ("不存在的项",)}, "items"),
        ({"modes": ("fax",)}, "modes"),
        ({"purposes": ("为了好玩",)}, "purposes"),
        ({"use_until": date(2026, 3, 1)}, "use_until"),
        ({"use_until": date(2036, 3, 1)}, "use_until"),
        ({"personal_basis": ""}, "personal_basis"),
        ({"declared": False}, "declared"),
    ],
)
@covers("R-SHR-002", "R-SHR-036")
def test_a_request_without_an_element_is_not_written(world: World, changes: dict[str, Any], field: str) -> None:
    resource = published(world)
    with pytest.raises(RuleBroken) as refused:
        actions.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(resource, **changes))
    assert field in refused.value.remarks
    assert not SharingRequest.objects.exists()


def test_one_does_not_ask_oneself_nor_for_what_is_not_published(world: World) -> None:
    resource = published(world)
    with pytest.raises(RuleBroken, match="本部门自己"):
        actions.write_request(by=world.actor("civil.clerk"), at=world.at, asked=asked(resource))
    with pytest.raises((NotThere, WrongState)):
        actions.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(resource + 1000))


@covers("R-OVR-042")
def test_a_department_without_a_head_can_neither_file_nor_answer(world: World) -> None:
    from jutong.slices.parties import actions as parties
    from jutong.slices.parties import queries as people

    request = filed(world, published(world))
    actions.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply())
    head = world.actor("civil.deputy")
    from jutong.slices.parties.models import PostHeld

    unit = people.sharing_unit(world.department("civil"))
    parties.close_sharing_unit(unit.id, by=world.actor("admin.system"), at=world.at)
    with pytest.raises(RuleBroken, match="共享工作机构"):
        actions.agree(request, by=head, at=world.at)
    assert PostHeld.objects.exists()


@covers("R-SHR-014", partly=["R-SHR-010"])
def test_the_request_follows_its_grant(world: World) -> None:
    request = answered(world, published(world))
    world.drain()
    request.refresh_from_db()
    assert request.state == "delivering"
    grant_actions.suspend_grant(request.grant_id, by=world.actor("civil.head"), at=world.at, reason="发现超范围使用")
    world.drain()
    request.refresh_from_db()
    assert request.state == "suspended"
    assert grants.wire_grant(request.grant_id).reason == "发现超范围使用"
    grant_actions.restore_grant(request.grant_id, by=world.actor("authority.chief"), at=world.at)
    grant_actions.revoke_grant(request.grant_id, by=world.actor("civil.head"), at=world.at, reason="依据失效")
    world.drain()
    request.refresh_from_db()
    assert request.state == "revoked"
    assert grants.wire_grant(request.grant_id).state == "ended"


def test_a_grant_ends_by_itself_when_its_period_is_over(world: World) -> None:
    request = answered(world, published(world))
    world.drain(datetime(2027, 3, 1, 16, 1, tzinfo=UTC))
    request.refresh_from_db()
    assert request.state == "expired"


@covers(partly=["R-SHR-006"])
def test_overdue_is_told_to_provider_and_authority_and_grants_nothing(world: World) -> None:
    from jutong.kernel import inbox

    request = filed(world, published(world))
    world.drain(world.at + timedelta(days=30))
    request.refresh_from_db()
    assert (request.state, request.grant_id) == ("received", None)
    assert OutboxEvent.objects.filter(name="clock.overdue").count() == 1
    for reader in ("civil.officer", "authority.reviewer"):
        assert any("已超期" in notice.title for notice in inbox.notices(world.actor(reader)))


@pytest.mark.parametrize("reader", ["market.clerk", "market.head", "county.head", "admin.system", "admin.security"])
def test_nobody_outside_knows_of_a_request(world: World, reader: str) -> None:
    request = filed(world, published(world))
    with pytest.raises(NotThere):
        queries.request(request.pk, world.actor(reader), world.at)
    with pytest.raises(NotThere):
        actions.withdraw(request, by=world.actor(reader), at=world.at)
    assert queries.requests(world.actor(reader), world.at)[0] == []


def test_the_provider_sees_a_request_only_once_it_is_filed(world: World) -> None:
    request = actions.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(published(world)))
    with pytest.raises(NotThere):
        queries.request(request.pk, world.actor("civil.head"), world.at)
    assert queries.request(request.pk, world.actor("hr.head"), world.at).line.buttons


DECISIONS: list[Callable[..., Any]] = [actions.agree, actions.refuse, actions.decline, actions.extend]


@covers(partly=["R-SEC-001"])
@pytest.mark.parametrize("decide", DECISIONS)
def test_a_system_administrator_decides_nothing(world: World, decide: Callable[..., Any]) -> None:
    request = filed(world, published(world))
    extra: dict[str, Any] = {actions.decline: {"reason": "与职责无关"}, actions.extend: {"days": 1}}.get(decide, {})
    with pytest.raises(NotThere):
        decide(request, by=world.actor("admin.system"), at=world.at, **extra)
    assert AuditEntry.objects.filter(outcome="refused").count() == 1
