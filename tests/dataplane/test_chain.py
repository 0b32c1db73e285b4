"""The audit chain: on disk before the answer, whole after a crash, and every change to it found."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covers import covers
from gateway_world import ControlPlane, registered_node
from jutong.crypto import SoftwareSigner, sm2
from jutong.dataplane import identity
from jutong.dataplane.chain import Chain, Entry
from jutong.dataplane.errors import Unavailable
from jutong.dataplane.link import Link
from jutong.dataplane.segments import Position, seal_segment, verify_segments, walk
from jutong.wire.envelope import Envelope
from jutong.wire.usage import ChainRecord

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
WRITER = Path(__file__).parent.parent / "chain_writer.py"


@pytest.fixture
def node(tmp_path: Path) -> Path:
    _, template, _ = registered_node()
    return Path(shutil.copytree(template, tmp_path / "gateway"))


def me() -> identity.Identity:
    return registered_node()[2]


def public() -> dict[str, bytes]:
    return {me().signer.key_id: me().signer.public}


def entry(n: int) -> Entry:
    return Entry(AT + timedelta(seconds=n), f"s{n}", "民政", "query", "g1", "verification", "ok", rows=n)


def sealed(folder: Path) -> list[tuple[Envelope, bytes]]:
    seals = sorted(folder.rglob("*.seal"), key=lambda path: path.name)
    return [
        (msgspec.json.decode(one.read_bytes(), type=Envelope), one.with_suffix(".jsonl").read_bytes()) for one in seals
    ]


def opened(folder: Path, *, most_lines: int = 1000, most_seconds: float = 60) -> Chain:
    return Chain.open(folder, me(), most_lines=most_lines, most_seconds=most_seconds)


@covers(partly=["R-SEC-007"])
def test_a_chain_of_several_segments_and_restarts_verifies(tmp_path: Path) -> None:
    async def write() -> None:
        for start in (0, 25, 50):
            chain = opened(tmp_path, most_lines=10)
            numbers = [await chain.append(entry(start + n)) for n in range(25)]
            assert numbers == list(range(start + 1, start + 26))
            await chain.close()

    asyncio.run(write())
    segments = sealed(tmp_path / "gateway")
    assert len(segments) == 9
    assert list(verify_segments(segments, public())) == []
    rows = [msgspec.json.decode(line, type=ChainRecord).rows for _, lines in segments for line in lines.splitlines()]
    assert rows == list(range(75))


def made(count: int, most_lines: int) -> list[tuple[Envelope, bytes]]:
    """Make sealed segments in memory, the pure way."""
    segments, before, head, lines = [], Position(), "", list[bytes]()
    position = Position()
    for n in range(count):
        line = msgspec.json.encode(entry(n).record(position.n + 1, position.head))
        lines.append(line)
        [(number, fault, head)] = walk(line, position)
        assert not fault
        position = Position(number, head, before.segment)
        if len(lines) == most_lines or n == count - 1:
            raw = b"\n".join(lines) + b"\n"
            segments.append((seal_segment("gateway", before, raw, last=position, at=AT, signer=me().signer), raw))
            before, lines = Position(position.n, position.head, before.segment + 1), []
            position = before
    return segments


WHOLE = made(40, 10)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3), st.integers(0, 10_000), st.integers(1, 255))
def test_any_changed_byte_is_found(segment: int, place: int, change: int) -> None:
    envelope, lines = WHOLE[segment]
    damaged = bytearray(lines)
    damaged[place % len(damaged)] ^= change
    changed = [*WHOLE[:segment], (envelope, bytes(damaged)), *WHOLE[segment + 1 :]]
    assert list(verify_segments(changed, public()))


def reseal(segment: int, lines: list[bytes]) -> list[tuple[Envelope, bytes]]:
    """Return the segments with other lines in one of them, sealed by a thief of nothing but the seals' form."""
    raw = b"\n".join(lines) + b"\n"
    before = Position(segment * 10, "", segment)
    thief = SoftwareSigner.of(sm2.generate())
    forged = seal_segment("gateway", before, raw, last=Position(segment * 10 + len(lines)), at=AT, signer=thief)
    return [*WHOLE[:segment], (forged, raw), *WHOLE[segment + 1 :]]


