"""Rows that the target cannot hold are set aside, told of and sealed, up to what the order lets pass; the others arrive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jutong.wire.grants import Column, Kind, Masking
from jutong.wire.transfers import RunState, TableMode
from transferworld import World, world

COLUMNS = (
    Column("编号", "n", Kind.INTEGER),
    Column("姓名", "name"),
    Column("金额", "amount", Kind.NUMBER),
    Column("照片", "face", Kind.BINARY),
)
GOAL = """create table people_copy (n bigint, name varchar(4), amount numeric(12,2) not null check (amount >= 0), face bytea,
                                   unique (n))"""


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, people=50) as made:
        made.sql(
            made.provider, "alter table people add face bytea; update people set face = '\\x00ff', name = '张' || n"
        )
        made.sql(made.consumer, GOAL)
        made.mount = type(made.mount)("people", "source", "public", "people", COLUMNS, ("n",))
        made.publish(columns=COLUMNS)
        yield made


def spoilt(town: World) -> None:
    town.sql(
        town.provider,
        """update people set name = '欧阳娜娜娜' where n = 3; update people set amount = -1 where n = 5;
        update people set amount = null where n = 7; update people set n = 9 where n = 10""",
    )


@pytest.mark.parametrize("mode", [TableMode.REPLACE, TableMode.APPEND, TableMode.UPSERT])
def test_rows_that_do_not_fit_are_set_aside_and_the_others_arrive(town: World, mode: TableMode) -> None:
    spoilt(town)
    with town.running():
        town.order(target_mode=mode, most_dirty=4)
        end = town.ended()
    assert end.state is RunState.RELEASED, end.message
    assert "4 行问题数据已隔离" in end.message
    receipt = town.receipt(end.receipt)
    assert (receipt.dirty, receipt.source.rows, receipt.target.rows) == (4, 46, 46)
    kept = [row[0] for row in town.sql(town.consumer, "select n from people_copy order by n")]
    assert kept == [n for n in range(1, 51) if n not in (3, 5, 7, 10)]
    shown = "select n, name, amount, face from {} where n in (9, 11) and not (n = 9 and amount > 1.4) order by n"
    assert town.sql(town.consumer, shown.format("people_copy")) == town.sql(town.provider, shown.format("people"))
    [parcel] = town.control.dirty
    told = {(row.item, row.value, row.reason) for row in parcel.rows}
    assert told == {
        ("姓名", "欧****", "不符合目标列的类型 character varying(4)"),
        ("金额", "-****", "不满足目标表的约束 people_copy_amount_check"),
        ("金额", "", "目标列不允许为空"),
        ("编号", "*", "与前面的行在唯一键上重复"),
    }
    assert "欧阳".encode() not in parcel.content
    lines = town.me.signer.unseal(parcel.content).decode().splitlines()
    assert sum("欧阳娜娜娜" in line for line in lines) == 1
    assert len(lines) == 4


def test_more_than_may_be_or_none_at_all_stop_the_run(town: World) -> None:
    spoilt(town)
    with town.running():
        town.order("three", most_dirty=3)
        three = town.ended("three")
        town.order("none")
        none = town.ended("none")
    assert three.state is none.state is RunState.REJECTED
    assert "问题行 4 行，超过允许的 3 行" in three.message
    assert town.sql(town.consumer, "select count(*) from people_copy") == [(0,)]
    assert town.control.dirty == []


def test_what_the_target_has_already_is_set_aside_when_appending_and_hashes_pass_through(town: World) -> None:
    town.publish(
        columns=(
            *COLUMNS[:2],
            Column("金额", "amount", Kind.NUMBER),
            Column("照片", "face", Kind.BINARY, Masking.SUPPRESS),
        ),
    )
    town.sql(town.consumer, "insert into people_copy values (1, 'alt', 1, null)")
    with town.running():
        town.order(target_mode=TableMode.APPEND, most_dirty=1)
        end = town.ended()
    assert end.state is RunState.RELEASED, end.message
    assert [row.reason for row in town.control.dirty[0].rows] == ["目标表中已有相同的唯一键"]
    assert town.sql(town.consumer, "select name from people_copy where n = 1") == [("alt",)]
    assert town.sql(town.consumer, "select count(*) from people_copy") == [(50,)]


def test_a_centre_that_does_not_take_the_rows_holds_the_release_back(town: World) -> None:
    spoilt(town)
    town.control.deaf = True
    with town.running():
        town.order(most_dirty=9)
        town.control.wait(lambda: [p for p in town.control.progress if p.state is RunState.QUEUED])
        assert town.sql(town.consumer, "select count(*) from people_copy") == [(0,)]
        town.control.deaf = False
        assert town.ended().state is RunState.RELEASED
    assert len(town.control.dirty) == 1
    assert town.sql(town.consumer, "select count(*) from people_copy") == [(46,)]
