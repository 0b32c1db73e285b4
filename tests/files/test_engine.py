"""Files as tables: read into a database and written from one, through the engines' port and real stores."""

from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import parquet

import fileworld
from covers import covers
from engineworld import Base, ask, fresh, moved
from jutong.dataplane.engines.base import Target
from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.dataplane.files.folders import store_of
from jutong.dataplane.policy import Plan, Predicate
from jutong.dataplane.reconcile import Unreconciled
from jutong.wire.bundle import Access
from jutong.wire.grants import Column, Kind, Masking, Operator
from jutong.wire.transfers import TableMode

FIELDS = (
    Column("姓名", "xm", masking=Masking.NAME),
    Column("出生日期", "born", Kind.DATE),
    Column("金额", "amount", Kind.NUMBER),
    Column("编号", "n", Kind.INTEGER),
)
ROWS = [("张三丰", "1980-01-02", "1.50", "1"), ("李四", "1999-12-31", "-0.5", "2"), ("王\n五", "", "", "3")]
ARRIVED = [("张**", date(1980, 1, 2), "1.50", 1), ("李*", date(1999, 12, 31), "-0.5", 2), ("王**", None, None, 3)]


@pytest.fixture(scope="module")
def database() -> Iterator[Base]:
    with fresh("postgresql") as made:
        yield made


def base(access: Access, **options: str) -> Base:
    """Return a folder as an engine's base."""
    changed = msgspec.structs.replace(access, options=access.options | options)
    return Base("files", changed, ".", lambda _: [])


def put(access: Access, name: str, content: bytes) -> None:
    store = asyncio.run(store_of(access))
    with store.writer(name, "put", 0) as file:
        file.write(content)
    store.publish(name, "put")
    store.close()


def plan(table: str, *fields: Column, **changes: Any) -> Plan:
    return Plan(".", table, fields or FIELDS, **changes)


def arrived(database: Base, table: str = "copy") -> list[tuple[Any, ...]]:
    return database.run(f"select xm, born, amount::text, n from {table} order by n")  # noqa: S608 - the test's own


def as_csv(codec: str, delimiter: str = ",", end: str = "\r\n") -> bytes:
    import csv

    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows([("xm", "born", "amount", "n"), *ROWS])
    return text.getvalue().encode(codec)


def as_xlsx() -> bytes:
    book = Workbook()
    hidden = book.active
    assert hidden is not None
    hidden.append(("nothing", "here"))
    hidden.sheet_state = "hidden"
    sheet = book.create_sheet("名单")
    sheet.append(("说明：本表由各科室填报",))
    sheet.merge_cells("A1:D1")
    sheet.append(("xm", "born", "amount", "n"))
    sheet.append(("张三丰", date(1980, 1, 2), "1.50", 1))
    sheet.append(("李四", date(1999, 12, 31), "-0.5", 2))
    sheet.append((None, None, None, None))
    sheet.append(("王\n五", None, None, 3))
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def as_parquet() -> bytes:
    columns = {
        "xm": pa.array([row[0] for row in ROWS]),
        "born": pa.array([date.fromisoformat(row[1]) if row[1] else None for row in ROWS]),
        "amount": pa.array([row[2] or None for row in ROWS]).dictionary_encode(),
        "n": pa.array([int(row[3]) for row in ROWS], pa.int32()),
    }
    held = io.BytesIO()
    parquet.write_table(pa.table(columns), held)
    return held.getvalue()


def as_json(*, lines: bool) -> bytes:
    objects = [
        f'{{"xm": {json.dumps(xm)}, "born": {json.dumps(born or None)}, "amount": {amount or "null"}, "n": {n},'
        ' "more": [1, {"a": null}]}'
        for xm, born, amount, n in ROWS
    ]
    if lines:
        return "\n".join(objects).encode()
    return f"[{objects[0]},\n{objects[1]}]\n[{objects[2]}]".encode("utf-8-sig")


FILES = {
    "utf8.csv": as_csv("utf-8"),
    "bom.csv": as_csv("utf-8-sig", ";", "\n"),
    "gbk.txt": as_csv("gb18030", "\t"),
    "a.xlsx": as_xlsx(),
    "a.parquet": as_parquet(),
    "lines.jsonl": as_json(lines=True),
    "two.json": as_json(lines=False),
}


@covers(partly=["R-EXC-003"])
@pytest.mark.parametrize("name", FILES)
def test_every_format_arrives_masked_and_reconciled_in_a_database(name: str, tmp_path: Path, database: Base) -> None:
    folder = fileworld.local(tmp_path / "in")
    put(folder, name, FILES[name])
    encoding = {"encoding": "gbk"} if name == "gbk.txt" else {}
    tally = moved(base(folder, **encoding), plan(name), database, "copy", order_id=name)
    assert tally is not None
    assert tally.rows == 3
    assert arrived(database) == ARRIVED


