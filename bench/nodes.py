"""`make bench-node`: a centre and three front-end nodes as processes behind a proxy that cuts; files sent once, landed once.

The civil affairs bureau's node sends 10,000 small files to two others and one large file to the first. The centre is away
for a while and is killed once, the line is cut again and again, one receiving node is killed; then both sides are counted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import report
from ground import Ground, ground

if TYPE_CHECKING:
    from world import World

SMALL, LARGE_BYTES = 10_000, 2 << 30
PIECE = 1 << 20
AWAY_SECONDS = 5.0
PATIENCE_SECONDS = 1800.0
CUT_EVERY_SECONDS = 2.0
READY_SECONDS = 60.0
RECEIVERS = ("hr", "police")


@dataclass
class Proxy:
    """The line between nodes and centre: it cuts what runs through it now and then, and may be away."""

    to: tuple[str, int]
    away: bool = False
    cuts: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    port: int = 0

    async def begin(self) -> asyncio.Server:
        """Listen on a port of its own."""
        server = await asyncio.start_server(self._speak, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        with suppress(OSError):
            if not self.away:
                other, out = await asyncio.open_connection(*self.to)
                with suppress(asyncio.IncompleteReadError):
                    await asyncio.gather(_pump(reader, out), _pump(other, writer), return_exceptions=True)
                out.close()
        self.open.discard(writer)
        writer.close()

    def cut(self) -> None:
        """Break one connection, wherever it is."""
        if self.open:
            self.cuts += 1
            random.choice(sorted(self.open, key=id)).transport.abort()

    def leave(self) -> None:
        """Be away: every connection is broken, every new one closed."""
        self.away = True
        for writer in list(self.open):
            writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()
    writer.close()


@dataclass
class Node:
    """One front-end node: its home and its process."""

    home: Path
    port: int
    process: asyncio.subprocess.Process | None = None

    def environment(self) -> dict[str, str]:
        """Return what its process needs to know; nothing of the centre's."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("JUTONG_", "DJANGO_"))}
        return clean | {"JUTONG_HOME": str(self.home), "JUTONG_STATUS_BIND": f"127.0.0.1:{self.port}"}

    async def begin(self) -> None:
        """Start `jutong node run`."""
        with (self.home.parent / f"{self.home.name}.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "jutong", "node", "run", env=self.environment(), stdout=log, stderr=log
            )

    async def end(self, how: signal.Signals) -> None:
        """Stop it."""
        if self.process and self.process.returncode is None:
            self.process.send_signal(how)
            await self.process.wait()

    def landed(self, grant: int) -> dict[str, Path]:
        """Return the files of a grant's inbox by name."""
        inbox = self.home / "exchange" / "inbox" / f"G-{grant:06d}"
        found = (path for path in inbox.rglob("*") if path.is_file() and ".manifests" not in path.parts)
        return {path.relative_to(inbox).as_posix(): path for path in found}

    def queued(self) -> int:
        """Return how many parcels wait for their receipt."""
        return len(list((self.home / "exchange" / ".parcels" / "out").glob("*.slip")))


def _grants(place: Ground) -> dict[str, int]:
    """Open a grant of one entry of the civil affairs bureau for each receiver; returns their ids."""
    world: World = place.city
    from jutong.kernel.actors import system_actor
    from jutong.slices.grants import actions
    from jutong.wire.grants import Column, Kind, Mode
    from published import published

    resource_id = published(world, "civil")
    terms = actions.Terms(
        columns=(Column("姓名", "name"),), conditions=(), key_items=(), modes=(Mode.FRONT_END_NODE,),
        purposes=("data_verification",), valid_from=place.now, valid_until=place.now + timedelta(days=30),
        basis="社会救助暂行办法",
        known={"姓名": Kind.TEXT},
    )  # fmt: skip
    return {
        department: actions.open_grant(
            actions.Opening(
                region=world.region,
                resource_id=resource_id,
                resource_title="低保名单",
                entry_code="307/1",
                entry_version=1,
                provider_id=world.department("civil"),
                consumer_id=world.department(department),
                authority_id=None,
                case_ref=f"bench:{department}",
                request_digest="0" * 64,
                terms=terms,
            ),
            by=system_actor("bench"),
            at=place.now,
        ).pk
        for department in RECEIVERS
    }


def _codes(place: Ground) -> dict[str, str]:
    """Apply for three nodes, allocate them, and return their one-time codes."""
    world: World = place.city
    from jutong.slices.sources import actions
    from jutong.slices.sources.rules import NodeWish

    codes = {}
    for department in ("civil", *RECEIVERS):
        engineer = world.actor(f"{department}.engineer", at=place.now)
        wish = NodeWish("前置机")
        row = actions.apply_for(by=engineer, at=place.now, department_id=world.department(department), wish=wish)
        actions.allocate(row, by=world.actor("authority.operator", at=place.now), at=place.now)
        codes[department] = actions.issue_code(row.pk, by=engineer, at=place.now)
    return codes


