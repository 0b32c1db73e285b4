"""The gateway as real processes under granian: revocation in time, kill -9, slow downloads, refusals to start."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from covers import covers
from gateway_world import World, person, until
from jutong.client import AsyncClient, Client, Refused
from jutong.dataplane.book import open_book
from jutong.dataplane.segments import verify_segments
from jutong.wire.envelope import Envelope
from jutong.wire.usage import ChainRecord


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class City(World):
    """A world whose gateway is processes of its own, reached over the network, as is the control plane."""

    def __init__(self, home: Path, databases: tuple[str, str], **settings: Any) -> None:
        super().__init__(home, databases, **settings)
        self.port, self.control_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: asyncio.subprocess.Process | None = None

    async def begin(self, *, workers: int = 1) -> None:
        """Start granian and wait until it answers."""
        environment = os.environ | {
            "JUTONG_HOME": str(self.settings.home),
            "JUTONG_DATABASE_URL": self.settings.database_url,
            "JUTONG_CONTROL_URL": f"http://127.0.0.1:{self.control_port}",
            "JUTONG_SOURCE_ADDRESSES": '["127.0.0.0/8"]',
            "JUTONG_CHAIN_SEGMENT_SECONDS": str(self.settings.chain_segment_seconds),
            "PYTHONPATH": "src",
        }
        command = [
            "-m",
            "granian",
            "--interface",
            "asgi",
            "--factory",
            "--workers",
            str(workers),
            "--port",
            str(self.port),
        ]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, *command, "jutong.dataplane.gateway.app:create", env=environment, start_new_session=True
        )

        async def answers() -> bool:
            assert self.process
            assert self.process.returncode is None
            with suppress(httpx.TransportError):
                async with httpx.AsyncClient(trust_env=False) as client:
                    return (await client.get(f"{self.url}/healthz")).status_code == 200
            return False

        await until(answers, seconds=20)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Signal granian; a kill goes to the whole group, so that no worker lives on."""
        assert self.process
        if how is signal.SIGKILL:
            os.killpg(self.process.pid, how)
        else:
            self.process.send_signal(how)
        await asyncio.wait_for(self.process.wait(), 20)

    def caller(self) -> AsyncClient:
        """Return system s1's client over the network."""
        return AsyncClient(self.url, key_id="k-s1", key=self.keys["k-s1"], purpose="verification")

    def sealed(self) -> dict[str, list[tuple[Envelope, bytes]]]:
        """Return the sealed segments of each writer; one shipped between being listed and being read is looked up again."""
        while True:
            with suppress(FileNotFoundError):
                return self._sealed()

    def _sealed(self) -> dict[str, list[tuple[Envelope, bytes]]]:
        found: dict[str, list[tuple[Envelope, bytes]]] = {}
        for one in sorted((self.settings.node_folder / "chain").rglob("*.seal"), key=lambda path: path.name):
            writer = one.relative_to(self.settings.node_folder / "chain").parts[0]
            envelope = msgspec.json.decode(one.read_bytes(), type=Envelope)
            found.setdefault(writer, []).append((envelope, one.with_suffix(".jsonl").read_bytes()))
        return found

    def traces(self) -> list[str]:
        """Return the trace of every sealed line."""
        lines = [line for segments in self.sealed().values() for _, raw in segments for line in raw.splitlines()]
        return [msgspec.json.decode(line, type=ChainRecord).trace for line in lines]


@asynccontextmanager
async def city(home: Path, databases: tuple[str, str], **settings: Any) -> AsyncIterator[City]:
    """Raise a city with a control plane on the network, and take it down again."""
    world = City(home, databases, **settings)
    async with world:
        pass  # fills the database and registers; its own gateway in this process is not wanted
    server = await asyncio.start_server(world.control.speak, "127.0.0.1", world.control_port)
    try:
        yield world
    finally:
        if world.process and world.process.returncode is None:
            await world.end(signal.SIGKILL)
        server.close()


@covers(partly=["R-SHR-012", "R-SEC-001"])
def test_a_revocation_acts_within_two_seconds_and_silence_until_the_bundle_is_too_old(
    tmp_path: Path, databases: tuple[str, str]
) -> None:
    async def story() -> None:
        async with city(tmp_path, databases) as world:
            await world.begin()
            async with world.caller() as client:
                key = {"身份证号": person(1)}
                assert (await client.query("g1", key)).count == 1
                for state in ("suspended", "active", "ended"):
                    world.grant("g1", state=state, reason="测试")
                    said = time.monotonic()

                    async def heard(wanted: str = state) -> bool:
                        try:
                            await client.query("g1", key)
                        except Refused as refusal:
                            return wanted != "active" and refusal.problem.status == 403
                        return wanted == "active"

                    await until(heard, seconds=2)
                    assert time.monotonic() - said < 2
                world.grant("g1")
                await until(lambda: heard("active"), seconds=2)
                world.control.away = True
                assert (await client.query("g1", key)).count == 1

    asyncio.run(story())


