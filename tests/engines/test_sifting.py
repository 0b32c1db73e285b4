"""Rows that a target cannot hold: each engine says which, and why, and takes all the others."""

# ruff: noqa: S608 - the statements are the test's own
from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from covers import covers
from engineworld import AT, Base, ask, fresh, poured
from jutong.dataplane import engines
from jutong.dataplane.dirty import RowRefused, Sifted, Sifting
from jutong.dataplane.engines import sqlite
from jutong.dataplane.engines.base import Target
from jutong.dataplane.engines.postgresql import sifting
from jutong.dataplane.policy import Plan
from jutong.dataplane.reconcile import PORTABLE, difference
from jutong.wire.bundle import Access
from jutong.wire.grants import Column, Kind
from jutong.wire.transfers import TableMode

COLUMNS = (
    Column("编号", "n", Kind.INTEGER),
    Column("姓名", "name"),
    Column("出生日期", "born"),
    Column("金额", "amount", Kind.NUMBER),
)
SOURCE = "create table people (n integer, name text, born text, amount decimal_text)"
GOALS = {
    "postgresql": "create table goal (n integer primary key, name varchar(4) not null, born date,"
    " amount numeric(5,2) check (amount >= 0))",
    "mysql": "create table goal (n integer primary key, name varchar(4) character set utf8mb3 not null, born date,"
    " amount decimal(5,2) check (amount >= 0)) engine=InnoDB",
    "sqlite": "create table goal (n integer primary key, name varchar(4) not null, born date,"
    " amount decimal_text(5,2) check (cast(amount as real) >= 0))",
}
GOOD = [(1, "张三", "2026-01-31", "1.50"), (2, "李四", None, "0.00"), (12, "吴", "1999-12-31", None)]
WRONG = {
    3: ("王\0五", "2026-01-31", "1.00"),
    4: ("欧阳娜娜娜", "2026-01-31", "1.00"),
    5: ("赵六", "2026-02-30", "1.00"),
    6: ("孙七", "2026-01-31", "12345.00"),
    7: (None, "2026-01-31", "1.00"),
    8: ("周八", "2026-01-31", "-1.00"),
    9: ("𠮷野", "2026-01-31", "1.00"),
    3_000_000_000: ("郑", "2026-01-31", "1.00"),
}
REASONS = {
    "postgresql": {
        3: "含有空字符，PostgreSQL 不能保存",
        4: "不符合目标列的类型 character varying(4)",
        5: "不符合目标列的类型 date",
        6: "不符合目标列的类型 numeric(5,2)",
        7: "目标列不允许为空",
        8: "不满足目标表的约束 goal_amount_check",
        3_000_000_000: "不符合目标列的类型 integer",
        1: "与前面的行在唯一键上重复",
    },
    "mysql": {
        4: "超过目标列的长度 4 个字符",
        5: "不符合目标列的类型 date，或超出其范围",
        6: "不符合目标列的类型 decimal(5,2)，或超出其范围",
        7: "目标列不允许为空",
        8: "不满足目标表的约束 amount",
        9: "目标列的字符集不能保存其中的字符，或写入后值会改变",
        3_000_000_000: "不符合目标列的类型 int(11)，或超出其范围",
        1: "与前面的行在唯一键上重复",
    },
    "sqlite": {7: "目标列不允许为空", 8: "不满足目标表的约束", 1: "唯一键与其他行重复"},
}


@pytest.fixture
def source() -> Iterator[Base]:
    with fresh("sqlite") as base:
        base.run(SOURCE)
        for n, *rest in [*GOOD, *((n, *row) for n, row in WRONG.items()), (1, "又一个", None, "1.00")]:
            given = ", ".join("null" if text is None else f"cast(x'{text.encode().hex()}' as text)" for text in rest)
            base.run(f"insert into people values ({n}, {given})")
        yield base


def sifted(
    source: Base,
    sink: Base,
    *,
    most: int = 20,
    schema: str | None = None,
    columns: tuple[Column, ...] = COLUMNS,
    **changes: Any,
) -> Sifted:
    """Move all rows into the goal with whatever does not fit set aside, compare every leg, and settle."""
    chosen = {"mode": TableMode.REPLACE, "unique": ("n",), "sift": True} | changes
    target = Target("order-1", "grant-1", sink.schema if schema is None else schema, "goal", **chosen)

    async def main() -> Sifted:
        first = await engines.open(source.source(), source.access)
        second = await engines.open(sink.source(), sink.access)
        try:
            plan = Plan(source.schema, "people", columns, unique=("n",))
            async with first.reading(plan) as reading, second.landing(target, reading.shapes) as landing:
                counted = await poured(reading, landing)
                assert isinstance(landing, Sifting)
                found = await landing.sift(most)
                assert difference(counted, found.came) == ""
                arrived = await landing.tally(PORTABLE)
                assert difference(found.clean, arrived) == ""
                await landing.settle(arrived, at=AT)
                return found
        finally:
            await first.close()
            await second.close()

    return asyncio.run(main())


