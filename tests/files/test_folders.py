"""File orders end to end: real runners and stores, files as they are, each exactly once, whoever dies when."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import fileworld
from covers import covers
from jutong.crypto import sm2
from jutong.dataplane.files.folders import store_of
from jutong.wire.bundle import Access, Mount, Source
from jutong.wire.grants import Column, Condition, Masking, Operator
from jutong.wire.transfers import OrderKind, RunState
from transferworld import World, world

CONTENT = (Column("文件内容", "content"),)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "home", people=1) as made:
        yield made


def publish(town: World, source: Access, target: Access, **changes: Any) -> None:
    """Publish a grant of all files of one folder, and both folders."""

    def sealed(access: Access) -> bytes:
        return sm2.seal(town.me.signer.public, msgspec.json.encode(access))

    town.grant = msgspec.structs.replace(town.grant, **({"columns": CONTENT} | changes))
    town.control.publish(
        grants=(town.grant,),
        mounts=(Mount("people", "in", ".", "**/*", CONTENT, ()),),
        sources=(
            Source("in", "provider", "files", "提供方文件夹", sealed(source)),
            Source("out", "consumer", "files", "需求方文件夹", sealed(target)),
        ),
    )


def order(town: World, order_id: str, **changes: Any) -> None:
    town.order(order_id, kind=OrderKind.FILES, target_source_id="out", target_schema="收", target_table="", **changes)


def contents(folder: Path) -> dict[bytes, bytes]:
    """Return all visible files below a folder by the bytes of their names."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        os.fsencode(path.relative_to(folder)): path.read_bytes()
        for path in found
        if not path.name.startswith(("jutong-manifest", "."))
    }


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    return tmp_path / "in", tmp_path / "out"


@covers(partly=["R-EXC-003", "R-EXC-007"])
def test_files_arrive_byte_for_byte_with_a_manifest_and_a_signed_receipt(
    town: World, folders: tuple[Path, Path]
) -> None:
    source, target = folders
    names = ["甲.csv", "深/层/乙.bin", "空", "with space \n.txt"]
    for n, name in enumerate(names):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name == "空" else os.urandom(1000 * (n + 1)))
    Path(os.fsdecode(os.fsencode(source) + b"/" + "统计".encode("gbk"))).write_bytes(b"gbk name")
    (source / "link").symlink_to(source / "甲.csv")
    (source / ".hidden").write_bytes(b"no")
    publish(town, fileworld.local(source), fileworld.local(target))
    with town.running():
        order(town, "f1")
        end = town.ended("f1")
    assert end.state is RunState.RELEASED, end.message
    sent = contents(source)
    assert contents(target / "收") == sent
    manifest = (target / "收/jutong-manifest-f1.json").read_bytes()
    listed = {each["name"]: each for each in json.loads(manifest)["files"]}
    assert listed["甲.csv"]["sm3"] == hashlib.new("sm3", sent["甲.csv".encode()]).hexdigest()
    assert bytes.fromhex(next(each["raw"] for each in listed.values() if "raw" in each)) == "统计".encode("gbk")
    receipt = town.receipt(end.receipt)
    assert receipt.reconciled
    assert (receipt.target.rows, receipt.bytes) == (5, sum(map(len, sent.values())))
    assert receipt.artefact_digest == hashlib.new("sm3", manifest).hexdigest()


def test_a_later_order_of_the_task_brings_only_what_is_new_or_changed(town: World, folders: tuple[Path, Path]) -> None:
    source, target = folders
    for name in ("a", "b", "c"):
        (source / name).write_bytes(name.encode())
    publish(town, fileworld.local(source), fileworld.local(target))
    with town.running():
        order(town, "f1", task_id="t")
        assert town.ended("f1").state is RunState.RELEASED
        (target / "收/a").unlink()  # the consumer took it away
        (source / "b").write_bytes(b"new b")
        os.utime(source / "c")  # touched, not changed
        (source / "d").write_bytes(b"d")
        before = (target / "收/c").stat().st_ino
        order(town, "f2", task_id="t")
        end = town.ended("f2")
    assert end.state is RunState.RELEASED
    assert contents(target / "收") == {b"b": b"new b", b"c": b"c", b"d": b"d"}
    assert (target / "收/c").stat().st_ino == before
    assert "a" not in [
        each["name"] for each in json.loads((target / "收/jutong-manifest-f2.json").read_bytes())["files"]
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"columns": (Column("文件内容", "content", masking=Masking.NAME),)}, "脱敏"),
        ({"conditions": (Condition("文件内容", Operator.EQ, ("x",)),)}, "行范围"),
    ],
)
def test_a_grant_that_shows_less_than_everything_hands_over_no_file(
    town: World, folders: tuple[Path, Path], changes: dict[str, Any], reason: str
) -> None:
    source, target = folders
    (source / "a").write_bytes(b"a")
    publish(town, fileworld.local(source), fileworld.local(target), **changes)
    with town.running():
        order(town, "f1")
        end = town.ended("f1")
    assert end.state is RunState.REJECTED
    assert reason in end.message
    assert contents(target) == {}