@covers(partly=["R-SEC-007"])
def test_a_killed_gateway_has_written_down_everything_it_ever_answered(
    tmp_path: Path, databases: tuple[str, str]
) -> None:
    async def story() -> None:
        async with city(tmp_path, databases, chain_segment_seconds=0.3) as world:
            answered: list[str] = []
            for turn in range(1, 3):
                await world.begin(workers=2)

                async def call(n: int) -> None:
                    async with world.caller() as client:
                        with suppress(httpx.TransportError):
                            while True:
                                answered.append((await client.query("g1", {"身份证号": person(n)})).trace)

                callers = [asyncio.create_task(call(n)) for n in range(1, 9)]
                await until(lambda most=60 * turn: len(answered) >= most, seconds=30)
                await world.end(signal.SIGKILL)
                await asyncio.gather(*callers)
            await world.begin(workers=2)  # answers as soon as one worker does; each seals what its forerunner left open
            await until(lambda: set(answered) <= set(world.traces()), seconds=20)
            await world.end()
            pieces = world.sealed()
            assert (world.settings.node_folder / "chain" / "gateway-2").is_dir()  # the second worker's own
            for segments in pieces.values():
                assert list(verify_segments(segments, world.control.public)) == []
            written = world.traces()
            assert set(answered) <= set(written)
            assert len(set(written)) == len(written)
            for writer in pieces:  # shipped segments arrived once each, in order
                mine = [one for one in world.control.segments if f'"writer":"{writer}"'.encode() in one[0].payload]
                assert list(verify_segments(mine, world.control.public)) == []

    asyncio.run(story())


def test_ending_a_grant_cuts_a_slow_download_off(tmp_path: Path, databases: tuple[str, str]) -> None:
    async def story() -> None:
        async with city(tmp_path, databases) as world:
            await world.begin()
            await world.gateway.start()
            await world.artefact("slow", b"x" * 40_000_000)
            await world.gateway.stop()
            got = 0
            async with world.caller() as client:
                async with client._http.stream("GET", "/v1/artefacts/slow") as response:
                    assert response.status_code == 200
                    with suppress(httpx.TransportError):
                        async for chunk in response.aiter_bytes(65536):
                            got += len(chunk)
                            if got < 200_000:
                                world.grant("g1", state="ended")
                                await asyncio.sleep(1)
                answer = await client._http.get("/v1/artefacts/slow")
                assert answer.status_code == 403
            assert got < 40_000_000

    asyncio.run(story())


def test_the_blocking_client_speaks_to_a_real_gateway(tmp_path: Path, databases: tuple[str, str]) -> None:
    async def story() -> None:
        async with city(tmp_path, databases) as world:
            await world.begin()
            book = await open_book(databases[0])
            await book.close()

            def use() -> None:
                with Client(world.url, key_id="k-s1", key=world.keys["k-s1"], purpose="verification") as client:
                    assert client.query("g1", {"身份证号": person(3)}, person="王五").rows[0]["姓名"] == "张3"
                    assert client.confirm("g1", {"身份证号": person(3)}, {"姓名": "张3"}).match
                    assert [one.grant for one in client.grants()] == ["g1"]
                    with pytest.raises(Refused) as caught:
                        client.manifest("nothing")
                    assert caught.value.problem.status == 403
                    assert len(caught.value.trace) == 16

            await asyncio.to_thread(use)

    asyncio.run(story())


def test_a_gateway_without_identity_or_book_does_not_start_and_says_why(tmp_path: Path) -> None:
    async def start(home: Path, **more: str) -> str:
        environment = os.environ | {"JUTONG_HOME": str(home), "PYTHONPATH": "src"} | more
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--port", str(free_port()),
            "jutong.dataplane.gateway.app:create", env=environment, stdout=-1, stderr=-2,
        )  # fmt: skip
        try:
            said, _ = await asyncio.wait_for(process.communicate(), 20)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode
        return said.decode()

    assert "control.pub" in asyncio.run(start(tmp_path))
