"""A scheduled delivery that its source fails for long is put forward as a stopped service, once, until it arrives again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from covers import covers
from jutong.dataplane.identity import Identity
from jutong.slices.correction import queries as findings
from jutong.slices.exchange import actions
from jutong.slices.exchange.models import Run, TransferTask
from jutong.slices.exchange.rules import Plan
from jutong.slices.services import actions as services
from jutong.slices.services import queries
from jutong.slices.services.models import ServiceStop
from jutong.wire.transfers import OrderKind
from reports import MOMENT, delivered, order_of, report, take
from sourceworld import granted, mounted, register
from world import World

NIGHT = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
"""The first night of the schedule: Tuesday 02:30 in Beijing."""
DAY = timedelta(days=1)


@pytest.fixture
def task(world: World, probe: Any, civil_db: str, hr_db: str) -> TransferTask:
    """A delivery of civil's into hr's database, every night at 02:30."""
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    wanted = actions.Wanted(OrderKind.TABLE, target.pk, "public", "dibao")
    return actions.create_task(
        by=world.actor("hr.clerk"), at=world.at, grant_id=grant.pk, wanted=wanted, plan=Plan(cron="30 2 * * *")
    )


def struck(at: datetime) -> Run:
    """Let the schedule strike, and return the run."""
    assert actions.order_due(at) == 1
    return Run.objects.latest("pk")


def failed(at: datetime, *, of_source: bool) -> Run:
    """Let the night's run fail: at the source, or elsewhere."""
    run = struck(at)
    said = "数据源“民政库”中没有表 people，或账号无权查看。" if of_source else "目标表没有可写入的列。"
    take(report(order_of(run), "rejected", message=said, of_source=of_source))
    Run.objects.filter(pk=run.pk).update(settled_at=at)
    return run


@covers(partly=["R-SHR-050"])
def test_deliveries_that_the_source_fails_are_proposed_once_and_over_when_they_arrive_again(
    world: World, task: TransferTask, node: Identity
) -> None:
    for night in range(5):
        failed(NIGHT + night * DAY, of_source=True)
        assert services.find_stops(NIGHT + night * DAY + timedelta(hours=1)) == (1 if night == 4 else 0)
    assert services.find_stops(NIGHT + 4 * DAY + timedelta(hours=2)) == 0
    stop = ServiceStop.objects.get()
    assert (stop.cause, stop.since, stop.consumer_ids) == ("batches", NIGHT, [task.consumer_id])
    world.drain(NIGHT + 4 * DAY + timedelta(hours=2))
    (found,) = findings.proposed_findings(world.actor("authority.reviewer"))[0]
    assert (found.kind, found.department_id) == ("service_stopped", task.provider_id)
    assert "没有表 people" in found.words
    again = Run.objects.latest("pk")
    actions.retry(again.pk, by=world.actor("hr.clerk"), at=NIGHT + 4 * DAY + timedelta(hours=3))
    services.find_stops(NIGHT + 4 * DAY + timedelta(hours=3))
    assert not ServiceStop.objects.exclude(ended_at=None).exists()  # trying is not arriving
    delivered(again, node)
    Run.objects.filter(pk=again.pk).update(settled_at=NIGHT + 4 * DAY + timedelta(hours=4))
    services.find_stops(NIGHT + 4 * DAY + timedelta(hours=5))
    (row,) = queries.stops(world.actor("hr.clerk"))[0]
    assert (row.state, row.cause_label) == ("over", "定时交换没有送达")
    assert "定时交换没有送达" in world.client("civil.head").get("/services/stops/").content.decode()


def test_what_fails_elsewhere_or_is_wanted_by_nobody_is_no_stop_of_the_provider(
    world: World, task: TransferTask, node: Identity
) -> None:
    def stopped(at: datetime) -> list[str]:
        services.find_stops(at)
        return list(ServiceStop.objects.filter(ended_at=None).values_list("cause", flat=True))

    failed(NIGHT, of_source=False)
    assert stopped(NIGHT) == []
    failed(NIGHT + DAY, of_source=True)
    assert stopped(NIGHT + DAY) == ["batches"]
    failed(NIGHT + 2 * DAY, of_source=False)
    assert stopped(NIGHT + 2 * DAY) == []
    failed(NIGHT + 3 * DAY, of_source=True)
    single = actions.order_batch(by=world.actor("hr.clerk"), at=MOMENT, grant_id=task.grant_id)
    delivered(single, node)
    Run.objects.filter(pk=single.pk).update(settled_at=NIGHT + 3 * DAY + timedelta(hours=1))
    assert stopped(NIGHT + 4 * DAY) == []  # the data were to be had since
    failed(NIGHT + 4 * DAY, of_source=True)
    assert stopped(NIGHT + 4 * DAY) == ["batches"]
    actions.pause_task(task.pk, by=world.actor("hr.clerk"), at=NIGHT + 5 * DAY)
    assert stopped(NIGHT + 5 * DAY) == []
