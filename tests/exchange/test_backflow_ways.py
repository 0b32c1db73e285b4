"""Back-flow between need and end: a need nobody answers, a gap that is sent again, a change or an end that was filed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from backflow_world import ARRANGED, needed, ready, running
from covers import covers
from jutong.dataplane import identity
from jutong.kernel import queries as kernel
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken
from jutong.kernel.models import Clock, InboxItem, PolicyAssignment
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction.models import ProposedFinding
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.models import Backflow, Run
from jutong.slices.grants import actions as grants
from jutong.slices.grants.models import ChangeConsumer, Grant, ServiceChange
from jutong.slices.sharing import actions as sharing
from jutong.wire.transfers import Part, Tally
from reports import order_of, receipt, report, take
from world import World

__all__ = ["ready"]
TARGET = 5


def assigned(world: World, days: int | None) -> None:
    """Give the region a version of its rules with an internal target for answering back-flow needs, or with none."""
    PolicyAssignment.objects.all().delete()
    PolicyAssignment.objects.create(
        region=world.region, profile="national-2025", version=1 if days is None else 2,
        effective_from=datetime(2025, 8, 1, tzinfo=UTC).date(), assigned_at=world.at,
        targets={} if days is None else {"backflow_answer": days},
    )  # fmt: skip


@covers(partly=["R-OVR-039", "R-CAS-014"])
def test_a_need_unanswered_beyond_the_internal_target_is_shown_to_the_authority_above_and_is_never_overdue(
    world: World, ready: dict[str, Any]
) -> None:
    assigned(world, None)
    plain = needed(world, ready)
    assert not Clock.objects.filter(
        case_kind="backflow", case_id=plain.pk
    ).exists()  # without a target nothing is shown
    actions.end_backflow(plain.pk, by=world.actor("hr.officer"), at=world.at)
    assigned(world, TARGET)
    case = needed(world, ready)
    (clock,) = kernel.clocks("backflow", [case.pk], world.at)[case.pk]
    assert (clock.target, clock.explanation) == (True, "内部目标 5 个工作日（非法定期限）")
    world.drain()
    bench = world.client("civil.head").get("/").content.decode()
    assert "待安排" in bench
    assert f"收到回流需求 H-{case.pk:06d}" in bench
    later = world.at + timedelta(days=10)
    world.drain(later)
    case.refresh_from_db()
    assert case.unanswered_since == clock.due_day
    authority = world.department("authority")
    assert InboxItem.objects.filter(department_id=authority, title__contains="超过内部目标").exists()
    assert not ProposedFinding.objects.exists()
    reviewer = world.client("authority.reviewer")
    assert case.title in reviewer.get("/exchange/backflows/?fold=unanswered").content.decode()
    page = reviewer.get(f"/exchange/backflows/{case.pk}/").content.decode()
    assert "非法定期限" in page
    with pytest.raises(NotThere):
        queries.backflow(case.pk, world.actor("police.officer"), later)
    actions.arrange_backflow(case.pk, by=world.actor("civil.head"), at=later, **ARRANGED)
    assert "unanswered" not in queries.backflow(case.pk, world.actor("civil.head"), later).row.state
    assert Clock.objects.get(case_kind="backflow", case_id=case.pk).state == "stopped"


@covers("R-CAS-016")
def test_a_gap_is_reported_to_the_upper_department_and_what_lacks_is_sent_again_exactly_once(
    world: World, ready: dict[str, Any], node: identity.Identity
) -> None:
    case, run = running(world, ready)
    order = order_of(run)
    good, sent, lacking = Tally(10, "1", "m"), Tally(490, "2", "m"), Tally(488, "3", "m")
    whole, short = Tally(500, "4", "m"), Tally(498, "5", "m")
    parts = (Part("511002", sent, lacking), Part("511099", good, good))
    red = receipt(order, node, source=whole, target=short, reconciled=False, parts=parts)
    take(report(order, "sent"), report(order, "quarantined", receipt=red, differing=("511002",), seconds=1))
    world.drain(datetime.now(UTC))
    told = InboxItem.objects.filter(department_id=case.provider_id, title__startswith="回流缺口")
    assert [item.title for item in told] == [
        f"回流缺口 H-{case.pk:06d}（T-{run.pk:06d}）：来源计 500 行，核对一致到达 10 行"
    ]
    run.refresh_from_db()
    assert (run.state, run.repair) == ("queued", ["511002"])
    again = order_of(run)
    assert again.repair == ("511002",)
    still = receipt(again, node, source=sent, target=lacking, reconciled=False, parts=parts[:1])
    take(report(again, "sent"), report(again, "quarantined", receipt=still, differing=("511002",), seconds=2))
    world.drain(datetime.now(UTC))
    run.refresh_from_db()
    assert run.state == "quarantined"  # once: what lacks a second time is for people
    actions.repair(run.pk, by=world.actor("hr.officer"), at=datetime.now(UTC))
    last = order_of(Run.objects.get(pk=run.pk))
    full = receipt(last, node, source=sent, target=sent, parts=(Part("511002", sent, sent),))
    take(report(last, "sent"), report(last, "received"), report(last, "released", receipt=full, seconds=3))
    (row,) = queries.backflow(case.pk, world.actor("civil.head"), world.at).returns
    assert (row.phase, row.sent, row.arrived, row.since) == ("repaired", 490, 490, None)


@covers(partly=["R-CAS-014"])
def test_records_without_a_division_are_listed_to_the_department_that_has_to_complete_them(
    world: World, ready: dict[str, Any], civil_db: str
) -> None:
    case = needed(world, ready)
    mount, rows = actions.list_unassigned(case.pk, by=world.actor("civil.officer"), at=world.at)
    place = [column.item for column in mount.columns].index("姓名")
    assert sorted(row[place][0] for row in rows) == ["无", "空"]
    with pytest.raises(NotAllowed):
        actions.list_unassigned(case.pk, by=world.actor("hr.officer"), at=world.at)
    with psycopg.connect(civil_db) as connection:
        connection.execute("update people set division = '511002' where division is null or division = ''")
    page = world.client("civil.officer").post(f"/exchange/backflows/{case.pk}/unassigned/").content.decode()
    assert "没有未标明行政区划的记录" in page


def filed(world: World, case: Backflow) -> ServiceChange:
    """Let the consumer agree with what was proposed, and file it."""
    case.refresh_from_db()
    change = ServiceChange.objects.get(pk=case.change_id)
    heard = ChangeConsumer.objects.get(change=change)
    grants.record_heard(heard.pk, by=world.actor("hr.officer"), at=world.at, result="agreed")
    grants.file_ending(change.pk, by=world.actor("civil.head"), at=world.at)
    world.drain()
    return change


def started(world: World, ready: dict[str, Any]) -> Backflow:
    case = needed(world, ready)
    actions.arrange_backflow(case.pk, by=world.actor("civil.head"), at=world.at, **ARRANGED)
    place = {"source_id": ready["source_id"], "schema": "public", "table": "huiliu"}
    return actions.start_backflow(case.pk, by=world.actor("hr.engineer"), at=world.at, **place)


@covers(partly=["R-SHR-050", "R-CAS-014"])
def test_the_upper_department_changes_or_ends_a_back_flow_only_by_what_was_heard_and_filed(
    world: World, ready: dict[str, Any]
) -> None:
    case, head = started(world, ready), world.actor("civil.head")
    with pytest.raises(NotAllowed):
        actions.end_backflow(case.pk, by=head, at=world.at)
    day = beijing_day(world.at) + timedelta(days=5)
    given = {"cause": "业务系统夜间维护", "stop_on": day}
    with pytest.raises(RuleBroken, match="安全措施"):
        actions.propose_change(case.pk, by=head, at=world.at, cron="0 5 * * *", security="", **given)
    actions.propose_change(case.pk, by=head, at=world.at, cron="0 5 * * *", security="专线传输", **given)
    with pytest.raises(Conflict):
        actions.propose_end(case.pk, by=head, at=world.at, **given)
    filed(world, case)
    case.refresh_from_db()
    assert (case.state, case.cron) == ("running", ARRANGED["cron"])
    world.drain(world.at + timedelta(days=5))
    case.refresh_from_db()
    assert case.task is not None
    assert (case.state, case.cron, case.task.cron, case.security) == ("changed", "0 5 * * *", "0 5 * * *", "专线传输")
    page = world.client("civil.head").post(
        f"/exchange/backflows/{case.pk}/propose_end/",
        {**given, "stop_on": str(datetime.now(UTC).date() + timedelta(9))},
    )
    assert page.status_code == 303
    case.refresh_from_db()
    change = ServiceChange.objects.get(pk=case.change_id)
    grants.cancel_ending(change.pk, by=head, at=world.at, reason="继续回流")
    world.drain()
    actions.propose_end(case.pk, by=head, at=world.at, cause="职责划转", stop_on=day + timedelta(days=5))
    filed(world, case)
    world.drain(world.at + timedelta(days=10))
    case.refresh_from_db()
    assert (case.state, Grant.objects.get(pk=case.grant_id).state) == ("ended", "revoked")
    assert case.task is not None
    assert case.task.due_at is None
    assert catalogue.require_published(case.resource_id).id == case.resource_id  # the entry is offered to others still


def test_what_the_lower_department_no_longer_needs_ends_with_its_grant_and_what_it_lacks_it_can_dispute(
    world: World, ready: dict[str, Any]
) -> None:
    case = started(world, ready)
    officer = world.client("hr.officer")
    assert f"/disputes/new/backflow/{case.pk}/" in officer.get(f"/exchange/backflows/{case.pk}/").content.decode()
    address = f"/sharing/disputes/new/backflow/{case.pk}/"
    told = {"kind": "backflow", "duty": "办理本区城乡低保复核", "statement": "三月以来没有按计划回流"}
    assert officer.post(address, told).status_code == 303
    with pytest.raises(Conflict):
        sharing.open_dispute(by=world.actor("hr.officer"), at=world.at, resource_id=case.resource_id, **told)
    actions.end_backflow(case.pk, by=world.actor("hr.officer"), at=world.at, note="改由本级采集")
    grant = Grant.objects.get(pk=case.grant_id)
    assert (grant.state, grant.ended_ground) == ("revoked", "no_longer_necessary")
