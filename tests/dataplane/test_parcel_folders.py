"""Parcels on a node's own disk: folders, limits, one-way gaps, and what a hostile sender might try."""

from __future__ import annotations

import asyncio
import os
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from covers import covers
from jutong.crypto import sm2, sm3, sm4
from jutong.crypto.keyfile import SoftwareSigner
from jutong.dataplane.book import Attempt
from jutong.dataplane.envelopes import seal
from jutong.dataplane.errors import NotAllowed, RuleBroken, Unauthenticated
from jutong.dataplane.identity import Identity
from jutong.dataplane.node import carrying, packing, status
from jutong.dataplane.node.boxes import Boxes
from jutong.dataplane.node.configuration import Standing
from jutong.dataplane.node.courier import Allowance
from jutong.dataplane.node.parcels import Parcels
from jutong.dataplane.snapshots import Snapshot
from jutong.wire.envelope import Envelope
from jutong.wire.grants import Column, Grant, Mode
from jutong.wire.nodes import Contents, FileNote, NodeConfig, NodePass, Slip
from jutong.wire.transfers import Receipt, Tally

NOW = datetime.now(UTC)


@cache
def signer(name: str) -> SoftwareSigner:
    del name
    return SoftwareSigner.of(sm2.generate())


def me(name: str) -> Identity:
    return Identity(name, b"s" * 32, signer(name), {})


def snapshot(**changes: Any) -> Snapshot:
    grant = Grant(
        "12", 1, "r1", "低保名单", "307/1", "civil", "hr", (), (Column("姓名", "xm"),), (), (), (Mode.FRONT_END_NODE,),
        (), "依据", NOW - timedelta(days=1), NOW + timedelta(days=9),
    )  # fmt: skip
    passes = {
        name: NodePass(name, name, department, "outer", signer(name).public.hex())
        for name, department in (("a", "civil"), ("b", "hr"))
    }
    grants = {"12": msgspec.structs.replace(grant, **changes)}
    return Snapshot("市级平台", 1, NOW, NOW + timedelta(minutes=15), grants=grants, nodes=passes)


class Side:
    """One node's folders."""

    def __init__(self, home: Path, name: str, department: str, **config: Any) -> None:
        self.snapshot = snapshot()
        self.config = NodeConfig(name, 1, **config)
        self.boxes = Boxes(home / name)
        self.parcels = Parcels(self.boxes, me(name), department, lambda: self.snapshot, lambda: self.config)

    def drop(self, name: str, content: bytes, *, age: float = 60) -> None:
        path = self.boxes.outbox("12") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time.time() - age, time.time() - age))

    def files(self) -> dict[str, bytes]:
        inbox = self.boxes.inbox("12")
        return {
            path.relative_to(inbox).as_posix(): path.read_bytes()
            for path in sorted(inbox.rglob("*"))
            if path.is_file() and ".manifests" not in path.parts
        }


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Side, Side]:
    return Side(tmp_path, "a", "civil"), Side(tmp_path, "b", "hr")


def test_files_cross_a_one_way_gap_and_the_receipts_come_back_on_the_next_disc(
    sides: tuple[Side, Side], tmp_path: Path
) -> None:
    one, two = sides
    for n in range(3):
        one.drop(f"{n}.csv", f"第{n}批".encode())
        assert one.parcels.pack_what_was_dropped() == 1
    there, back = tmp_path / "disc", tmp_path / "return"
    assert carrying.export(one.boxes, there) == (3, 0)
    first = carrying.take_in(two.parcels, there)
    again = carrying.take_in(two.parcels, there)
    assert (len(first.landed), len(first.known), first.missing) == (3, 0, {})
    assert (len(again.landed), len(again.known)) == (0, 3)
    assert two.files() == {f"{n}.csv": f"第{n}批".encode() for n in range(3)}
    assert carrying.export(two.boxes, back) == (0, 3)
    assert len(carrying.take_in(one.parcels, back).cleared) == 3
    assert one.boxes.queue() == []
    assert carrying.take_in(one.parcels, back).cleared == ()


def test_an_import_names_what_is_missing_and_what_is_damaged(sides: tuple[Side, Side], tmp_path: Path) -> None:
    one, two = sides
    for n in range(4):
        one.drop(f"{n}.csv", b"x" * 100)
        one.parcels.pack_what_was_dropped()
    carrying.export(one.boxes, tmp_path / "disc")
    names = sorted((tmp_path / "disc" / "parcels").glob("*.slip"))
    names[1].unlink()
    names[2].with_suffix(".body").write_bytes(b"damaged")
    found = carrying.take_in(two.parcels, tmp_path / "disc")
    assert len(found.landed) == 2
    assert [parcel for parcel, _why in found.refused] == [names[2].stem]
    assert found.missing == {"a": (2, 3)}
    with pytest.raises(RuleBroken, match="不是前置机导出的目录"):
        carrying.take_in(two.parcels, tmp_path / "elsewhere")


