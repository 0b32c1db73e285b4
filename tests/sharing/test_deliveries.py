"""What follows an agreement comes to sets of requests as it comes to each: delivered, told, audited, recorded, once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from deciders import environment
from django.db import transaction
from test_requests import _node, answered  # noqa: F401 - a fixture among them

from jutong.kernel import outbox
from jutong.kernel.models import AuditEntry, Clock, InboxItem, OutboxEvent
from jutong.slices.catalogue.models import Pulse, Use
from jutong.slices.datacentre.models import Mount
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.usage.models import AggregationReview, UsePeriod, UseRecord
from published import published
from sourceworld import register
from world import World

ROAD = ("sharing_request.agreed", "sharing_request.granted", "grant.granted", "grants.version_opened")
"""The events of an agreed request that somebody listens to."""


def mounted(world: World, title: str, **changes: Any) -> int:
    """A published resource with a table behind it."""
    resource_id = published(world, title=title, **changes)
    source = register(world, "civil", "host=db.example dbname=civil user=jutong", title=title, tls="verify-full")
    Mount.objects.create(
        entry_id=resource_id, title=title, code="", provider_id=world.department("civil"), source=source, schema="public",
        table="people", entry_version=1, mounted_at=world.at, changed_at=world.at, changed_by="",
    )  # fmt: skip
    return resource_id


def agreed(world: World) -> list[int]:
    """Six requests that were agreed to: of three resources with personal data, of which the last has no table behind it."""
    resources = [mounted(world, "低保对象"), mounted(world, "特困人员"), published(world, title="临时救助")]
    world.drain()
    return [answered(world, resource).pk for _turn in range(2) for resource in resources]


def delivered(world: World) -> None:
    while outbox.drain(world.at):
        pass


def ends() -> dict[str, list[Any]]:
    """All that the reactions left behind, without the ids of the rows they made."""
    own = {f"use_record:{pk}": f"record of {grant}" for pk, grant in UseRecord.objects.values_list("pk", "grant_id")}
    own |= {
        f"aggregation_review:{pk}": f"review of {g}"
        for pk, g in AggregationReview.objects.values_list("pk", "grant_id")
    }

    def named(kind: str) -> str:
        return own.get(kind, kind)

    def said(payload: dict[str, Any]) -> str:
        return repr(sorted((k, v) for k, v in payload.items() if k != "id"))

    return {
        "requests": list(SharingRequest.objects.order_by("pk").values_list("state", "previous_state", "revision", "delivered_at")),
        "clocks": sorted(Clock.objects.values_list("case_kind", "case_id", "name", "state", "stopped_at")),
        "audit": sorted(
            (e.verb, named(f"{e.subject_kind}:{e.subject_id}"), e.outcome, e.actor_name, repr(e.detail), e.acting_for)
            + ((e.before, e.after) if e.subject_kind == "sharing_request" else ())
            for e in AuditEntry.objects.all()
        ),
        "events": sorted((e.name, named(e.subject), said(e.payload), e.state) for e in OutboxEvent.objects.all()),
        "notices": sorted(InboxItem.objects.values_list("title", "department_id", "role", "text")),
        "uses": sorted(Use.objects.values_list("grant_id", "entry_id", "provider_id", "consumer_id", "since")),
        "pulses": sorted(Pulse.objects.values_list("pk", "granted_at")),
        "records": sorted(UseRecord.objects.values_list("grant_id", "state", "personal", "personal_basis", "period_until")),
        "periods": sorted(UsePeriod.objects.values_list("record__grant_id", "number", "first_day", "last_day")),
        "reviews": sorted(AggregationReview.objects.values_list("grant_id", "number", "parts")),
    }  # fmt: skip


@pytest.fixture
def singly(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Sets of one, until it is undone."""
    monkeypatch.setattr(outbox, "TOGETHER", 1)
    return monkeypatch


@pytest.mark.django_db
def test_a_set_ends_as_one_by_one_and_twice_as_once(world: World, singly: pytest.MonkeyPatch) -> None:
    requests = agreed(world)
    with transaction.atomic():
        delivered(world)
        one_by_one = ends()
        transaction.set_rollback(True)
    singly.undo()
    delivered(world)
    assert ends() == one_by_one
    states = dict(SharingRequest.objects.values_list("pk", "state"))
    assert [states[pk] for pk in requests] == ["granted", "granted", "delivering"] * 2
    assert AuditEntry.objects.filter(verb="sharing_request.deliver", outcome="success").count() == 4
    review = (
        AggregationReview.objects.get()
    )  # the first grant of the third resource completes it, later ones add nothing
    assert {part["grant_id"] for part in review.parts} == set(
        SharingRequest.objects.filter(pk__in=requests[:3]).values_list("grant_id", flat=True)
    )
    assert InboxItem.objects.filter(role="system_engineer").count() == 2
    OutboxEvent.objects.filter(name__in=ROAD).update(state="pending", done_at=None)
    delivered(world)
    assert ends() == one_by_one  # what comes twice changes nothing


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_a_set_loses_and_doubles_nothing(world: World) -> None:
    agreed(world)
    outbox.drain(world.at)  # what was heard of the requests before they were agreed to, in the order of each
    before = ends()
    worker = [sys.executable, str(Path(__file__).parent / "dying_worker.py")]
    died = subprocess.run(worker, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert (died.returncode, died.stdout.split()) == (-signal.SIGKILL, ["6"])
    assert ends() == before
    delivered(world)
    told = ends()
    assert told["events"] != before["events"]
    assert [state for state, *_rest in told["requests"]] == ["granted", "granted", "delivering"] * 2
    assert len(told["records"]) == len(told["periods"]) == len(told["uses"]) == 6
    assert AuditEntry.objects.filter(verb="sharing_request.begin_delivery").count() == 6
    assert InboxItem.objects.filter(title__contains="的数据已可获取").count() == 4
    assert not OutboxEvent.objects.exclude(state="done").exists()
