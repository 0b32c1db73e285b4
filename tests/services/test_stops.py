"""A service that stops without an end that was filed is noticed, put forward once it lasts, and over once it is back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from test_requests import answered

from covers import covers
from jutong.kernel.models import InboxItem, PolicyAssignment
from jutong.kernel.settings import settings
from jutong.slices.correction import queries as findings
from jutong.slices.datacentre.models import Mount
from jutong.slices.grants import actions as grants
from jutong.slices.grants.models import Grant
from jutong.slices.services import actions, queries
from jutong.slices.services.models import ServiceStop, UsageMinute
from jutong.slices.sources.models import DataSource, SourceCheck
from published import published
from world import World

DAY = timedelta(days=1)


@pytest.fixture
def grant(world: World) -> Grant:
    """A running grant of civil's to hr, of a resource mounted on a source that answers."""
    from jutong.dataplane import identity

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    made = Grant.objects.get(pk=answered(world, published(world)).grant_id)
    source = DataSource.objects.create(
        department_id=made.provider_id, title="民政库", host="10.1.1.1", port=5432, database="civil", secret=b"",
        tested_at=world.at, tested_ok=True, registered_at=world.at, changed_at=world.at,
    )  # fmt: skip
    Mount.objects.create(
        entry_id=made.resource_id, title=made.resource_title, code=made.entry_code, provider_id=made.provider_id,
        source=source, schema="public", table="people", entry_version=1, mounted_at=world.at, changed_at=world.at,
        changed_by="某人",
    )  # fmt: skip
    return made


def checked(at: datetime, *, ok: bool) -> None:
    """Let the source's connection be tested."""
    DataSource.objects.update(tested_at=at, tested_ok=ok)
    SourceCheck.objects.create(source=DataSource.objects.get(), at=at, ok=ok, milliseconds=5, by_name="平台巡检")


@covers(partly=["R-SHR-050"])
def test_a_stop_nobody_filed_is_proposed_as_a_finding_after_the_configured_days_and_not_before(
    world: World, grant: Grant
) -> None:
    checked(world.at, ok=True)
    assert actions.find_stops(world.at) == 0
    assert not ServiceStop.objects.exists()
    for hours in (1, 2):
        checked(world.at + timedelta(hours=hours), ok=False)
    assert actions.find_stops(world.at + DAY) == 0
    stop = ServiceStop.objects.get()
    assert (stop.cause, stop.since, stop.consumer_ids) == ("source", world.at + timedelta(hours=1), [grant.consumer_id])
    assert "民政库" in world.client("civil.head").get("/").content.decode()
    assert actions.find_stops(world.at + 3 * DAY) == 0  # the third working day is not over
    assert actions.find_stops(world.at + 4 * DAY) == 1
    assert actions.find_stops(world.at + 4 * DAY) == 0
    world.drain(world.at + 4 * DAY)
    (found,) = findings.proposed_findings(world.actor("authority.reviewer"))[0]
    assert (found.kind, found.department_id, found.source) == (
        "service_stopped", grant.provider_id, "政务数据共享条例第三十九条第（七）项",
    )  # fmt: skip
    told = InboxItem.objects.filter(title__startswith="服务未经备案停止").values_list("department_id", flat=True)
    assert {grant.provider_id, grant.consumer_id, world.department("authority")} <= set(told)
    checked(world.at + 5 * DAY, ok=True)
    actions.find_stops(world.at + 5 * DAY)
    (row,) = queries.stops(world.actor("hr.clerk"))[0]
    assert (row.state, row.ended_at) == ("over", world.at + 5 * DAY)
    client = world.client("hr.clerk")
    assert "曾列为拟提问题" in client.get("/services/stops/").content.decode()
    assert client.get("/services/stops/?format=xlsx").status_code == 200
    assert client.get("/api/v1/services/stops").json()["total"] == 1
    assert queries.stops(world.actor("police.officer"))[0] == []


def kinds(at: datetime) -> list[str]:
    """Look once, and return how services are stopped now."""
    actions.find_stops(at)
    return list(ServiceStop.objects.filter(ended_at=None).values_list("cause", flat=True))


def test_whatever_is_known_of_a_service_counts_and_an_end_by_the_rules_does_not(
    world: World, grant: Grant, monkeypatch: Any
) -> None:
    at, head = world.at, world.actor("civil.head")
    Mount.objects.update(active=False, changed_at=at)
    assert kinds(at) == ["unmounted"]
    Mount.objects.update(active=True)
    grants.suspend_grant(grant.pk, by=head, at=at, reason="系统检修")
    assert kinds(at) == ["suspended"]
    grants.restore_grant(grant.pk, by=head, at=at)
    grants.suspend_grant(grant.pk, by=world.actor("authority.reviewer"), at=at, reason="核查")
    assert kinds(at) == []  # the authority's own measure
    grants.restore_grant(grant.pk, by=head, at=at)
    minute: dict[str, Any] = {"grant_id": grant.pk, "system_id": 1}
    UsageMinute.objects.create(**minute, minute=at, calls=3)
    UsageMinute.objects.create(**minute, minute=at + timedelta(minutes=1), calls=2, refused=2, failed=2)
    assert kinds(at + timedelta(hours=1)) == ["failing"]
    assert ServiceStop.objects.get(ended_at=None).since == at + timedelta(minutes=1)
    UsageMinute.objects.create(**minute, minute=at + timedelta(minutes=2), calls=1)
    assert kinds(at + timedelta(hours=1)) == []
    Mount.objects.update(active=False, changed_at=at)
    monkeypatch.setattr(settings(), "service_stop_days", 1)
    PolicyAssignment.objects.all().delete()
    PolicyAssignment.objects.create(
        region=world.region, profile="jiangxi-2017", version=1, effective_from=date(2018, 1, 1), assigned_at=at
    )
    early = at.replace(year=2025, month=5, day=6)
    Grant.objects.update(valid_from=early - DAY)
    Mount.objects.update(changed_at=early - 20 * DAY)
    assert actions.find_stops(early) == 0  # before the decree no text of this region forbade it
    grants.revoke_grant(grant.pk, by=head, at=at, reason="依据失效")
    assert kinds(at + 30 * DAY) == []
