"""W26: a use ends on a ground, the provider says what becomes of every copy, and the consumer proves it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from covers import covers
from jutong.kernel import outbox
from jutong.kernel.errors import Conflict, RuleBroken, WrongState
from jutong.kernel.models import Clock, OutboxEvent
from jutong.slices.exchange import actions as exchange
from jutong.slices.grants import actions as grants
from jutong.slices.grants import queries as grant_queries
from jutong.slices.usage import actions, queries
from jutong.slices.usage.models import Copy, Disposal, LateAccess, MisuseCase, Provision
from sourceworld import civil_db, granted, mounted, node, probe, register
from usage_world import accepted, batch, copies, destroyed, drained, finished, instructed, moment, record

if TYPE_CHECKING:
    from jutong.dataplane.identity import Identity
    from jutong.slices.grants.models import Grant
    from world import World

__all__ = ["civil_db", "node", "probe"]


@pytest.fixture
def grant(world: World, probe: object, civil_db: str) -> Grant:
    return granted(world, mounted(world, register(world, "civil", civil_db)))


def events(name: str) -> list[dict[str, Any]]:
    return [event.payload for event in OutboxEvent.objects.filter(name=name).order_by("pk")]


@covers("R-SHR-046")
def test_the_end_of_a_use_needs_its_ground_stops_access_and_opens_a_disposal_for_every_copy(
    world: World, grant: Grant, node: Identity
) -> None:
    batch(world, grant, node)
    batch(world, grant, node)
    for ground in ("", "expired", "because"):
        with pytest.raises(RuleBroken, match="情形"):
            finished(world, grant, ground=ground)
    assert not Disposal.objects.exists()
    finished(world, grant)
    assert grant_queries.wire_grant(grant.pk).state == "ended"
    with pytest.raises(WrongState):
        exchange.order_batch(by=world.actor("hr.clerk"), at=world.at, grant_id=grant.pk)
    tasks = Disposal.objects.order_by("pk")
    assert [(task.state, task.ground) for task in tasks] == [("ended", "purpose_reached")] * 2
    assert [task.copy_id for task in tasks] == copies(grant)
    instructed(world, grant, due_on=date(2026, 3, 6))
    clock = Clock.objects.filter(case_kind="disposal").first()
    assert clock is not None
    assert (clock.due_day, clock.obliged_id) == (date(2026, 3, 6), world.department("hr"))
    world.drain(moment("2026-03-06", 10))
    assert events("usage.finding_proposed") == []
    world.drain(moment("2026-03-09"))
    found = events("usage.finding_proposed")
    assert [(one["article"], one["department_id"]) for one in found] == [
        ("national-2025#40(4)", world.department("hr"))
    ] * 2
    late = queries.groups(world.actor("authority.reviewer"), moment("2026-03-09"), fold="overdue")[0]
    assert [row.grant_id for row in late] == [grant.pk]
    world.drain(moment("2026-03-10"))
    assert len(events("usage.finding_proposed")) == 2


@covers("R-SHR-047")
def test_a_disposal_is_proven_copy_by_copy_and_an_access_to_a_destroyed_batch_is_an_alert(
    world: World, grant: Grant, node: Identity
) -> None:
    first, _second = batch(world, grant, node), batch(world, grant, node)
    finished(world, grant)
    instructed(world, grant)
    for wrong, field in (
        ({"copies": []}, "copies"),
        ({"report": actions.Report("destroyed", world.at.date(), " ")}, "executor"),
        ({"report": actions.Report("destroyed", None, "王芳")}, "executed_on"),
        ({"report": actions.Report("destroyed", date(2026, 3, 3), "王芳")}, "executed_on"),
        ({"report": actions.Report("sealed", world.at.date(), "王芳")}, "method"),
        ({"proof": None}, "proof"),
    ):
        with pytest.raises(RuleBroken) as refused:
            destroyed(world, grant, **wrong)
        assert field in refused.value.remarks
    destroyed(world, grant)
    with pytest.raises(RuleBroken):
        actions.send_back(grant.pk, by=world.actor("civil.officer"), at=world.at, copies=copies(grant)[:1], reason="",
                          due_on=date(2026, 3, 20))  # fmt: skip
    actions.send_back(grant.pk, by=world.actor("civil.officer"), at=world.at, copies=copies(grant)[:1],
                      reason="看不清编号", due_on=date(2026, 3, 20))  # fmt: skip
    assert sorted(Disposal.objects.values_list("state", flat=True)) == ["instructed", "reported"]
    destroyed(world, grant, copies=copies(grant)[:1])
    accepted(world, grant)
    seen = queries.ledger(grant.pk, world.actor("hr.clerk"), world.at)
    assert [copy.open for copy in seen.copies] == [False, False]
    assert set(Disposal.objects.values_list("state", flat=True)) == {"closed"}
    assert record(grant).disposed_at == world.at
    later = world.at + timedelta(hours=1)
    with pytest.raises(WrongState):  # the grant has ended; that it was tried is evidence
        exchange.issue_ticket(first.pk, by=world.actor("hr.clerk"), at=later, purpose="data_verification")
    assert actions.find_late_accesses(later) == 1
    assert actions.find_late_accesses(later) == 0
    assert LateAccess.objects.get().by_name == world.actor("hr.clerk").name
    alert = MisuseCase.objects.get()
    assert (alert.state, alert.kind, alert.consumer_id) == ("alerted", "destroyed", world.department("hr"))
    assert "已登记销毁的批次" in alert.text


def test_copies_can_be_given_up_while_the_grant_runs_and_only_once(world: World, grant: Grant, node: Identity) -> None:
    run = batch(world, grant, node)
    (copy,) = copies(grant)
    clerk = world.actor("hr.clerk")
    with pytest.raises(RuleBroken):
        actions.give_up(grant.pk, by=clerk, at=world.at, copies=[copy], ground="expired")
    actions.give_up(grant.pk, by=clerk, at=world.at, copies=[copy], ground="no_longer_necessary")
    with pytest.raises(Conflict):
        actions.give_up(grant.pk, by=clerk, at=world.at, copies=[copy], ground="no_longer_necessary")
    instructed(world, grant)
    destroyed(world, grant)
    accepted(world, grant)
    assert (record(grant).state, Disposal.objects.get().state) == ("open", "closed")
    later = world.at + timedelta(minutes=5)
    exchange.issue_ticket(run.pk, by=clerk, at=later, purpose="data_verification")
    assert actions.find_late_accesses(later) == 1


def test_an_instruction_given_in_advance_is_given_by_itself(world: World, grant: Grant, node: Identity) -> None:
    batch(world, grant, node)
    officer = world.actor("civil.officer")
    held = record(grant)
    for wrong in ({"instruction": "burn", "days": 5}, {"instruction": "seal", "days": 0},
                  {"instruction": "keep", "days": 5}):  # fmt: skip
        with pytest.raises(RuleBroken):
            actions.say_in_advance(held, by=officer, at=world.at, **wrong)
    actions.say_in_advance(held, by=officer, at=world.at, instruction="keep", days=10, duty="审计留存")
    grants.revoke_grant(grant.pk, by=world.actor("civil.head"), at=world.at, reason="依据消失")
    drained(world, world.at)
    task = Disposal.objects.get()
    assert (task.state, task.ground, task.instruction, task.due_on) == (
        "instructed", "revoked", "keep", date(2026, 3, 12),
    )  # fmt: skip
    kept = actions.Report("kept", world.at.date(), "王芳", "按要求留存供审计")
    destroyed(world, grant, report=kept, proof=None)
    accepted(world, grant)
    assert Copy.objects.get().disposed_how == "kept"


def test_reactions_that_come_twice_change_nothing(world: World, grant: Grant, node: Identity) -> None:
    batch(world, grant, node)
    finished(world, grant)

    def rows() -> list[int]:
        return [
            Copy.objects.count(),
            Provision.objects.count(),
            Disposal.objects.count(),
            len(events("disposal.ended")),
        ]

    before = rows()
    heard = outbox.consumers()
    for event in OutboxEvent.objects.filter(name__in=[
        "grants.version_opened", "exchange_task.released", "grant.expired", "disposal.ended",
    ]).order_by("pk"):  # fmt: skip
        told = outbox.Event(event.pk, event.name, event.subject, event.payload, event.at)
        for consumer in heard.get(event.name, []):
            if consumer.__module__.startswith("jutong.slices.usage"):
                consumer(told, world.at)
    assert rows() == before == [1, 1, 1, 1]
