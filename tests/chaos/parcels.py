"""Rounds of parcels: a centre and two front-end nodes as processes; files dropped at one must land at the other once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from chaos.ground import away, slowed
from chaos.proxy import Proxy
from chaos.score import Deck, Score
from chaos.servers import Postgres
from free_ports import free_ports

FAULTS = (
    "kill -9 node", "kill -9 centre", "kill -9 database", "cut", "half-close", "slow", "away",
)  # fmt: skip
SMALL, LARGE = 40, 5 << 20
DROPPED_SECONDS_AGO = 60
PATIENCE = 180.0
ENVIRONMENT = ("JUTONG_", "DJANGO_")


class Node:
    """One front-end node: its home and its process."""

    def __init__(self, home: Path, centre: str, code: str) -> None:
        self.home, self._port = home, free_ports(1)[0]
        self.process: subprocess.Popen[bytes] | None = None
        words = [sys.executable, "-m", "jutong", "node", "enrol", "--centre", centre, "--code", code]
        subprocess.run(words, env=self._environment(), check=True, stdout=subprocess.DEVNULL)

    def _environment(self) -> dict[str, str]:
        """Return what its process needs to know; nothing of the centre's."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT)}
        own = {"JUTONG_HOME": str(self.home), "JUTONG_STATUS_BIND": f"127.0.0.1:{self._port}"}
        return clean | own | {"JUTONG_SOURCE_ADDRESSES": '["127.0.0.0/8"]', "JUTONG_TRANSFER_LEASE_SECONDS": "3"}

    def start(self) -> None:
        """Start `jutong node run`."""
        words = [sys.executable, "-m", "jutong", "node", "run"]
        with (self.home.parent / f"{self.home.name}.log").open("ab") as log:
            self.process = subprocess.Popen(words, env=self._environment(), stdout=log, stderr=log)

    def kill(self) -> None:
        """Kill it without a goodbye."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def revive(self) -> None:
        """Start it where it does not live."""
        if self.process is None or self.process.poll() is not None:
            self.start()


class Place:
    """The centre with its own database, and the nodes of a sending and a receiving department."""

    def __init__(self, folder: Path, closing: ExitStack) -> None:
        from jutong.cli import instance, serve

        for name in [name for name in os.environ if name.startswith("JUTONG_HOME")]:
            del os.environ[name]
        os.environ["JUTONG_HOME"] = str(folder / "centre")
        self.ours: Any = closing.enter_context(instance.opened())
        self.server = Postgres(self.ours.home)
        closing.callback(self.server.stop)
        serve.prepare(self.ours)
        self._log = folder / "centre.log"
        self._port = free_ports(1)[0]
        self.start()
        closing.callback(self.kill)
        self.line = Proxy("127.0.0.1", self._port)
        closing.callback(self.line.stop)
        self.city, self.grant, self.nodes, codes = _granted()
        url = f"http://127.0.0.1:{self.line.port}"
        self.sender, self.receiver = (Node(folder / name, url, code) for name, code in codes.items())
        self.told()
        for node in (self.sender, self.receiver):
            closing.callback(node.kill)
            node.start()

    def start(self) -> None:
        """Start the centre's web process and wait until it answers."""
        from jutong.cli import roles, serve

        bind = f"127.0.0.1:{self._port}"
        words = serve.granian("jutong.site.wsgi:application", bind, "--interface", "wsgi", "--blocking-threads", "8")
        environment = os.environ | self.ours.environment(roles.WEB)
        with self._log.open("ab") as log:
            self._centre = subprocess.Popen(words, env=environment, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                httpx.get(f"http://{bind}/internal/anchor", trust_env=False).raise_for_status()
            except httpx.HTTPError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    def kill(self) -> None:
        """Kill the centre's web process and what it has started."""
        os.killpg(self._centre.pid, signal.SIGKILL)
        self._centre.wait()

    def killed(self) -> None:
        """Kill the centre and start it again."""
        self.kill()
        self.start()

    @staticmethod
    def told() -> None:
        """Deliver the events that tell the bundle of nodes, sources and grants."""
        from django.db import connections

        from jutong.kernel import jobs

        jobs.drain(datetime.now(UTC))
        connections.close_all()  # the rounds kill the server

    @property
    def outbox(self) -> Path:
        """Return where the sender's people drop files."""
        return self.sender.home / "exchange/outbox" / f"G-{self.grant:06d}"

    def landed(self) -> dict[str, str]:
        """Return the digest of each file in the receiver's inbox, by name."""
        inbox = self.receiver.home / "exchange/inbox" / f"G-{self.grant:06d}"
        found = (path for path in inbox.rglob("*") if path.is_file() and ".manifests" not in path.parts)
        return {path.relative_to(inbox).as_posix(): sha256(path.read_bytes()).hexdigest() for path in found}

    def queued(self) -> int:
        """Return how many parcels wait for their receipt, and files for their parcel."""
        work = self.sender.home / "exchange/.parcels"
        return len([*(work / "out").glob("*.slip"), *(work / "taken").iterdir(), *self.outbox.glob("*")])


def _granted() -> tuple[Any, int, dict[str, int], dict[str, str]]:
    """Open a grant between two departments and allocate their nodes; returns city, grant, nodes and one-time codes."""
    import world as cities
    from jutong.kernel.actors import system_actor
    from jutong.slices.grants import actions as grants
    from jutong.slices.sources import actions
    from jutong.slices.sources.rules import NodeWish
    from jutong.wire.grants import Column, Kind, Mode
    from published import published

    city, now, departments = cities._build(), datetime.now(UTC), ("civil", "hr")
    terms = grants.Terms(
        columns=(Column("姓名", "name"),), conditions=(), key_items=(), modes=(Mode.FRONT_END_NODE,),
        purposes=("data_verification",), valid_from=now, valid_until=now + timedelta(days=30),
        basis="社会救助暂行办法", known={"姓名": Kind.TEXT},
    )  # fmt: skip
    grant = grants.open_grant(
        grants.Opening(
            region=city.region,
            resource_id=published(city, "civil"),
            resource_title="低保名单",
            entry_code="307/1",
            entry_version=1,
            provider_id=city.department("civil"),
            consumer_id=city.department("hr"),
            authority_id=None,
            case_ref="chaos:1",
            request_digest="0" * 64,
            terms=terms,
        ),
        by=system_actor("chaos"),
        at=now,
    )
    nodes, codes = {}, {}
    for department in departments:
        engineer = city.actor(f"{department}.engineer", at=now)
        where = city.department(department)
        row = actions.apply_for(by=engineer, at=now, department_id=where, wish=NodeWish("前置机"))
        actions.allocate(row, by=city.actor("authority.operator", at=now), at=now)
        nodes[department] = row.pk
        codes[department] = actions.issue_code(row.pk, by=engineer, at=now)
    return city, grant.pk, nodes, codes


class Parcels:
    """Rounds of files dropped at one node; the place is raised with the first."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self._folder = folder / "parcels"
        self._closing = ExitStack()
        self._faults = Deck(rng, FAULTS)
        self._sent: dict[str, str] = {}

    @cached_property
    def place(self) -> Place:
        """Return centre and nodes."""
        self._folder.mkdir(mode=0o711)
        return Place(self._folder, self._closing)

    def stop(self) -> None:
        """Take the place down."""
        self._closing.close()

    def play(self, rng: random.Random, score: Score) -> str:
        """Play one round."""
        place = self.place
        self._dropped(place, rng, score.rounds)
        for _ in range(rng.randrange(1, 4)):
            time.sleep(rng.uniform(0, 1))
            fault = self._faults.deal()
            score.faults[fault] += 1
            self.broken(place, fault, rng)
        self._settled(place)
        landed = place.landed()
        score.lost += len(self._sent.keys() - landed.keys())
        score.doubled += len(landed.keys() - self._sent.keys())
        score.green += any(landed[name] != digest for name, digest in self._sent.items() if name in landed)
        return "parcels"

    def _dropped(self, place: Place, rng: random.Random, number: int) -> None:
        """Drop files as a department would, a while ago."""
        place.outbox.mkdir(parents=True, exist_ok=True)
        for n in range(SMALL + 1):
            content = rng.randbytes(rng.randrange(20_000) if n < SMALL else LARGE)
            path = place.outbox / f"{number}-{n}.csv"
            path.with_suffix(".part").write_bytes(content)
            path.with_suffix(".part").rename(path)
            os.utime(path, (time.time() - DROPPED_SECONDS_AGO,) * 2)
            self._sent[path.name] = sha256(content).hexdigest()

    @staticmethod
    def broken(place: Place, fault: str, rng: random.Random) -> None:
        """Let something break."""
        node = rng.choice([place.sender, place.receiver])
        {
            "kill -9 node": lambda: (node.kill(), node.start()),
            "kill -9 centre": place.killed,
            "kill -9 database": place.server.killed,
            "cut": place.line.cut,
            "half-close": place.line.half_close,
            "slow": lambda: slowed(place.line, rng.uniform(0.2, 1)),
            "away": lambda: away(place.line, rng.uniform(0.5, 3)),
        }[fault]()

    def _settled(self, place: Place) -> None:
        """Wait until nothing waits any more, or for too long."""
        until = time.monotonic() + PATIENCE
        while place.queued() or not self._sent.keys() <= place.landed().keys():
            if time.monotonic() > until:
                return  # the count tells
            place.sender.revive()
            place.receiver.revive()
            time.sleep(0.2)
