"""Database servers of the rounds' own, with fsync on, which are killed with everything they run and started again."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import psutil
import psycopg

import mariadb
from jutong.cli import home, postgres


class Postgres:
    """The embedded PostgreSQL in a home of its own, or in one that is given and already runs."""

    def __init__(self, at: home.Home) -> None:
        self._home = at
        self._closing = ExitStack()
        self._up()

    def _up(self) -> None:
        self._server = self._closing.enter_context(postgres.running(self._home))

    def url(self, database: str) -> str:
        """Return the superuser's address of a database."""
        return self._server.url(postgres.SUPERUSER, database)

    def database(self, name: str) -> str:
        """Make a database and return its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute(f"create database {name}")
        return self.url(name)

    def killed(self) -> None:
        """Kill the server and all its backends without a goodbye, and start it again."""
        file = self._home.postgres / "data" / "postmaster.pid"
        server = psutil.Process(int(file.read_text(encoding="ascii").split()[0]))
        gone = [server, *server.children(recursive=True)]
        for process in gone:
            process.kill()
        while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in gone):
            time.sleep(0.01)
        self._up()

    def stop(self) -> None:
        """Stop it."""
        self._closing.close()


class Servers:
    """One server for sources, one for targets and books, one MariaDB for both; each started when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._closing = ExitStack()

    def _postgres(self, name: str) -> Postgres:
        found = Postgres(home.Home(self._folder / name))
        self._closing.callback(found.stop)
        return found

    @cached_property
    def source(self) -> Postgres:
        """Return the server of the sources."""
        return self._postgres("source")

    @cached_property
    def target(self) -> Postgres:
        """Return the server of the targets and of the books."""
        return self._postgres("target")

    @cached_property
    def mariadb(self) -> mariadb.Server:
        """Return the MariaDB server."""
        folder = self._folder / "mariadb"
        folder.mkdir()
        found = mariadb.Server(folder, *mariadb.DURABLE)
        self._closing.callback(found.kill)
        return found

    def stop(self) -> None:
        """Stop what was started."""
        self._closing.close()
