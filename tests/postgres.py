"""A real PostgreSQL for tests: JUTONG_TEST_DATABASE_URL where it is set, else the embedded server in the folder of the run."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

import once

PRODUCT = Path(__file__).parents[1] / "src"


@cache
def server_url() -> str:
    """Return the address of a server on which databases may be made; started once per process, stopped at its end."""
    given = os.environ.get("JUTONG_TEST_DATABASE_URL")
    if given:
        return given
    own = _of_the_run() / "postgres"
    if not (own / "data" / "postmaster.pid").exists():
        (own / "port").unlink(missing_ok=True)  # of an earlier run; somebody else may have it by now
    return _running(_of_the_run(), "postgres")


def started(database: str) -> str:
    """Start a server for this process, which stops at its end; return the address of a database on it."""
    folder = Path(tempfile.mkdtemp(prefix="jutong-pg-", dir="/tmp"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _running(folder, database)


def _running(folder: Path, database: str) -> str:
    from jutong.cli import home, postgres

    running = ExitStack()
    server = running.enter_context(postgres.running(home.Home(folder), durable=False))
    atexit.register(running.close)
    return server.url(postgres.SUPERUSER, database)


def _of_the_run() -> Path:
    """Return where the server of this run has its home; a later run in the same folder finds what this one made."""
    return once.folder() / "postgres"


def migrated(migrate: Callable[[str], None]) -> str:
    """Return the database that `migrate` filled when somebody first asked for it, to be copied; "" on a server of one's own.

    Its name holds a digest of the product, so that what another state of the code left is never taken.
    """
    if not _of_the_run().exists():
        return ""
    digest = hashlib.sha256()
    for path in sorted(PRODUCT.rglob("*.py")):
        digest.update(f"{path}\0".encode() + path.read_bytes())
    name = f"migrated_{digest.hexdigest()[:16]}"

    def make(_folder: Path) -> None:
        with psycopg.connect(server_url(), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate(name)

    once.made(name, make)
    return name


def on_database(name: str) -> str:
    """Return the server's address with another database name."""
    parts = urlsplit(server_url())
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))


_free: list[str] = []
"""Databases that tests of this process have given back, empty again."""


@contextmanager
def database_url() -> Iterator[str]:
    """Yield the URL of an empty database; afterwards it is emptied for the next test, whoever is still connected."""
    name = _free.pop() if _free else _new()
    try:
        yield on_database(name)
    finally:
        if _emptied(name):
            _free.append(name)
        else:
            _drop(name)


def _new() -> str:
    url = server_url()  # first: what is registered before its end would find it stopped
    if not _free:
        atexit.unregister(_drop_all)
        atexit.register(_drop_all)
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return name


def _drop(name: str) -> None:
    with psycopg.connect(server_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _drop_all() -> None:
    while _free:
        _drop(_free.pop())


LEFT_BEHIND = """
select exists (select from pg_publication) or exists (select from pg_subscription) or exists (select from pg_event_trigger)
    or exists (select from pg_extension where extname <> 'plpgsql') or exists (select from pg_largeobject_metadata)
    or exists (select from pg_replication_slots where database = current_database())
    or exists (select from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where d.datname = current_database())
    or exists (select from pg_default_acl) or exists (select from pg_foreign_data_wrapper)
"""
"""Whether a test changed more of a database than schemas and what is in them: then it is not used again."""


def _emptied(name: str) -> bool:
    """End every connection and drop every schema; False where the database cannot be made like new."""
    try:
        with psycopg.connect(on_database(name), autocommit=True) as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            unlike = admin.execute(LEFT_BEHIND).fetchone()
            if unlike is None or unlike[0]:
                return False
            found = admin.execute(
                "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"
            ).fetchall()
            for (schema,) in found:
                admin.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
            admin.execute("create schema public authorization pg_database_owner")
            admin.execute("grant usage on schema public to public")
    except psycopg.Error:
        return False
    return True
