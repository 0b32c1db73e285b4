"""A CSV file that goes into PostgreSQL as it stands leaves what its canonical lines leave: rows, counts, checksums."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engineworld import Base, fresh
from jutong.dataplane import engines
from jutong.dataplane.engines.base import Shape, Target
from jutong.dataplane.engines.files import Files
from jutong.dataplane.engines.types import TEXT
from jutong.dataplane.files.csvs import Dialect, Reader
from jutong.dataplane.files.local import LocalStore
from jutong.dataplane.files.stores import Names
from jutong.dataplane.partitions import Cut
from jutong.dataplane.policy import Plan
from jutong.dataplane.reconcile import PORTABLE
from jutong.dataplane.transfer.guard import together
from jutong.dataplane.verbatim import Piece
from jutong.wire.bundle import Access
from jutong.wire.grants import Column, Kind
from jutong.wire.transfers import SplitBy, TableMode, Tally

COLUMNS = (
    Column("编号", "n", Kind.INTEGER),
    Column("姓名", "name"),
    Column("金额", "amount", Kind.NUMBER),
    Column("出生日期", "born", Kind.DATE),
    Column("在册", "active", Kind.BOOLEAN),
)
NAMES = tuple(column.column for column in COLUMNS)


@pytest.fixture(scope="module")
def target() -> Iterator[Base]:
    with fresh("postgresql") as base:
        yield base


def passed(folder: Path, access: Access) -> Any:
    return Files(access, "文件", LocalStore(folder, Names("utf-8")))


async def loaded(base: Base, folder: Path, columns: tuple[Column, ...], *, as_it_stands: bool) -> dict[str, Any]:
    """Load the folder's files by one way; what arrived, what both ends say, what was set aside, in which forms it came."""
    sink = await engines.open(base.source(), base.access)
    source = passed(folder, Access(database=str(folder), options={"store": "local"}))
    plan, table, forms = Plan(".", "*.csv", columns), "direct" if as_it_stands else "lines", list[bool]()
    goal = Target(f"{table}-{datetime.now(UTC).timestamp()}", "g", "public", table, TableMode.REPLACE)
    queue: asyncio.Queue[Piece | None] = asyncio.Queue(8)

    async def put(piece: Piece) -> None:
        forms.append(piece[1] is not None)
        await queue.put(piece)

    async def line(chunk: bytes) -> None:
        await put((chunk, None))

    async def pieces() -> AsyncIterator[Piece]:
        while (piece := await queue.get()) is not None:
            yield piece

    async with source.reading(plan) as reading, sink.landing(goal, reading.shapes) as landing:

        async def read() -> int:
            sent: int = await (reading.pieces(put) if as_it_stands else reading.lines(line))
            await queue.put(None)
            return sent

        lines = (chunk async for chunk, _ in pieces())
        write = landing.receive_pieces(pieces()) if as_it_stands else landing.receive(lines, binary=False)
        counted, sent, took = await together(reading.tally(PORTABLE), read(), write)
        came = await landing.tally(PORTABLE)
        await landing.settle(came, at=datetime.now(UTC))
        dirty = [(each.number, each.column, each.reason) for each in reading.dirty]
    await sink.close()
    await source.close()
    listed = ", ".join(f"t.{column.column}::text" for column in columns)
    rows = sorted(map(repr, base.run(f"select {listed} from {table} t")))  # noqa: S608 - our own names
    base.run(f"drop table {table}")
    return {"rows": rows, "sent": (counted, sent), "took": (came, took), "dirty": dirty, "forms": forms}


def both(base: Base, folder: Path, columns: tuple[Column, ...] = COLUMNS) -> tuple[dict[str, Any], dict[str, Any]]:
    direct = asyncio.run(loaded(base, folder, columns, as_it_stands=True))
    lines = asyncio.run(loaded(base, folder, columns, as_it_stands=False))
    return direct, lines