def test_missing_inserted_swapped_and_cut_lines_are_found_and_named() -> None:
    lines = WHOLE[1][1].splitlines()
    cases = {
        "missing": lines[:3] + lines[4:],
        "inserted": [*lines[:3], lines[2], *lines[3:]],
        "swapped": [*lines[:3], lines[4], lines[3], *lines[5:]],
        "cut": lines[:-1],
    }
    for name, changed in cases.items():
        raw = b"\n".join(changed) + b"\n"
        found = list(verify_segments([WHOLE[0], (WHOLE[1][0], raw), *WHOLE[2:]], public()))
        assert found, name
        assert {one.segment for one in found} == {2}, name
        if name != "cut":
            assert {one.line for one in found} & {14, 15}, name
    assert any("封签无效" in one.sentence for one in verify_segments(reseal(1, lines), public()))


def test_a_missing_repeated_or_swapped_segment_is_found() -> None:
    assert list(verify_segments(WHOLE, public())) == []
    for changed in (
        [*WHOLE[:1], *WHOLE[2:]],
        [*WHOLE[:2], *WHOLE[1:]],
        [WHOLE[0], WHOLE[2], WHOLE[1], WHOLE[3]],
        WHOLE[1:],
    ):
        found = list(verify_segments(changed, public()))
        assert any("缺失、重复或调换" in one.sentence for one in found)
    known = {"gateway": Position(10, msgspec.json.decode(WHOLE[0][0].payload)["head"], 1)}
    assert list(verify_segments(WHOLE[1:], public(), start=known)) == []


@covers(partly=["R-SEC-007"])
def test_a_killed_writer_loses_no_line_it_had_answered_for(node: Path) -> None:
    answered: list[int] = []
    for turn in range(4):
        process = subprocess.Popen(
            [sys.executable, str(WRITER), str(node), "300"],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": "src"},
        )
        assert process.stdout
        answered += [int(process.stdout.readline()) for _ in range(400 + 137 * turn)]
        process.send_signal(signal.SIGKILL)
        answered += [int(line) for line in process.stdout if line.endswith("\n")]
        process.wait()
        process.stdout.close()
        left = next((node / "chain" / "gateway").glob("*.open"), None)
        if left and turn % 2:
            with left.open("ab") as file:
                file.write(b'{"n":99999,"prev":"torn')  # as a power cut would leave it

    async def close() -> None:
        await opened(node / "chain").close()

    asyncio.run(close())
    segments = sealed(node / "chain" / "gateway")
    assert list(verify_segments(segments, public())) == []
    written = {msgspec.json.decode(line, type=ChainRecord).n for _, lines in segments for line in lines.splitlines()}
    assert written == set(range(1, max(written) + 1))
    assert set(answered) <= written
    assert len(set(answered)) == len(answered)


def test_a_file_broken_in_its_middle_stops_the_start_and_is_kept(tmp_path: Path) -> None:
    async def write() -> None:
        chain = opened(tmp_path)
        for n in range(3):
            await chain.append(entry(n))
        chain._lock.close()

    asyncio.run(write())
    path = tmp_path / "gateway" / "00000001.open"
    damaged = path.read_bytes().replace(b'"rows":1', b'"rows":7')
    path.write_bytes(damaged)
    with pytest.raises(Unavailable, match="已损坏"):
        opened(tmp_path)
    assert path.read_bytes() == damaged


def test_a_crash_between_closing_and_signing_is_made_good(tmp_path: Path) -> None:
    async def write() -> None:
        chain = opened(tmp_path)
        for n in range(3):
            await chain.append(entry(n))
        chain._lock.close()
        (tmp_path / "gateway" / "00000001.open").rename(tmp_path / "gateway" / "00000001.jsonl")
        again = opened(tmp_path)
        assert await again.append(entry(3)) == 4
        await again.close()

    asyncio.run(write())
    assert list(verify_segments(sealed(tmp_path / "gateway"), public())) == []
    assert len(sealed(tmp_path / "gateway")) == 2


