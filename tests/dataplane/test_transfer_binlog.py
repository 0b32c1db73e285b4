"""Change capture from a MariaDB's binlog and into a MariaDB: whatever happens at the source, the target becomes equal."""

# ruff: noqa: S608 - the names in these statements are the tests' own
from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

import mariadb
from covers import covers
from jutong.crypto import sm2
from jutong.wire.bundle import Access, Mount, Source
from jutong.wire.grants import Column, Condition, Kind, Masking, Operator
from jutong.wire.transfers import Progress, Read, RunState, TableMode
from transferworld import World, world

COLUMNS = (
    Column("编号", "n", Kind.INTEGER),
    Column("姓名", "name", masking=Masking.NAME),
    Column("区划", "region"),
    Column("金额", "amount", Kind.NUMBER),
    Column("备注", "note"),
)
MAKE = "create table ledger (n bigint primary key, name varchar(40), region varchar(6), amount decimal(12,2), note text, secret text)"
STORM = """
insert into ledger values (1001, '新新', '110101', 1, 'a', 's'), (1002, '二二', '110102', 2, 'b', 's')
update ledger set amount = -1 where n between 10 and 20
update ledger set n = n + 5000 where n in (30, 31)
delete from ledger where n in (40, 41, 1002)
insert into ledger values (41, '又又', '110100', 0, null, 's')
update ledger set note = repeat('很', 1000) where n = 60
"""


class Side:
    """One end: a database of the world's PostgreSQL or one of a MariaDB."""

    def __init__(self, town: World, url: str, server: int, name: str) -> None:
        self.engine = "mysql" if server else "postgresql"
        self.schema = name if server else "public"
        self._town, self._url, self._server, self._name = town, url, server, name

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        if self._server:
            return mariadb.execute(self._server, self._name, statement)
        return self._town.sql(self._url, statement)

    def sealed(self, **changes: Any) -> bytes:
        if not self._server:
            return self._town.sealed(self._url)
        access = Access(
            host="127.0.0.1", port=self._server, database=self._name,
            user=mariadb.USER, password=mariadb.PASSWORD, tls="disable",
        )  # fmt: skip
        raw = msgspec.json.encode(msgspec.structs.replace(access, **changes))
        return sm2.seal(self._town.me.signer.public, raw)


class Pair:
    """A world whose ends are of two engines."""

    def __init__(self, town: World, source: Side, sink: Side) -> None:
        self.town, self.source, self.sink = town, source, sink

    def publish(self, access: dict[str, Any] | None = None, **changes: Any) -> None:
        town = self.town
        town.mount = Mount("people", "source", self.source.schema, "ledger", COLUMNS, ("n",))
        town.grant = msgspec.structs.replace(town.grant, **({"columns": COLUMNS} | changes))
        sources = (
            Source("source", "provider", self.source.engine, "提供方库", self.source.sealed(**(access or {}))),
            Source("target", "consumer", self.sink.engine, "需求方库", self.sink.sealed()),
        )
        town.control.publish(grants=(town.grant,), mounts=(town.mount,), sources=sources)

    def run(self, order_id: str, read: Read = Read.CHANGES) -> Progress:
        self.town.order(
            order_id, target_mode=TableMode.UPSERT, task_id="task", read=read, target_schema=self.sink.schema
        )
        return self.town.ended(order_id)

    def equal(self, where: str = "true") -> bool:
        ours = self.source.sql(f"select n, name, region, amount, note from ledger where {where} order by n")
        masked = [(n, name[:1] + "*" * (len(name) - 1), *rest) for n, name, *rest in ours]
        return self.sink.sql("select n, name, region, amount, note from people_copy order by n") == masked

    def storm(self) -> None:
        for statement in STORM.strip().splitlines():
            self.source.sql(statement)


def paired(tmp_path: Path, engines: str, closing: ExitStack) -> Pair:
    town = closing.enter_context(world(tmp_path, people=1))
    sides = []
    for engine, url in zip(engines.split("-"), (town.provider, town.consumer), strict=True):
        server, name = closing.enter_context(mariadb.database(mariadb.logging_port())) if engine == "mysql" else (0, "")
        sides.append(Side(town, url, server, name))
    pair = Pair(town, *sides)
    pair.source.sql(MAKE)
    rows = ", ".join(
        f"({n}, '张{chr(0x4E00 + n)}', '{110100 + n % 3}', {n / 8}, '长长长', 'never')" for n in range(1, 301)
    )
    pair.source.sql(f"insert into ledger values {rows}")
    pair.publish()
    return pair


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(params=["mysql-postgresql", "mysql-mysql", "postgresql-mysql"])
def pair(request: pytest.FixtureRequest, tmp_path: Path, closing: ExitStack) -> Pair:
    return paired(tmp_path, request.param, closing)


@pytest.fixture
def logged(tmp_path: Path, closing: ExitStack) -> Pair:
    """Return a MariaDB source and a PostgreSQL target."""
    return paired(tmp_path, "mysql-postgresql", closing)


@covers(partly=["R-EXC-003"])
def test_changes_deletions_and_changed_keys_reach_a_target_of_another_engine(pair: Pair) -> None:
    with pair.town.running():
        first = pair.run("first")
        assert first.state is RunState.RELEASED, first.message
        assert pair.town.receipt(first.receipt).target.rows == 300
        assert pair.equal()
        pair.storm()
        second = pair.run("second")
        assert second.state is RunState.RELEASED, second.message
        assert pair.equal()
        receipt = pair.town.receipt(second.receipt)
        assert receipt.source == receipt.target
        assert receipt.target.rows == 1 + 11 + 2 + 1 + 1  # what became of the touched keys
        pair.source.sql("truncate table ledger")
        pair.source.sql("insert into ledger values (7, '七七', 'x', 7, 'z', 's')")
        third = pair.run("third")
        assert third.state is RunState.RELEASED, third.message
        assert pair.equal()
    assert pair.sink.sql("select count(*) from jutong_task") == [(1,)]


