"""W25 through actions: alerts gathered into cases, suspension that reaches the gateways, rectification, its two ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from correction_world import rules as profile
from covers import covers
from jutong.kernel import inbox
from jutong.kernel import queries as kernel
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, OutboxEvent
from jutong.slices.grants import actions as grant_actions
from jutong.slices.grants import queries as grants
from jutong.slices.services import queries as services
from jutong.slices.sharing import actions as sharing
from jutong.slices.usage import actions, events
from jutong.slices.usage.models import MisuseCase, MisuseNote
from misuse_world import ORDER, REPORT, SAID, granted, opened, reported, suspended, told, used
from world import World

LATER = timedelta(days=30)


@covers("R-SHR-017")
def test_refused_calls_are_gathered_into_one_case_that_suspends_nothing(world: World) -> None:
    grant = granted(world)
    for day in range(3):
        for _call in range(4):
            used(world, grant, kind="purpose", calls=25, at=world.at + timedelta(days=day))
    used(world, grant, kind="item")
    world.drain(world.at + timedelta(days=3))
    cases = {case.kind: case for case in MisuseCase.objects.all()}
    assert {kind: case.category for kind, case in cases.items()} == {"purpose": "abuse", "item": "unauthorised_use"}
    assert MisuseNote.objects.filter(case=cases["purpose"], sort="alert").count() == 3
    assert cases["purpose"].state == "alerted"
    assert told(grant, world.at).state == "active"
    assert [n.link for n in inbox.notices(world.actor("civil.head")) if "WG-" in n.title]


def test_after_a_dismissal_a_new_alert_opens_a_new_case(world: World) -> None:
    grant = granted(world)
    used(world, grant, kind="system")
    world.drain()
    first = MisuseCase.objects.get()
    actions.dismiss_misuse(first.pk, by=world.actor("civil.head"), at=world.at, reason="系统更换后未及时登记，已补登记")
    used(world, grant, kind="system", at=world.at + timedelta(days=1))
    world.drain(world.at + timedelta(days=1))
    assert sorted(MisuseCase.objects.values_list("state", flat=True)) == ["alerted", "dismissed"]
    assert told(grant, world.at).state == "active"


@covers(partly=["R-SHR-048"])
def test_calls_that_go_on_after_the_end_of_a_grant_are_told_to_provider_and_auditor_once_they_repeat(
    world: World,
) -> None:
    grant = granted(world)
    grant_actions.revoke_grant(grant, by=world.actor("civil.head"), at=world.at, reason="依据已经废止")
    used(world, grant, kind="ended", calls=2)
    world.drain()
    assert not MisuseCase.objects.exists(), "a system that has not heard of the end yet is no misuse"
    assert services.alerts(world.actor("civil.officer"))[0] == []
    used(world, grant, kind="ended", calls=2, at=world.at + timedelta(hours=1))
    used(world, grant, kind="ended", calls=5, at=world.at + timedelta(hours=2))
    world.drain(world.at + timedelta(hours=3))
    (case,) = MisuseCase.objects.all()
    assert (case.kind, case.category, case.state) == ("ended", "unauthorised_use", "alerted")
    (row,) = services.alerts(world.actor("audit.auditor"))[0]
    assert (row.calls, row.kind_label) == (9, "在授权暂停或结束后调用")
    for person in ("civil.head", "audit.auditor"):
        assert any(case.number in one.title for one in inbox.notices(world.actor(person))), person


@covers("R-SHR-048")
def test_a_confirmed_case_suspends_its_grants_with_reason_and_limit_and_tells_all_three(world: World) -> None:
    grant, other = granted(world), granted(world, "低保金发放信息")
    case = opened(world, grant)
    for wrong in ({"days": None}, {"days": 0}, {"days": None, "limit_day": date(2026, 3, 7)}, {"limit_day": date(2026, 3, 9)},
                  {"days": None, "limit_day": date(2026, 3, 2)}):  # fmt: skip
        with pytest.raises(RuleBroken, match=r"期限|截止"):
            actions.suspend_misuse(
                case.pk, by=world.actor("civil.head"), at=world.at, grant_ids=[grant], **{**ORDER, **wrong}
            )
    assert told(grant, world.at).state == "active"
    case = actions.suspend_misuse(case.pk, by=world.actor("civil.head"), at=world.at, grant_ids=[grant], **ORDER)
    now = told(grant, world.at)
    assert (now.state, case.number in now.reason, case.limit_day) == ("suspended", True, date(2026, 3, 16))
    assert told(other, world.at).state == "active"
    (limit,) = kernel.clocks("misuse_case", [case.pk], world.at)[case.pk]
    assert (limit.due_day, limit.left) == (date(2026, 3, 16), 10)
    for who in ("hr.officer", "civil.head", "authority.reviewer"):
        assert any(case.number in notice.title for notice in inbox.notices(world.actor(who))), who


@covers(partly=["R-SHR-048", "R-SHR-020"])
def test_a_confirmed_case_proposes_a_finding_under_the_article_of_its_ground(world: World) -> None:
    kinds = {
        "beyond_purpose": ("use_beyond_scope_or_purpose", "national-2025#40(2)"),
        "third_party": ("third_party_without_consent", "national-2025#40(3)"),
        "commercial": ("use_beyond_scope_or_purpose", "jiangxi-2017#17; national-2025#40(2)"),
    }
    for place, (ground, wanted) in enumerate(kinds.items()):
        case = suspended(world, granted(world, f"临时救助信息{place}"), ground=ground)
        found = OutboxEvent.objects.get(name=events.FINDING_PROPOSED, subject=f"misuse_case:{case.pk}").payload
        assert (found["kind"], found["article"]) == wanted
        assert (found["department_id"], found["source"]) == (world.department("hr"), case.number)
    opened(world, granted(world, "不动产登记信息"))
    assert OutboxEvent.objects.filter(name=events.FINDING_PROPOSED).count() == 3


@covers(partly=["R-SHR-049"])
def test_after_a_verified_rectification_the_same_grant_works_again_until_the_day_it_had(world: World) -> None:
    grant = granted(world)
    until = told(grant, world.at).valid_until
    case = suspended(world, grant)
    head = world.actor("civil.head")
    with pytest.raises(WrongState, match="还没有报告"):
        actions.verify_rectified(case.pk, by=head, at=world.at, text="整改到位")
    reported(world, case)
    world.drain(world.at + LATER)
    assert told(grant, world.at).state == "suspended", "time decides nothing"
    for who in ("hr.head", "civil.head", "authority.chief"):
        assert any("整改期限已过" in notice.title for notice in inbox.notices(world.actor(who))), who
    actions.verify_rectified(case.pk, by=head, at=world.at + LATER, text="现场核查，名单已删除")
    assert told(grant, world.at).state == "suspended", "it needs a decision of its own"
    case = actions.restore_access(case.pk, by=head, at=world.at + LATER, decision="准予恢复，内民函〔2026〕12号")
    assert (case.state, told(grant, world.at).state, told(grant, world.at).valid_until) == ("restored", "active", until)


def test_a_grant_that_expired_meanwhile_stays_ended(world: World) -> None:
    grant = granted(world)
    case = suspended(world, grant, days=200)
    year = world.at + timedelta(days=370)
    actions.report_rectified(case.pk, by=world.actor("hr.officer"), at=year, text=REPORT)
    world.drain(year)
    actions.verify_rectified(case.pk, by=world.actor("civil.head"), at=year, text="整改到位")
    actions.restore_access(case.pk, by=world.actor("civil.head"), at=year, decision="准予恢复共享")
    assert grants.states_of([grant]) == {grant: "expired"}


@covers("R-SHR-049")
def test_terminating_needs_the_limit_passed_or_a_recorded_refusal_and_is_then_published(world: World) -> None:
    grant = granted(world)
    case, head = suspended(world, grant), world.actor("civil.head")
    with pytest.raises(WrongState):
        actions.terminate_access(case.pk, by=head, at=world.at, decision="终止共享")
    with pytest.raises(WrongState, match="期限未满"):
        actions.find_insufficient(case.pk, by=head, at=world.at, text="未见整改")
    reported(world, case)
    actions.find_insufficient(case.pk, by=head, at=world.at + timedelta(days=2), text="名单仍在使用")
    with pytest.raises(WrongState, match="期限未满"):
        actions.terminate_access(case.pk, by=head, at=world.at + timedelta(days=2), decision="终止共享")
    world.drain(world.at + LATER)
    assert MisuseCase.objects.get().state == "insufficient"
    case = actions.terminate_access(case.pk, by=head, at=world.at + LATER, decision="终止共享，内民函〔2026〕15号")
    assert (case.state, told(grant, world.at).state) == ("terminated", "ended")
    payload = OutboxEvent.objects.get(name=events.ACCESS_TERMINATED).payload
    assert (payload["grant_ids"], payload["consumer_id"]) == ([grant], world.department("hr"))
    assert OutboxEvent.objects.get(name="grant.terminated").payload["ground"] == "terminated"


def test_a_recorded_refusal_lets_sharing_end_before_the_limit(world: World) -> None:
    grant = granted(world)
    case, head = suspended(world, grant), world.actor("authority.chief")
    actions.record_refusal(case.pk, by=world.actor("hr.head"), at=world.at, text="业务需要，不予整改")
    actions.find_insufficient(case.pk, by=head, at=world.at, text="拒不整改")
    assert actions.terminate_access(case.pk, by=head, at=world.at, decision="终止共享").state == "terminated"
    assert told(grant, world.at).state == "ended"


def test_what_a_case_keeps_suspended_is_not_restored_or_ended_beside_it(world: World) -> None:
    grant = granted(world)
    case, head = suspended(world, grant), world.actor("civil.head")
    with pytest.raises(WrongState, match=case.number):
        grant_actions.restore_grant(grant, by=head, at=world.at, reason="恢复")
    with pytest.raises(WrongState, match="案件"):
        grant_actions.terminate_grant(grant, by=head, at=world.at, reason="终止")
    page = world.client("civil.head").get(f"/grants/{grant}/").content.decode()
    assert f"/grants/{grant}/restore/" not in page
    again = opened(world, grant)
    with pytest.raises(RuleBroken, match="已经暂停"):
        actions.suspend_misuse(again.pk, by=head, at=world.at, grant_ids=[grant], **ORDER)
    assert told(grant, world.at).state == "suspended"


@covers(partly=["R-SHR-051"])
def test_the_consumer_disputes_a_suspension_that_stays_in_force_until_the_outcome(world: World) -> None:
    grant = granted(world)
    case = suspended(world, grant)
    says = {"duty": "养老保险待遇核验", "statement": "推荐业务系合作单位自行开展，与授权无关"}
    dispute = sharing.open_dispute(by=world.actor("hr.officer"), at=world.at, kind="suspension", grant_id=grant, **says)
    assert told(grant, world.at).state == "suspended"
    outcome = sharing.Outcome(result="restore", text="认定依据不足，恢复共享")
    sharing.propose(dispute.pk, by=world.actor("civil.head"), at=world.at, outcome=outcome)
    sharing.settle(dispute.pk, by=world.actor("hr.head"), at=world.at)
    world.drain()
    case.refresh_from_db()
    assert (case.state, told(grant, world.at).state) == ("restored", "active")
    assert dispute.number in case.decision


def test_whoever_suspended_decides_on_and_the_authority_always_may(world: World) -> None:
    mine, theirs = granted(world), granted(world, "低保金发放信息")
    by_authority = suspended(world, mine, by="authority.reviewer")
    by_provider = suspended(world, theirs)
    reported(world, by_authority)
    reported(world, by_provider)
    with pytest.raises(NotAllowed):
        actions.verify_rectified(by_authority.pk, by=world.actor("civil.head"), at=world.at, text="整改到位")
    chief = world.actor("authority.chief")
    actions.verify_rectified(by_authority.pk, by=chief, at=world.at, text="整改到位")
    actions.verify_rectified(by_provider.pk, by=chief, at=world.at, text="整改到位")
    actions.restore_access(by_provider.pk, by=chief, at=world.at, decision="准予恢复共享")
    assert told(theirs, world.at).state == "active"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"category": ""}, "category"), ({"category": "theft"}, "category"), ({"text": "无"}, "text"), ({"grant_ids": ()}, "grant_ids"),
     ({"source": "system"}, "source")],
)  # fmt: skip
@covers(partly=["R-SHR-021"])
def test_a_case_without_its_particulars_is_refused(world: World, changes: dict[str, Any], field: str) -> None:
    words: dict[str, Any] = {**SAID, "grant_ids": (granted(world),), **changes}
    with pytest.raises(RuleBroken) as refused:
        actions.open_misuse(by=world.actor("civil.officer"), at=world.at, **words)
    assert refused.value.field == field
    assert not MisuseCase.objects.exists()


def test_strangers_and_the_consumer_neither_open_a_case_nor_know_of_one_that_is_not_confirmed(world: World) -> None:
    grant = granted(world)
    with pytest.raises(NotThere):
        opened(world, grant, by="market.head")
    for who in ("hr.head", "civil.clerk"):
        with pytest.raises(NotAllowed):
            opened(world, grant, by=who)
    case = opened(world, grant)
    for who in ("hr.head", "market.head", "admin.system"):
        with pytest.raises(NotThere):
            actions.dismiss_misuse(case.pk, by=world.actor(who), at=world.at, reason="并无此事")
    with pytest.raises(NotAllowed):
        actions.dismiss_misuse(case.pk, by=world.actor("civil.officer"), at=world.at, reason="并无此事")
    refusals = AuditEntry.objects.filter(verb="misuse_case.dismiss", outcome="refused")
    assert refusals.count() == 4


def test_before_the_decree_there_is_no_suspension_after_misuse(world: World) -> None:
    grant = granted(world)
    profile("jiangxi-2017")
    before = datetime(2025, 7, 1, 1, 0, tzinfo=UTC)
    case = actions.open_misuse(by=world.actor("civil.officer"), at=before, grant_ids=[grant], **SAID)
    with pytest.raises(NotAllowed, match="不提供"):
        actions.suspend_misuse(case.pk, by=world.actor("civil.head"), at=before, grant_ids=[grant], **ORDER)
