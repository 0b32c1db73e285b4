"""`gateway_full`: what a call costs with everything on, against a hello and a FastAPI peer; latency, memory, slow readers."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

import gateway
import load
import report
from gateway import CONNECTIONS, Figures
from ground import Ground

if TYPE_CHECKING:
    from gateway_world import World

CALLS = 30_000
PEER_CALLS = 6_000
ROUNDS = 3
LONG_RUN = 1_000_000
PORTION = 20_000
PACED_SECONDS = 20.0
SHARE_OF_MOST = 0.7
DOWNLOADS = 1_000
FILE_BYTES = 8 << 20
SETTLE_SECONDS = 20.0
GROWTH_ALLOWED = 1.1
PEERS = Path(__file__).resolve().parent.parent / "build" / "peers" / "bin" / "python"
ABSENT = "NOT MEASURED: build/peers is not there; `make bench-peers` makes it"


def run(ground: Ground) -> None:
    """Measure in one run: CPU per call, p99 at 70 % of the own maximum, the same beside slow downloads, memory."""
    import gateway_world

    with gateway_world.two_databases() as databases:
        asyncio.run(_measured(ground, databases))


async def _measured(ground: Ground, databases: tuple[str, str]) -> None:
    import gateway_world

    await gateway._fill(databases[1])
    world = gateway_world.World(ground.scratch / "gateway_full", databases)
    async with world:
        await world.artefact("large", b"0123456789abcde\n" * (FILE_BYTES // 16), hours=24)
    world.control.segments.clear()
    before = len(world.lines())
    ports = gateway._free_ports(4)
    control = await asyncio.start_server(world.control.speak, "127.0.0.1", ports[0])
    environment = _environment(world, ports[0], databases[1])
    answered = 0
    with ground.apart() as core, ExitStack() as serving:
        process = serving.enter_context(
            gateway._served("jutong.dataplane.gateway.app:create", ports[1], environment, core, *gateway.GATEWAY)
        )
        await asyncio.to_thread(gateway._await_ready, ports[1])
        answered += await asyncio.to_thread(_costs, ground, world, process, ports, environment, core)
        answered += await asyncio.to_thread(_latencies, ground, world, process, ports[1])
        answered += await asyncio.to_thread(_memory, ground, world, process, ports[1])
        await asyncio.to_thread(process.terminate)
        await asyncio.to_thread(process.wait, 30)
    control.close()
    gateway._reconcile(world, before, answered)


def _environment(world: World, control: int, department: str) -> dict[str, str]:
    return {
        **os.environ,
        "JUTONG_HOME": str(world.settings.home),
        "JUTONG_NODE": world.settings.node,
        "JUTONG_DATABASE_URL": world.settings.database_url,
        "JUTONG_CONTROL_URL": f"http://127.0.0.1:{control}",
        "JUTONG_SOURCE_ADDRESSES": '["127.0.0.0/8"]',
        "JUTONG_DOWNLOADS_PER_SYSTEM": str(DOWNLOADS),
        "BENCH_DATABASE_URL": department,
        "BENCH_KEY_ID": "k-s1",
        "BENCH_KEY": world.keys["k-s1"].hex(),
        "PYTHONPATH": str(Path(__file__).parent),
    }


def _costs(
    ground: Ground,
    world: World,
    process: subprocess.Popen[bytes],
    ports: Sequence[int],
    environment: dict[str, str],
    core: set[int] | None,
) -> int:
    """Ask hello, gateway and peer in turn; return how many calls the gateway answered."""
    calls, peer_calls = ground.sized(CALLS, least=1000), ground.sized(PEER_CALLS, least=300)
    rounds = ROUNDS if ground.scale == 1 else 1
    hello, ours, theirs = Figures(), Figures(), Figures()
    with ExitStack() as serving:
        first = serving.enter_context(
            gateway._served("peers:hello", ports[2], environment, core, "--interface", "asgi")
        )
        gateway._await_ready(ports[2])
        peer = serving.enter_context(_peer(ports[3], environment, core)) if PEERS.exists() else None
        for _round in range(rounds):
            gateway._round_of(first, ports[2], gateway._signed(world, calls), hello)
            gateway._round_of(process, ports[1], gateway._signed(world, calls), ours)
            if peer:
                gateway._round_of(peer, ports[3], gateway._signed(world, peer_calls), theirs)
    report.note(f"gateway_full: {calls * rounds} calls, {CONNECTIONS} connections, signature to durable audit")
    rate, cpu = report.middle(ours.rates), report.middle(ours.cpu)
    report.line("gateway_full", cpu, "cpu_us/call", ratio=report.middle(hello.cpu) / cpu, against="asgi_hello")
    report.line("gateway_full", rate, "calls/s", ratio=rate / report.middle(hello.rates), against="asgi_hello")
    if peer:
        mine = report.middle(theirs.cpu)
        report.line("peer_fastapi", mine, "cpu_us/call", ratio=cpu / mine, against="gateway_full")
        report.line("peer_fastapi", report.middle(theirs.rates), "calls/s", ratio=report.middle(theirs.rates) / rate,
                    against="gateway_full")  # fmt: skip
    else:
        print(f"bench peer_fastapi {ABSENT}", flush=True)
        if ground.scale == 1:
            raise report.Unreconciled(f"peer_fastapi {ABSENT}")
    return calls * rounds


@contextmanager
def _peer(port: int, environment: dict[str, str], core: set[int] | None) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the FastAPI peer by the same server, from its own environment."""
    command = [str(PEERS), "-m", "granian", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--log-level",
               "error", "--no-ws", "--interface", "asgi", "peer_fastapi:app"]  # fmt: skip
    process = subprocess.Popen(
        command,
        env=environment,
        preexec_fn=gateway.placed(core),  # noqa: PLW1509 - as in `gateway._served`
    )
    try:
        gateway._await_ready(port)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _latencies(ground: Ground, world: World, process: subprocess.Popen[bytes], port: int) -> int:
    """Measure p99 at a pace the gateway bears, then at the same pace beside slow downloads."""
    probe = ground.sized(CALLS, least=1000) // 2
    most = probe / load.drive(port, gateway._signed(world, probe), connections=CONNECTIONS, expected=b'"count":1')
    rate = SHARE_OF_MOST * most
    count = max(200, int(rate * PACED_SECONDS * ground.scale))
    alone = load.paced_apart(port, gateway._signed(world, count), rate=rate, connections=CONNECTIONS)
    readers = max(10, int(DOWNLOADS * ground.scale))
    with _slow(port, _downloads(world, readers)):
        time.sleep(SETTLE_SECONDS * max(0.1, ground.scale))  # the server's buffers for the slow readers fill once
        descriptors = psutil.Process(process.pid).children(recursive=True)
        report.note(f"gateway_beside_downloads: {readers} slow readers, {len(descriptors)} processes of the server")
        beside = load.paced_apart(port, gateway._signed(world, count), rate=rate, connections=CONNECTIONS)
    calm, busy = report.middle(alone, 0.99) * 1000, report.middle(beside, 0.99) * 1000
    report.line("gateway_full", calm, "ms_p99_at_70%", ratio=25 / calm, against="25_ms")
    report.line("gateway_beside_downloads", busy, "ms_p99", ratio=calm / busy, against="p99_without_downloads")
    return probe + 2 * count


