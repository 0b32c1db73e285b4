"""Real files by table orders into strict tables of both engines: what does not fit is set aside, and every count is explained.

Of large files a slice; `test_realdata` takes all of them whole.
"""

# ruff: noqa: S608 - the names in these statements are the tests' own
from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

import fileworld
import mariadb
from covers import covers
from jutong.crypto import sm2
from jutong.wire.bundle import Access, Mount, Source
from jutong.wire.grants import Column
from jutong.wire.transfers import RunState, TableMode
from realdata import realdata
from transferworld import World, world

csv.field_size_limit(sys.maxsize)
LINES = 3000
"""Lines of a slice, beside the header."""
Row = list[str]


@dataclass(frozen=True)
class Case:
    """A folder, its files, and a target that is stricter than they are.

    columns: types of the target by a column's name, all others are texts; also: what the table asks besides. faults: how
    often each reason is expected among the rows, counted here by other means than the platform's.
    """

    folder: str
    files: tuple[str, ...]
    codec: str
    columns: dict[str, str]
    also: str
    faults: Callable[[list[Row]], dict[str, int]]
    lines: int = LINES


def _without_nul(rows: list[Row]) -> list[Row]:
    return [row for row in rows if "\0" not in "".join(row)]


def _long(place: int, most: int) -> Callable[[list[Row]], dict[str, int]]:
    def faults(rows: list[Row]) -> dict[str, int]:
        good = _without_nul(rows)
        return {
            "含有空字符": len(rows) - len(good),
            f"varchar({most})": sum(len(row[place]) > most for row in good),
        }

    return faults


def _doubled(rows: list[Row]) -> dict[str, int]:
    return {"唯一键上重复": len(rows) - len({(row[0], row[1], row[10]) for row in rows})}


CASES = (
    Case("enterprises/1998", ("湖北.csv", "宁夏.csv", "西藏.csv"), "utf-8", {"企业名称": "varchar(20)"}, "", _long(0, 20)),
    Case("enterprises/1999", ("宁夏.csv", "西藏.csv", "海南.csv"), "utf-8", {"企业名称": "varchar(20)"}, "", _long(0, 20)),
    Case(
        "air-quality", ("PRSA_Data_Aotizhongxin_20130301-20170228.csv",), "utf-8", {"PM2.5": "bigint"}, "",
        lambda rows: {"bigint": sum(not row[5].isdigit() for row in rows)}, lines=6000,
    ),
    Case(
        "bank-branches", ("上海.csv", "吉林.csv"), "utf-8", {"zip_code": "varchar(9)"},
        ", constraint six_digits check (char_length(zip_code) = 6)",
        lambda rows: {"six_digits": sum(len(row[3]) != 6 for row in rows)}, lines=4000,
    ),
    Case(
        "daily-files", ("*.csv",), "utf-8", {"provinceCode": "varchar(6) not null"}, "",
        lambda rows: {"不允许为空": sum(not row[4] for row in rows)},
    ),
    Case(
        "gbk", ("DXYArea.csv",), "gb18030",
        dict.fromkeys(("provinceName", "cityName", "updateTime"), "varchar(40)"),
        ', unique ("provinceName", "cityName", "updateTime")', _doubled,
    ),
    Case(
        "gbk", ("医院.csv",), "gb18030", {"邮政编码": "varchar(6) not null"}, "",
        lambda rows: {"不允许为空": sum(not row[3] for row in rows)},
    ),
    Case("big5", ("01_taipei.csv",), "cp950", {"資料名稱": "varchar(20)"}, "", _long(1, 20)),
)  # fmt: skip


def sliced(case: Case, folder: Path) -> tuple[Row, list[Row]]:
    """Copy the beginning of the files into a folder, byte for byte; return header and records as Python reads them."""
    folder.mkdir(parents=True)
    header, records = list[str](), list[Row]()
    for path in sorted(found for name in case.files for found in realdata(case.folder).glob(name)):
        lines = path.read_bytes().splitlines(keepends=True)[: case.lines + 1]
        while b"".join(lines).count(b'"') % 2:  # never cut within a quoted cell
            lines.pop()
        (folder / path.name).write_bytes(b"".join(lines))
        text = b"".join(lines).decode(case.codec, "replace")
        header, *rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
        records += rows
    return [name.removeprefix("\ufeff") for name in header], records