CELLS = (
    st.sampled_from(["", '""', "7", "-3", "007", "+5", " 5", "0x1F", "1e5", "abc", "true"]),
    st.sampled_from(["", '""', "张三", '"a,b"', '"a""b"', 'a"b', '"a\nb"', '"a\r\nb"', '""""', "\\.", "\\N", '"\\."', "'", " x ", 'ab"c"', '"c"d']),
    st.sampled_from(["", "1.50", ".5", "-0.00", "NaN", "1_0", '"2.5"']),
    st.sampled_from(["", "2024-02-29", "2026-01-31", "20260131", "2026-1-5", "today", '"1999-12-31"']),
    st.sampled_from(["", "true", "false", "TRUE", "t", "on"]),
)  # fmt: skip
CLEAN = ("7", '"a,""b"', "1.50", "2024-02-29", "true")
LINES = st.lists(st.tuples(*CELLS), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(
    rows=LINES,
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(),
    open_end=st.booleans(),
    order=st.permutations(range(5)),
)
@example(rows=[CLEAN] * 3, end="\n", mark=True, open_end=True, order=[4, 3, 2, 1, 0])
@example(rows=[CLEAN, ("", '""', "", "", "")], end="\r\n", mark=False, open_end=True, order=[0, 1, 2, 3, 4])
@example(
    rows=[CLEAN, ("1", 'a"b', "", "", ""), ("2", 'c"d', "", "", "")],
    end="\n",
    mark=False,
    open_end=False,
    order=[0, 2, 1, 3, 4],
)
def test_both_ways_leave_the_same_table_counts_and_checksums(
    target: Base, tmp_path_factory: Any, rows: list[Any], end: str, mark: bool, open_end: bool, order: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    written = [",".join(line[n] for n in order) for line in (NAMES, *rows)]
    text = end.join(written) + ("" if open_end else end)
    (folder / "a.csv").write_bytes((b"\xef\xbb\xbf" if mark else b"") + text.encode())
    direct, lines = both(target, folder)
    assert {**direct, "forms": ()} == {**lines, "forms": ()}
    assert direct["sent"] == direct["took"]
    assert not any(lines["forms"])
    if all(row == CLEAN for row in rows):
        assert all(direct["forms"])


def test_files_of_several_kinds_change_the_form_on_the_way(target: Base, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,name,amount,born,active\n1,甲,1.5,2024-02-29,true\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("n,name,amount,born,active\n不详,乙,1.5,,\n2,丙,,,false\n", encoding="utf-8")
    (tmp_path / "c.csv").write_bytes('name;n;active;born;amount\r\n"丁;""";3;;;7\r\n""'.encode() + b";4;;;")
    direct, lines = both(target, tmp_path)
    assert {**direct, "forms": ()} == {**lines, "forms": ()}
    assert direct["forms"] == [True, False, False, True]  # three quotes in a row are read with care
    assert len(direct["rows"]) == 4
    assert [reason for _, _, reason in direct["dirty"]] == ["b.csv：“n”应为 64 位以内的整数"]


def test_a_column_that_is_not_granted_never_leaves_as_it_stands(target: Base, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,name,amount,born,active\n1,甲,1.5,2024-02-29,true\n", encoding="utf-8")
    direct, lines = both(target, tmp_path, COLUMNS[:2])
    assert direct["forms"] == [False]
    assert direct["rows"] == lines["rows"]


def test_what_readers_of_csv_see_differently_is_not_handed_over(tmp_path: Path) -> None:
    for line in ('a"b,c"d', '"a"b,c', 'ab"",c', "\\.,c", '"x\\.",c', "a\0,c"):
        (tmp_path / "a.csv").write_text(f"p,q\n{line}\n", encoding="utf-8")
        with (tmp_path / "a.csv").open("rb") as file:
            found = list(Reader(file, (Column("p", "p"), Column("q", "q")), Dialect()).batches())
        assert [batch.csv for batch in found] == [None] * len(found), line


def test_a_repair_that_is_held_back_again_deletes_no_row_of_its_partition(target: Base) -> None:
    target.run("create table held (id text primary key, part text)")
    target.run("insert into held values ('1', 'a'), ('2', 'b'), ('3', 'c')")
    shapes_from = (Column("id", "id"), Column("part", "part"))

    async def repair() -> None:
        sink = await engines.open(target.source(), target.access)
        goal = Target(
            "r", "g", "public", "held", TableMode.REPLACE, ("id",), cut=Cut(1, "part", SplitBy.VALUE), parts=("a", "b")
        )
        shapes = [Shape(column.column, "text", "text", TEXT, "postgresql") for column in shapes_from]

        async def chunks() -> AsyncIterator[bytes]:
            yield b"10\ta\n20\tb\n"

        async with sink.landing(goal, shapes) as landing:
            await landing.receive(chunks(), binary=False)
            await landing.settle(Tally(1, "0", PORTABLE), at=datetime.now(UTC), held=["b"])
        await sink.close()

    asyncio.run(repair())
    assert sorted(target.run("select id, part from held")) == [("10", "a"), ("2", "b"), ("3", "c")]
