"""Table orders end to end: real runners, a real control plane over HTTP, real PostgreSQL at both ends."""

# ruff: noqa: S608 - the names in these statements are the tests' own
from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from covers import covers
from jutong.crypto import sm2, sm3
from jutong.wire.grants import Column, Condition, Masking, Operator, Quota
from jutong.wire.transfers import RunState, TableMode
from transferworld import COLUMNS, World, world


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


@covers(partly=["R-EXC-019", "R-EXC-003"])
def test_two_hundred_thousand_rows_arrive_masked_and_reconciled(tmp_path: Path) -> None:
    with world(tmp_path, people=200_000) as town, town.running():
        town.order()
        end = town.ended()
        assert end.state is RunState.RELEASED, end.message
        assert town.arrived() == town.expected()
        receipt = town.receipt(end.receipt)
        assert receipt.reconciled
        assert receipt.side == "receiver"
        assert receipt.source == receipt.target
        assert receipt.target.rows == 200_000
        states = [report.state for report in town.control.progress]
        assert states.index(RunState.RECEIVED) < states.index(RunState.VALIDATED) < states.index(RunState.RELEASED)
        sender = next(report for report in town.control.progress if report.state is RunState.RECEIVED)
        assert town.receipt(sender.receipt).side == "sender"


def test_only_granted_columns_and_rows_leave_the_source(town: World) -> None:
    town.publish(columns=COLUMNS[2:], conditions=(Condition("区划", Operator.EQ, ("110101",)),))
    with town.running():
        town.order()
        assert town.ended().state is RunState.RELEASED
        names = town.sql(
            town.consumer, "select column_name from information_schema.columns where table_name = 'people_copy'"
        )
        assert {name for (name,) in names} == {column.column for column in COLUMNS[2:]}
        assert town.sql(town.consumer, "select distinct region from people_copy") == [("110101",)]


def test_a_value_that_looks_like_sql_stays_a_value(town: World) -> None:
    evil = "x'; drop table people; --\\"
    town.sql(town.provider, "update people set name = %s where n = 7", evil)
    plain = (Column("姓名", "name"), COLUMNS[-1])
    town.publish(columns=plain, conditions=(Condition("姓名", Operator.IN, (evil, "$1", '"')),))
    with town.running():
        town.order()
        assert town.ended().state is RunState.RELEASED
        assert town.sql(town.consumer, "select name, n from people_copy") == [(evil, 7)]


def test_append_adds_replace_replaces_and_upsert_updates(town: World) -> None:
    columns = (Column("身份证号", "id_no"), *COLUMNS[1:])
    town.publish(columns=columns)
    with town.running():
        town.order("first")
        assert town.ended("first").state is RunState.RELEASED
        town.order("added", target_mode=TableMode.APPEND)
        assert town.ended("added").state is RunState.RELEASED
        assert len(town.arrived()) == 2000
        town.sql(town.consumer, "create view seen as select count(*) as n from people_copy")
        town.order("replaced")
        assert town.ended("replaced").state is RunState.RELEASED
        assert town.sql(town.consumer, "select n from seen") == [(1000,)]
        town.order("keyed", target_mode=TableMode.UPSERT, target_table="keyed")
        assert town.ended("keyed").state is RunState.RELEASED
        town.sql(town.provider, "update people set region = '999999' where n <= 5")
        town.order("again", target_mode=TableMode.UPSERT, target_table="keyed")
        assert town.ended("again").state is RunState.RELEASED
        assert town.sql(town.consumer, "select count(*), count(*) filter (where region = '999999') from keyed") == [
            (1000, 5)
        ]


def test_a_keyed_hash_is_made_in_the_data_plane_and_reconciles_on_both_legs(town: World) -> None:
    key = b"k" * 16
    town.sql(
        town.provider,
        "update people set name = E'a\\\\tb\\nc\\\\\\\\N' where n = 3; update people set name = null where n = 4",
    )
    columns = (Column("身份证号", "id_no", masking=Masking.KEYED_HASH), Column("姓名", "name"), COLUMNS[-1])
    town.publish(columns=columns, hash_key=sm2.seal(town.me.signer.public, key))
    with town.running():
        town.order()
        end = town.ended()
        assert end.state is RunState.RELEASED, end.message
    rows = dict(town.sql(town.consumer, "select n, id_no from people_copy"))
    asked = dict(town.sql(town.provider, "select n, id_no from people"))
    assert rows == {n: sm3.hmac_sm3(key, number.encode()).hex() for n, number in asked.items()}
    theirs = town.sql(town.consumer, "select n, name from people_copy order by 1")
    assert theirs == town.sql(town.provider, "select n, name from people order by 1")


