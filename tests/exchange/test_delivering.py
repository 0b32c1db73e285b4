"""How a grant is delivered: calls passed through, marks and seals of batch files; who decides, and what leaves for the data plane."""

from __future__ import annotations

import csv
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import orjson
import pytest
from asking_world import posted
from click.testing import CliRunner

from covers import covers
from jutong.cli import instance
from jutong.cli import main as cli
from jutong.cli.words import Stopped
from jutong.dataplane.transfer.marking import Canary
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.slices.exchange import actions as exchange
from jutong.slices.grants import actions, queries
from jutong.slices.grants.models import Grant, GrantVersion
from jutong.slices.services import queries as services
from jutong.slices.sources import queries as sources
from jutong.slices.sources.models import DataSource
from jutong.wire.bundle import Endpoint
from reports import order_of
from sourceworld import granted, mounted, register
from world import World

RECEIVER = (
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
OPTIONS = {
    "path": "/api/people",
    "endpoint.person": "GET /api/person rows=/data/list params=id,name",
    "endpoint.search": "POST /api/search",
}


@pytest.fixture
def grant(world: World, probe: Any, civil_db: str) -> Grant:
    return granted(world, mounted(world, register(world, "civil", civil_db)))


@covers(partly=["R-EXC-005"])
def test_the_provider_opens_endpoints_of_its_registered_interface_and_the_data_plane_learns_their_names(
    world: World, grant: Grant
) -> None:
    DataSource.objects.update(engine="http", options=OPTIONS)
    person = Endpoint("person", "GET", "/api/person", "/data/list", ("id", "name"))
    (source,) = sources.wire_sources()
    assert source.endpoints == (person, Endpoint("search", "POST", "/api/search"))
    head = world.client("civil.head")
    assert "person（GET /api/person）" in head.get(f"/services/{grant.pk}/rules/").content.decode()
    assert posted(head, f"/services/{grant.pk}/rules/", endpoints="person").status_code == 303
    wire = queries.wire_grant(grant.pk)
    assert (wire.endpoints, wire.version) == (("person",), 2)
    assert GrantVersion.objects.get(version=2).content["endpoints"] == ["person"]
    page = world.client("hr.clerk").get(f"/grants/{grant.pk}/").content.decode()
    assert "可直通的接口" in page
    seen = services.service(grant.pk, world.actor("hr.engineer"), world.at)
    assert seen.openapi["paths"][f"/v1/services/{grant.pk}/person"]["get"]["parameters"][-1]["name"] == "name"
    assert f"/v1/services/{grant.pk}/search" not in seen.openapi["paths"]
    assert any(f"/v1/services/{grant.pk}/person?id=…&name=…" in text for _name, _title, text in seen.examples)
    with pytest.raises(RuleBroken, match="不在该资源的接口"):
        actions.set_interface(
            grant.pk, by=world.actor("civil.head"), at=world.at, listing=False, portal=False, endpoints=["secret"]
        )


@covers(partly=["R-EXC-007"])
def test_marks_are_the_providers_the_receiving_key_the_consumers_and_orders_carry_both(
    world: World, grant: Grant
) -> None:
    def ordered(**changes: Any) -> Any:
        run = exchange.order_batch(by=world.actor("hr.clerk"), at=world.at, grant_id=grant.pk, **changes)
        return order_of(run), orjson.loads(run.statement)["file"]

    plain, told = ordered()
    assert (plain.canary, plain.notice, plain.receiver_key) == ("", "", "")
    assert told == {"format": "csv", "encoding": "utf-8"}
    marks = {"marked": "on", "notice": " 仅供 低保核验  使用 "}
    assert posted(world.client("hr.head"), f"/grants/{grant.pk}/marks/", **marks).status_code == 403
    assert posted(world.client("civil.head"), f"/grants/{grant.pk}/marks/", **marks).status_code == 303
    assert posted(world.client("civil.head"), f"/grants/{grant.pk}/receiver/", receiver_key=RECEIVER).status_code == 403
    assert posted(world.client("hr.head"), f"/grants/{grant.pk}/receiver/", receiver_key=RECEIVER).status_code == 303
    order, told = ordered(file_format="parquet")
    assert (order.notice, order.receiver_key, len(order.canary)) == ("仅供 低保核验 使用", RECEIVER[2:], 64)
    assert order.canary not in str(told)
    assert (told["marked"], told["receiver_key"]) == (True, RECEIVER[2:])
    assert queries.canaries() == {f"G-{grant.pk:06d}": order.canary}
    with pytest.raises(RuleBroken, match="没有变化"):
        actions.set_marks(grant.pk, by=world.actor("civil.head"), at=world.at, marked=True, notice=order.notice)
    actions.set_marks(grant.pk, by=world.actor("civil.head"), at=world.at, marked=False, notice="")
    assert order_of(exchange.order_batch(
        by=world.actor("hr.clerk"), at=world.at, grant_id=grant.pk, file_format="jsonl"
    )).canary == ""  # fmt: skip
    assert queries.canaries() == {f"G-{grant.pk:06d}": order.canary}  # copies made before can still be traced


@pytest.mark.parametrize("key", ["04beef", "zz", "04" + "11" * 64])
def test_what_is_no_public_key_is_refused(world: World, grant: Grant, key: str) -> None:
    with pytest.raises(RuleBroken, match="SM2 公钥"):
        actions.set_receiver(grant.pk, by=world.actor("hr.head"), at=world.at, receiver_key=key)


def test_nobody_else_settles_how_a_grant_is_delivered(world: World, grant: Grant) -> None:
    with pytest.raises(NotAllowed):
        actions.set_marks(grant.pk, by=world.actor("civil.officer"), at=world.at, marked=True, notice="")
    with pytest.raises(NotAllowed):
        actions.set_receiver(grant.pk, by=world.actor("hr.clerk"), at=world.at, receiver_key="")


def test_the_api_settles_the_same(world: World, grant: Grant) -> None:
    head = world.client("civil.head")
    base = f"/api/v1/grants/{grant.pk}"
    answer = head.post(f"{base}/marks", {"marked": True, "notice": "不得外传"}, content_type="application/json")
    assert (answer.json()["marked"], answer.json()["notice"]) == (True, "不得外传")
    answer = head.post(f"{base}/interface", {"listing": True}, content_type="application/json")
    assert answer.json()["listing"] is True
    answer = world.client("hr.head").post(
        f"{base}/receiver", {"receiver_key": RECEIVER}, content_type="application/json"
    )
    assert answer.json()["receiver_key"] == RECEIVER[2:]


def test_a_leaked_copy_is_traced_to_its_grant_by_the_operator(
    world: World, grant: Grant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance, "opened", nullcontext)
    monkeypatch.setattr(instance, "load_django", lambda *_: None)
    monkeypatch.setattr(instance, "check_schema", lambda: None)
    actions.set_marks(grant.pk, by=world.actor("civil.head"), at=world.at, marked=True, notice="不得外传")
    order = order_of(exchange.order_batch(by=world.actor("hr.clerk"), at=world.at, grant_id=grant.pk))
    rows = Canary(order.canary).ordered([[str(n), None if n % 3 else f"名{n}"] for n in range(600)])
    marked, plain = tmp_path / "marked.csv", tmp_path / "plain.csv"
    for path, told in ((marked, rows), (plain, sorted(rows, key=lambda row: int(row[0] or 0)))):
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([["# 不得外传"], ["编号", "名称"], *told])
    done = CliRunner().invoke(cli.group(), ["audit", "trace", str(marked)], standalone_mode=False)
    assert f"G-{grant.pk:06d}" in done.output, done.exception
    none = CliRunner().invoke(cli.group(), ["audit", "trace", str(plain)], standalone_mode=False)
    assert isinstance(none.exception, Stopped)
