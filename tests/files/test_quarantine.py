"""Dirty rows of a file on its way into a table: set aside and told, or reason enough to let nothing land."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import fileworld
from covers import covers
from jutong.crypto import sm2
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.transfer.guard import together
from jutong.wire.bundle import Mount, Source
from jutong.wire.grants import Column, Kind, Masking
from jutong.wire.transfers import CorrectedValue, Progress, RunState, TableMode
from transferworld import World, world

COLUMNS = (Column("姓名", "xm", masking=Masking.NAME), Column("编号", "n", Kind.INTEGER))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "home", people=1) as made:
        folder = fileworld.local(tmp_path / "in")
        (tmp_path / "in/a.csv").write_bytes("xm,n\n张三,1\n李四丰,二\n王五,3\n残\n".encode("gb18030"))
        made.grant = msgspec.structs.replace(made.grant, columns=COLUMNS)
        sealed = sm2.seal(made.me.signer.public, msgspec.json.encode(folder))
        made.control.publish(
            grants=(made.grant,),
            mounts=(Mount("people", "in", ".", "*.csv", COLUMNS, ()),),
            sources=(
                Source("in", "provider", "files", "文件", sealed),
                Source("target", "consumer", "postgresql", "库", made.sealed(made.consumer)),
            ),
        )
        yield made


def run(town: World, order_id: str, most_dirty: int) -> Progress:
    with town.running():
        town.order(order_id, most_dirty=most_dirty)
        return town.ended(order_id)


@covers(partly=["R-EXC-019"])
def test_dirty_rows_are_set_aside_masked_and_counted_in_the_receipt(town: World) -> None:
    end = run(town, "o1", 2)
    assert end.state is RunState.RELEASED, end.message
    assert town.sql(town.consumer, "select xm, n from people_copy order by n") == [("张*", 1), ("王*", 3)]
    receipt = town.receipt(end.receipt)
    assert (receipt.target.rows, receipt.dirty) == (2, 2)
    [parcel] = town.control.dirty
    assert [(row.number, row.item, row.value) for row in parcel.rows] == [(3, "编号", "*"), (5, "", "*")]
    assert parcel.rows[1].reason == "应有 2 列，实有 1 列"
    lines = town.me.signer.unseal(parcel.content).split(b"\n")
    assert json.loads(lines[0]) == [3, ["李四丰", "二"], False]
    assert "李四丰" not in str(parcel.rows)


def test_more_dirty_rows_than_allowed_let_nothing_land_and_are_told_all_the_same(town: World) -> None:
    end = run(town, "o1", 1)
    assert end.state is RunState.REJECTED
    assert "第一处在第 3 行" in end.message
    assert town.sql(town.consumer, "select to_regclass('people_copy')::text") == [(None,)]
    assert [row.number for parcel in town.control.dirty for row in parcel.rows] == [3, 5]


def test_a_corrected_row_of_a_file_is_masked_and_filtered_like_the_others(town: World) -> None:
    run(town, "o1", 2)
    [parcel] = town.control.dirty
    values = sm2.seal(town.me.signer.public, msgspec.json.encode([CorrectedValue(0, 0, "编号", "2")]))
    with town.running():
        town.order(
            "o2",
            corrected="o1",
            corrects=(parcel.content,),
            corrections=values,
            target_mode=TableMode.APPEND,
            most_dirty=9,
        )
        end = town.ended("o2")
    assert (end.state, end.dirty) == (RunState.RELEASED, 0), end.message
    assert town.sql(town.consumer, "select xm, n from people_copy order by n") == [("张*", 1), ("李**", 2), ("王*", 3)]


def test_more_than_ten_thousand_dirty_rows_are_counted_exactly_and_the_first_are_listed(
    town: World, tmp_path: Path
) -> None:
    rows = "".join(f"李四,{'二' if n % 100 else n}\n" for n in range(1, 12_001))
    (tmp_path / "in/a.csv").write_bytes(f"xm,n\n{rows}".encode("gb18030"))
    end = run(town, "o1", 11_880)
    assert end.state is RunState.RELEASED, end.message
    assert "11880 行问题数据已隔离待修正（仅列出前 10000 行）" in end.message
    assert (end.dirty, town.receipt(end.receipt).dirty) == (11_880, 11_880)
    assert town.sql(town.consumer, "select count(*) from people_copy") == [(120,)]
    assert sum(len(parcel.rows) for parcel in town.control.dirty) == 10_000
    fewer = run(town, "o2", 11_879)
    assert fewer.state is RunState.REJECTED
    assert "超过允许的 11879 行" in fewer.message


def test_a_sum_cut_short_by_its_stream_is_not_what_failed() -> None:
    """Else the runner would take it for its own end: the order would wait for ever, with one worker less."""

    async def main() -> None:
        passed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def stream() -> int:
            passed.cancel()
            await asyncio.sleep(0)
            raise RuleBroken("目标列的长度不够。")

        await together(asyncio.wait_for(passed, 5), stream())

    with pytest.raises(RuleBroken, match="长度不够"):
        asyncio.run(main())