def test_files_go_from_sftp_to_s3_and_back(town: World, tmp_path: Path, ssh_server: Access, s3_server: Access) -> None:
    folder = Path(ssh_server.database, tmp_path.name)
    folder.mkdir()
    (folder / "甲.bin").write_bytes(os.urandom(3 << 20))
    (folder / "空.txt").write_bytes(b"")
    remote = msgspec.structs.replace(ssh_server, database=str(folder))
    bucket = msgspec.structs.replace(s3_server, database=f"{s3_server.database}/{tmp_path.name}")
    (tmp_path / "back").mkdir()
    publish(town, remote, bucket)
    with town.running():
        order(town, "there")
        assert town.ended("there").state is RunState.RELEASED, town.ended("there").message
        back = msgspec.structs.replace(ssh_server, database=str(folder / "back"))
        (folder / "back").mkdir()
        inner = msgspec.structs.replace(bucket, database=f"{bucket.database}/收")
        publish(town, inner, back, version=2)
        order(town, "back", grant_version=2)
        assert town.ended("back").state is RunState.RELEASED, town.ended("back").message
    returned = contents(folder / "back/收")
    assert returned == {b"\xe7\x94\xb2.bin": (folder / "甲.bin").read_bytes(), b"\xe7\xa9\xba.txt": b""}


def test_a_file_that_keeps_changing_is_left_for_later_and_the_others_arrive(
    town: World, folders: tuple[Path, Path]
) -> None:
    source, target = folders
    (source / "still").write_bytes(b"still")
    (source / "busy").write_bytes(os.urandom(20 << 20))
    publish(town, fileworld.local(source), fileworld.local(target))
    with town.running(file_bytes_per_second=10 << 20):
        order(town, "f1")
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            with (source / "busy").open("ab") as file:
                file.write(b"x")
            time.sleep(0.05)
        reports = town.control.wait(lambda: [p for p in town.control.progress if "发生变化" in p.message])
        assert reports[0].state is RunState.QUEUED
        assert town.ended("f1").state is RunState.RELEASED
    assert contents(target / "收") == contents(source)


@pytest.mark.slow
@covers(partly=["R-EXC-019"])
def test_a_runner_killed_again_and_again_delivers_every_file_once(town: World, folders: tuple[Path, Path]) -> None:
    source, target = folders
    for n in range(600):
        (source / f"{n:04}.txt").write_bytes(f"{n}".encode() * n)
    (source / "large.bin").write_bytes(os.urandom(200 << 20))
    publish(town, fileworld.local(source), fileworld.local(target))
    order(town, "f1", task_id="t")
    seen: dict[bytes, int] = {}
    os.environ["JUTONG_FILE_BYTES_PER_SECOND"] = str(90 << 20)
    try:
        for pause in (2.0, 2.5, 3.0):
            process = town.process()
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
            process.wait()
            for path in (target / "收").glob("[0-9]*"):
                number = path.stat().st_ino
                assert seen.setdefault(os.fsencode(path.name), number) == number, "delivered twice"
            time.sleep(1)
    finally:
        del os.environ["JUTONG_FILE_BYTES_PER_SECOND"]
    with town.running():
        end = town.ended("f1", 90)
    assert end.state is RunState.RELEASED, end.message
    assert contents(target / "收") == contents(source)
    assert not list((target / "收").glob(".jutong*"))
    receipt = town.receipt(end.receipt)
    assert receipt.target.rows == 601
    for path in (target / "收").glob("[0-9]*"):
        number = path.stat().st_ino
        assert seen.setdefault(os.fsencode(path.name), number) == number, "delivered twice"


def test_an_interrupted_file_goes_on_at_its_checkpoint(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from jutong.dataplane.files import courier
    from jutong.dataplane.files.courier import Checkpoint, Courier, Stopped, Throttle

    monkeypatch.setattr(courier, "CHECKPOINT", 4 << 20)
    source, target = folders
    (source / "large").write_bytes(os.urandom(11 << 20))
    notes: dict[str, Checkpoint] = {}
    passed: list[int] = []

    class Notes:
        def checkpoint(self, tag: str) -> Checkpoint | None:
            return notes.get(tag)

        def note(self, tag: str, found: Checkpoint) -> None:
            notes[tag] = found

    def carrier(limit: int) -> Courier:
        stores = [asyncio.run(store_of(fileworld.local(folder))) for folder in folders]
        return Courier(
            stores[0], stores[1], "", "s", "o", Notes(), Throttle(0), lambda: None,
            lambda: sum(passed) >= limit, passed.append,
        )  # fmt: skip

    [entry] = asyncio.run(store_of(fileworld.local(source))).entries("*")
    with pytest.raises(Stopped):
        carrier(10 << 20).deliver(entry, "large", None, look=False)
    assert [each.offset for each in notes.values()] == [8 << 20]
    passed.clear()
    carrier(1 << 40).deliver(entry, "large", None, look=False)
    assert sum(passed) == 3 << 20
    assert (target / "large").read_bytes() == (source / "large").read_bytes()