@covers(partly=["R-EXC-019"])
@pytest.mark.parametrize("engine", ["postgresql", "mysql", "sqlite"])
@pytest.mark.parametrize("mode", [TableMode.REPLACE, TableMode.APPEND, TableMode.UPSERT])
def test_every_engine_sets_aside_what_its_table_cannot_hold(source: Base, engine: str, mode: TableMode) -> None:
    with fresh(engine) as sink:
        sink.run(GOALS[engine])
        found = sifted(source, sink, mode=mode)
        told = {int(each.cells[0] or 0): each.reason for each in found.dirty}
        assert told == REASONS[engine]
        assert found.came.rows == len(GOOD) + len(WRONG) + 1
        assert found.aside == len(REASONS[engine])
        kept = {int(row[0]) for row in sink.run("select n from goal")}
        wrong = set(REASONS[engine]) - {1}
        assert kept == ({n for n, *_ in GOOD} | WRONG.keys()) - wrong
        tables = [table.name for table in ask(sink, lambda opened: opened.tables(sink.schema))]
        assert sorted(tables) == ["goal", "jutong_position"]


def test_an_older_postgresql_is_asked_by_trying(source: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sifting, "ASKABLE", 99)
    with fresh("postgresql") as sink:
        sink.run(GOALS["postgresql"])
        found = sifted(source, sink)
        told = {int(each.cells[0] or 0): each.reason for each in found.dirty}
        assert told == REASONS["postgresql"] | {4: "写入目标列后值会改变"}  # a cast cuts what an input would refuse


@pytest.mark.parametrize("engine", ["postgresql", "mysql", "sqlite"])
def test_more_than_may_be_leave_the_target_as_it_was(source: Base, engine: str) -> None:
    with fresh(engine) as sink:
        sink.run(GOALS[engine])
        sink.run("insert into goal values (1, 'old', null, null)")
        with pytest.raises(Exception, match="超过允许的 2 行"):
            sifted(source, sink, most=2)
        assert [str(row[1]) for row in sink.run("select * from goal")] == ["old"]


@pytest.mark.parametrize("engine", ["postgresql", "mysql", "sqlite"])
def test_what_stays_in_the_target_keeps_its_key_when_appending(source: Base, engine: str) -> None:
    with fresh(engine) as sink:
        sink.run(GOALS[engine])
        sink.run("insert into goal values (2, 'old', null, null)")
        found = sifted(source, sink, mode=TableMode.APPEND)
        assert 2 in {int(each.cells[0] or 0) for each in found.dirty}
        assert [str(row[0]) for row in sink.run("select name from goal where n = 2")] == ["old"]


