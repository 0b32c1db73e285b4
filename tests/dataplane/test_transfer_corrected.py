"""Rows that a run set aside, put right and delivered by an order of their own: once, under the grant, checked again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import mariadb
from covers import covers
from jutong.crypto import sm2
from jutong.wire.bundle import Access, Source
from jutong.wire.grants import Column, Kind, Masking
from jutong.wire.transfers import CorrectedValue, Order, RunState, TableMode
from transferworld import World, world

COLUMNS = (
    Column("编号", "n", Kind.INTEGER),
    Column("姓名", "name"),
    Column("地区", "region", masking=Masking.NAME),
    Column("金额", "amount", Kind.NUMBER),
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, people=20) as made:
        made.sql(made.provider, "update people set name = '张' || n")
        made.sql(
            made.provider,
            "update people set name = '欧阳娜娜娜' where n = 3; update people set amount = -1 where n = 5;"
            " update people set name = '司马相如如' where n = 7",
        )
        made.mount = type(made.mount)("people", "source", "public", "people", COLUMNS, ("n",))
        made.publish(columns=COLUMNS)
        yield made


def mysql(town: World, port: int, name: str) -> None:
    """Let the target be a MariaDB."""
    access = Access("127.0.0.1", port, name, mariadb.USER, mariadb.PASSWORD, "disable")
    sealed = sm2.seal(town.me.signer.public, msgspec.json.encode(access))
    town.control.publish(
        sources=(
            Source("source", "provider", "postgresql", "提供方库", town.sealed(town.provider)),
            Source("target", "consumer", "mysql", "需求方库", sealed),
        )
    )


def corrected(town: World, order_id: str, values: dict[int, tuple[str, str]], **changes: Any) -> Order:
    """Order the delivery of corrected rows. values: of a row's number, item and value."""
    parcels = [parcel for parcel in town.control.dirty if parcel.order_id == "first"]
    listed = [
        CorrectedValue(n, place, item, value)
        for n, parcel in enumerate(parcels)
        for place, row in enumerate(parcel.rows)
        for number, (item, value) in values.items()
        if row.number == number
    ]
    sealed = sm2.seal(town.me.signer.public, msgspec.json.encode(listed))
    return town.order(
        order_id,
        corrected="first",
        corrects=tuple(parcel.content for parcel in parcels),
        corrections=sealed,
        target_mode=TableMode.APPEND,
        most_dirty=1000,
        **changes,
    )


@covers(partly=["R-EXC-019"])
@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_corrected_rows_arrive_once_and_what_is_still_wrong_comes_back(town: World, engine: str) -> None:
    goal = "create table people_copy (n bigint primary key, name varchar(4), region varchar(6), amount {}(12,2) check (amount >= 0))"
    closing = mariadb.database()
    port, name = closing.__enter__() if engine == "mysql" else (0, "")
    try:

        def ask(statement: str) -> list[tuple[Any, ...]]:
            return mariadb.execute(port, name, statement) if port else town.sql(town.consumer, statement)

        ask(goal.format("decimal" if port else "numeric"))
        if port:
            mysql(town, port, name)
        with town.running():
            town.order("first", most_dirty=3, target_schema=name or "public")
            first = town.ended("first")
            assert (first.state, first.dirty) == (RunState.RELEASED, 3), first.message
            numbers = [row.number for parcel in town.control.dirty for row in parcel.rows]
            assert [row.key for parcel in town.control.dirty for row in parcel.rows] == [str(n) for n in (3, 5, 7)]
            values = dict(zip(numbers, [("姓名", "欧阳娜"), ("金额", "1.00"), ("姓名", "还是太长了")], strict=True))
            order = corrected(town, "second", values, target_schema=name or "public")
            second = town.ended("second")
            assert (second.state, second.dirty) == (RunState.RELEASED, 1), second.message
            town.control.order(msgspec.structs.replace(order, id="second"))
        rows = [
            (int(row[0]), row[1], row[2], str(row[3]))
            for row in ask("select * from people_copy where n in (3, 5, 7) order by n")
        ]
        assert rows == [(3, "欧阳娜", "1*****", "0.43"), (5, "张5", "1*****", "1.00")]
        assert [int(row[0]) for row in ask("select count(*) from people_copy")] == [19]
        receipt = town.receipt(second.receipt)
        assert (receipt.corrected, receipt.target.rows, receipt.dirty) == ("first", 2, 1)
        [again] = [parcel for parcel in town.control.dirty if parcel.order_id == "second"]
        assert [row.item for row in again.rows] == ["姓名"]
    finally:
        if port:
            closing.__exit__(None, None, None)


def test_a_masked_item_is_masked_after_its_correction_and_a_hidden_one_cannot_be_corrected(town: World) -> None:
    town.sql(
        town.consumer, "create table people_copy (n bigint, name varchar(4), region varchar(8), amount numeric(12,2))"
    )
    with town.running():
        town.order("first", most_dirty=3)
        assert town.ended("first").dirty == 2
        numbers = [row.number for parcel in town.control.dirty for row in parcel.rows]
        corrected(town, "second", {numbers[0]: ("地区", "海淀区")})
        assert town.ended("second").dirty == 1  # the name is still too long
        corrected(town, "third", {numbers[0]: ("身份证号", "x")})
        end = town.ended("third")
    assert end.state is RunState.REJECTED
    assert "“身份证号”不能在此更正" in end.message
    again = [parcel for parcel in town.control.dirty if parcel.order_id == "second"]
    assert "海**" in town.me.signer.unseal(again[0].content).decode()