def test_a_name_that_is_taken_is_not_overwritten(sides: tuple[Side, Side], tmp_path: Path) -> None:
    one, two = sides
    for content in (b"monday", b"tuesday"):
        one.drop("daily.csv", content)
        one.parcels.pack_what_was_dropped()
    carrying.export(one.boxes, tmp_path / "disc")
    carrying.take_in(two.parcels, tmp_path / "disc")
    assert sorted(two.files().values()) == [b"monday", b"tuesday"]
    assert len(two.files()) == 2


def test_a_file_that_is_still_being_written_stays(sides: tuple[Side, Side]) -> None:
    one, _two = sides
    one.drop("new.csv", b"half", age=0)
    one.drop("copy.csv.part", b"half")
    one.drop(".hidden", b"x")
    assert one.parcels.pack_what_was_dropped() == 0
    assert sorted(path.name for path in one.boxes.outbox("12").iterdir()) == [".hidden", "copy.csv.part", "new.csv"]


def test_small_files_travel_together_and_a_crash_while_packing_loses_none(
    sides: tuple[Side, Side], tmp_path: Path
) -> None:
    one, two = sides
    for n in range(1200):
        one.drop(f"{n:04}.txt", str(n).encode())
    folder = one.boxes.take("12", one.boxes.dropped("12")[:7], packing.new_id())
    assert len(list((folder / "files").iterdir())) == 7, "killed here"
    assert one.parcels.pack_what_was_dropped() == 4
    carrying.export(one.boxes, tmp_path / "disc")
    carrying.take_in(two.parcels, tmp_path / "disc")
    assert {name: int(body) for name, body in two.files().items()} == {f"{n:04}.txt": n for n in range(1200)}


def test_a_full_queue_leaves_files_in_the_outbox_and_says_so(tmp_path: Path) -> None:
    one = Side(tmp_path, "a", "civil", queue_bytes=5000)
    for n in range(5):
        one.drop(f"{n}.bin", os.urandom(2000))
    assert one.parcels.pack_what_was_dropped() == 1
    assert "队列已满" in one.parcels.trouble
    assert [path.name for path in one.boxes.dropped("12")] == ["2.bin", "3.bin", "4.bin"]
    assert one.boxes.weight() <= 5000
    one.boxes.settle(one.boxes.queue()[0], b"receipt")
    assert one.parcels.pack_what_was_dropped() == 1, "what has left makes room"


def test_under_a_stopped_grant_nothing_is_packed_and_nothing_lands(sides: tuple[Side, Side], tmp_path: Path) -> None:
    one, two = sides
    one.drop("a.csv", b"1")
    one.parcels.pack_what_was_dropped()
    carrying.export(one.boxes, tmp_path / "disc")
    one.snapshot = two.snapshot = snapshot(state="suspended", reason="核查")
    one.drop("b.csv", b"2")
    assert one.parcels.pack_what_was_dropped() == 0
    ((_parcel, why),) = carrying.take_in(two.parcels, tmp_path / "disc").refused
    assert "已暂停" in why
    assert two.files() == {}


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/../../b", ".manifests/x", "a//b", "x\0y", ""])
def test_a_hostile_name_leads_nowhere(sides: tuple[Side, Side], tmp_path: Path, name: str) -> None:
    _one, two = sides
    key, body = b"k" * 16, tmp_path / "body"
    with body.open("wb") as file, sm4.EncryptingWriter(file, key) as writer:
        writer.write(zlib.compress(b"x"))
    contents = msgspec.json.encode(Contents(key, (FileNote(name, 1, sm3.hexdigest(b"x")),)))
    sealed = sm2.seal(signer("b").public, contents)
    digest = packing.digest_of(body)
    slip = Slip(packing.new_id(), 1, "12", "a", "b", "outer", sealed, body.stat().st_size, digest, NOW)
    envelope = seal("slip", msgspec.json.encode(slip), signer("a"))
    with pytest.raises(RuleBroken, match="文件名"):
        two.parcels.land(envelope, two.parcels.checked(envelope), body)
    assert two.files() == {}


