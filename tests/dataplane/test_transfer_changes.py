"""Change capture and snapshot comparison end to end: whatever happens at the source, the target becomes equal to it."""

# ruff: noqa: S608 - the names in these statements are the tests' own
from __future__ import annotations

import asyncio
import random
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from covers import covers
from jutong.crypto import sm2
from jutong.dataplane import probe
from jutong.dataplane.engines.postgresql.connect import SESSION
from jutong.dataplane.engines.postgresql.pgoutput import Decoder, Unreadable
from jutong.dataplane.transfer.following import feed_name
from jutong.wire.bundle import Access, Mount
from jutong.wire.grants import Column, Condition, Kind, Masking, Operator
from jutong.wire.probe import ProbeRequest
from jutong.wire.transfers import Progress, Read, RunState, TableMode
from slots import one_slot  # noqa: F401 - a fixture of all tests here
from transferworld import World, world

COLUMNS = (
    Column("编号", "n", Kind.INTEGER),
    Column("姓名", "name", masking=Masking.NAME),
    Column("区划", "region"),
    Column("金额", "amount", Kind.NUMBER),
    Column("备注", "note"),
)
SLOT = feed_name("task")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, people=1) as made:
        made.sql(
            made.provider,
            """create table ledger (n bigint primary key, name text, region text, amount numeric(12,2), note text, secret text);
            insert into ledger select i, '张' || i, (110100 + i % 3)::text, i / 7.0, repeat('长', 10), 'never'
            from generate_series(1, 500) i""",
        )
        made.mount = Mount("people", "source", "public", "ledger", COLUMNS, ("n",))
        made.publish(columns=COLUMNS)
        yield made
        made.sql(made.provider, f"drop publication if exists {SLOT}")
        drop = (
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()"
        )
        made.sql(made.provider, drop)


def captured(town: World, order_id: str, read: Read = Read.CHANGES, **changes: Any) -> Progress:
    """Run one order to its end."""
    asked: dict[str, Any] = {"target_mode": TableMode.UPSERT, "task_id": "task", "read": read}
    town.order(order_id, **asked | changes)
    return town.ended(order_id)


def equal(town: World, where: str = "true") -> bool:
    """Tell whether the target holds exactly the masked rows of the source."""
    ours = town.sql(
        town.provider,
        f"""select n, left(name, 1) || repeat('*', length(name) - 1), region, amount, note from ledger
            where {where} order by n""",
    )
    return town.sql(town.consumer, "select n, name, region, amount, note from people_copy order by n") == ours


STORM = """
insert into ledger values (1001, '新新', '110101', 1, 'a', 's'), (1002, '二二', '110102', 2, 'b', 's');
update ledger set amount = -1 where n between 10 and 20;
update ledger set n = n + 5000 where n in (30, 31);
delete from ledger where n in (40, 41, 1002);
insert into ledger values (41, '又又', '110100', 0, null, 's');
begin; update ledger set name = 'x' where n = 50; rollback;
update ledger set note = repeat('很', 100000) where n = 60;
"""


@covers(partly=["R-EXC-003"])
def test_changes_deletions_and_changed_keys_reach_the_target(town: World) -> None:
    with town.running():
        first = captured(town, "first")
        assert first.state is RunState.RELEASED, first.message
        assert town.receipt(first.receipt).target.rows == 500
        assert equal(town)
        for statement in STORM.strip().splitlines():
            town.sql(town.provider, statement)
        second = captured(town, "second")
        assert second.state is RunState.RELEASED, second.message
        assert equal(town)
        receipt = town.receipt(second.receipt)
        assert receipt.source == receipt.target
        assert receipt.target.rows == 1 + 11 + 2 + 1 + 1  # what became of the touched keys
        town.sql(town.provider, "update ledger set amount = 7 where n = 60")  # its long note is not in the log
        assert captured(town, "third").state is RunState.RELEASED
        assert equal(town)
    [(kept,)] = town.sql(town.consumer, "select mark from jutong_task")
    [(slot,)] = town.sql(
        town.provider, f"select confirmed_flush_lsn >= '{kept}' from pg_replication_slots where slot_name = '{SLOT}'"
    )
    assert slot