@covers(partly=["R-EXC-019"])
def test_a_target_that_alters_values_is_quarantined_and_keeps_what_it_had(town: World) -> None:
    town.sql(town.consumer, "create table people_copy (n bigint, amount numeric(12,1))")
    town.sql(town.consumer, "insert into people_copy values (-1, 0)")
    town.publish(columns=(COLUMNS[4], COLUMNS[6]))
    with town.running():
        town.order()
        end = town.ended()
    assert end.state is RunState.QUARANTINED
    assert "校验和不一致" in end.message
    assert not town.receipt(end.receipt).reconciled
    assert town.sql(town.consumer, "select n, amount from people_copy") == [(-1, 0)]
    assert town.sql(town.consumer, "select count(*) from jutong_position") == [(0,)]


def test_staged_rows_tampered_with_are_quarantined(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from jutong.dataplane.engines.postgresql.landing import TableLanding

    honest = TableLanding.receive

    async def tampered(self, chunks, *, binary):
        await honest(self, chunks, binary=binary)
        await self._connection.execute(f"update {self._stage} set amount = amount + 1 where n = 500")

    monkeypatch.setattr(TableLanding, "receive", tampered)
    with town.running():
        town.order()
        assert town.ended().state is RunState.QUARANTINED
    assert town.sql(town.consumer, "select to_regclass('people_copy')") == [(None,)]


def test_a_trigger_that_swallows_rows_is_quarantined(town: World) -> None:
    town.sql(
        town.consumer,
        """create table people_copy (n bigint);
        create function eat() returns trigger language plpgsql as
        'begin if new.n = 5 then return null; end if; return new; end';
        create trigger eat before insert on people_copy for each row execute function eat()""",
    )
    town.publish(columns=COLUMNS[-1:])
    with town.running():
        town.order()
        end = town.ended()
    assert end.state is RunState.QUARANTINED
    assert "999" in end.message
    assert town.sql(town.consumer, "select count(*) from people_copy") == [(0,)]


@covers(partly=["R-EXC-004"])
def test_a_runner_killed_in_the_middle_is_resumed_exactly_once(tmp_path: Path) -> None:
    with world(tmp_path, people=200_000) as town:
        town.sql(town.consumer, "create table people_copy (n bigint, name text)")
        town.publish(columns=(COLUMNS[1], COLUMNS[6]))
        for round_ in range(2):
            order = f"order-{round_}"
            first = town.process()
            try:
                town.order(order, target_mode=TableMode.APPEND)
                copying = "select 1 from pg_stat_progress_copy where tuples_processed > 1000"
                town.control.wait(lambda: town.sql(town.consumer, copying) or town.control.ended(order))  # noqa: B023
            finally:
                first.send_signal(signal.SIGKILL)
                first.wait()
            second = town.process()
            try:
                assert town.ended(order).state is RunState.RELEASED
            finally:
                second.send_signal(signal.SIGTERM)
                assert second.wait(15) == 0
            arrived = town.sql(town.consumer, "select count(*), count(distinct n) from people_copy")
            assert arrived == [(200_000 * (round_ + 1), 200_000)]
        assert town.sql(town.consumer, "select count(*) from jutong_position") == [(2,)]


@covers(partly=["R-EXC-004"])
def test_a_runner_that_dies_between_landing_and_its_book_does_not_land_twice(town: World) -> None:
    with town.running():
        town.order(target_mode=TableMode.APPEND)
        assert town.ended().state is RunState.RELEASED
    town.sql(town.book, "update book.runs set state = 'sent', leased_until = now(); delete from book.receipts")
    town.control.progress.clear()
    with town.running():
        end = town.ended()
    assert end.state is RunState.RELEASED
    assert town.receipt(end.receipt).target.rows == 1000
    assert town.sql(town.consumer, "select count(*) from people_copy") == [(1000,)]


def test_two_runners_at_once_run_each_order_once(town: World) -> None:
    with town.running(2):
        for n in range(8):
            town.order(f"order-{n}", target_mode=TableMode.APPEND)
        assert {town.ended(f"order-{n}").state for n in range(8)} == {RunState.RELEASED}
    assert town.sql(town.consumer, "select count(*), count(distinct n) from people_copy") == [(8000, 1000)]
    attempts = town.sql(town.book, "select order_id, count(*) from book.attempts group by 1")
    assert sorted(attempts) == [(f"order-{n}", 1) for n in range(8)]


def slow(town: World) -> None:
    """Make every row take a while at the source, so that a run can be met in the middle."""
    town.sql(
        town.provider,
        """create function wait(bigint) returns bigint language plpgsql volatile as
        'begin perform pg_catalog.pg_sleep(0.01); return $1; end';
        alter table people rename to real_people;
        create view people as select id_no, name, region, born, amount, changed, public.wait(n) as n, secret from real_people""",
    )


@pytest.mark.parametrize("ending", ["revoked", "suspended", "expired", "cancelled"])
def test_a_run_stops_within_two_seconds_and_nothing_is_released(town: World, ending: str) -> None:
    slow(town)
    with town.running():
        order = town.order()
        running = "select 1 from pg_stat_activity where query like 'COPY (%' and state = 'active'"
        town.control.wait(lambda: town.sql(town.provider, running))
        at = time.monotonic()
        if ending == "cancelled":
            town.control.order(msgspec.structs.replace(order, cancelled=True))
        elif ending == "expired":
            town.publish(valid_until=town.grant.valid_from)
        else:
            town.publish(state="ended" if ending == "revoked" else "suspended", reason="超出用途使用")
        end = town.ended(seconds=5)
        assert time.monotonic() - at < 2
    assert end.state is RunState.REJECTED
    assert "没有数据放行" in end.message
    assert town.sql(town.consumer, "select to_regclass('people_copy')") == [(None,)]


def test_a_runner_told_to_stop_gives_its_order_back_at_once(town: World) -> None:
    town.sql(town.provider, "delete from people where n > 200")
    slow(town)
    first = town.process()
    try:
        town.order()
        running = "select 1 from pg_stat_activity where query like 'COPY (%' and state = 'active'"
        town.control.wait(lambda: town.sql(town.provider, running))
    finally:
        first.send_signal(signal.SIGTERM)
        assert first.wait(15) == 0
    assert town.sql(town.book, "select state, leased_until <= now() from book.runs") == [("queued", True)]
    assert town.sql(town.consumer, "select to_regclass('people_copy')") == [(None,)]
    with town.running():
        assert town.ended().state is RunState.RELEASED


def test_an_order_that_overtakes_its_grant_waits_for_it(town: World) -> None:
    with town.running():
        town.order(grant_version=2)
        time.sleep(0.5)
        town.publish(version=2)
        assert town.ended().state is RunState.RELEASED
    assert all(report.state is not RunState.QUEUED for report in town.control.progress)


def test_a_rejected_order_can_be_retried(town: World) -> None:
    town.publish(quota=Quota(rows_per_batch=1))
    with town.running():
        order = town.order()
        assert town.ended().state is RunState.REJECTED
        town.publish(quota=Quota(), version=town.grant.version + 1)
        town.control.progress.clear()
        town.control.order(msgspec.structs.replace(order, grant_version=town.grant.version))
        assert town.ended().state is RunState.RELEASED


def test_more_rows_than_the_quota_are_refused(town: World) -> None:
    town.publish(quota=Quota(rows_per_batch=999))
    with town.running():
        town.order()
        end = town.ended()
    assert end.state is RunState.REJECTED
    assert "999" in end.message
    assert town.sql(town.consumer, "select to_regclass('people_copy')") == [(None,)]


def test_a_target_of_another_department_is_refused(town: World) -> None:
    with town.running():
        town.order(target_source_id="source")
        end = town.ended()
    assert end.state is RunState.REJECTED
    assert "不属于授权的需求部门" in end.message


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ("create table people_copy (n text, name text)", "类型为 text"),
        ("create table people_copy (n bigint)", "没有可写入的列 name"),
        ("create table people_copy (n bigint, name varchar(2))", "长度不够"),
        ("create table people_copy (n bigint, name text, extra text not null)", "列 extra"),
    ],
)
def test_a_target_that_does_not_fit_is_refused_naming_the_column(town: World, table: str, word: str) -> None:
    town.sql(town.consumer, table)
    town.publish(columns=(COLUMNS[1], COLUMNS[6]))
    with town.running():
        town.order()
        end = town.ended()
    assert end.state is RunState.REJECTED
    assert word in end.message
    assert not end.of_source
    assert town.sql(town.consumer, "select count(*) from people_copy") == [(0,)]