@dataclass
class Ends:
    """A world with a target of either engine."""

    world: World
    engine: str
    schema: str
    sealed: bytes
    ask: Callable[[str], list[tuple[Any, ...]]]

    def quoted(self, text: str) -> str:
        return text.replace('"', "`") if self.engine == "mysql" else text


@pytest.fixture(params=["postgresql", "mysql"])
def ends(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ends]:
    with ExitStack() as closing:
        made = closing.enter_context(world(tmp_path / "home", people=1))
        if request.param == "postgresql":
            ask: Callable[[str], list[tuple[Any, ...]]] = lambda statement: made.sql(made.consumer, statement)  # noqa: E731
            yield Ends(made, request.param, "public", made.sealed(made.consumer), ask)
            return
        port, name = closing.enter_context(mariadb.database())
        access = Access("127.0.0.1", port, name, mariadb.USER, mariadb.PASSWORD, "disable")
        sealed = sm2.seal(made.me.signer.public, msgspec.json.encode(access))
        yield Ends(made, request.param, name, sealed, lambda statement: mariadb.execute(port, name, statement))


@covers(partly=["R-EXC-003", "R-EXC-019"])
def test_real_files_reach_strict_tables_but_for_rows_whose_faults_add_up(ends: Ends, tmp_path: Path) -> None:
    town, expected = ends.world, {}
    mounts, sources, grants = [], [Source("target", "consumer", ends.engine, "库", ends.sealed)], []
    for n, case in enumerate(CASES):
        header, records = sliced(case, tmp_path / f"in-{n}")
        columns = tuple(Column(name, name) for name in header)
        text = "longtext" if ends.engine == "mysql" else "text"
        types = ", ".join(f'"{name}" {case.columns.get(name, text)}' for name in header)
        tail = " engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin" if ends.engine == "mysql" else ""
        ends.ask(ends.quoted(f"create table real_{n} ({types}{case.also}){tail}"))
        folder = sm2.seal(town.me.signer.public, msgspec.json.encode(fileworld.local(tmp_path / f"in-{n}")))
        sources.append(Source(f"in-{n}", "provider", "files", "文件", folder))
        mounts.append(Mount(f"r-{n}", f"in-{n}", ".", "*.csv", columns, ()))
        grants.append(msgspec.structs.replace(town.grant, id=f"g-{n}", resource_id=f"r-{n}", columns=columns))
        expected[n] = (len(records), Counter(case.faults(records)))
    town.control.publish(grants=tuple(grants), mounts=tuple(mounts), sources=tuple(sources))
    with town.running():
        for n in expected:
            asked = {"grant_id": f"g-{n}", "target_schema": ends.schema, "target_table": f"real_{n}"}
            town.order(f"order-{n}", target_mode=TableMode.APPEND, most_dirty=5000, **asked)
        found = {n: town.ended(f"order-{n}", 90) for n in expected}
    for n, (rows, faults) in expected.items():
        where = CASES[n].folder
        assert found[n].state is RunState.RELEASED, (where, found[n].message)
        assert faults.total() > 0, where
        assert found[n].dirty == faults.total(), (where, found[n].message)
        receipt = town.receipt(found[n].receipt)
        assert (receipt.target.rows, receipt.dirty) == (rows - faults.total(), faults.total()), where
        assert int(ends.ask(f"select count(*) from real_{n}")[0][0]) == rows - faults.total(), where
        last = max(parcel.look for parcel in town.control.dirty if parcel.order_id == f"order-{n}")
        parcels = [p for p in town.control.dirty if p.order_id == f"order-{n}" and p.look == last]
        reasons = [row.reason for parcel in parcels for row in parcel.rows]
        told = {fault: sum(_says(reason, fault) for reason in reasons) for fault in faults}
        assert told == dict(faults), (where, Counter(reasons))


def _says(reason: str, fault: str) -> bool:
    """Tell whether a reason names a fault, in the words of either engine."""
    words = {"varchar(20)": ("character varying(20)", "长度 20 个字符"), "bigint": ("bigint",)}
    return any(word in reason for word in words.get(fault, (fault,)))