def test_only_the_key_is_published(town: World) -> None:
    with town.running():
        assert captured(town, "first").state is RunState.RELEASED
    found = town.sql(town.provider, "select attnames from pg_publication_tables")
    assert found == [(["n"],)]


def test_a_row_that_leaves_the_filter_leaves_the_target_and_hashes_are_the_grants_own(town: World) -> None:
    columns = (*COLUMNS[:4], Column("备注", "note", masking=Masking.KEYED_HASH))
    town.publish(
        columns=columns,
        conditions=(Condition("区划", Operator.EQ, ("110101",)),),
        hash_key=sm2.seal(town.me.signer.public, b"k" * 16),
    )
    with town.running():
        assert captured(town, "first").state is RunState.RELEASED
        town.sql(town.provider, "update ledger set region = '110102' where n = 1")
        town.sql(town.provider, "update ledger set region = '110101', note = 'neu' where n = 2")
        end = captured(town, "second")
        assert end.state is RunState.RELEASED, end.message
    found = town.sql(town.consumer, "select n, length(note) from people_copy where n in (1, 2, 4)")
    assert sorted(found) == [(2, 64), (4, 64)]
    ours = town.sql(town.provider, "select n from ledger where region = '110101' order by n")
    assert town.sql(town.consumer, "select n from people_copy order by n") == ours


def test_an_emptied_table_and_a_lost_slot_are_copied_whole_again(town: World) -> None:
    with town.running():
        assert captured(town, "first").state is RunState.RELEASED
        town.sql(town.provider, "truncate ledger; insert into ledger values (7, '七七', 'x', 7, 'z', 's')")
        assert captured(town, "second").state is RunState.RELEASED
        assert equal(town)
        town.sql(town.provider, f"select pg_drop_replication_slot('{SLOT}')")
        town.sql(town.provider, "delete from ledger; insert into ledger values (8, '八八', 'x', 8, 'z', 's')")
        assert captured(town, "third").state is RunState.RELEASED
        assert equal(town)
        town.sql(town.consumer, "drop table people_copy")
        town.sql(town.provider, "insert into ledger values (9, '九九', 'x', 8, 'z', 's')")
        assert captured(town, "fourth").state is RunState.RELEASED
        assert equal(town)


def test_a_runner_killed_while_the_log_is_made_leaves_nothing_that_holds_it(town: World) -> None:
    holding = f"select count(*) from pg_replication_slots where slot_name = '{SLOT}' and active"
    with psycopg.connect(town.provider) as busy:
        busy.execute("insert into ledger values (2001, '久久', 'x', 1, 'a', 's')")  # a slot waits for its end
        runner = town.process()
        town.order("first", target_mode=TableMode.UPSERT, task_id="task", read=Read.CHANGES)
        town.control.wait(lambda: town.sql(town.consumer, holding) == [(1,)])
        runner.kill()
        runner.wait()
        town.control.wait(lambda: town.sql(town.consumer, holding) == [(0,)], 10)
    with town.running():
        assert town.ended("first").state is RunState.RELEASED
        assert equal(town)


def test_an_abandoned_log_is_told_of_and_let_go_when_it_grows_too_big(town: World) -> None:
    slots = f"select count(*) from pg_replication_slots where slot_name = '{SLOT}'"
    with town.running(change_log_seconds=0.3, change_log_mib=1):
        assert captured(town, "first").state is RunState.RELEASED
        assert town.sql(town.book, "select name, order_id from book.feeds") == [(SLOT, "first")]
        for n in range(40):
            town.sql(town.provider, "select pg_logical_emit_message(false, 'x', repeat('x', 65536))")
            assert n or town.sql(town.provider, slots) == [(1,)]
        told = town.control.wait(lambda: [p for p in town.control.progress if "已放弃" in p.message])
        assert "1 MiB" in told[0].message
        assert (told[0].alarm, told[0].state) == ("dropped", RunState.RELEASED)  # the order has ended: nothing is sent
        assert town.sql(town.provider, slots) == [(0,)]
        town.control.wait(lambda: town.sql(town.book, "select 1 from book.feeds") == [])
        town.sql(town.provider, "update ledger set amount = 3 where n = 3")
        assert captured(town, "second").state is RunState.RELEASED
        assert equal(town)
        town.publish(state="ended", reason="到期")
        town.control.wait(lambda: town.sql(town.provider, slots) == [(0,)])


