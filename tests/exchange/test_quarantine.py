"""What is kept of rows set aside: of the last look at each landing, until it was kept long enough; alarms move no run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from covers import covers
from jutong.dataplane import identity
from jutong.kernel.models import AuditEntry, InboxItem
from jutong.kernel.settings import settings
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.models import DirtyParcel, Run, SetAside
from jutong.slices.exchange.rules import Plan, Terms
from jutong.wire.transfers import DirtyRow, DirtyRows, OrderKind, RunState, TableMode
from reports import delivered, order_of, report, take
from sourceworld import granted, mounted, register
from world import World


@pytest.fixture
def run(world: World, probe: Any, civil_db: str, hr_db: str) -> Run:
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    clerk = world.actor("hr.clerk")
    wanted = actions.Wanted(OrderKind.TABLE, target.pk, "public", "dibao", TableMode.REPLACE)
    plan = Plan(terms=Terms(most_dirty=9))
    task = actions.create_task(by=clerk, at=world.at, grant_id=grant.pk, wanted=wanted, plan=plan)
    return actions.run_now(task.pk, by=clerk, at=world.at)


def told(world: World, run: Run, *numbers: int, **changes: Any) -> bool:
    """Report rows set aside, by their numbers."""
    rows = tuple(DirtyRow(n, "户籍行政区划", "5*", "目标列不允许为空", "1*") for n in numbers)
    asked = {"content": b"sealed", "aside": len(numbers)} | changes
    return actions.take_dirty(DirtyRows(run.order_id, 0, rows, **asked), node="local", at=world.at)


def listed(world: World, run: Run) -> list[int]:
    return [row.number for row in queries.set_aside(run.pk, world.actor("hr.clerk"))]


def test_a_later_look_replaces_what_was_told_of_a_landing_that_was_lost(world: World, run: Run) -> None:
    assert told(world, run, 1, 2, group="0/1", look=2)
    assert told(world, run, 7, group="0/5", look=2)
    assert not told(world, run, 7, group="0/5", look=2)
    run.refresh_from_db()
    assert (listed(world, run), run.dirty) == ([1, 2, 7], 3)
    assert told(world, run, 2, 3, 4, group="0/1", look=4)
    assert not told(world, run, 1, group="0/1", look=3)
    run.refresh_from_db()
    assert (listed(world, run), run.dirty) == ([2, 3, 4, 7], 4)
    assert told(world, run, group="0/1", look=6)
    assert told(world, run, 8, group="0/1", look=7)
    run.refresh_from_db()
    assert (listed(world, run), run.dirty) == ([7, 8], 2)


@covers(partly=["R-EXC-019"])
def test_originals_are_forgotten_in_time_and_what_they_were_stays(
    world: World, run: Run, node: identity.Identity
) -> None:
    told(world, run, 1, 2)
    delivered(run, node)
    Run.objects.filter(pk=run.pk).update(dirty=2)
    officer = world.actor("civil.officer")
    link = f"/exchange/runs/{run.pk}/correct/"
    assert queries.resubmission(run.pk, officer, world.at).open
    assert link in world.client("civil.officer").get(f"/exchange/runs/{run.pk}/").content.decode()
    days = timedelta(days=settings().quarantine_days)
    assert actions.forget_old_originals(world.at + days) == 0
    later = world.at + days + timedelta(hours=1)
    assert actions.forget_old_originals(later) == 1
    assert actions.forget_old_originals(later) == 0
    parcel = DirtyParcel.objects.get()
    assert (bytes(parcel.content), parcel.forgotten_at) == (b"", later)
    assert SetAside.objects.filter(reason="目标列不允许为空").count() == 2
    entry = AuditEntry.objects.get(verb="exchange.forget_originals")
    assert (entry.subject_id, entry.outcome) == (str(run.pk), "success")
    found = queries.resubmission(run.pk, officer, world.at)
    assert (found.open, "保留期" in found.refusal) == (False, True)
    page = world.client("civil.officer").get(f"/exchange/runs/{run.pk}/").content.decode()
    assert link not in page
    assert found.refusal in page


def test_an_alarm_about_a_change_log_is_told_once_a_day_and_moves_no_run(
    world: World, run: Run, node: identity.Identity
) -> None:
    order = order_of(run)

    def alarm(kind: str, at: datetime) -> int:
        said = report(order, RunState.SENT, attempt=9, message=f"变更日志 {kind}", alarm=kind)
        actions.take_progress([said], node="local", at=at)
        world.drain(at)
        return InboxItem.objects.filter(title__contains=f"变更日志 {kind}").count()

    assert alarm("growing", world.at) == 2  # the clerk who set the task up, the engineers of the source
    run.refresh_from_db()
    assert (run.state, run.attempt, run.message) == ("queued", 0, "")
    delivered(run, node)
    before = Run.objects.values().get(pk=run.pk)
    assert alarm("growing", world.at + timedelta(hours=1)) == 2
    assert alarm("growing", world.at + timedelta(days=2)) == 4
    assert alarm("dropped", world.at + timedelta(days=2)) == 2
    assert Run.objects.values().get(pk=run.pk) == before
    take(report(order, RunState.SENT, attempt=9))
    assert Run.objects.values().get(pk=run.pk) == before
