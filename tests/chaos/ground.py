"""The ground of the runner's rounds: servers that may be killed, breakable lines to them, and one runner at work."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from asyncmy import errors
from psycopg.conninfo import conninfo_to_dict

import fileworld
import mariadb
from chaos.proxy import Proxy
from chaos.servers import Servers
from jutong.crypto import sm2
from jutong.wire.bundle import Access, Mount, Source
from jutong.wire.grants import Grant
from jutong.wire.transfers import Progress, RunState
from transferworld import World

PATIENCE = 120.0
ASKED_AGAIN = 20
"""How often a person asks again for what was given up, before the round is called stuck."""

FAULTS = ("kill -9 runner", "cut", "half-close", "slow", "away", "sessions ended", "kill -9 database")
FILE_FAULTS = (*FAULTS, "kill -9 sshd")
"""What may break under a run of files, which may talk to an SFTP server."""


@dataclass(frozen=True)
class End:
    """A database that a run reads from or writes into. schema: of its tables; run: one statement of its own."""

    engine: str
    schema: str
    access: Access
    run: Callable[[str], list[tuple[Any, ...]]]
    killed: Callable[[], None]


class Ground(World):
    """The world of the transfer tests with ends of two engines, folders, and a breakable line to each."""

    def __init__(self, folder: Path, servers: Servers, sshd: fileworld.Sshd) -> None:
        urls = (servers.source.database("ledgers"), servers.target.database("copies"), servers.target.database("book"))
        super().__init__(folder / "home", urls)
        self.servers, self.folder, self.sshd, self.ssh = servers, folder, sshd, sshd.access
        self.ends = {
            "postgresql-source": self._postgresql(urls[0], servers.source.killed),
            "postgresql-target": self._postgresql(urls[1], servers.target.killed),
            "mysql-source": self._mysql("ledgers"),
            "mysql-target": self._mysql("copies"),
        }
        book, control = urlsplit(self.book), urlsplit(self.control.url)
        places = {name: (end.access.host, end.access.port) for name, end in self.ends.items()}
        places |= {"book": (book.hostname, book.port), "control": (control.hostname, control.port)}
        self.lines = {
            name: Proxy(host, port) for name, (host, port) in (places | {"ssh": (self.ssh.host, self.ssh.port)}).items()
        }
        self.log = folder / "runner.log"
        self.told = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.runner: subprocess.Popen[bytes] | None = None
        self.seen: dict[str, Any] = {}  # what earlier rounds of a mode delivered
        self._bundle: dict[str, list[Any]] = {"grants": [], "mounts": [], "sources": []}

    def _postgresql(self, url: str, killed: Callable[[], None]) -> End:
        found = conninfo_to_dict(url)
        access = Access(
            host=str(found["host"]),
            port=int(found["port"] or 5432),
            database=str(found["dbname"]),
            user=str(found["user"]),
            password=str(found["password"]),
            tls="disable",
        )
        return End("postgresql", "public", access, lambda statement: self.sql(url, statement), killed)

    def _mysql(self, name: str) -> End:
        server = self.servers.mariadb
        mariadb.execute(server.port, "", f"create database {name} character set utf8mb4")
        access = Access("127.0.0.1", server.port, name, mariadb.USER, mariadb.PASSWORD, "disable")
        return End("mysql", name, access, lambda said: mariadb.execute(server.port, name, said), server.killed)

    def through(self, line: str, access: Access) -> Access:
        """Return an access by way of a breakable line."""
        return msgspec.structs.replace(access, host="127.0.0.1", port=self.lines[line].port)

    def behind(self, name: str, engine: str, access: Access) -> None:
        """Register a data source; its name says whose it is."""
        sealed = sm2.seal(self.me.signer.public, msgspec.json.encode(access))
        owner = "provider" if name.endswith(("source", "in")) else "consumer"
        self._bundle["sources"].append(Source(name, owner, engine, "测试库", sealed))

    def granted(self, name: str, mount: Mount, **changes: Any) -> Grant:
        """Mount a resource and grant it, both under one name."""
        grant = msgspec.structs.replace(self.grant, id=name, resource_id=name, columns=mount.columns, **changes)
        self._bundle["mounts"].append(msgspec.structs.replace(mount, resource_id=name))
        self._bundle["grants"].append(grant)
        return grant

    def publish(self, **changes: Any) -> None:
        """Tell everybody."""
        self.control.publish(**{kind: tuple(found) for kind, found in self._bundle.items()})

    def process(self) -> subprocess.Popen[bytes]:
        """Start a runner that talks by way of the lines."""
        parts = urlsplit(self.book)
        held = self.book, self.control.url
        self.book = urlunsplit(
            parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{self.lines['book'].port}")
        )
        self.control.url = f"http://127.0.0.1:{self.lines['control'].port}"
        try:
            return super().process()
        finally:
            self.book, self.control.url = held

    def revive(self) -> None:
        """Start a runner where none lives."""
        if self.runner is None or self.runner.poll() is not None:
            self.runner = self.process()

    def killed(self) -> None:
        """Kill the runner without a goodbye and start another."""
        if self.runner is not None:
            self.runner.send_signal(signal.SIGKILL)
            self.runner.wait()
        self.revive()

    def broken(self, fault: str, lines: tuple[str, ...], rng: random.Random) -> None:
        """Let something break that a run over these lines needs."""
        used = (*lines, "book", "control")
        line = self.lines[rng.choice(used)]
        ends = [self.ends[name] for name in lines if name in self.ends] + [self.ends["postgresql-target"]]
        end = rng.choice(ends[:-1] or ends) if rng.random() < 0.8 else ends[-1]
        deeds: dict[str, Callable[[], Any]] = {
            "kill -9 runner": self.killed,
            "cut": line.cut,
            "half-close": line.half_close,
            "slow": lambda: slowed(line, rng.uniform(0.2, 1)),
            "away": lambda: away(line, rng.uniform(0.2, 1)),
            "sessions ended": lambda: sessions_ended(end),
            "kill -9 database": end.killed,
            "kill -9 sshd": self.sshd.killed,
        }
        deeds[fault]()

    def outcome(self, order_id: str) -> Progress:
        """Wait for the end of an order, keeping a runner alive; what was given up or is red, a person asks for again."""
        for _ in range(ASKED_AGAIN):
            until = time.monotonic() + PATIENCE
            while not (found := self.control.ended(order_id)):
                self.revive()
                if time.monotonic() > until:
                    said = [(p.order_id, p.state, p.message) for p in self.control.progress][-8:]
                    raise AssertionError(f"{order_id} never ended: {said}")
                time.sleep(0.05)
            if found.state is RunState.RELEASED:
                return found
            again = next(order for _, order in self.control._orders if order.id == order_id)
            self.control.progress.clear()
            self.control.order(again)
        said = self.log.read_text(encoding="utf-8", errors="replace")[-4000:]
        raise AssertionError(f"{order_id} never succeeded: {found.state}, {found.message}\n{said}")


def slowed(line: Proxy, seconds: float) -> None:
    """Slow a line down for a while."""
    line.delay = 0.01
    time.sleep(seconds)
    line.delay = 0.0


def away(line: Proxy, seconds: float) -> None:
    """Let nobody through for a while."""
    line.closed = True
    line.cut()
    time.sleep(seconds)
    line.closed = False


def sessions_ended(end: End) -> None:
    """End every session of a database from the server's side."""
    if end.engine == "postgresql":
        end.run(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid()"
        )
        return
    asked = "select id from information_schema.processlist where db = database() and id <> connection_id()"
    for (session,) in end.run(asked):
        with suppress(errors.MySQLError):  # it has just ended by itself
            end.run(f"kill {session}")


@contextmanager
def ground(folder: Path, servers: Servers) -> Iterator[Ground]:
    """Raise the ground; the runner starts with the first order."""
    with ExitStack() as closing:
        sshd = fileworld.Sshd(folder)
        closing.callback(sshd.stop)
        made = Ground(folder, servers, sshd)
        for line in made.lines.values():
            closing.callback(line.stop)
        os.environ["JUTONG_SOURCE_ADDRESSES"] = json.dumps(["127.0.0.0/8"])
        os.environ["JUTONG_FILE_FOLDERS"] = json.dumps([str(folder)])
        os.environ["JUTONG_FILE_BYTES_PER_SECOND"] = str(16 << 20)
        closing.enter_context(made.control.serving())
        closing.callback(os.close, made.told)
        closing.callback(lambda: made.runner and (made.runner.kill(), made.runner.wait()))
        yield made
