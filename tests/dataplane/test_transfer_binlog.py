"""Change capture from a MariaDB's binlog and into a MariaDB: whatever happens at the source, the target becomes equal."""

# ruff: noqa: S608 - the names in these statements are the tests' own
from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from covers import covers
from jutong.crypto import sm2
from jutong.wire.grants import Column, Condition, Masking, Operator
from jutong.wire.transfers import Read, RunState
from ledgerworld import COLUMNS, Pair, paired
from slots import one_slot  # noqa: F401 - a fixture of all tests here


@pytest.fixture(params=["mysql-postgresql", "mysql-mysql", "mysql-sqlite", "postgresql-mysql", "postgresql-sqlite"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    with paired(tmp_path, request.param) as made:
        yield made


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Pair]:
    """Return a MariaDB source and a PostgreSQL target."""
    with paired(tmp_path, "mysql-postgresql") as made:
        yield made


@covers(partly=["R-EXC-003"])
def test_changes_deletions_and_changed_keys_reach_a_target_of_another_engine(pair: Pair) -> None:
    with pair.town.running():
        first = pair.released("first")
        assert pair.town.receipt(first.receipt).target.rows == 300
        pair.storm()
        second = pair.released("second")
        receipt = pair.town.receipt(second.receipt)
        assert receipt.source == receipt.target
        assert receipt.target.rows == 1 + 11 + 2 + 1 + 1  # what became of the touched keys
        pair.source.sql("truncate table ledger")
        pair.source.sql("insert into ledger values (7, '七七', 'x', 7, 'z', 's')")
        pair.released("third")
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
            logged.order("first")
            logged.told("请由数据库管理员设置 binlog_row_image = FULL")
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
        logged.order("first")
        logged.told("GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO reader")
        logged.source.sql("grant replication slave on *.* to reader")
        assert logged.town.ended("first").state is RunState.RELEASED
        assert logged.equal()


@pytest.mark.slow
@covers(partly=["R-EXC-003"])
def test_runners_killed_at_any_moment_lose_and_double_nothing(pair: Pair) -> None:
    for n in range(4):
        runner = pair.town.process()
        pair.order(f"order-{n}")
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
@pytest.mark.parametrize(
    "engines", ["postgresql-mysql", "mysql-postgresql", "mysql-mysql", "mysql-sqlite", "sqlite-mysql"]
)
def test_comparing_between_engines_moves_only_what_differs(
    tmp_path: Path, engines: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jutong.dataplane.transfer.comparing.AT_ONCE", 7)  # rows are fetched while keys still come
    with paired(tmp_path, engines) as pair, pair.town.running():
        pair.released("first", Read.COMPARE)
        pair.storm()
        pair.sink.sql("update people_copy set amount = 0 where n = 100")
        pair.sink.sql("insert into people_copy (n) values (-5)")
        end = pair.released("second", Read.COMPARE)
        assert "新增或更新 17 行，删除 4 行" in end.message
        assert "新增或更新 0 行，删除 0 行" in pair.released("third", Read.COMPARE).message
