"""A real PostgreSQL for tests: JUTONG_TEST_DATABASE_URL where it is set, else the embedded server in a folder below /tmp."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


@cache
def server_url() -> str:
    """Return the address of a server on which databases may be made; started once per process, stopped at its end."""
    given = os.environ.get("JUTONG_TEST_DATABASE_URL")
    if given:
        return given
    from jutong.cli import home, postgres

    folder = Path(tempfile.mkdtemp(prefix="jutong-pg-", dir="/tmp"))
    running = ExitStack()
    server = running.enter_context(postgres.running(home.Home(folder), durable=False))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(running.close)
    return server.url(postgres.SUPERUSER, "postgres")


def on_database(name: str) -> str:
    """Return the server's address with another database name."""
    parts = urlsplit(server_url())
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))


@contextmanager
def database_url() -> Iterator[str]:
    """Yield the URL of a new empty database and drop it afterwards, whoever is still connected."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield on_database(name)
    finally:
        with psycopg.connect(server_url(), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