def test_a_table_whose_log_does_not_name_the_key_is_refused(town: World) -> None:
    town.sql(town.provider, "alter table ledger drop constraint ledger_pkey")
    with town.running():
        end = captured(town, "first")
        assert end.state is RunState.REJECTED
        assert "快照比对" in end.message
        masked = (Column("编号", "n", Kind.INTEGER, Masking.SUPPRESS), *COLUMNS[1:])
        town.publish(columns=masked)
        assert "主键列" in captured(town, "second").message


@covers(partly=["R-EXC-003"])
def test_while_its_window_lasts_changes_arrive_within_a_second_or_two(town: World) -> None:
    lags: list[float] = []
    with town.running():
        town.order(
            "first", read=Read.CHANGES, task_id="task", target_mode=TableMode.UPSERT,
            not_after=datetime.now(UTC) + timedelta(seconds=6),
        )  # fmt: skip
        town.control.wait(lambda: town.sql(town.consumer, "select to_regclass('people_copy') is not null") == [(True,)])
        for n in range(5):
            began = time.monotonic()
            town.sql(town.provider, "update ledger set amount = %s where n = 3", n + 1000)
            seen = "select 1 from people_copy where n = 3 and amount = %s"
            town.control.wait(lambda: town.sql(town.consumer, seen, n + 1000), 5)  # noqa: B023
            lags.append(time.monotonic() - began)
        assert town.ended("first").state is RunState.RELEASED
    assert sorted(lags)[2] < 2
    assert equal(town)


def test_a_storm_of_transactions_beside_the_run_ends_equal(town: World) -> None:
    stop = threading.Event()

    def storm(seed: int) -> None:
        rng = random.Random(seed)
        with psycopg.connect(town.provider, autocommit=True) as connection:
            while not stop.is_set():
                n = rng.randrange(1, 600)
                with connection.transaction():
                    deed = rng.choice(["update", "delete", "insert", "move"])
                    if deed == "update":
                        connection.execute("update ledger set amount = amount + 1 where n = %s", [n])
                    elif deed == "delete":
                        connection.execute("delete from ledger where n = %s", [n])
                    elif deed == "insert":
                        connection.execute(
                            "insert into ledger values (%s, '新人', 'r', 0, 'x', 's') on conflict do nothing", [n]
                        )
                    else:
                        connection.execute(
                            "update ledger set n = n + 1000 where n = %s"
                            " and not exists (select from ledger where n = %s)", [n, n + 1000],
                        )  # fmt: skip

    threads = [threading.Thread(target=storm, args=[seed]) for seed in range(3)]
    with town.running():
        for thread in threads:
            thread.start()
        try:
            for n in range(4):
                end = captured(town, f"order-{n}")
                assert end.state is RunState.RELEASED, end.message
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert captured(town, "last").state is RunState.RELEASED
    assert equal(town)


@covers(partly=["R-EXC-003"])
def test_comparing_moves_only_what_differs_and_ends_equal(town: World) -> None:
    with town.running():
        first = captured(town, "first", Read.COMPARE)
        assert first.state is RunState.RELEASED, first.message
        assert equal(town)
        for statement in STORM.strip().splitlines():
            town.sql(town.provider, statement)
        town.sql(
            town.consumer, "update people_copy set amount = 0 where n = 100; delete from people_copy where n = 101"
        )
        town.sql(town.consumer, "insert into people_copy (n) values (-5)")
        end = captured(town, "second", Read.COMPARE)
        assert end.state is RunState.RELEASED, end.message
        assert equal(town)
        assert "新增或更新 18 行，删除 4 行" in end.message
        assert "新增或更新 0 行，删除 0 行" in captured(town, "third", Read.COMPARE).message
        twice = "alter table people_copy drop constraint people_copy_pkey; insert into people_copy (n) values (7)"
        town.sql(town.consumer, twice.replace("people_copy_pkey", key_of(town)))
        refused = captured(town, "fourth", Read.COMPARE)
    assert refused.state is RunState.REJECTED
    assert "不止一条" in refused.message


