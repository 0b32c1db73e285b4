"""What can happen to a binlog while it is followed: the target ends equal, or a person is told why it cannot."""

# ruff: noqa: S608 - the names in these statements are the tests' own
from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pymysql
import pytest

import mariadb
from covers import covers
from jutong.wire.grants import Column, Kind, Masking
from jutong.wire.transfers import Read, RunState
from ledgerworld import Pair, paired


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Pair]:
    with paired(tmp_path, "mysql-postgresql") as made:
        yield made


def session(pair: Pair, charset: str = "utf8mb4") -> pymysql.Connection:  # type: ignore[type-arg]
    """Return a session of an application: several statements, in an encoding of its own."""
    return pymysql.connect(
        host="127.0.0.1", port=pair.source._server, user=mariadb.USER, password=mariadb.PASSWORD,
        database=pair.source.schema, charset=charset, autocommit=True,
    )  # fmt: skip


@covers(partly=["R-EXC-003"])
def test_a_table_defined_anew_while_it_is_followed_ends_equal_or_is_put_to_a_person(logged: Pair) -> None:
    source = logged.source
    with logged.town.running():
        logged.released("first")
        shape = next(told.drift for told in logged.town.control.progress if told.drift)  # what a person accepted
        logged.order("window", not_after=datetime.now(UTC) + timedelta(seconds=30), shape=shape)
        for statement in (
            "alter table ledger add column more int",
            "truncate table ledger",
            "insert into ledger values (7, '七七', 'x', 7, 'z', 's', 1)",
            "create table fresh like ledger",
            "insert into fresh values (8, '八八', 'y', 8, 'z', 's', 1), (9, '九九', 'y', 9, 'z', 's', 1)",
            "rename table ledger to worn, fresh to ledger",
            "update worn set amount = 0",
            "update ledger set amount = 10 where n = 9",
            "optimize table ledger",
        ):
            source.sql(statement)
            logged.town.control.wait(logged.equal, 10)
        source.sql("alter table ledger modify amount decimal(14,3)")
        end = logged.town.ended("window")
        assert end.state is RunState.REJECTED
        assert "数据项“金额”的类型由 decimal(12,2) 变为 decimal(14,3)" in end.message
        assert logged.sink.sql("select n, amount from people_copy order by n") == [(8, 8), (9, 10)]
        source.sql("alter table ledger modify amount decimal(12,2)")
        logged.order("keyless", not_after=datetime.now(UTC) + timedelta(seconds=30))
        source.sql("update ledger set amount = 11 where n = 9")
        logged.town.control.wait(logged.equal, 10)
        source.sql("alter table ledger drop primary key")
        assert "主键与挂接的主键列不一致" in logged.town.ended("keyless").message
        source.sql("rename table ledger to gone")
        end = logged.run("gone")
        assert end.state is RunState.REJECTED
        assert "来源表 ledger 已不存在（可能已改名或删除）" in end.message


def test_only_the_very_log_that_the_mark_is_of_is_gone_on_with(logged: Pair) -> None:
    with logged.town.running():
        logged.released("first")
        [(mark,)] = logged.sink.sql("select mark from jutong_task")
        where, _, born = mark.partition("@")
        file, byte, gtid = where.split(":")
        domain, server, sequence = gtid.split(",")[0].split("-")
        for n, other in enumerate((
            f"{file}:{byte}:{int(domain) + 1}-{server}-{sequence}@{born}",  # another domain
            f"{file}:{byte}:{domain}-{int(server) + 1}-{sequence}@{born}",  # a replica that took its master's place
            f"{file}:{byte}:{domain}-{server}-{int(sequence) + 1}@{born}",  # one that had not got so far
            f"{where}@{int(born) - 3600}",  # the same numbers, counted anew after a reset
            f"{file}:{int(byte) + 1_000_000}:{gtid}@{born}",
            f"other.000001:{byte}:{gtid}@{born}",
        )):  # fmt: skip
            logged.sink.sql(f"update jutong_task set mark = '{other}'")
            end = logged.run(f"other-{n}")
            assert end.state is RunState.REJECTED, other
            assert "已被清理或重置，或已换成另一台服务器" in end.message
        logged.sink.sql(f"update jutong_task set mark = '{where}'")  # as earlier versions wrote it
        logged.source.sql("update ledger set amount = 5 where n = 5")
        logged.released("again")
        with session(logged) as application, application.cursor() as cursor:
            cursor.execute("set session gtid_domain_id = 7, session server_id = 99")
            cursor.execute("update ledger set amount = 6 where n = 6")
        logged.released("another domain beside")


