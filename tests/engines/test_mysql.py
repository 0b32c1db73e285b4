"""What only MySQL and MariaDB do: loads from a client, packets, engines without transactions, tables of dead landings."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import psutil
import pytest

import mariadb
from engineworld import COLUMNS, ROWS, Base, ask, fresh, moved, peopled
from jutong.dataplane import engines, policy
from jutong.dataplane.engines.mysql.connect import connect_once, fetch, refusing
from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.wire.grants import Column, Kind
from jutong.wire.transfers import TableMode

MANY_ROWS = 60_000
MAKE_MANY = "create table many as select seq as n, repeat('长', 500) as text from seq_1_to_60000"
"""Some ninety megabytes."""


@pytest.fixture(autouse=True)
def _allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8", "/tmp", "/var/run"]')


@pytest.fixture(scope="module")
def source() -> Iterator[Base]:
    with fresh("mysql") as made:
        yield peopled(made)


@pytest.fixture
def sink() -> Iterator[Base]:
    with fresh("mysql") as made:
        yield made


@contextmanager
def server(variable: str, value: str) -> Iterator[None]:
    """Set a variable of the whole server for a while."""
    [(before,)] = mariadb.execute(mariadb.port(), "", f"select @@global.{variable}")
    mariadb.execute(mariadb.port(), "", f"set global {variable} = {value}")
    try:
        yield
    finally:
        mariadb.execute(mariadb.port(), "", f"set global {variable} = {before}")


def copied(base: Base, *columns: Column) -> policy.Plan:
    return policy.Plan(base.schema, "people", columns or COLUMNS, unique=("id_no",))


def shown(base: Base, table: str) -> Any:
    return sorted(ask(base, lambda engine: engine.preview(policy.Plan(base.schema, table, COLUMNS, limit=99))))


def test_where_loads_are_forbidden_rows_are_inserted_just_the_same(source: Base, sink: Base) -> None:
    with server("local_infile", "0"):
        moved(source, copied(source), sink, "copy")
    assert shown(sink, "copy") == sorted(tuple(value or "" for value in row) for row in ROWS)


def test_a_server_that_asks_for_a_file_of_ours_gets_none(source: Base) -> None:
    async def main() -> None:
        session = await connect_once(source.access, "库", reading=False)
        try:
            with refusing("库"):
                await fetch(session, f"load data local infile '{os.devnull}' into table people")
        finally:
            session.close()

    with pytest.raises(RuntimeError, match="local_infile option is false"):
        asyncio.run(main())


def test_a_row_longer_than_a_packet_is_refused_never_lost(source: Base, sink: Base) -> None:
    source.run("create table wide (a longtext, b longtext)")
    source.run("insert into wide values (repeat('x', 600000), repeat('y', 600000)), ('a', 'b')")
    plan = policy.Plan(source.schema, "wide", (Column("甲", "a"), Column("乙", "b")))
    with server("max_allowed_packet", str(1 << 20)), pytest.raises(RuleBroken, match="max_allowed_packet"):
        moved(source, plan, sink, "copy")
    tally = moved(source, plan, sink, "copy")
    assert tally
    assert tally.rows == 2


def test_a_slow_target_holds_back_the_server_and_not_our_memory(source: Base) -> None:
    mariadb.execute(mariadb.port(), source.schema, MAKE_MANY)
    plan = policy.Plan(source.schema, "many", (Column("n", "n", Kind.INTEGER), Column("text", "text", Kind.TEXT)))
    process, grown = psutil.Process(), list[int]()

    async def slowly(chunk: bytes) -> None:
        if not grown:
            before = process.memory_info().rss
            await asyncio.sleep(2)
            grown.append(process.memory_info().rss - before)

    async def main(engine: engines.Engine) -> int:
        async with engine.reading(plan) as reading:
            return await reading.lines(slowly)

    assert ask(source, main) == MANY_ROWS
    assert grown[0] < 48 << 20


def test_a_reading_session_can_write_nothing(source: Base) -> None:
    async def write(engine: Any) -> None:
        async with engine._connection() as connection:
            await fetch(connection, "delete from people")

    with pytest.raises(Unavailable, match="只允许读取"):
        ask(source, write)


def test_a_lookup_that_takes_too_long_is_stopped_by_the_server(source: Base) -> None:
    async def limit(engine: Any) -> Any:
        async with engine._connection() as connection:
            return await fetch(connection, "select @@max_statement_time")

    assert [float(row[0]) for row in ask(source, limit)] == [10.0]


def test_a_table_without_transactions_takes_replacements_only(source: Base, sink: Base) -> None:
    sink.run("create table copy (id_no char(18), name text) engine=MyISAM charset=utf8mb4")
    for mode in (TableMode.APPEND, TableMode.UPSERT):
        with pytest.raises(RuleBroken, match="MyISAM 不支持事务"):
            moved(source, copied(source, *COLUMNS[:2]), sink, "copy", mode=mode)
    moved(source, copied(source, *COLUMNS[:2]), sink, "copy")
    assert sink.run("select count(*) from copy") == [(len(ROWS),)]


def test_a_table_on_which_something_hangs_keeps_its_identity(source: Base, sink: Base) -> None:
    sink.run("create table copy (id_no char(18) primary key, name text) charset=utf8mb4")
    sink.run("create table seen (n int)")
    sink.run("create trigger told after insert on copy for each row insert into seen values (1)")
    moved(source, copied(source, *COLUMNS[:2]), sink, "copy")
    assert sink.run("select count(*) from seen") == [(len(ROWS),)]
    assert sink.run("select count(*) from information_schema.triggers where trigger_name = 'told'")[0][0] >= 1


def test_what_a_dead_landing_left_is_dropped_by_the_next_and_a_living_one_is_left_alone(
    source: Base, sink: Base
) -> None:
    sink.run("create table jutong_0123456789abcdef01234567 (n int)")
    sink.run("create table jutong_0123456789abcdef01234567_old (n int)")
    sink.run("create table jutong_of_somebody (n int)")
    moved(source, copied(source), sink, "copy")
    tables = [row[0] for row in sink.run("show tables")]
    assert sorted(tables) == ["copy", "jutong_of_somebody", "jutong_position"]


def test_a_refused_value_is_told_by_column_and_row_and_never_logged(
    sink: Base, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sink.run("create table copy (id_no varchar(18), name varchar(2))")
    with fresh("postgresql") as provider:
        peopled(provider)
        with pytest.raises(RuleBroken, match=r"列 name，第 [0-9]+ 行") as refused:
            moved(provider, copied(provider, *COLUMNS[:2]), sink, "copy")
        provider.run("update people set born = '0044-03-15 BC' where n = 1")
        with pytest.raises(RuleBroken, match=r"列 born，第 [0-9]+ 行"):
            moved(provider, copied(provider, COLUMNS[2]), sink, "days")
    assert "zhang" not in refused.value.sentence
    assert "0044" not in caplog.text
    assert "zhang" not in caplog.text


def test_an_account_without_the_right_to_write_or_to_see_is_refused(source: Base, sink: Base) -> None:
    sink.run("create table seen (id_no char(18))")
    sink.run("create table hidden (id_no char(18))")
    sink.run(f"grant select on {sink.schema}.seen to 'reader'@'%' identified by 'only for tests'")
    access = msgspec.structs.replace(sink.access, user="reader")
    reader = Base("mysql", access, sink.schema, sink.run)
    assert [table.name for table in ask(reader, lambda engine: engine.tables(sink.schema))] == ["seen"]
    with pytest.raises(Unavailable, match="没有表 hidden，或账号无权查看"):
        ask(reader, lambda engine: engine.preview(policy.Plan(sink.schema, "hidden", COLUMNS[:1], limit=1)))
    with pytest.raises(Unavailable, match="没有所需的读写权限"):
        moved(source, copied(source, *COLUMNS[:1]), reader, "copy")


def test_an_engine_that_was_asked_for_another_database_is_refused_by_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["10.0.0.0/8"]')
    with fresh("mysql") as base:
        monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["10.0.0.0/8"]')
        with pytest.raises(RuleBroken, match="不在允许连接的网段内"):
            asyncio.run(engines.open(base.source(), base.access))


def test_a_boolean_is_looked_up_by_its_truth(source: Base) -> None:
    source.run("create table flags (id int primary key, live tinyint(1))")
    source.run("insert into flags values (1, 1), (2, 0), (3, null)")
    live = Column("有效", "live", Kind.BOOLEAN)
    test = policy.Predicate("有效", "live", Kind.BOOLEAN, policy.Operator.EQ, ("true",))
    plan = policy.Plan(source.schema, "flags", (Column("编号", "id", Kind.INTEGER), live), where=(test,), limit=9)
    assert ask(source, lambda engine: engine.preview(plan)) == (("1", "true"),)