def test_a_source_that_is_away_is_tried_again_and_then_given_up(town: World) -> None:
    town.mount = msgspec.structs.replace(town.mount, table="missing")
    town.publish()
    with town.running(transfer_attempts=2):
        town.order()
        end = town.ended()
    assert end.state is RunState.REJECTED
    assert "已尝试 2 次" in end.message
    assert end.of_source
    waiting = [report for report in town.control.progress if report.state is RunState.QUEUED]
    assert "没有表 missing" in waiting[0].message


def test_a_release_that_could_not_be_reported_is_reported_when_the_control_plane_is_back(town: World) -> None:
    with town.running():
        town.control.wait(lambda: town.sql(town.book, "select to_regclass('book.runs')") != [(None,)])
        time.sleep(0.5)
        town.order()
        town.control.wait(lambda: any(p.state is RunState.SENT for p in town.control.progress))
        town.control.away = True
        town.control.wait(lambda: town.sql(town.book, "select 1 from book.runs where state = 'released'"))
        assert town.control.ended("order-1") is None
        town.control.away = False
        assert town.ended().state is RunState.RELEASED
    with town.running():
        town.control.progress.clear()
        assert town.ended().state is RunState.RELEASED
        assert town.receipt(town.ended().receipt).reconciled


def test_unusual_values_arrive_as_they_are(town: World) -> None:
    town.sql(
        town.provider,
        """create type mood as enum ('好', '坏'); create domain code as varchar(6);
        create table odd (n bigint, d date, t timestamp, tz timestamptz, x numeric, f double precision, b bytea,
                          m mood, c code, a int[], j jsonb, i interval, s text);
        insert into odd values
          (1, 'infinity', '-infinity', 'infinity', 'NaN', 'NaN', '\\x00ff', '好', 'ab', '{1,null}', '{"a": 1}', '1 year 2 days', ''),
          (2, '0044-03-15 BC', '0044-03-15 10:00 BC', '4713-01-01 BC', 1e300, 1e-308, '', null, null, null, null, null, E'\\\\N'),
          (3, null, null, null, 12345678901234567890123456789.123456789, 'Infinity', null, '坏', '', '{}', '[]', '-1 hour', E'\\t\\n')""",
    )
    names = ["n", "d", "t", "tz", "x", "f", "b", "m", "c", "a", "j", "i", "s"]
    columns = tuple(Column(name, name) for name in names)
    town.mount = msgspec.structs.replace(town.mount, table="odd", columns=columns, key_columns=("n",))
    for hashed in (False, True):
        extra = (Column("h", "s2", masking=Masking.KEYED_HASH),) if hashed else ()
        if hashed:
            town.sql(town.provider, "alter table odd add s2 text default 'x'")
            town.mount = msgspec.structs.replace(town.mount, columns=columns + extra)
        town.publish(columns=columns + extra, hash_key=sm2.seal(town.me.signer.public, b"k" * 16))
        with town.running():
            town.order(f"order-{hashed:d}", target_table=f"odd_{hashed:d}")
            end = town.ended(f"order-{hashed:d}")
            assert end.state is RunState.RELEASED, end.message
        asked = ", ".join(f"{name}::text" for name in names)
        got = town.sql(town.consumer, f"select {asked} from odd_{hashed:d} order by 1")
        assert got == town.sql(town.provider, f"select {asked} from odd order by 1")


def test_readers_of_the_target_are_not_held_up_while_rows_arrive(town: World) -> None:
    town.sql(town.consumer, "create table people_copy (n bigint primary key); insert into people_copy values (0)")
    town.publish(columns=COLUMNS[-1:])
    town.sql(town.provider, "delete from people where n > 200")
    slow(town)
    with town.running():
        town.order()
        running = "select 1 from pg_stat_progress_copy"
        town.control.wait(lambda: town.sql(town.consumer, running))
        at = time.monotonic()
        assert town.sql(town.consumer, "select n from people_copy") == [(0,)]
        assert time.monotonic() - at < 1
        assert town.ended().state is RunState.RELEASED
    assert town.sql(town.consumer, "select count(*) from people_copy") == [(200,)]