def test_only_the_provider_s_own_node_is_believed(sides: tuple[Side, Side], tmp_path: Path) -> None:
    one, two = sides
    one.drop("a.csv", b"1")
    one.parcels.pack_what_was_dropped()
    envelope, slip = one.parcels.queued_slip(one.boxes.queue()[0])
    forged = Envelope(
        "slip", envelope.payload.replace(b'"number":1', b'"number":9'), envelope.signature, envelope.key_id
    )
    with pytest.raises(Unauthenticated):
        two.parcels.checked(forged)
    own = seal("slip", msgspec.json.encode(msgspec.structs.replace(slip, sender="b")), signer("b"))
    with pytest.raises(NotAllowed, match="提供部门"):
        two.parcels.checked(own)
    with pytest.raises(NotAllowed):
        one.parcels.checked(envelope)


def test_the_status_page_tells_of_the_last_parcels_and_runs_and_escapes_what_it_shows(sides: tuple[Side, Side]) -> None:
    one, _two = sides
    one.drop("张三.csv", b"1")
    one.parcels.pack_what_was_dropped()
    (name,) = one.boxes.queue()
    shown = tuple(status.parcel(*found) for found in one.boxes.last(5))
    tally = Tally(1200, "7", "m")
    receipt = Receipt("R7-1", "1", 1, "", "receiver", tally, tally, True, NOW, NOW, (), dirty=3)
    told = msgspec.json.encode(seal("receipt", msgspec.json.encode(receipt), signer("a")))
    now = status.Status(
        node="n1", title="<script>alert(1)</script>", zone="outer", version="1", state="运行中", centre="http://c",
        last_contact=NOW, trouble="", tunnel=True, bundle_until=NOW, config_revision=1, certificate_serial=1,
        certificate_until=NOW, queued=1, queued_bytes=1, waiting=0, disk_free=1, parcels=shown,
        runs=(status.run(Attempt("R7-1", 2, "released", NOW, NOW, told)),), log=("<img src=x onerror=alert(1)>",),
    )  # fmt: skip
    page = status.page(now).decode()
    assert name in page and "待发或待回执" in page  # noqa: PT018
    assert all(said in page for said in ("R7-1（第 2 次）", "已放行", "<td>1,200</td>", "<td>3</td>", "两端一致"))
    assert "<script" not in page and "<img" not in page  # noqa: PT018
    assert "张三" not in page, "a file's name may be a person's"
    one.boxes.settle(name, b"{}")
    assert one.boxes.last(5) == [(name, "sent")]


@covers(partly=["R-EXC-016"])
def test_a_node_neither_sends_to_another_zone_nor_believes_a_parcel_from_one(sides: tuple[Side, Side]) -> None:
    one, two = sides
    one.drop("a.csv", b"1")
    one.parcels.pack_what_was_dropped()
    envelope, slip = one.parcels.queued_slip(one.boxes.queue()[0])
    other = msgspec.structs.replace(two.snapshot.nodes["a"], zone="inner")
    own_zone = two.snapshot
    two.snapshot = replace(own_zone, nodes={**own_zone.nodes, "a": other})
    with pytest.raises(NotAllowed, match="内外网之间不设通路"):
        two.parcels.checked(envelope)
    two.snapshot = own_zone
    assert two.parcels.checked(envelope) == slip
    lied = seal("slip", msgspec.json.encode(msgspec.structs.replace(slip, zone="inner")), signer("a"))
    with pytest.raises(NotAllowed, match="内外网之间不设通路"):
        two.parcels.checked(lied)
    elsewhere = msgspec.structs.replace(one.snapshot.nodes["b"], zone="inner")
    one.snapshot = replace(one.snapshot, nodes={**one.snapshot.nodes, "b": elsewhere})
    one.drop("b.csv", b"2")
    assert one.parcels.pack_what_was_dropped() == 0
    assert "同一网络区域" in one.parcels.trouble


def test_the_bandwidth_limit_and_the_hours_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    standing = Standing.__new__(Standing)
    standing.config = NodeConfig("a", 1, bytes_per_second=1000, window_from="22:00", window_to="06:00")
    at = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 23:00 in Beijing
    hours = [standing.may_travel(at + timedelta(hours=n)) for n in (0, 6, 8, 22)]
    assert hours == [True, True, False, False]
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(standing, "may_travel", lambda _at: True)
    allowance = Allowance(standing)

    async def story() -> None:
        for _piece in range(3):
            await allowance.spend(5000)

    asyncio.run(story())
    assert [round(wait) for wait in waits] == [4, 9, 14]
