"""What a PostgreSQL target holds of orders and tasks, and the beginning of a landing, which looks at it first."""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value bound
from __future__ import annotations

import hashlib
from typing import Any

from jutong.dataplane.engines.base import POSITION, TASK, Position, Target
from jutong.dataplane.engines.postgresql.sql import qualified
from jutong.wire.transfers import Tally

MAKE_POSITION = """
create table if not exists {name} (
    order_id text primary key, grant_id text not null, target text not null,
    rows bigint not null, checksum text not null, method text not null, at timestamptz not null)
"""
EVICT = """
select pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
where application_name = $1 and datname = current_database() and usename = current_user and pid <> pg_backend_pid()
"""
MAKE_TASK = """
create table if not exists {name} (
    task_id text primary key, target text not null, mark text not null, at timestamptz not null)
"""


async def _made(connection: Any, schema: str, table: str, statement: str) -> str:
    """Make one of our own tables where it is missing and return its name."""
    name = qualified(schema, table)
    if await connection.fetchval("select to_regclass($1)", name) is None:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
            await connection.execute(statement.format(name=name))
    return name


async def begun(connection: Any, target: Target) -> tuple[Position | None, str]:
    """Begin the transaction and return what has landed of this order, and how far its task has come.

    The lock on the target's name lets orders into one table follow each other, and an order meet only itself landed. A
    session that an earlier attempt of this very order has left behind a broken line is ended first: the lease is ours.
    """
    name = "jutong-" + hashlib.sha256(target.order_id.encode()).hexdigest()[:24]
    await connection.execute("select set_config('application_name', $1, false)", name)
    await connection.execute(EVICT, name)
    positions = await _made(connection, target.schema, POSITION, MAKE_POSITION)
    tasks = await _made(connection, target.schema, TASK, MAKE_TASK) if target.task_id else ""
    await connection.execute("begin")
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 1))", qualified(target.schema, target.table)
    )
    row = await connection.fetchrow(
        f"select rows, checksum, method, at from {positions} where order_id = $1",
        target.order_id,
    )
    mark = ""
    if tasks:
        mark = await connection.fetchval(f"select mark from {tasks} where task_id = $1", target.task_id) or ""
    if row is None:
        return None, mark
    return Position(target.order_id, Tally(row["rows"], row["checksum"], row["method"]), row["at"]), mark