def _downloads(world: World, count: int) -> list[bytes]:
    """Return signed calls for the large file."""
    from jutong.client.signing import signature

    key, now = world.keys["k-s1"], str(time.time_ns() // 1_000_000)
    calls, target = [], "/v1/artefacts/large"
    for _number in range(count):
        headers = {"X-Jutong-Key": "k-s1", "X-Jutong-Time": now, "X-Jutong-Nonce": secrets.token_hex(16),
                   "X-Jutong-Purpose": "verification"}  # fmt: skip
        headers["X-Jutong-Signature"] = signature(key, method="GET", target=target, body=b"", headers=headers)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        calls.append(f"GET {target} HTTP/1.1\r\nHost: gateway\r\n{head}\r\n".encode())
    return calls


@contextmanager
def _slow(port: int, calls: Sequence[bytes]) -> Iterator[None]:
    """Keep slow readers at work in a process of their own; each must still be reading at the end."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    reader = context.Process(target=load.drip, args=(port, calls, theirs), daemon=True)
    reader.start()
    try:
        if not ours.poll(60) or (begun := ours.recv()) != len(calls):
            raise load.Unanswered(f"slow downloads did not begin: {begun if ours.closed else 'no word'}")
        yield
        ours.send("stop")
        report.same("slow downloads still going", len(calls), ours.recv() if ours.poll(30) else "no word")
    finally:
        reader.terminate()
        reader.join(10)


def _memory(ground: Ground, world: World, process: subprocess.Popen[bytes], port: int) -> int:
    """Ask a million times; the process may not have grown since the first tenth."""
    total, done, early = ground.sized(LONG_RUN, least=2000), 0, 0
    while done < total:
        calls = gateway._signed(world, min(PORTION, max(1, total // 10), total - done))
        load.drive(port, calls, connections=CONNECTIONS, expected=b'"count":1')
        done += len(calls)
        if not early and done >= total // 10:
            early = _resident(process)
    late = _resident(process)
    report.note(f"gateway_full: {early / 2**20:.0f} MiB after {total // 10} calls, {late / 2**20:.0f} after {total}")
    report.line("gateway_full", late / 2**20, "MiB", ratio=early / late, against="first_tenth_of_calls")
    if ground.scale == 1 and late > early * GROWTH_ALLOWED:
        raise report.Unreconciled(f"memory grew from {early} to {late} bytes over {total} calls")
    return done


def _resident(process: subprocess.Popen[bytes]) -> int:
    parent = psutil.Process(process.pid)
    return sum(one.memory_info().rss for one in (parent, *parent.children(recursive=True)))