def test_a_log_that_was_reset_and_filled_alike_is_another_one(logged: Pair) -> None:
    logged.source.sql("reset master")
    logged.source.sql("update ledger set amount = 1 where n = 1")
    with logged.town.running():
        logged.released("first")
        time.sleep(1.1)  # a server tells when a file began in whole seconds
        logged.source.sql("reset master")
        logged.source.sql("update ledger set amount = 3 where n = 2")  # as many bytes and transactions as before
        end = logged.run("second")
    assert end.state is RunState.REJECTED
    assert "已被清理或重置" in end.message


def purge(pair: Pair) -> None:
    """Let the server throw away all files of its log but the newest, as soon as it does."""
    [(newest, *_)] = pair.source.sql("show master status")

    def gone() -> bool:
        pair.source.sql(f"purge binary logs to '{newest}'")
        return len(pair.source.sql("show binary logs")) == 1

    pair.town.control.wait(gone, 10)


def test_files_of_the_log_may_go_once_they_were_read(logged: Pair) -> None:
    with logged.town.running():
        logged.released("first")
        logged.source.sql("update ledger set amount = 5 where n = 5")
        logged.source.sql("flush binary logs")
        logged.released("second")
        purge(logged)
        logged.source.sql("update ledger set amount = 6 where n = 6")
        logged.released("third")
        logged.source.sql("update ledger set amount = 7 where n = 7")
        logged.source.sql("flush binary logs")
        logged.source.sql("update ledger set amount = 8 where n = 8")
        purge(logged)
        end = logged.run("fourth")
    assert end.state is RunState.REJECTED
    assert "已被清理或重置" in end.message
    assert "expire_logs_days" in end.message


def test_a_prepared_transaction_counts_when_it_is_committed(logged: Pair) -> None:
    with logged.town.running(), session(logged) as application, application.cursor() as cursor:
        logged.released("first")

        def prepare(name: str, n: int) -> None:
            for statement in (
                f"xa start '{name}'",
                f"update ledger set amount = {n} where n = {n}",
                f"xa end '{name}'",
                f"xa prepare '{name}'",
            ):
                cursor.execute(statement)

        prepare("one", 51)
        logged.released("second")  # has read the rows, which nobody sees
        cursor.execute("xa commit 'one'")
        logged.released("third")
        prepare("two", 52)
        cursor.execute("xa commit 'two'")
        prepare("three", 53)
        cursor.execute("xa rollback 'three'")
        cursor.execute("xa start 'four'")
        cursor.execute("update ledger set amount = 54 where n = 54")
        cursor.execute("xa end 'four'")
        cursor.execute("xa commit 'four' one phase")
        logged.released("fourth")


def test_what_the_log_tells_without_rows_or_compressed_is_not_missed(logged: Pair) -> None:
    source = logged.source
    source.sql("create view shown as select * from ledger")
    with logged.town.running(), session(logged) as application, application.cursor() as cursor:
        logged.released("first")
        cursor.execute("set session binlog_format = statement")
        cursor.execute("update shown set amount = 61 where n = 61")
        logged.released("second")
        cursor.execute("set session binlog_format = row, session binlog_row_image = minimal")
        cursor.execute("update ledger set amount = 62 where n = 62")
        logged.released("third")
        source.sql("set global log_bin_compress = on")
        source.sql("set global log_bin_compress_min_len = 10")
        try:
            source.sql(f"update ledger set note = '{'压' * 200}' where n = 63")
            logged.order("fourth")
            logged.told("请由数据库管理员设置 log_bin_compress = OFF")
        finally:
            source.sql("set global log_bin_compress = off")
        assert logged.town.ended("fourth").state is RunState.RELEASED
        assert logged.equal()