def test_files_of_every_store_are_one_table(access: Access, database: Base) -> None:
    put(access, "年/01.csv", as_csv("utf-8"))
    put(access, "年/02.csv", as_csv("utf-8"))
    put(access, "别的.csv", b"other\n1\n")
    source = base(access)
    assert ask(source, lambda engine: engine.test())
    tables = {(found.schema, found.name) for found in ask(source, lambda engine: engine.tables(""))}
    assert {("年", "*.csv"), ("年", "01.csv"), (".", "别的.csv")} <= tables
    found = ask(source, lambda engine: engine.describe("年", "*.csv"))
    assert [(column.name, column.kind) for column in found.columns] == [
        ("xm", Kind.TEXT),
        ("born", Kind.DATE),
        ("amount", Kind.NUMBER),
        ("n", Kind.INTEGER),
    ]
    assert ask(source, lambda engine: engine.preview(Plan("年", "*.csv", FIELDS, limit=2))) == (
        ("张**", "1980-01-02", "1.50", "1"),
        ("李*", "1999-12-31", "-0.5", "2"),
    )
    few = (Predicate("编号", "n", Kind.INTEGER, Operator.GE, ("2",)),)
    tally = moved(source, Plan("年", "*.csv", FIELDS, where=few), database, "copy", order_id=access.database)
    assert tally is not None
    assert tally.rows == 4
    assert arrived(database) == sorted(ARRIVED[1:] * 2, key=lambda row: row[3])


def test_what_a_folder_cannot_do_is_refused_in_words(tmp_path: Path) -> None:
    folder = base(fileworld.local(tmp_path / "in"))
    for question in ("lookup", "lookup_each", "confirm"):
        with pytest.raises(RuleBroken, match="不支持按主键查询"):
            ask(folder, lambda engine, question=question: getattr(engine, question)(plan("a.csv")))
    with pytest.raises(RuleBroken, match="没有与"):
        ask(folder, lambda engine: engine.describe(".", "*.csv"))
    put(folder.access, "a.csv", b"xm,born\n1,2\n")
    with pytest.raises(RuleBroken, match="缺少列“amount”"):
        ask(folder, lambda engine: engine.preview(plan("a.csv", limit=1)))


def test_a_file_that_changes_while_it_is_read_stops_the_run(tmp_path: Path, database: Base) -> None:
    folder = fileworld.local(tmp_path / "in")
    put(folder, "a.csv", as_csv("utf-8") + b"x,2020-01-01,1,4\r\n" * 60_000)

    async def change(engine: Any) -> None:
        async with engine.reading(plan("*.csv")) as reading:

            async def grow(_: bytes) -> None:
                with (tmp_path / "in/a.csv").open("ab") as file:
                    file.write(b"y,2020-01-01,1,5\r\n")

            await reading.lines(grow)

    with pytest.raises(Unavailable, match="发生变化"):
        ask(base(folder), change)


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx", "parquet"])
def test_a_table_lands_as_a_file_with_its_manifest_once(kind: str, access: Access, database: Base) -> None:
    database.run("drop table if exists people")
    database.run("create table people (xm text, born date, amount numeric, n integer)")
    database.run(
        "insert into people values ('=张三', '1980-01-02', 1.50, 1), (null, null, null, 2), ('', '1999-12-31', -0.5, 3)"
    )
    fields = (Column("xm", "xm"), *FIELDS[1:])
    source = Plan("public", "people", fields)
    target = base(access, format=kind)
    assert moved(database, source, target, "名单", order_id="o1") is not None
    assert moved(database, source, target, "名单", order_id="o1") is None
    ending = {"json": "jsonl"}.get(kind, kind)
    store = asyncio.run(store_of(access))
    assert sorted(entry.name for entry in store.entries("**/*")) == [f"名单.{ending}", f"名单.{ending}.manifest.json"]
    with store.reader(f"名单.{ending}.manifest.json") as file:
        manifest = json.loads(file.read())
    from jutong.crypto import sm3

    with store.reader(f"名单.{ending}") as file:
        content = file.read()
    assert (manifest["rows"], manifest["bytes"], manifest["sm3"]) == (3, len(content), sm3.hexdigest(content))
    assert manifest["order_id"] == "o1"
    moved(database, source, target, "名单", order_id="o2", mode=TableMode.APPEND)
    assert f"名单-o2.{ending}" in [entry.name for entry in store.entries("*")]
    store.close()


def test_a_landing_that_fails_leaves_nothing(tmp_path: Path, database: Base) -> None:
    database.run("drop table if exists people")
    database.run("create table people as select 'x' as xm from generate_series(1, 10)")
    folder = fileworld.local(tmp_path / "out")

    async def broken(engine: Any) -> None:
        async with engine.landing(Target("o", "g", ".", "t", TableMode.REPLACE), ()) as landing:
            raise Unreconciled(landing.file)

    with pytest.raises(Unreconciled):
        ask(base(folder), broken)
    with pytest.raises(RuleBroken, match="主键更新"):
        moved(database, Plan("public", "people", (Column("xm", "xm"),)), base(folder), "t", mode=TableMode.UPSERT)
    assert os.listdir(tmp_path / "out") == []  # noqa: PTH208 - hidden ones too
