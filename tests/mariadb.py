"""A real MariaDB for tests: one throw-away server per test process, in a folder below /tmp, without TLS; skips aloud."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from asyncmy import errors
from asyncmy.connection import Connection

import once
from free_ports import free_ports

FAST = (
    "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--sync-binlog=0",
    "--performance-schema=0", "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=32M", "--skip-name-resolve",
)  # fmt: skip
LOGGING = (
    "--log-bin=log", "--server-id=1", "--binlog-format=ROW", "--binlog-row-image=FULL", "--binlog-row-metadata=FULL",
)  # fmt: skip
DURABLE = (
    "--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1", "--performance-schema=0", "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=32M", "--skip-name-resolve", *LOGGING,
)  # fmt: skip
STARTED_SECONDS = 30
USER, PASSWORD = "jutong_tests", "only for tests"


class Server:
    """A MariaDB server with its data in a folder, started when made; it may be killed and started again, and must be killed.

    Skips the test that asks for it where mariadbd is not installed.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        server, install = shutil.which("mariadbd") or "/usr/sbin/mariadbd", shutil.which("mariadb-install-db")
        if not Path(server).exists() or not install:
            pytest.skip("mariadbd is not installed (Debian package mariadb-server)")
        as_user = ("--user=root",) if os.geteuid() == 0 else ()

        def installed(empty: Path) -> None:
            how = ("--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", *as_user)
            subprocess.run([install, *how, f"--datadir={empty / 'data'}"], check=True, capture_output=True)

        shutil.copytree(once.made("mariadb", installed) / "data", folder / "data")
        data = f"--datadir={folder / 'data'}"
        (folder / "tmp").mkdir()  # of its own: a starting server removes what others left in a shared one
        self.port = free_ports(1)[0]
        places = [data, f"--tmpdir={folder / 'tmp'}", f"--socket={folder / 'socket'}", f"--port={self.port}"]
        self._command = [server, "--no-defaults", *places, "--bind-address=127.0.0.1", *options, *as_user]
        self._log = folder / "log"
        self.start()
        self._answered(f"create user {USER}@'%' identified by '{PASSWORD}'", user="root", password="")
        execute(self.port, "", f"grant all on *.* to {USER}@'%' with grant option", user="root", password="")

    def start(self) -> None:
        """Start the server's process."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def kill(self) -> None:
        """Kill it without a goodbye."""
        self._process.kill()
        self._process.wait()

    def killed(self) -> None:
        """Kill it without a goodbye, start it again and wait until it answers."""
        self.kill()
        self.start()
        self._answered("select 1")

    def _answered(self, statement: str, **who: str) -> None:
        """Wait until a first statement succeeds."""
        end = time.monotonic() + STARTED_SECONDS
        while True:
            try:
                execute(self.port, "", statement, **who)
            except (OSError, errors.MySQLError):
                if self._process.poll() is not None or time.monotonic() > end:
                    raise AssertionError(self._log.read_text()) from None
                time.sleep(0.05)
            else:
                return


@cache
def port() -> int:
    """Return the port of this process's server, started now if it is not yet running, stopped with the process."""
    return started("--skip-log-bin")


@cache
def logging_port() -> int:
    """Return the port of this process's server that writes a binlog as change capture wants it."""
    return started(*LOGGING)


def started(*options: str) -> int:
    """Start a server with these options beside the usual ones and return its port; it ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="jutong-mariadb-", dir="/tmp"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = Server(folder, *FAST, *options)
    atexit.register(server.kill)
    return server.port


def execute(
    server: int, database: str, statement: str, *, user: str = USER, password: str = PASSWORD
) -> list[tuple[Any, ...]]:
    """Run one statement in a session of its own and return its rows."""

    async def main() -> list[tuple[Any, ...]]:
        connection: Any = Connection(  # type: ignore[no-untyped-call]
            host="127.0.0.1", port=server, user=user, password=password, database=database or None, autocommit=True
        )
        await connection.connect()
        try:
            cursor = connection.cursor()
            await cursor.execute(statement)
            return list(await cursor.fetchall() or ())
        finally:
            await connection.ensure_closed()

    return asyncio.run(main())


@contextmanager
def database(server: int = 0) -> Iterator[tuple[int, str]]:
    """Yield the port and the name of a new empty database and drop it afterwards; on the usual server if none is named."""
    found, name = server or port(), f"test_{uuid.uuid4().hex[:12]}"
    execute(found, "", f"create database {name} character set utf8mb4")
    try:
        yield found, name
    finally:
        execute(found, "", f"drop database {name}")
