"""The database's roles: who owns the schema, who may write what, and nobody who could rewrite the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

import psycopg
from psycopg import sql

DATABASE = "jutong"
OWNER = "jutong_owner"
WEB = "jutong_web"
WORKER = "jutong_worker"
GATEWAY = "jutong_gateway"
LOGINS = (OWNER, WEB, WORKER, GATEWAY)
BOOK = "book"
APPEND_ONLY = ("kernel_auditentry", "kernel_auditseal", "kernel_auditsegment", "kernel_keyhandover")


def ensure(url: str, passwords: Mapping[str, str]) -> None:
    """Make the roles (none a superuser), the database and the gateways' own schema, as often as it is called."""
    with psycopg.connect(url, autocommit=True) as admin:
        known = {name for (name,) in admin.execute("SELECT rolname FROM pg_roles").fetchall()}
        for role, password in passwords.items():
            verb = "ALTER" if role in known else "CREATE"
            admin.execute(
                sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                    sql.SQL(verb), sql.Identifier(role), sql.Literal(password)
                )
            )
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            admin.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )
        admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
        for role in (WEB, WORKER, GATEWAY):
            admin.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(DATABASE), sql.Identifier(role))
            )
    with psycopg.connect(url, dbname=DATABASE, autocommit=True) as admin:
        admin.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(OWNER)))
        admin.execute(
            sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(
                sql.Identifier(BOOK), sql.Identifier(GATEWAY)
            )
        )


def apply_grants(url: str) -> None:
    """Give web and worker what they need, run by the owner after every migration.

    All tables may be read and written, except the audit's own (`APPEND_ONLY`), which may be read and appended to only;
    web and worker own no table and no trigger, cannot TRUNCATE and cannot create anything. The gateway sees only its
    own schema. On a server of one's own, only roles that exist there get their rights.
    """
    with psycopg.connect(url) as owner:
        known = {name for (name,) in owner.execute("SELECT rolname FROM pg_roles").fetchall()}
        tables = [
            name for (name,) in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        ]
        for role in known.intersection((WEB, WORKER)):
            who = sql.Identifier(role)
            owner.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(who))
            owner.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(who))
            owner.execute(sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(who))
            _grant(owner, "SELECT, INSERT, UPDATE, DELETE", [name for name in tables if name not in APPEND_ONLY], who)
            _grant(owner, "SELECT, INSERT", [name for name in tables if name in APPEND_ONLY], who)
        owner.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")


def _grant(owner: psycopg.Connection, rights: LiteralString, tables: Sequence[str], who: sql.Identifier) -> None:
    """Give rights on several tables in one statement."""
    if tables:
        listed = sql.SQL(", ").join(sql.Identifier("public", name) for name in tables)
        owner.execute(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), listed, who))


@dataclass(frozen=True, slots=True)
class Inspected:
    """A database server as one of our roles sees it. version: as `server_version_num`; most: connections it allows; drift: seconds its clock is ahead."""

    version: int
    fsync: str
    encoding: str
    superuser: bool
    audit_writable: bool
    connections: int
    most: int
    drift: float


def inspected(url: str) -> Inspected:
    """Look at a database through a running service's own role."""
    with psycopg.connect(url, connect_timeout=5) as service:
        row = service.execute(
            """SELECT current_setting('server_version_num')::int, current_setting('fsync'),
                      current_setting('server_encoding'),
                      (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
                      coalesce(has_table_privilege(to_regclass('public.kernel_auditentry'), 'UPDATE, DELETE'), false),
                      (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend'),
                      current_setting('max_connections')::int, clock_timestamp()"""
        ).fetchone()
    assert row is not None  # noqa: S101 - one row without FROM
    version, fsync, encoding, superuser, writable, connections, most, now = row
    drift = (now - datetime.now(UTC)).total_seconds()
    return Inspected(version, fsync, encoding, superuser, writable, connections, most, drift)
