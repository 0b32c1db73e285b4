"""OpenLineage: an event for the start and the end of each order, kept in files and sent to an allowed address only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from jutong.dataplane import identity
from jutong.kernel.settings import settings
from jutong.slices.exchange import actions
from jutong.slices.exchange.models import Run
from reports import MOMENT, delivered, order_of, report, take
from sourceworld import granted, mounted, register
from world import World


@pytest.fixture
def run(world: World, probe: Any, civil_db: str, hr_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    made = actions.order_table_transfer(
        by=world.actor("hr.clerk"), at=world.at, grant_id=grant.pk, source_id=target.pk, schema="public", table="dibao"
    )
    monkeypatch.setattr("jutong.slices.exchange.actions.lineage.folder", lambda: tmp_path / "lineage")
    return made


def written(tmp_path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for path in sorted((tmp_path / "lineage").glob("*.jsonl")) for line in path.open("rb")]


def test_a_delivery_leaves_start_and_complete_with_tables_and_rows(
    world: World, run: Run, node: identity.Identity, tmp_path: Path
) -> None:
    delivered(run, node, bytes=1234)
    world.drain(MOMENT)
    start, complete = written(tmp_path)
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == complete["run"]["runId"]
    assert complete["job"]["name"] == f"exchange.J-{run.task_id:06d}"
    assert complete["inputs"][0]["namespace"].startswith("postgres://")
    assert complete["inputs"][0]["name"].endswith(".public.people")
    assert complete["outputs"][0]["name"].endswith(".public.dibao")
    statistics = complete["outputs"][0]["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"]) == (25, 1234)
    names = [each["name"] for each in complete["inputs"][0]["facets"]["schema"]["fields"]]
    assert names == ["id_number", "xm", "birthday", "division"]
    for event in (start, complete):
        assert event["schemaURL"].startswith("https://openlineage.io/spec/2-0-2/")
        assert event["eventTime"].endswith("Z")


def test_a_failure_says_why(world: World, run: Run, tmp_path: Path) -> None:
    take(report(order_of(run), "rejected", message="目标库没有应答"))
    world.drain(MOMENT)
    (event,) = written(tmp_path)
    assert event["eventType"] == "FAIL"
    assert event["run"]["facets"]["errorMessage"]["message"] == "目标库没有应答"


class Collector(HTTPServer):
    """An OpenLineage server that keeps what it got, and is away when told so."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.got: list[dict[str, Any]] = []
        self.away = False


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Take an event."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.server.away:
            self.server.got.append(orjson.loads(body))
        self.send_response(503 if self.server.away else 201)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_lineage_is_sent_once_to_an_allowed_host_even_if_it_was_away(
    world: World, run: Run, node: identity.Identity, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered(run, node)
    world.drain(MOMENT)
    monkeypatch.setattr(settings(), "lineage_url", f"http://127.0.0.1:{collector.server_port}/api/v1/lineage")
    assert actions.send_lineage() == 0
    assert collector.got == []
    monkeypatch.setattr(settings(), "outgoing_hosts", ["127.0.0.1"])
    collector.away = True
    assert actions.send_lineage() == 0
    collector.away = False
    assert actions.send_lineage() == 2
    assert actions.send_lineage() == 0
    assert [event["eventType"] for event in collector.got] == ["START", "COMPLETE"]