def test_a_chinese_table_of_an_old_application_is_followed_in_its_own_encoding(logged: Pair) -> None:
    source = logged.source
    source.sql(
        "create table 人员 (证号 varchar(40) charset gbk primary key, 姓名 varchar(40) charset gbk) default charset gbk"
    )
    logged.table, logged.unique = "人员", ("证号",)
    logged.columns = (Column("证号", "证号"), Column("姓名", "姓名", Kind.TEXT, Masking.NONE))
    logged.publish(key_items=("证号",))

    def same() -> None:
        assert logged.run(f"order-{time.monotonic_ns()}").state is RunState.RELEASED
        wanted = sorted(source.sql("select 证号, 姓名 from 人员"))
        assert sorted(logged.sink.sql("select 证号, 姓名 from people_copy")) == wanted

    with logged.town.running(), session(logged, "gbk") as application, application.cursor() as cursor:
        cursor.execute("insert into 人员 values ('京甲一', '张三'), ('京甲二', '李四')")
        same()
        cursor.execute("update 人员 set 姓名 = '王五' where 证号 = '京甲二'")
        cursor.execute("delete from 人员 where 证号 = '京甲一'")
        same()
        cursor.execute("truncate table 人员")
        same()


def test_a_server_that_folds_names_is_followed_under_the_name_that_was_mounted(tmp_path: Path) -> None:
    folding = mariadb.started(*mariadb.LOGGING, "--lower-case-table-names=1")
    with paired(tmp_path, "mysql-postgresql", server=folding) as pair, pair.town.running():
        pair.table = "LEDGER"
        pair.publish()
        pair.released("first")
        pair.source.sql("delete from Ledger where n = 9")
        pair.released("second")


def test_a_test_of_the_source_says_what_a_capture_lacks(logged: Pair) -> None:
    from jutong.dataplane import probe
    from jutong.wire.probe import ProbeRequest

    def said(**access: str) -> str:
        asked = ProbeRequest("test", "mysql", logged.source.sealed(**access))
        found = asyncio.run(probe.answer(logged.town.me, asked))
        assert found.ok
        return found.message

    source = logged.source
    source.sql("set global expire_logs_days = 7")
    assert "可以捕获变更（binlog 保留 7 天" in said()
    source.sql("create or replace user onlooker identified by 'only for tests'")
    source.sql(f"grant select on {source.schema}.* to onlooker")
    lacks = "变更捕获暂不可用：数据源“"
    assert lacks in said(user="onlooker")
    assert "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO onlooker" in said(user="onlooker")
    source.sql("set global binlog_format = mixed")
    try:
        assert "请由数据库管理员设置 binlog_format = ROW" in said()
    finally:
        source.sql("set global binlog_format = row")


def test_a_mysql_is_refused_and_compared_instead(tmp_path: Path) -> None:
    calls_itself = mariadb.started(*mariadb.LOGGING, "--version=8.0.36")  # no MySQL can be installed here
    with paired(tmp_path, "mysql-postgresql", server=calls_itself) as pair, pair.town.running():
        end = pair.run("first")
        assert end.state is RunState.REJECTED
        assert "不是 MariaDB：MySQL 不说明一致性快照对应 binlog 的哪一处" in end.message
        assert "请改用快照比对" in end.message
        pair.released("second", Read.COMPARE)
        pair.source.sql("delete from ledger where n = 9")
        pair.released("third", Read.COMPARE)
