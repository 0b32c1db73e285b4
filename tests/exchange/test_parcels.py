"""Files between two front-end nodes over the centre's real endpoints: cut, resumed, repeated, and landed exactly once."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import httpx
import msgspec
import pytest
from django.test import Client

from covers import covers
from jutong.dataplane.node import packing
from jutong.dataplane.node.boxes import Boxes
from jutong.dataplane.node.configuration import Standing
from jutong.dataplane.node.courier import Courier
from jutong.dataplane.node.mail import Mail
from jutong.dataplane.node.parcels import Parcels
from jutong.dataplane.snapshots import Snapshot, merged
from jutong.kernel import clock
from jutong.kernel.models import AuditEntry, PolicyAssignment
from jutong.slices.exchange.models import Parcel
from jutong.slices.exchange.queries.parcels import folder
from jutong.slices.sources import actions as sources
from jutong.slices.sources.models import FrontEndNode
from jutong.wire.grants import Mode
from nodeworld import Node, enrolled
from sourceworld import granted, mounted, register
from world import World

CALLS: Queue[Any] = Queue()


class Wire(httpx.AsyncBaseTransport):
    """The way to the centre; `faults` are taken one by one: "cut" before the centre hears, "deaf" before we hear it."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.calls: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one call, or not."""
        body = await request.aread()
        self.calls.append(f"{request.method} {request.url.path}")
        fault = self.faults.pop(0) if self.faults and "pieces" in request.url.path else ""
        if fault == "cut":
            raise httpx.ReadError("cut")
        headers = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in request.headers.items() if k.startswith("x-")}
        target = request.url.raw_path.decode()
        told: Future[Any] = Future()
        CALLS.put((told, (request.method, target, body), headers))
        answer = await asyncio.wrap_future(told)
        if fault == "deaf":
            raise httpx.ReadError("deaf")
        return httpx.Response(answer.status_code, content=answer.content)


@dataclass
class Desk:
    """One node's parcels in this process."""

    node: Node
    parcels: Parcels
    courier: Courier
    wire: Wire

    def drop(self, grant: int, name: str, content: bytes) -> None:
        path = self.parcels.boxes.outbox(str(grant)) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        packed = (datetime.now(UTC) - timedelta(minutes=1)).timestamp()
        os.utime(path, (packed, packed))

    def files(self, grant: int) -> dict[str, bytes]:
        inbox = self.parcels.boxes.inbox(str(grant))
        return {
            path.relative_to(inbox).as_posix(): path.read_bytes()
            for path in inbox.rglob("*")
            if path.is_file() and ".manifests" not in path.parts
        }


def desk(node: Node, home: Path) -> Desk:
    def snapshot() -> Snapshot:
        return merged(None, node.bundle())

    standing, wire, held = Standing(node.folder, node.me), Wire(), snapshot()
    department = standing.certificate.department_id
    parcels = Parcels(Boxes(home / "exchange"), node.me, department, lambda: held, lambda: standing.config)
    return Desk(node, parcels, Courier(Mail("http://centre", node.me, transport=wire), parcels, standing), wire)


def deed(work: Any) -> None:
    """Run a node's work in a loop of its own; the centre answers here, in the thread that holds the test's transaction."""
    with ThreadPoolExecutor(1) as node:
        done = node.submit(asyncio.run, work)
        while not done.done():
            with suppress(Empty):
                told, call, headers = CALLS.get(timeout=0.01)
                told.set_result(Client().generic(*call, content_type="application/octet-stream", **headers))
        done.result()