def test_a_full_disk_refuses_and_the_chain_goes_on_whole_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write() -> None:
        chain = opened(tmp_path, most_lines=4)
        real = os.fdatasync
        for n in range(12):
            if n in (2, 5):
                monkeypatch.setattr(os, "fdatasync", full)
                with pytest.raises(Unavailable, match="磁盘"):
                    await chain.append(entry(n))
                monkeypatch.setattr(os, "fdatasync", real)
            if n == 6:
                with monkeypatch.context() as broken:
                    broken.setattr(os, "fsync", full)  # the signing fails, the lines are safe
                    await asyncio.gather(*(chain.append(entry(n)) for _ in range(4)))
            await chain.append(entry(n))
        await chain.close()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    asyncio.run(write())
    segments = sealed(tmp_path / "gateway")
    assert list(verify_segments(segments, public())) == []
    assert sum(len(lines.splitlines()) for _, lines in segments) == 16


def test_processes_of_one_node_write_chains_of_their_own(tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    assert (first.writer, second.writer) == ("gateway", "gateway-2")

    async def write() -> None:
        await asyncio.gather(first.append(entry(1)), second.append(entry(2)))
        await first.close()
        await second.close()
        again = opened(tmp_path)
        assert again.writer == "gateway"
        await again.close()

    asyncio.run(write())
    for writer in ("gateway", "gateway-2"):
        assert list(verify_segments(sealed(tmp_path / writer), public())) == []


def test_segments_are_shipped_in_order_once_the_control_plane_is_back(node: Path, tmp_path: Path) -> None:
    control = ControlPlane(tmp_path / "other" / "gateway")

    async def write() -> None:
        link = Link("http://control", control.node, transport=control.transport())
        chain = opened(node / "chain", most_lines=3, most_seconds=0.05)
        control.away = True
        keeper = asyncio.create_task(chain.keep(link, keep_days=30))
        for n in range(10):
            await chain.append(entry(n))
        await asyncio.sleep(0.2)
        assert not control.segments
        control.away = False
        deadline = time.monotonic() + 5
        while sum(len(lines.splitlines()) for _, lines in control.segments) < 10:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        keeper.cancel()
        await chain.close()
        await chain.ship(link, at=datetime.now(UTC) + timedelta(days=31), keep_days=30)
        await link.close()

    asyncio.run(write())
    assert list(verify_segments(control.segments, public())) == []
    assert (
        len(list((node / "chain" / "gateway" / "shipped").glob("*.seal"))) == 1
    )  # the last is kept: it says where to go on


def test_a_crash_between_the_moves_of_a_shipped_segment_ships_it_again(node: Path, tmp_path: Path) -> None:
    control = ControlPlane(tmp_path / "other" / "gateway")

    async def write() -> None:
        link = Link("http://control", control.node, transport=control.transport())
        chain = opened(node / "chain")
        await chain.append(entry(1))
        await chain.close()
        folder = node / "chain" / "gateway"
        (folder / "00000001.jsonl").rename(folder / "shipped" / "00000001.jsonl")
        again = opened(node / "chain")
        await again.ship(link, at=AT, keep_days=30)
        assert await again.append(entry(2)) == 2
        await again.close()
        await link.close()

    asyncio.run(write())
    assert len(control.segments) == 1
    assert list(verify_segments(sealed(node / "chain" / "gateway"), public())) == []


def test_an_unanswered_shipment_stays_where_it_is(node: Path) -> None:
    async def write() -> None:
        refuses = httpx.MockTransport(lambda _: httpx.Response(500))
        link = Link("http://control", me(), transport=refuses)
        chain = opened(node / "chain")
        await chain.append(entry(1))
        await chain.close()
        with pytest.raises(Unavailable, match="拒绝"):
            await chain.ship(link, at=AT, keep_days=1)
        await link.close()

    asyncio.run(write())
    assert (node / "chain" / "gateway" / "00000001.seal").exists()
