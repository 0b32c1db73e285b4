"""Batch orders end to end: encrypted files with a manifest, reconciled by reading them back, purged in time."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covers import covers
from jutong.crypto import sm2, sm3, sm4
from jutong.dataplane.book import Artefact, open_book
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.snapshots import Snapshot
from jutong.dataplane.transfer.files import format_for
from jutong.dataplane.transfer.lines import parsed
from jutong.dataplane.transfer.purge import purge
from jutong.wire.grants import Column, Kind, Masking, Quota
from jutong.wire.transfers import Manifest, OrderKind, RunState
from transferworld import COLUMNS, World, world


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def artefact(town: World, order_id: str = "order-1") -> Artefact:
    async def find() -> Artefact | None:
        book = await open_book(town.book)
        try:
            return await book.artefact(order_id)
        finally:
            await book.close()

    found = asyncio.run(find())
    assert found is not None
    return found


def plain(town: World, order_id: str = "order-1") -> bytes:
    key = town.me.signer.unseal(artefact(town, order_id).sealed_key)
    with (town.settings.artefact_folder / f"{order_id}.sm4").open("rb") as file:
        return sm4.DecryptingReader(file, key).read()


def nothing_left(town: World) -> bool:
    return not town.settings.artefact_folder.exists() or not list(town.settings.artefact_folder.iterdir())


@covers(partly=["R-EXC-007", "R-EXC-019"])
@pytest.mark.parametrize(("encoding", "codec"), [("utf-8", "utf-8-sig"), ("gb18030", "gb18030")])
def test_a_batch_is_an_encrypted_csv_with_a_true_manifest(town: World, encoding: str, codec: str) -> None:
    with town.running():
        town.order(kind=OrderKind.BATCH, encoding=encoding)
        end = town.ended()
    assert end.state is RunState.RELEASED, end.message
    assert end.artefact_id == "order-1"
    data = plain(town)
    manifest = msgspec.json.decode(artefact(town).manifest, type=Manifest)
    assert manifest.sm3 == sm3.hexdigest(data)
    assert (manifest.rows, manifest.bytes, manifest.encoding) == (1000, len(data), encoding)
    header, *rows = csv.reader(io.StringIO(data.decode(codec), newline=""))
    assert header == [column.item for column in COLUMNS]
    expected = [[str(value) for value in row] for row in town.expected()]
    assert [[*row[:5], row[6]] for row in sorted(rows, key=lambda row: int(row[-1]))] == [
        [*row[:5], row[6]] for row in expected
    ]
    receipt = town.receipt(end.receipt)
    assert receipt.artefact_digest == manifest.sm3
    assert receipt.bytes == manifest.bytes
    assert receipt.target.checksum == manifest.checksum
    file = town.settings.artefact_folder / "order-1.sm4"
    assert "张".encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


@covers(partly=["R-EXC-018"])
def test_every_format_carries_the_same_values(town: World) -> None:
    town.sql(
        town.provider,
        "update people set name = E'换行\\n\\t\\\\N\"引号\"' where n = 1; update people set name = null where n = 2",
    )
    town.publish(columns=(Column("姓名", "name"), COLUMNS[4], COLUMNS[6]))
    with town.running():
        for shape in ("csv", "jsonl", "xlsx"):
            town.order(shape, kind=OrderKind.BATCH, format=shape)
        for shape in ("csv", "jsonl", "xlsx"):
            assert town.ended(shape).state is RunState.RELEASED, town.ended(shape).message
    from openpyxl import load_workbook

    as_csv = list(csv.reader(io.StringIO(plain(town, "csv").decode("utf-8-sig"), newline="")))[1:]
    as_json = [[value or "" for value in json.loads(line).values()] for line in plain(town, "jsonl").splitlines()]
    sheet = load_workbook(io.BytesIO(plain(town, "xlsx"))).worksheets[0]
    as_xlsx = [[str(value or "") for value in row] for row in sheet.iter_rows(min_row=2, values_only=True)]
    by = lambda rows: sorted(rows, key=lambda row: int(row[-1]))  # noqa: E731
    assert by(as_csv) == by(as_json) == by(as_xlsx)
    assert by(as_csv)[0][0] == '换行\n\t\\N"引号"'
    assert not list(town.settings.artefact_folder.glob(".*"))


def test_formulas_in_cells_are_neutralised_and_numbers_are_not(town: World) -> None:
    town.sql(town.provider, "update people set name = '=cmd|''/C calc''!A0', amount = -5 where n = 1")
    town.publish(columns=(Column("姓名", "name"), COLUMNS[4], COLUMNS[6]))
    with town.running():
        town.order(kind=OrderKind.BATCH)
        assert town.ended().state is RunState.RELEASED
    rows = {row[2]: row for row in csv.reader(io.StringIO(plain(town).decode("utf-8-sig"), newline=""))}
    assert rows["1"][:2] == ["'=cmd|'/C calc'!A0", "-5.00"]


def test_a_keyed_hash_is_in_the_file_and_the_plain_value_is_not(town: World) -> None:
    columns = (Column("身份证号", "id_no", masking=Masking.KEYED_HASH), COLUMNS[6])
    town.publish(columns=columns, hash_key=sm2.seal(town.me.signer.public, b"k" * 16))
    with town.running():
        town.order(kind=OrderKind.BATCH)
        assert town.ended().state is RunState.RELEASED
    rows = dict(csv.reader(io.StringIO(plain(town).decode("utf-8-sig"), newline="")))
    first = town.sql(town.provider, "select id_no from people where n = 1")[0][0]
    assert rows[sm3.hmac_sm3(b"k" * 16, first.encode()).hex()] == "1"
    assert first not in plain(town).decode()


def test_a_file_that_does_not_read_back_alike_is_quarantined(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from jutong.dataplane.transfer.files import Csv

    honest = Csv.body
    monkeypatch.setattr(Csv, "body", lambda self, rows: honest(self, [["x", *row[1:]] for row in rows]))
    with town.running():
        town.order(kind=OrderKind.BATCH)
        end = town.ended()
    assert end.state is RunState.QUARANTINED
    assert not town.receipt(end.receipt).reconciled
    assert nothing_left(town)


@pytest.mark.parametrize(
    ("grant", "order", "word"),
    [
        ({"quota": Quota(rows_per_batch=10)}, {}, "超过授权的每批 10 行"),
        ({}, {"format": "pdf"}, "不支持的文件格式"),
        ({}, {"encoding": "big5"}, "不支持的文件编码"),
        ({}, {"format": "jsonl", "encoding": "gb18030"}, "只支持 utf-8"),
        ({"modes": ()}, {}, "授权不包含"),
        ({"state": "suspended", "reason": "超范围使用"}, {}, "超范围使用"),
    ],
)
def test_what_may_not_be_made_is_refused_and_leaves_no_file(
    town: World, grant: dict[str, object], order: dict[str, str], word: str
) -> None:
    town.publish(**grant)
    with town.running():
        town.order(kind=OrderKind.BATCH, **order)
        end = town.ended()
    assert end.state is RunState.REJECTED
    assert word in end.message
    assert nothing_left(town)


def test_the_day_has_only_so_many_batches(town: World) -> None:
    town.publish(quota=Quota(batches_per_day=1))
    with town.running():
        town.order("first", kind=OrderKind.BATCH)
        assert town.ended("first").state is RunState.RELEASED
        town.order("second", kind=OrderKind.BATCH)
        end = town.ended("second")
    assert end.state is RunState.REJECTED
    assert "当日批次数已用完" in end.message


def test_an_order_id_cannot_leave_the_folder(town: World) -> None:
    with town.running():
        town.order("../outside", kind=OrderKind.BATCH)
        end = town.ended("../outside")
    assert end.state is RunState.REJECTED
    assert not (town.settings.home / "outside.sm4").exists()


def test_a_runner_killed_while_writing_leaves_a_batch_that_another_finishes(tmp_path: Path) -> None:
    with world(tmp_path, people=60_000) as town:
        first = town.process()
        try:
            town.order(kind=OrderKind.BATCH)
            part = town.settings.artefact_folder / ".order-1.part"
            town.control.wait(lambda: part.exists() and part.stat().st_size > 0)
        finally:
            first.send_signal(signal.SIGKILL)
            first.wait()
        assert not (town.settings.artefact_folder / "order-1.sm4").exists()
        with town.running():
            assert town.ended().state is RunState.RELEASED
        assert len(plain(town).splitlines()) == 60_001
        assert not part.exists()


def test_files_are_purged_when_they_expire_or_their_grant_ends(town: World) -> None:
    with town.running():
        for name in ("kept", "expired", "ended"):
            town.order(name, kind=OrderKind.BATCH)
        for name in ("kept", "expired", "ended"):
            assert town.ended(name).state is RunState.RELEASED
    town.sql(town.book, "update book.artefacts set expires_at = now() where id = 'expired'")
    town.sql(town.book, "update book.artefacts set grant_id = 'over' where id = 'ended'")
    over = msgspec.structs.replace(town.grant, id="over", state="ended")
    now = datetime.now(UTC)
    snapshot = Snapshot("here", 1, now, now + timedelta(hours=1), grants={"over": over, town.grant.id: town.grant})

    async def sweep() -> int:
        book = await open_book(town.book)
        try:
            return await purge(book, snapshot, town.settings.artefact_folder, at=now + timedelta(seconds=1))
        finally:
            await book.close()

    assert asyncio.run(sweep()) == 2
    assert [path.name for path in town.settings.artefact_folder.glob("*.sm4")] == ["kept.sm4"]
    assert town.sql(town.book, "select id from book.artefacts") == [("kept",)]


def test_a_file_expires_with_its_grant_at_the_latest(town: World) -> None:
    soon = datetime.now(UTC) + timedelta(hours=2)
    town.publish(valid_until=soon)
    with town.running():
        town.order(kind=OrderKind.BATCH, expires_at=soon + timedelta(days=3))
        assert town.ended().state is RunState.RELEASED
    assert abs(artefact(town).expires_at - soon) < timedelta(seconds=1)


# Formats --------------------------------------------------------------------------------------------------------------

FIELDS = (Column("甲", "a"), Column("乙", "b", Kind.NUMBER), Column("丙", "c"))
CELL = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ROWS = st.lists(st.tuples(CELL, st.none() | st.sampled_from(["-1.5", "0", "NaN"]), CELL).map(list), max_size=6)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, shape=st.sampled_from([("csv", "utf-8"), ("csv", "gb18030"), ("jsonl", "utf-8"), ("xlsx", "utf-8")]))
def test_whatever_is_written_reads_back_as_delivered(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str | None]], shape: tuple[str, str]
) -> None:
    made = format_for(*shape, FIELDS, tmp_path_factory.mktemp("scratch"))
    shown = [made.delivered(row) for row in rows]
    data = made.header() + made.body(shown) + b"".join(made.tail())
    assert list(made.read(io.BytesIO(data))) == shown


@settings(max_examples=100)
@given(rows=st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=4))
def test_copy_text_is_read_as_postgresql_writes_it(rows: list[list[str | None]]) -> None:
    signs = {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
    written = [
        "\t".join("\\N" if cell is None else "".join(signs.get(sign, sign) for sign in cell) for cell in row)
        for row in rows
    ]
    assert [parsed(line) for line in written] == rows


def test_a_workbook_starts_a_new_sheet_when_one_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jutong.dataplane.transfer import files

    monkeypatch.setattr(files, "SHEET_ROWS", 3)
    made = format_for("xlsx", "utf-8", FIELDS[:1], tmp_path)
    rows = [[str(n)] for n in range(5)]
    data = made.header() + made.body(rows) + b"".join(made.tail())
    assert list(made.read(io.BytesIO(data))) == rows
    with pytest.raises(RuleBroken, match="数据项“甲”"):
        format_for("xlsx", "utf-8", FIELDS[:1], tmp_path).body([["x" * 40_000]])