def test_a_row_that_leaves_the_filter_leaves_the_target_and_hashes_are_the_grants_own(logged: Pair) -> None:
    columns = (*COLUMNS[:4], Column("备注", "note", masking=Masking.KEYED_HASH))
    logged.publish(
        columns=columns,
        conditions=(Condition("区划", Operator.EQ, ("110101",)),),
        hash_key=sm2.seal(logged.town.me.signer.public, b"k" * 16),
    )
    with logged.town.running():
        assert logged.run("first").state is RunState.RELEASED
        logged.source.sql("update ledger set region = '110102' where n = 1")
        logged.source.sql("update ledger set region = '110101', note = 'neu' where n = 2")
        end = logged.run("second")
        assert end.state is RunState.RELEASED, end.message
    found = logged.sink.sql("select n, length(note) from people_copy where n in (1, 2, 4)")
    assert sorted(found) == [(2, 64), (4, 64)]
    ours = logged.source.sql("select n from ledger where region = '110101' order by n")
    assert logged.sink.sql("select n from people_copy order by n") == ours


def test_a_log_that_was_thrown_away_is_put_to_a_person(logged: Pair) -> None:
    with logged.town.running():
        assert logged.run("first").state is RunState.RELEASED
        logged.source.sql("delete from ledger where n = 5")
        logged.source.sql("reset master")
        end = logged.run("second")
        assert end.state is RunState.REJECTED
        assert "已被清理或重置" in end.message
        assert "重新全量复制" in end.message
        assert logged.sink.sql("select count(*) from people_copy where n = 5") == [(1,)]  # nothing was guessed
        logged.sink.sql("drop table people_copy")
        assert logged.run("third").state is RunState.RELEASED
        assert logged.equal()


def test_a_server_or_table_that_cannot_tell_is_refused_with_the_remedy(logged: Pair) -> None:
    with logged.town.running():
        logged.source.sql("set global binlog_row_image = minimal")
        try:
            logged.town.order(
                "first", target_mode=TableMode.UPSERT, task_id="task", read=Read.CHANGES, target_schema="public"
            )
            told(logged, "请由数据库管理员设置 binlog_row_image = FULL")
        finally:
            logged.source.sql("set global binlog_row_image = full")
        assert logged.town.ended("first").state is RunState.RELEASED
        logged.source.sql("alter table ledger drop primary key")
        end = logged.run("second")
        assert end.state is RunState.REJECTED
        assert "主键" in end.message


def test_an_account_without_the_right_to_the_log_is_told_which_to_ask_for(logged: Pair) -> None:
    logged.source.sql("create or replace user reader identified by 'only for tests'")
    logged.source.sql(f"grant select on {logged.source.schema}.* to reader")
    logged.source.sql("grant binlog monitor on *.* to reader")
    logged.publish(access={"user": "reader"})
    with logged.town.running():
        logged.town.order(
            "first", target_mode=TableMode.UPSERT, task_id="task", read=Read.CHANGES, target_schema="public"
        )
        told(logged, "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO reader")
        logged.source.sql("grant replication slave on *.* to reader")
        assert logged.town.ended("first").state is RunState.RELEASED
        assert logged.equal()


def told(pair: Pair, words: str) -> None:
    """Wait until a run has said so; it is tried again by itself."""
    pair.town.control.wait(lambda: any(words in told.message for told in pair.town.control.progress))


@pytest.mark.slow
@covers(partly=["R-EXC-003"])
def test_runners_killed_at_any_moment_lose_and_double_nothing(pair: Pair) -> None:
    for n in range(4):
        runner = pair.town.process()
        pair.town.order(
            f"order-{n}", target_mode=TableMode.UPSERT, task_id="task", read=Read.CHANGES,
            target_schema=pair.sink.schema,
        )  # fmt: skip
        for step in range(10):
            pair.source.sql(f"update ledger set amount = amount + 1 where n % 10 = {step}")
            pair.source.sql(f"delete from ledger where n = {n * 10 + step + 1}")
            time.sleep(0.05 * n)
        runner.kill()
        runner.wait()
    with pair.town.running():
        end = pair.run("last")
        assert end.state is RunState.RELEASED, end.message
    assert pair.equal()


@covers(partly=["R-EXC-003"])
def test_comparing_into_a_mariadb_moves_only_what_differs(tmp_path: Path, closing: ExitStack) -> None:
    pair = paired(tmp_path, "postgresql-mysql", closing)
    with pair.town.running():
        first = pair.run("first", Read.COMPARE)
        assert first.state is RunState.RELEASED, first.message
        assert pair.equal()
        pair.storm()
        pair.sink.sql("update people_copy set amount = 0 where n = 100")
        pair.sink.sql("insert into people_copy (n) values (-5)")
        end = pair.run("second", Read.COMPARE)
        assert end.state is RunState.RELEASED, end.message
        assert "新增或更新 17 行，删除 4 行" in end.message
        assert pair.equal()
        assert "新增或更新 0 行，删除 0 行" in pair.run("third", Read.COMPARE).message
