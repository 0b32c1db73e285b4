"""Incremental reading by a watermark, schema drift, windows, priorities and what runs share: told by real runners."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from covers import covers
from jutong.dataplane.transfer.watermarks import back
from jutong.wire.grants import Column, Kind
from jutong.wire.transfers import Order, Progress, Read, RunState, TableMode, Watermark
from transferworld import COLUMNS, World, world

PLAIN = (Column("身份证号", "id_no"), *COLUMNS[1:])


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        made.publish(columns=PLAIN)
        yield made


def newer(town: World, order_id: str, overlap: int = 0, **changes: Any) -> Progress:
    """Run one incremental order to its end."""
    asked: dict[str, Any] = {"target_mode": TableMode.UPSERT, "task_id": "task", "read": Read.WATERMARK}
    town.order(order_id, **asked | {"watermark": Watermark("更新时间", overlap)} | changes)
    return town.ended(order_id)


def same(town: World) -> bool:
    """Tell whether the target holds what the source holds."""
    shown = "select n, id_no, region, amount, changed from {} order by n"
    return town.sql(town.consumer, shown.format("people_copy")) == town.sql(town.provider, shown.format("people"))


@covers(partly=["R-EXC-003"])
def test_a_run_reads_what_is_newer_than_the_last_landed_one_and_upserts_it(town: World) -> None:
    with town.running():
        first = newer(town, "first")
        assert first.state is RunState.RELEASED, first.message
        assert town.receipt(first.receipt).target.rows == 1000
        assert town.receipt(first.receipt).position == "2026-01-01 08:16:40+08"
        town.sql(town.provider, "update people set amount = -1, changed = '2026-02-01 00:00:00+08' where n <= 3")
        second = newer(town, "second")
        assert town.receipt(second.receipt).target.rows == 4  # the mark itself is read again
        third = newer(town, "third")
        assert town.receipt(third.receipt).position.startswith("2026-02-01 00:00:00")
    assert same(town)
    assert town.sql(town.consumer, "select task_id, target from jutong_task") == [("task", "people_copy")]


def test_what_was_committed_late_is_found_within_the_overlap_and_rows_without_a_time_are_not_forgotten(
    town: World,
) -> None:
    with town.running():
        assert newer(town, "first").state is RunState.RELEASED
        town.sql(town.provider, "update people set amount = -2, changed = '2026-01-01 00:15:00+00' where n = 1")
        town.sql(town.provider, "update people set amount = -3, changed = null where n = 2")
        assert newer(town, "without").state is RunState.RELEASED
        assert not same(town)
        assert newer(town, "with", overlap=120).state is RunState.RELEASED
    assert same(town)


def test_appending_reads_strictly_newer_rows_and_refuses_what_would_double_or_lose(town: World) -> None:
    with town.running():
        append = {"target_mode": TableMode.APPEND, "watermark": Watermark("编号")}
        assert newer(town, "first", **append).state is RunState.RELEASED
        town.sql(
            town.provider,
            "insert into people select 'x' || n, name, region, born, amount, changed, n + 1000 from people",
        )
        assert newer(town, "second", **append).state is RunState.RELEASED
        assert newer(town, "third", **append).state is RunState.RELEASED
        assert same(town)
        refused = [
            newer(town, "overlap", **append | {"watermark": Watermark("编号", 5)}),
            newer(town, "replace", target_mode=TableMode.REPLACE),
            newer(town, "masked", watermark=Watermark("姓名")),
            newer(town, "alone", task_id=""),
        ]
        town.sql(town.provider, "update people set changed = null where n = 5")
        refused.append(newer(town, "empty", task_id="other", target_mode=TableMode.APPEND))
    assert [end.state for end in refused] == [RunState.REJECTED] * 5
    assert [
        word
        for word, end in zip(["重叠", "整表替换", "未脱敏", "所属任务", "空值"], refused, strict=True)
        if word in end.message
    ] == ["重叠", "整表替换", "未脱敏", "所属任务", "空值"]


@pytest.mark.parametrize(
    ("kind", "mark", "overlap", "before"),
    [
        (Kind.INTEGER, "5", 7, "-2"),
        (Kind.NUMBER, "5.50", 2, "3.50"),
        (Kind.DATE, "2026-03-01", 1, "2026-02-28"),
        (Kind.TIMESTAMP, "2026-01-01 00:00:10.5+08", 11, "2025-12-31 23:59:59.500000+08:00"),
    ],
)
def test_a_mark_moves_back_by_its_overlap(kind: Kind, mark: str, overlap: int, before: str) -> None:
    assert back(kind, mark, overlap) == before


@covers(partly=["R-EXC-003"])
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("alter table people alter amount type numeric(14,2)", "类型由 numeric(12,2) 变为 numeric(14,2)"),
        ("alter table people rename region to area", "列 region 已不存在"),
        ("alter table people alter name set not null", "由可为空变为不可为空"),
    ],
)
def test_a_source_that_changed_its_columns_stops_the_run_and_says_what_changed(
    town: World, change: str, word: str
) -> None:
    with town.running():
        town.order("first")
        assert town.ended("first").state is RunState.RELEASED
        shape = next(report.drift for report in town.control.progress if report.drift)
        town.order("second", shape=shape)
        assert town.ended("second").state is RunState.RELEASED
        town.sql(town.provider, change)
        town.order("third", shape=shape)
        end = town.ended("third")
    assert end.state is RunState.REJECTED
    assert word in end.message
    assert end.drift
    assert end.drift != shape
    assert end.drift_text == end.message
    assert town.sql(town.consumer, "select count(*) from jutong_position") == [(2,)]


def test_an_accepted_shape_runs_again(town: World) -> None:
    with town.running():
        town.sql(town.provider, "alter table people alter amount type numeric(14,2)")
        town.order("first", shape="00" * 32)
        end = town.ended("first")
        assert "现有的列" in end.message
        town.order("second", shape=end.drift)
        assert town.ended("second").state is RunState.RELEASED


def test_an_order_waits_for_its_window_and_ends_with_it(town: World) -> None:
    now = datetime.now(UTC)
    with town.running():
        town.order("early", not_before=now + timedelta(seconds=2))
        town.order("late", not_after=now - timedelta(minutes=1))
        end = town.ended("late")
        assert end.state is RunState.REJECTED
        assert "运行时段已于" in end.message
        assert town.ended("early").state is RunState.RELEASED
        assert datetime.now(UTC) >= now + timedelta(seconds=2)


def test_the_most_urgent_order_comes_first(town: World) -> None:
    for n, priority in enumerate((5, 9, 1)):
        town.order(f"order-{n}", priority=priority)
    with town.running(transfer_runs=1):
        for n in range(3):
            assert town.ended(f"order-{n}").state is RunState.RELEASED
    begun = town.sql(town.book, "select order_id from book.attempts order by started_at")
    assert begun == [("order-2",), ("order-0",), ("order-1",)]


def overlapping(town: World) -> list[tuple[str, str]]:
    """Return the pairs of orders that worked at the same time; a lease is dated before it is granted, by milliseconds."""
    return town.sql(
        town.book,
        """select a.order_id, b.order_id from book.attempts a join book.attempts b on a.order_id < b.order_id
           and a.started_at + interval '0.2 s' < b.ended_at and b.started_at + interval '0.2 s' < a.ended_at order by 1, 2""",
    )


def paced(town: World, order_id: str, **changes: Any) -> Order:
    """Send an order that takes about a second."""
    return town.order(order_id, target_table=order_id, rows_per_second=1000, **changes)


@pytest.mark.parametrize("how", ["task", "source"])
def test_runs_of_one_task_and_too_many_of_one_source_follow_each_other_across_runners(town: World, how: str) -> None:
    town.publish(columns=COLUMNS)
    with town.running(2, source_runs=1 if how == "source" else 2):
        for n in range(3):
            paced(town, f"copy_{n}", task_id="task" if how == "task" else "")
        assert {town.ended(f"copy_{n}").state for n in range(3)} == {RunState.RELEASED}
    assert overlapping(town) == []


def test_a_session_that_a_dead_attempt_left_at_the_target_is_ended_by_the_next(town: World) -> None:
    name = "jutong-" + hashlib.sha256(b"order-1").hexdigest()[:24]
    with psycopg.connect(town.consumer, application_name=name) as left:
        left.execute('select pg_advisory_xact_lock(hashtextextended(\'"public"."people_copy"\', 1))')
        with town.running():
            town.order("order-1")
            assert town.ended("order-1", seconds=10).state is RunState.RELEASED
        with pytest.raises(psycopg.OperationalError):
            left.execute("select 1")
    assert same(town)


@pytest.mark.parametrize("hashed", [False, True])
def test_rows_leave_the_source_no_quicker_than_the_order_says(tmp_path: Path, hashed: bool) -> None:
    from jutong.crypto import sm2
    from jutong.wire.grants import Masking

    with world(tmp_path, people=20_000) as town:
        masking = Masking.KEYED_HASH if hashed else Masking.NONE
        town.publish(
            columns=(Column("姓名", "name", masking=masking), COLUMNS[-1]),
            hash_key=sm2.seal(town.me.signer.public, b"k" * 16),
        )
        with town.running():
            began = time.monotonic()
            town.order(rows_per_second=10_000)
            assert town.ended().state is RunState.RELEASED
            assert 1.5 < time.monotonic() - began < 8
