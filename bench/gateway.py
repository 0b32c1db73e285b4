"""`gateway`: signed queries to the served gateway on one core, all checks and the audit chain on, against its peers."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import psutil

import load
import report
from ground import Ground
from jutong.cli import serve
from jutong.dataplane import priorities

if TYPE_CHECKING:
    from gateway_world import World

CONNECTIONS = 64
CALLS = 30_000
ROUNDS = 3
PEOPLE = 200_000
READY_SECONDS = 30.0
GATEWAY = (*serve.AS_FACTORY, *serve.CROWDED)
TABLE = """
create table people (id text primary key, name text, born date, phone text, region text);
insert into people select '1101011980' || lpad(n::text, 8, '0'), '张' || n, date '1950-01-01' + (n %% 20000)::int,
    '1380000' || lpad((n %% 10000)::text, 4, '0'), '360100' from generate_series(1, %d) as n;
vacuum analyze people;
"""


@dataclass
class Figures:
    """What the rounds of one server gave: calls/s, and CPU microseconds of its processes for one call."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def run(ground: Ground) -> None:
    """Serve gateway and peers, ask each in turn, then hold the chain against the number of answers."""
    import gateway_world

    with gateway_world.two_databases() as databases:
        asyncio.run(_measured(ground, databases))


async def _measured(ground: Ground, databases: tuple[str, str]) -> None:
    import gateway_world

    await _fill(databases[1])
    world = gateway_world.World(ground.scratch / "gateway", databases)
    async with world:
        pass  # it registers grant, systems and source; its own gateway in this process is not wanted
    world.control.segments.clear()
    ports = _free_ports(4)
    control = await asyncio.start_server(world.control.speak, "127.0.0.1", ports[0])
    environment = {
        **os.environ,
        "JUTONG_HOME": str(world.settings.home),
        "JUTONG_NODE": world.settings.node,
        "JUTONG_DATABASE_URL": world.settings.database_url,
        "JUTONG_CONTROL_URL": f"http://127.0.0.1:{ports[0]}",
        "JUTONG_SOURCE_ADDRESSES": '["127.0.0.0/8"]',
        "BENCH_DATABASE_URL": databases[1],
        "PYTHONPATH": str(Path(__file__).parent),
    }
    before = len(world.lines())
    ours, hello, direct = Figures(), Figures(), Figures()
    calls = ground.sized(CALLS, least=1000)
    rounds = ROUNDS if ground.scale == 1 else 1
    with (
        ground.apart() as core,
        _served("jutong.dataplane.gateway.app:create", ports[1], environment, core, *GATEWAY) as gateway,
        _served("peers:hello", ports[2], environment, core, "--interface", "asgi") as first,
        _served("peers:direct", ports[3], environment, core, "--interface", "asgi") as second,
    ):
        for port in ports[1:]:
            await asyncio.to_thread(_await_ready, port)
        for _round in range(rounds):
            for process, port, figures in (
                (first, ports[2], hello),
                (gateway, ports[1], ours),
                (second, ports[3], direct),
            ):
                await asyncio.to_thread(_round_of, process, port, _signed(world, calls), figures)
        await asyncio.to_thread(gateway.terminate)
        await asyncio.to_thread(gateway.wait, 30)
    control.close()
    _reconcile(world, before, calls * rounds)
    _told(ours, hello, direct, calls * rounds, core)


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in (TABLE % PEOPLE).split(";\n"):
        if statement.strip():
            await connection.execute(statement)
    await connection.close()


def _signed(world: World, count: int) -> list[bytes]:
    """Return calls ready to be sent, each for another person, with a nonce and signature of its own."""
    from jutong.client.blocking import query_body
    from jutong.client.signing import signature

    key, now = world.keys["k-s1"], str(time.time_ns() // 1_000_000)
    calls = []
    for number in range(count):
        person = f"1101011980{1 + number * 7919 % PEOPLE:08d}"
        body = query_body("g1", {"身份证号": person}, (), ())
        headers = {"X-Jutong-Key": "k-s1", "X-Jutong-Time": now, "X-Jutong-Nonce": secrets.token_hex(16),
                   "X-Jutong-Purpose": "verification"}  # fmt: skip
        headers["X-Jutong-Signature"] = signature(key, method="POST", target="/v1/query", body=body, headers=headers)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        start = f"POST /v1/query HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        calls.append(f"{start}{head}\r\n".encode() + body)
    return calls


def placed(core: set[int] | None) -> Callable[[], None]:
    """Return what puts a process on its core, its threads taking turns: limit and peers are served as the product is."""

    def place() -> None:
        if core:
            os.sched_setaffinity(0, core)
        priorities.by_turns()

    return place


@contextmanager
def _served(
    target: str, port: int, environment: dict[str, str], core: set[int] | None, *options: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Serve an application under granian as the product does, on its core."""
    command = serve.granian(target, f"127.0.0.1:{port}", *options)
    process = subprocess.Popen(command, env=environment, preexec_fn=placed(core))  # noqa: PLW1509 - no other thread holds a lock that it needs
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _await_ready(port: int) -> None:
    """Wait until something accepts connections there."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise load.Unanswered(f"nothing listens on port {port}")


def _round_of(process: subprocess.Popen[bytes], port: int, calls: Sequence[bytes], figures: Figures) -> None:
    load.drive(port, calls[:CONNECTIONS], connections=CONNECTIONS, expected=b'"count":1')
    rest = calls[CONNECTIONS:]
    before = _cpu(process)
    seconds = load.drive(port, rest, connections=CONNECTIONS, expected=b'"count":1')
    figures.rates.append(len(rest) / seconds)
    figures.cpu.append((_cpu(process) - before) / len(rest) * 1e6)


def _cpu(process: subprocess.Popen[bytes]) -> float:
    """Return the CPU seconds that a server and its workers have used."""
    parent = psutil.Process(process.pid)
    return sum(sum(one.cpu_times()[:2]) for one in (parent, *parent.children(recursive=True)))


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _reconcile(world: World, before: int, answered: int) -> None:
    """Hold the audit chain and the counts of use against the number of answers; verify the shipped segments."""
    from jutong.dataplane.segments import verify_segments

    lines = world.lines()[before:]
    report.same(
        "answers, lines of the chain", answered, sum(one.act == "query" and one.outcome == "ok" for one in lines)
    )
    report.same("answers, names in the chain", answered, len({one.trace for one in lines if one.act == "query"}))
    report.same(
        "answers, counted use", answered, sum(use.calls for use in world.control.usage if use.mode == "online_query")
    )
    faults = [fault.sentence for fault in verify_segments(world.control.segments, world.control.public)]
    report.same("faults of the chain", faults[:3], [])


def _told(ours: Figures, hello: Figures, direct: Figures, calls: int, core: set[int] | None) -> None:
    report.note(f"gateway: {calls} calls, {CONNECTIONS} connections, {'one core' if core else 'a machine of one core'}")
    for name, peer in (("asgi_hello", hello), ("asyncpg_point_query", direct)):
        rate, cpu = report.middle(ours.rates), report.middle(ours.cpu)
        report.line("gateway", rate, "calls/s", ratio=rate / report.middle(peer.rates), against=name)
        report.line("gateway", cpu, "cpu_us/call", ratio=report.middle(peer.cpu) / cpu, against=name)