@pytest.fixture
def pair(world: World, tmp_path: Path, probe: Any, civil_db: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The civil affairs bureau's node, the human resources bureau's, and a grant from one to the other."""
    monkeypatch.setattr("jutong.dataplane.node.courier.WAIT_SECONDS", 0)
    monkeypatch.setattr("jutong.dataplane.node.courier.PIECE", 1 << 16)
    monkeypatch.setattr("jutong.slices.exchange.actions.parcels.RESERVE_BYTES", 0)
    grant = granted(world, mounted(world, register(world, "civil", civil_db)), modes=(Mode.FRONT_END_NODE,))
    one, two = enrolled(world, tmp_path / "a"), enrolled(world, tmp_path / "b", department="hr")
    world.drain(at=clock.now())
    return desk(one, tmp_path / "a"), desk(two, tmp_path / "b"), grant.pk


@covers("R-EXC-004")
def test_an_interrupted_transfer_completes_exactly_once_with_equal_digests(pair: Any) -> None:
    sender, receiver, grant = pair
    big = bytes(range(256)) * 4000 + packing.secrets.token_bytes(300_000)
    sender.drop(grant, "2026/低保名单.bin", big)
    sender.drop(grant, "说明.txt", "供核对使用".encode())
    assert sender.parcels.pack_what_was_dropped() == 1
    sender.wire.faults = ["cut", "deaf", "", "cut", "deaf"]
    for _attempt in range(9):
        try:
            deed(sender.courier._send())
        except Exception as refusal:  # noqa: BLE001 - the line was cut, and the node tries again
            assert "包裹留在队列中" in str(refusal)  # noqa: PT017 - one of several ways to go on
    row = Parcel.objects.get()
    assert (row.received, row.arrived_at is None) == (row.size, False)
    body = (folder() / row.key).read_bytes()
    assert "供核对使用".encode() not in body
    assert "低保名单" not in bytes(row.slip).decode("utf-8", "replace"), "the centre learns no name either"
    receiver.wire.faults = ["deaf", "cut", "", "deaf"]
    for _attempt in range(9):
        try:
            deed(receiver.courier._receive())
        except Exception as refusal:  # noqa: BLE001 - as above
            assert "包裹留在队列中" in str(refusal)  # noqa: PT017 - one of several ways to go on
    assert receiver.files(grant) == {"2026/低保名单.bin": big, "说明.txt": "供核对使用".encode()}
    row.refresh_from_db()
    assert row.landed_at is not None
    assert not (folder() / row.key).exists()
    deed(sender.courier._send())
    assert sender.parcels.boxes.queue() == []
    receipt = msgspec.json.decode(sender.parcels.boxes.receipt(row.key))
    assert receipt["kind"] == "parcel_receipt"
    landed = AuditEntry.objects.filter(verb="exchange.parcel_landed", outcome="success")
    assert landed.count() == 1


def test_the_same_parcel_twice_lands_once(pair: Any) -> None:
    sender, receiver, grant = pair
    sender.drop(grant, "a.csv", b"1,2\n")
    sender.parcels.pack_what_was_dropped()
    deed(sender.courier._send())
    deed(receiver.courier._receive())
    Parcel.objects.update(landed_at=None, receipt=b"")
    (folder() / Parcel.objects.get().key).write_bytes(b"gone")
    deed(receiver.courier._receive())
    assert receiver.files(grant) == {"a.csv": b"1,2\n"}
    assert Parcel.objects.get().landed_at is not None


@covers("R-EXC-016")
def test_between_zones_there_is_no_route_and_the_attempt_is_audited(pair: Any, world: World, tmp_path: Path) -> None:
    sender, _receiver, grant = pair
    PolicyAssignment.objects.create(
        region=world.region, profile="jiangxi-2017", version=1, effective_from=date(2020, 1, 1), assigned_at=world.at
    )
    inner = enrolled(world, tmp_path / "c", department="hr", zone="inner", title="内网前置机")
    sender.drop(grant, "a.csv", b"1\n")
    sender.parcels.pack_what_was_dropped()
    (name,) = sender.parcels.boxes.queue()
    _envelope, slip = sender.parcels.queued_slip(name)
    from jutong.dataplane.envelopes import seal

    forged = msgspec.structs.replace(slip, receiver=inner.me.name, zone="inner")
    answer = sender.node.call(
        "POST", "/internal/parcels", seal("slip", msgspec.json.encode(forged), sender.node.me.signer)
    )
    assert answer.status_code == 403
    assert "内外网之间不设通路" in answer.json()["detail"]
    assert AuditEntry.objects.filter(verb="exchange.announce_parcel", code="forbidden").count() == 1
    assert not Parcel.objects.exists()


def test_a_node_gets_neither_bytes_nor_slips_of_others(pair: Any, world: World, tmp_path: Path) -> None:
    sender, receiver, grant = pair
    sender.drop(grant, "a.csv", b"1\n")
    sender.parcels.pack_what_was_dropped()
    deed(sender.courier._send())
    stranger = enrolled(world, tmp_path / "d", department="police")
    key = Parcel.objects.get().key
    assert stranger.call("GET", f"/internal/parcels/pieces?key={key}&offset=0&length=9").status_code == 404
    assert stranger.call("GET", "/internal/parcels/waiting?wait=0").json() == []
    assert len(receiver.node.call("GET", "/internal/parcels/waiting?wait=0").json()) == 1


def test_a_department_sends_only_under_its_own_grants(pair: Any) -> None:
    _sender, receiver, grant = pair
    receiver.drop(grant, "back.csv", b"1\n")
    assert receiver.parcels.pack_what_was_dropped() == 0, "the consumer's outbox of this grant leads nowhere"


def test_a_changed_body_is_refused_and_fetched_anew(pair: Any) -> None:
    sender, receiver, grant = pair
    sender.drop(grant, "a.csv", b"1,2\n" * 100)
    sender.parcels.pack_what_was_dropped()
    deed(sender.courier._send())
    place = folder() / Parcel.objects.get().key
    whole = place.read_bytes()
    place.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    deed(receiver.courier._receive())
    assert receiver.files(grant) == {}
    assert "摘要" in receiver.courier.trouble
    place.write_bytes(whole)
    deed(receiver.courier._receive())
    assert receiver.files(grant) == {"a.csv": b"1,2\n" * 100}


def test_a_suspended_node_sends_nothing(pair: Any, world: World) -> None:
    sender, _receiver, grant = pair
    sender.drop(grant, "a.csv", b"1\n")
    sender.parcels.pack_what_was_dropped()
    sources.suspend(sender.node.id, by=world.actor("authority.operator"), at=clock.now(), note="检修")
    with pytest.raises(Exception, match="凭据"):
        deed(sender.courier._send())
    assert FrontEndNode.objects.get(pk=sender.node.id).state == "suspended"
    assert len(sender.parcels.boxes.queue()) == 1, "what was packed waits"