def _fill(folder: Path, count: int, large: int, name: str) -> dict[str, str]:
    """Write files as a department would drop them; returns their SM3 by name."""
    from jutong.dataplane.node import packing

    folder.mkdir(parents=True, exist_ok=True)
    digests = {}
    for n in range(count):
        path = folder / f"{name}-{n:05}.csv"
        path.write_bytes(f"{n},{name},".encode() * random.randint(1, 200))
        digests[path.name] = packing.digest_of(path)
    if large:
        path = folder / "large.bin"
        with path.open("wb") as file:
            for _piece in range(max(1, large // PIECE)):
                file.write(secrets.token_bytes(PIECE // 2) + bytes(PIECE // 2))
        digests[path.name] = packing.digest_of(path)
    return digests


async def _until(done: object, what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():  # type: ignore[operator]
        if time.monotonic() > end:
            raise report.Unreconciled(f"{what} was not done in {PATIENCE_SECONDS:.0f} s")
        await asyncio.sleep(0.2)


def _centre(place: Ground, port: int) -> subprocess.Popen[bytes]:
    from jutong.cli import roles, serve

    command = serve.granian(
        "jutong.site.wsgi:application", f"127.0.0.1:{port}", "--interface", "wsgi", "--blocking-threads", "16"
    )
    with (place.scratch / "web.log").open("ab") as log:
        return subprocess.Popen(
            command,
            env={**os.environ, **place.ours.environment(roles.WEB)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


async def _answers(port: int) -> bool:
    with suppress(OSError):
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False


async def _ready(port: int) -> None:
    end = time.monotonic() + READY_SECONDS
    while not await _answers(port):
        if time.monotonic() > end:
            raise report.Unreconciled("the centre did not start")
        await asyncio.sleep(0.2)


async def _gone(port: int) -> None:
    """Wait until nobody holds the centre's port any more."""
    end = time.monotonic() + READY_SECONDS
    while await _answers(port):
        if time.monotonic() > end:
            raise report.Unreconciled("the killed centre still answers")
        await asyncio.sleep(0.2)


async def _story(place: Ground, grants: dict[str, int], codes: dict[str, str]) -> None:
    from free_ports import free_ports

    web, *ports = free_ports(4)
    proxy = Proxy(("127.0.0.1", web))
    centre = _centre(place, web)
    async with AsyncExitStack() as closing:
        closing.callback(lambda: os.killpg(centre.pid, signal.SIGKILL) if centre.poll() is None else None)
        server = await proxy.begin()
        closing.callback(server.close)
        await _ready(web)
        nodes = {name: Node(place.scratch / name, port) for name, port in zip(codes, ports, strict=True)}
        for name, node in nodes.items():
            await _enrol(node, codes[name], proxy.port)
            closing.push_async_callback(node.end, signal.SIGKILL)
        await asyncio.to_thread(_tell)
        for node in nodes.values():
            await node.begin()
        outbox = nodes["civil"].home / "exchange" / "outbox"
        half, large = place.sized(SMALL // 2, least=20), int(LARGE_BYTES * place.scale)
        sent = {
            name: await asyncio.to_thread(
                _fill, outbox / f"G-{grant:06d}", half, large if name == RECEIVERS[0] else 0, name
            )
            for name, grant in grants.items()
        }
        began = time.monotonic()
        cutting = asyncio.create_task(_cut(proxy))
        closing.callback(cutting.cancel)
        await _until(lambda: nodes["civil"].queued() or any(n.landed(g) for n, g in _ends(nodes, grants)), "the start")
        proxy.leave()
        os.killpg(centre.pid, signal.SIGKILL)
        await nodes[RECEIVERS[1]].end(signal.SIGKILL)
        await asyncio.sleep(AWAY_SECONDS)
        await _gone(web)
        centre = _centre(place, web)
        await _ready(web)
        proxy.away = False
        await nodes[RECEIVERS[1]].begin()
        await _until(
            lambda: all(len(n.landed(grants[d])) >= len(sent[d]) for d, n in nodes.items() if d in grants), "landing"
        )
        await _until(lambda: not nodes["civil"].queued(), "the receipts")
        took = time.monotonic() - began
        _count(nodes, grants, sent)
    files = sum(len(found) for found in sent.values())
    report.note(
        f"nodes: {files} files, {large} bytes in the large one, {proxy.cuts} cuts, centre away {AWAY_SECONDS:g} s"
    )
    report.line("node_files", files / took, "files/s", ratio=1.0, against="delivered_once_of_sent")


def _ends(nodes: dict[str, Node], grants: dict[str, int]) -> list[tuple[Node, int]]:
    return [(nodes[name], grant) for name, grant in grants.items()]


def _tell() -> None:
    """Deliver the events that tell the bundle of the nodes."""
    from jutong.kernel import clock, jobs

    jobs.drain(clock.now())


async def _enrol(node: Node, code: str, port: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jutong", "node", "enrol", "--centre", f"http://127.0.0.1:{port}", "--code", code,
        env=node.environment(),
    )  # fmt: skip
    report.same("exit code of enrol", await process.wait(), 0)


async def _cut(proxy: Proxy) -> None:
    while True:
        await asyncio.sleep(CUT_EVERY_SECONDS * random.random() * 2)
        proxy.cut()


def _count(nodes: dict[str, Node], grants: dict[str, int], sent: dict[str, dict[str, str]]) -> None:
    """Hold both sides against each other: the same names, each once, with the same digests."""
    from jutong.dataplane.node import packing

    for name, grant in grants.items():
        there = {file: packing.digest_of(path) for file, path in nodes[name].landed(grant).items()}
        report.same(f"files of {name}", len(there), len(sent[name]))
        if there != sent[name]:
            raise report.Unreconciled(f"names or digests of {name} differ")


def main() -> int:
    """Run the story; exit code 1 when anything was lost, doubled or changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full amount of work, 0.001 to 1")
    given = parser.parse_args()
    with ground(given.scale) as place:
        grants, codes = _grants(place), _codes(place)
        try:
            asyncio.run(_story(place, grants, codes))
        except report.Unreconciled as finding:
            print(f"bench node_files FAILED {finding}", file=sys.stderr, flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
