"""Which part has failed: for load balancers without detail, for the system administrator in words; and the figures."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from covers import covers
from jutong.kernel import clock, heartbeats
from jutong.kernel.errors import Unavailable
from jutong.kernel.models import AuditEntry, Heartbeat
from jutong.site import health
from jutong.slices.exchange import actions
from jutong.slices.exchange.models import Run, TransferTask
from world import World


@pytest.fixture(autouse=True)
def _look_anew() -> Iterator[None]:
    """Forget the look that an earlier test left behind."""
    health._last = (float("-inf"), ())
    yield
    health._last = (float("-inf"), ())


@covers(partly=["R-EXC-001"])
def test_whoever_asks_learns_which_parts_failed_and_nothing_else(world: World) -> None:
    heartbeats.beat("w", "worker", at=clock.now())
    heartbeats.beat("local/r", "runner", at=clock.now() - timedelta(minutes=5))
    answer = world.signed_out().get("/readyz")
    said = answer.json()
    assert answer.status_code == 503
    assert said["failed"] == ["传输进程", "网关", "数据源探测"]  # nothing of the data plane runs in this test
    assert said["parts"]["worker"] is said["parts"]["database"] is True
    assert set(said) == {"ok", "failed", "parts"}
    assert "JUTONG" not in answer.content.decode()
    assert world.signed_out().get("/healthz").json() == {"ok": True}


def test_without_a_database_it_still_says_what_it_knows() -> None:
    code = """
import django
django.setup()
from django.test import Client
answer = Client().get("/readyz")
print(answer.status_code, answer.json()["failed"], answer.json()["parts"]["outbox"])
print(Client().get("/healthz").status_code)
"""
    environment = {
        **os.environ,
        "JUTONG_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "DJANGO_SETTINGS_MODULE": "jutong.site.settings",
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["503 ['数据库', '网关', '数据源探测'] None", "200"], done.stderr


@covers(partly=["R-EXC-001", "R-SEC-021"])
def test_the_operations_page_names_the_failed_part_and_the_remedy(world: World) -> None:
    heartbeats.beat("local/runner-1", "runner", node="local", at=clock.now(), stopping=True)
    page = world.client("admin.system").get("/operations/").content.decode()
    assert "传输进程没有运行，库表交换和批量文件不会执行，请启动传输进程。" in page
    assert "local/runner-1" in page
    assert "已停止" in page


@covers(partly=["R-EXC-001"])
def test_an_order_while_the_runners_are_stopped_is_refused_whole(world: World) -> None:
    ordered = {"by": world.actor("hr.clerk"), "at": world.at, "grant_id": 1}
    heartbeats.beat("local/a", "runner", at=world.at - timedelta(seconds=21))
    heartbeats.beat("local/b", "runner", at=world.at - timedelta(seconds=3), stopping=True)
    with pytest.raises(Unavailable, match="传输进程没有运行，本次申请没有提交"):
        actions.order_batch(**ordered)
    assert not TransferTask.objects.exists()
    assert not Run.objects.exists()
    assert AuditEntry.objects.get(verb="exchange_task.order").outcome == "refused"


def test_one_living_runner_is_enough_and_none_ever_seen_says_nothing(world: World) -> None:
    heartbeats.check_runner(world.at)
    heartbeats.beat("local/a", "runner", at=world.at - timedelta(minutes=5))
    heartbeats.beat("local/b", "runner", at=world.at - timedelta(seconds=19))
    heartbeats.check_runner(world.at)


def test_the_last_of_its_kind_is_not_forgotten(world: World) -> None:
    for name, days in (("local/a", 3), ("local/b", 2)):
        heartbeats.beat(name, "runner", node="local", at=world.at - timedelta(days=days))
    assert heartbeats.forget(world.at) == 1
    assert Heartbeat.objects.get().process == "local/b"


def figures(answer: Any) -> dict[str, float]:
    lines = [line for line in answer.content.decode().splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _space, value in (line.rpartition(" ") for line in lines)}


@covers(partly=["R-SEC-021"])
def test_the_figures_are_there_for_the_addresses_that_may_read_them(world: World) -> None:
    heartbeats.beat("local/r", "runner", node="local", at=clock.now(), busy=2)
    client = world.client("hr.clerk")
    assert client.get("/").status_code == 200
    found = figures(client.get("/metrics"))
    assert found['jutong_web_requests_total{kind="page",status="200"}'] >= 1
    assert found['jutong_processes_alive{kind="runner",node="local"}'] == 1
    assert found["jutong_database_up"] == 1
    assert found["jutong_outbox_lag_seconds"] == 0
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 404


def test_no_label_names_a_person(world: World) -> None:
    client = world.client("hr.clerk")
    client.get("/parties/people/?q=110101199003078515")
    text = client.get("/metrics").content.decode()
    assert "110101199003078515" not in text
    assert "hr.clerk" not in text