def test_a_database_with_lengths_and_without_release_sifts_alike(source: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the optional engines do: their staging tables refuse values themselves, some never forget a savepoint."""
    dialect = replace(
        sqlite.DIALECT,
        savepoint=("savepoint {}", "rollback to savepoint {}", ""),
        native=lambda name, wanted, key: (
            sqlite.native(name, wanted, key) + " check (length(name) < 12)" * (name == "name")
        ),
    )
    monkeypatch.setattr(sqlite, "DIALECT", dialect)
    source.run("insert into people values (40, '一二三四五六七八九十一二', null, null)")
    with fresh("sqlite") as sink:
        sink.run("create table region (name text primary key)")
        sink.run(
            "create table goal (n integer primary key, name varchar(40) references region (name), born date,"
            " amount decimal_text(5,2))"
        )
        sink.run("insert into region values ('张三'), ('李四'), ('吴')")
        found = sifted(source, sink, mode=TableMode.APPEND)
        told = {int(each.cells[0] or 0): each.reason for each in found.dirty}
        kept = {int(row[0]) for row in sink.run("select n from goal")}
    assert told.pop(40) == "不满足目标表的约束"
    assert told.pop(1) == "唯一键与其他行重复"
    assert set(told.values()) == {"不满足目标表的外键约束"}
    assert kept == {1, 2, 7, 12}


FAMILY = {
    "postgresql": (
        "create table division (code text primary key)",
        "create table other (n integer primary key)",
        (
            "create table goal (n integer primary key, name varchar(4) references division (code),"
            " parent integer constraint goal_parent references goal, born date,"
            " constraint goal_other foreign key (n) references other (n))"
        ),
    ),
    "mysql": (
        "create table division (code varchar(4) character set utf8mb4 collate utf8mb4_bin primary key) engine=InnoDB",
        "create table other (n integer primary key) engine=InnoDB",
        (
            "create table goal (n integer primary key, name varchar(4) character set utf8mb4 collate utf8mb4_bin,"
            " parent integer, born date, constraint goal_name_fkey foreign key (name) references division (code),"
            " constraint goal_parent foreign key (parent) references goal (n),"
            " constraint goal_other foreign key (n) references other (n)) engine=InnoDB"
        ),
    ),
}


@covers(partly=["R-EXC-019"])
@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@pytest.mark.parametrize("mode", [TableMode.REPLACE, TableMode.APPEND, TableMode.UPSERT])
def test_a_row_that_refers_to_nothing_is_set_aside_with_the_key_named_and_its_children_too(
    engine: str, mode: TableMode
) -> None:
    columns = (
        Column("编号", "n", Kind.INTEGER),
        Column("区划", "name"),
        Column("上级", "parent", Kind.INTEGER),
        Column("日期", "born", Kind.DATE),
    )
    rows = "(5, '甲', 1), (1, '甲', null), (2, '乙', 1), (3, '无', null), (4, '甲', 3), (6, null, 4), (7, '乙', 99), (8, '甲', 1)"
    with fresh("sqlite") as source, fresh(engine) as sink:
        source.run("create table people (n integer, name text, parent integer, born date)")
        source.run(f"insert into people (n, name, parent) values {rows}")
        for statement in FAMILY[engine]:
            sink.run(statement)
        sink.run("insert into division values ('甲'), ('乙')")
        sink.run("insert into other values (1), (2), (3), (4), (5), (6), (7), (99)")
        sink.run("insert into goal values (99, '甲', null, null)")
        if mode is TableMode.UPSERT:
            sink.run("insert into goal values (1, '乙', 99, null)")
        found = sifted(source, sink, columns=columns, mode=mode)
        told = {int(each.cells[0] or 0): (each.column, each.reason.partition("：")[0]) for each in found.dirty}
        kept = {int(row[0]) for row in sink.run("select n from goal")}
    broken = {
        3: ("name", "不满足目标表的外键 goal_name_fkey"),
        4: ("parent", "不满足目标表的外键 goal_parent"),
        6: ("parent", "不满足目标表的外键 goal_parent"),
        7: ("parent", "不满足目标表的外键 goal_parent"),
        8: ("n", "不满足目标表的外键 goal_other"),
    }
    stays = mode is not TableMode.REPLACE
    assert told == {n: why for n, why in broken.items() if not (stays and n == 7)}
    assert kept == ({1, 2, 5} | ({7, 99} if stays else set()))


UNUSUAL = {
    "postgresql": (
        "create unique index goal_odd on goal (lower(name)) where n < 100",
        """create function refuse() returns trigger language plpgsql as $$ begin
           if new.n = 12 then raise exception 'no'; end if; return new; end $$""",
        "create trigger refusing before insert on goal for each row execute function refuse()",
    ),
    "mysql": (
        "create unique index goal_odd on goal (name(1))",
        (
            "create trigger refusing before insert on goal for each row"
            " if new.n = 12 then signal sqlstate '45000' set message_text = 'no'; end if"
        ),
    ),
}


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_what_no_test_on_sets_knows_is_found_by_trying_and_leaves_no_trace(source: Base, engine: str) -> None:
    source.run("insert into people values (21, '李四', null, null)")
    with fresh(engine) as sink:
        for statement in (GOALS[engine], *UNUSUAL[engine]):
            sink.run(statement)
        sink.run("insert into goal values (30, 'old', null, null)")
        found = sifted(source, sink, mode=TableMode.APPEND)
        told = {int(each.cells[0] or 0): each.reason for each in found.dirty}
        kept = {int(row[0]) for row in sink.run("select n from goal")}
        assert sink.run("select count(*) from goal where name = 'old'")[0][0] == 1
    odd = {found: reason for found, reason in told.items() if REASONS[engine].get(found) != reason}
    assert odd.keys() == {12, 21}
    assert "触发器" in odd[12]
    assert "唯一约束" in odd[21]
    assert not kept & odd.keys()


def test_a_file_format_says_what_it_cannot_hold(source: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_FILE_FOLDERS", f'["{tmp_path}"]')
    source.run(f"update people set name = '{'长' * 40_000}' where n = 4")
    sink = Base("files", Access(database=str(tmp_path), options={"format": "xlsx"}), ".", lambda _: [])
    with pytest.raises(RowRefused, match="XLSX"):
        sifted(source, sink, sift=False)
    found = sifted(source, sink)
    assert [(each.number, each.column, each.reason) for each in found.dirty] == [
        (5, "name", "超过 Excel 单元格的 32767 个字符")
    ]
    assert list(tmp_path.glob("goal.xlsx"))
