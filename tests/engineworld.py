"""Databases of every engine that is tested against a real server, and rows on their way between any two of them.

with fresh("mysql") as base:
    base.run("create table ...")                     # in the engine's own SQL
    ask(base, lambda engine: engine.describe(...))   # through the port only
    moved(base, plan, other, target)                 # as a table order does it
"""

# ruff: noqa: S608 - the statements are the tests' own
from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

import mariadb
from jutong.dataplane import engines, policy
from jutong.dataplane.engines.base import Target
from jutong.dataplane.reconcile import PORTABLE, Unreconciled, difference
from jutong.dataplane.transfer.guard import together
from jutong.wire.bundle import Access, Source
from jutong.wire.grants import Column, Kind
from jutong.wire.transfers import TableMode, Tally
from postgres import database_url

REAL = ("postgresql", "mysql", "sqlite")
AT = datetime(2026, 1, 31, 8, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Base:
    """One empty database. schema: what a table's name is qualified by. run: one statement in the engine's own SQL."""

    engine: str
    access: Access
    schema: str
    run: Callable[[str], list[tuple[Any, ...]]] = field(repr=False)

    def named(self, table: str) -> str:
        """Return a table's name as the engine's own SQL writes it."""
        return f"{self.schema}.{table}" if self.schema else table

    def source(self) -> Source:
        """Return it as a registered data source."""
        return Source("s", "d", self.engine, "测试库", b"")


@contextmanager
def _postgresql() -> Iterator[Base]:
    with database_url() as url, psycopg.connect(url, autocommit=True) as connection:
        found = conninfo_to_dict(url)

        def run(statement: str) -> list[tuple[Any, ...]]:
            answer = connection.execute(statement)
            return answer.fetchall() if answer.description else []

        access = Access(
            host=str(found["host"]),
            port=int(found.get("port") or 5432),
            database=str(found["dbname"]),
            user=str(found.get("user") or "postgres"),
            password=str(found.get("password") or ""),
            tls="disable",
        )
        yield Base("postgresql", access, "public", run)


@contextmanager
def _mysql() -> Iterator[Base]:
    with mariadb.database() as (port, name):
        access = Access("127.0.0.1", port, name, mariadb.USER, mariadb.PASSWORD, "disable")
        yield Base("mysql", access, name, lambda statement: mariadb.execute(port, name, statement))


@contextmanager
def _sqlite() -> Iterator[Base]:
    with tempfile.TemporaryDirectory(prefix="jutong-sqlite-", dir="/tmp") as folder:
        path = Path(folder) / "data.db"

        def run(statement: str) -> list[tuple[Any, ...]]:
            connection = sqlite3.connect(path)
            try:
                found = connection.execute(statement).fetchall()
                connection.commit()
                return found
            finally:
                connection.close()

        run("pragma journal_mode = wal")
        yield Base("sqlite", Access(database=str(path), tls="disable"), "", run)


_MADE = {"postgresql": _postgresql, "mysql": _mysql, "sqlite": _sqlite}


@contextmanager
def fresh(engine: str) -> Iterator[Base]:
    """Yield an empty database of an engine; this machine's addresses and /tmp are allowed meanwhile."""
    before = os.environ.get("JUTONG_SOURCE_ADDRESSES")
    os.environ["JUTONG_SOURCE_ADDRESSES"] = '["127.0.0.0/8", "/tmp", "/var/run"]'
    try:
        with _MADE[engine]() as base:
            yield base
    finally:
        os.environ.pop("JUTONG_SOURCE_ADDRESSES", None)
        if before is not None:
            os.environ["JUTONG_SOURCE_ADDRESSES"] = before


TABLE = {
    "postgresql": "create table people (id_no char(18) primary key, name text, born date, amount numeric(10,2),"
    " face bytea, changed timestamp, seen timestamptz, n integer, ratio double precision)",
    "mysql": "create table people (id_no char(18) primary key, name text, born date, amount decimal(10,2),"
    " face blob, changed datetime(6), seen timestamp(6) null, n integer, ratio double) comment '人口基本信息'",
    "sqlite": "create table people (id_no char(18) primary key, name text, born date, amount decimal_text(10,2),"
    " face blob, changed datetime, seen timestamptz, n integer, ratio double)",
}
COLUMNS = (
    Column("身份证号", "id_no"),
    Column("姓名", "name"),
    Column("出生日期", "born", Kind.DATE),
    Column("金额", "amount", Kind.NUMBER),
    Column("照片", "face", Kind.BINARY),
    Column("更新时间", "changed", Kind.TIMESTAMP),
    Column("编号", "n", Kind.INTEGER),
    Column("比率", "ratio", Kind.NUMBER),
)
ROWS: list[tuple[str | None, ...]] = [
    ("11010519491231002X", "张三", "1949-12-31", "1.50", "00ff5c0a", "2026-01-01 08:00:00", "1", "0.1"),
    ("110105194912310021", "a", "1899-01-01", "-0.01", "", "1899-12-31 23:59:59.12", "2", "1e+20"),
    ("110105194912310022", "A ", "9999-12-31", "99999999.99", "27", "9999-12-31 23:59:59.999999", "-3", "1e-05"),
    ("110105194912310023", "", "2000-02-29", "0.00", None, None, "10", "-1234.5678"),
    ("110105194912310024", None, None, None, "0d0a", "2026-01-31 08:30:00.5", None, None),
    ("110105194912310025", "𠮷野\t家\\N\n\r\"';--", "1986-06-01", "7.00", "e5bca0", "1986-06-01 12:00:00", "7", "0"),
    ("110105194912310026", "zhang@example.gov.cn", "2026-01-31", "7.10", "01", "2026-01-31 08:30:00", "8", "100"),
    ("110105194912310027", "13812341234", "2026-02-01", "70.00", "02", "2026-01-31 08:30:01", "9", "1e+15"),
]


def literal(base: Base, column: Column, value: str | None) -> str:
    """Write a value in the engine's own SQL."""
    if value is None:
        return "null"
    if column.kind is Kind.BINARY:
        return f"decode('{value}', 'hex')" if base.engine == "postgresql" else f"x'{value}'"
    if column.kind is Kind.NUMBER and column.column == "ratio":
        return f"cast('{value}' as double precision)" if base.engine == "postgresql" else value
    text = value.replace("'", "''")
    return f"'{text}'" if base.engine != "mysql" else f"_utf8mb4 x'{value.encode().hex()}'"


def peopled(base: Base) -> Base:
    """Make the table and its rows."""
    base.run(TABLE[base.engine])
    names = ", ".join(column.column for column in COLUMNS)
    for row in ROWS:
        given = ", ".join(literal(base, column, value) for column, value in zip(COLUMNS, row, strict=True))
        base.run(f"insert into people ({names}) values ({given})")
    return base


def ask(base: Base, question: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """Open the database as an engine, ask, close."""

    async def main() -> Any:
        engine = await engines.open(base.source(), base.access)
        try:
            return await question(engine)
        finally:
            await engine.close()

    return asyncio.run(main())


async def poured(reading: Any, landing: Any) -> Tally:
    """Pour a reading's lines into a landing; return what was counted at the source."""
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(8)

    async def read() -> None:
        await reading.lines(queue.put)
        await queue.put(None)

    async def chunks() -> AsyncIterator[bytes]:
        while (chunk := await queue.get()) is not None:
            yield chunk

    counted, *_ = await together(reading.tally(PORTABLE), read(), landing.receive(chunks(), binary=False))
    found: Tally = counted
    return found


async def carried(reading: Any, landing: Any) -> Tally:
    """Carry a reading's lines into a landing, hold both tallies against each other, settle."""
    counted = await poured(reading, landing)
    arrived = await landing.tally(PORTABLE)
    if difference(counted, arrived):
        raise Unreconciled(difference(counted, arrived))
    await landing.settle(arrived, at=AT)
    return counted


def moved(source: Base, plan: policy.Plan, sink: Base, table: str, **changes: Any) -> Tally | None:
    """Move a plan's rows into a table of another database as a table order does; None when the order had landed."""
    chosen: dict[str, Any] = {"order_id": "order-1", "mode": TableMode.REPLACE, "unique": plan.unique} | changes
    target = Target(grant_id="grant-1", schema=sink.schema, table=table, **chosen)

    async def main() -> Tally | None:
        first = await engines.open(source.source(), source.access)
        second = await engines.open(sink.source(), sink.access)
        try:
            async with first.reading(plan) as reading, second.landing(target, reading.shapes) as landing:
                return None if landing.position else await carried(reading, landing)
        finally:
            await first.close()
            await second.close()

    return asyncio.run(main())
