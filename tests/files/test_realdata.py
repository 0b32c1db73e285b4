"""Files that nobody here wrote, all of them, through the readers into real databases: every row is there or explained."""

# ruff: noqa: S608 - the names in these statements are the tests' own
from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from covers import covers
from engineworld import Base, ask, carried, fresh
from jutong.dataplane import engines
from jutong.dataplane.engines.base import Target
from jutong.dataplane.policy import Plan
from jutong.wire.bundle import Access
from jutong.wire.grants import Column, Kind
from jutong.wire.transfers import TableMode
from realdata import realdata

SETS = [
    ("enterprises/1996", "*.csv", "utf-8"),
    ("enterprises/1998", "*.csv", "utf-8"),
    ("enterprises/1999", "*.csv", "utf-8"),
    ("air-quality", "*.csv", "utf-8"),
    ("bank-branches", "*.csv", "utf-8"),
    ("daily-files", "*.csv", "utf-8"),
    ("gbk", "DXYArea.csv", "gb18030"),
    ("gbk", "医院.csv", "gb18030"),
    ("big5", "01_taipei.csv", "cp950"),
]
EXPLAINED = {
    "enterprises/1998": Counter({"含有空字符": 1}),
    "air-quality": Counter({"应为 64 位以内的整数": 2525, "应为十进制数": 128}),
}
"""Why rows are set aside: NUL bytes in a name; measurements that are NA, or fractions where the first thousand were whole.

One measurement in scientific notation is a number all the same.
"""

csv.field_size_limit(sys.maxsize)


def counted(folder: Path, pattern: str, codec: str) -> int:
    """Count the records of all files independently: by Python's own reader, without headers and empty lines."""
    total = 0
    for path in folder.glob(pattern):
        with path.open(encoding=codec, errors="replace", newline="") as file:
            total += sum(1 for row in csv.reader(file) if row) - 1
    return total


def through(source: Base, table: str, database: Base) -> tuple[int, list[Any]]:
    """Move all files into a new table, reconciled; return rows and what was set aside."""

    async def main() -> tuple[int, list[Any]]:
        first = await engines.open(source.source(), source.access)
        second = await engines.open(database.source(), database.access)
        try:
            found = await first.describe(".", table)
            plain = database.engine == "mysql"  # it has no number without a declared precision
            fields = tuple(
                Column(each.name, each.name, Kind.TEXT if plain and each.kind is Kind.NUMBER else each.kind)
                for each in found.columns
            )
            target = Target("o", "g", database.schema, "real", TableMode.REPLACE)
            async with first.reading(Plan(".", table, fields)) as reading:
                async with second.landing(target, reading.shapes) as landing:
                    tally = await carried(reading, landing)
                return tally.rows, list(reading.dirty)  # type: ignore[attr-defined]
        finally:
            await first.close()
            await second.close()

    return asyncio.run(main())


def real(monkeypatch: pytest.MonkeyPatch, folder: str) -> Base:
    """Return a real folder as a source."""
    path = realdata(folder)
    monkeypatch.setenv("JUTONG_FILE_FOLDERS", json.dumps([str(path)]))
    return Base("files", Access(database=str(path)), ".", lambda _: [])


@covers(partly=["R-EXC-003", "R-EXC-019"])
@pytest.mark.slow
@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@pytest.mark.parametrize(("folder", "pattern", "codec"), SETS)
def test_every_row_of_real_files_arrives_or_is_set_aside_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, engine: str, folder: str, pattern: str, codec: str
) -> None:
    source = real(monkeypatch, folder)
    with fresh(engine) as database:
        good, dirty = through(source, pattern, database)
        table = "`real`" if engine == "mysql" else '"real"'
        assert int(database.run(f"select count(*) from {table}")[0][0]) == good
    assert good + len(dirty) == counted(realdata(folder), pattern, codec)
    explained = Counter(EXPLAINED.get(folder, Counter()))
    if engine == "mysql":
        del explained["应为十进制数"]
    assert Counter(each.reason.rpartition("”")[2] for each in dirty) == explained


@pytest.mark.parametrize("name", ["gbk", "big5"])
def test_the_encodings_of_real_files_are_found_without_a_declaration(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    source = real(monkeypatch, name)
    for path in realdata(name).glob("*.csv"):
        found = ask(source, lambda engine, path=path: engine.describe(".", path.name)).columns
        first = path.read_bytes().split(b"\n")[0].decode("cp950" if name == "big5" else "gb18030").strip()
        assert [column.name for column in found] == [cell.strip('"') for cell in first.split(",")]


def test_workbooks_of_a_real_platform_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    source = real(monkeypatch, "templates")
    for path in realdata("templates").glob("*.xlsx"):
        assert ask(source, lambda engine, path=path: engine.describe(".", path.name)).columns, path.name


def test_two_json_arrays_back_to_back_are_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    path = realdata("catalogues", "cn-portals", "hainan_hainan.json")
    source = real(monkeypatch, "catalogues/cn-portals")
    text, count, at = path.read_text(encoding="utf-8"), 0, 0
    while at < len(text):
        found, at = json.JSONDecoder().raw_decode(text, at)
        count += len(found)
        at += len(text[at:]) - len(text[at:].lstrip())
    with fresh("postgresql") as database:
        good, dirty = through(source, path.name, database)
    assert (good, dirty) == (count, [])