def key_of(town: World) -> str:
    """Return the name of the target's key."""
    found = "select conname from pg_constraint where conrelid = 'people_copy'::regclass and contype = 'p'"
    return str(town.sql(town.consumer, found)[0][0])


def test_comparing_many_rows_goes_by_parcels(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jutong.dataplane.transfer.comparing.AT_ONCE", 7)
    with town.running():
        assert captured(town, "first", Read.COMPARE).state is RunState.RELEASED
        town.sql(
            town.provider, "update ledger set amount = amount + 1 where n % 5 = 0; delete from ledger where n % 9 = 0"
        )
        end = captured(town, "second", Read.COMPARE)
    assert end.state is RunState.RELEASED, end.message
    assert equal(town)


def test_real_messages_tell_the_keys_before_and_after(town: World) -> None:
    with town.running():
        assert captured(town, "first").state is RunState.RELEASED
    for statement in STORM.strip().splitlines():
        town.sql(town.provider, statement)
    time.sleep(1)  # the tests' server does not wait for its disk
    rows = town.sql(
        town.provider,
        "select data from pg_logical_slot_peek_binary_changes(%s, null, null, 'proto_version', '1', 'publication_names', %s)",
        SLOT, SLOT,
    )  # fmt: skip
    decoder = Decoder(["n"])
    for (message,) in rows:
        decoder.feed(bytes(message))
    keys = {int(key[0]) for key in decoder.touched.keys}
    assert keys == {1001, 1002, *range(10, 21), 30, 31, 5030, 5031, 40, 41, 60}
    assert decoder.touched.changes == 2 + 11 + 2 + 3 + 1 + 1
    assert len(decoder.touched.transactions) == 6
    assert datetime.now(UTC) - decoder.touched.at < timedelta(minutes=1)
    strange = Decoder(["n"])
    strange._places[1] = (0,)
    with pytest.raises(Unreadable):
        strange.feed(b"I\0\0\0\1N\0\1n")


def test_a_source_whose_transactions_do_not_end_is_said_to_be_so(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SESSION, "lock_timeout", "300ms")
    with town.running(), psycopg.connect(town.provider) as application:
        application.execute("update ledger set amount = 3 where n = 3")
        town.order("first", target_mode=TableMode.UPSERT, task_id="task", read=Read.CHANGES)
        said = "有事务长时间没有结束，变更日志暂时不能建立"
        town.control.wait(lambda: any(said in told.message for told in town.control.progress))
        application.commit()
        monkeypatch.undo()
        assert town.ended("first").state is RunState.RELEASED
    assert equal(town)


def test_a_test_of_the_source_says_whether_its_changes_can_be_captured(town: World) -> None:
    access = msgspec.json.decode(town.me.signer.unseal(town.sealed(town.provider)), type=Access)
    role = f"onlooker_{uuid.uuid4().hex[:8]}"

    def said(**changes: str) -> str:
        raw = msgspec.json.encode(msgspec.structs.replace(access, **changes))
        asked = ProbeRequest("test", "postgresql", sm2.seal(town.me.signer.public, raw))
        return asyncio.run(probe.answer(town.me, asked)).message

    assert said().endswith("可以捕获变更。")
    town.sql(town.provider, f"create role {role} login password 'only for tests'")
    try:
        lacks = said(user=role, password="only for tests")
    finally:
        town.sql(town.provider, f"drop role {role}")
    assert "连接成功" in lacks
    assert "变更捕获暂不可用：账号没有复制权限，请由数据库管理员授予" in lacks
