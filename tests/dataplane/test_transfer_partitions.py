"""Partitions: both ends counted and summed part by part, the differing ones named, held back and repaired alone."""

# ruff: noqa: S608 - the names in these statements are the tests' own
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covers import covers
from jutong.crypto import sm2
from jutong.dataplane.engines.postgresql import sql, tallies
from jutong.dataplane.engines.postgresql.landing import TableLanding
from jutong.dataplane.partitions import Cut, differing, paired, whole
from jutong.dataplane.reconcile import PORTABLE, RunningTally, row_digest
from jutong.wire.grants import Column, Masking
from jutong.wire.transfers import Check, RunState, Split, SplitBy, TableMode, Tally
from postgres import database_url
from transferworld import COLUMNS, World, world

TEXT = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
REGION = Split("区划", SplitBy.VALUE)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def database() -> Iterator[psycopg.Connection]:
    with database_url() as url, psycopg.connect(url, autocommit=True) as connection:
        yield connection


@settings(max_examples=150, deadline=None)
@given(text=TEXT | st.dates().map(str) | st.datetimes().map(str), by=st.sampled_from(SplitBy), size=st.integers(1, 9))
def test_python_and_postgresql_put_a_row_into_the_same_partition(
    database: psycopg.Connection, text: str | None, by: SplitBy, size: int
) -> None:
    cut = Cut(0, "c0", by, size)
    found = database.execute(f"select {tallies.partition('c0', cut)} from (select %s::text as c0) r", [text]).fetchone()
    assert found == (cut.name(text),)


ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d", ""]), st.text("xyz", max_size=3)), max_size=12)
HARM = st.sampled_from(["lost", "doubled", "altered", "moved"])


def by_part(rows: list[tuple[str, str]]) -> dict[str, Tally]:
    tally = RunningTally()
    tally.add([row_digest(row) for row in rows], [row[0] for row in rows])
    return tally.parts()


@covers(partly=["R-EXC-019"])
@given(rows=ROWS, harms=st.lists(st.tuples(HARM, st.integers(0, 11)), max_size=4))
def test_whatever_is_lost_doubled_or_altered_exactly_its_partitions_are_named(
    rows: list[tuple[str, str]], harms: list[tuple[str, int]]
) -> None:
    arrived = list(rows)
    for harm, n in harms:
        if n >= len(arrived):
            continue
        name, value = arrived[n]
        if harm == "lost":
            del arrived[n]
        elif harm == "doubled":
            arrived.append((name, value))
        elif harm == "altered":
            arrived[n] = (name, value + "!")
        else:
            arrived[n] = ("d" if name != "d" else "a", value)
    wrong = {
        name
        for name, _ in rows + arrived
        if sorted(row for row in rows if row[0] == name) != sorted(row for row in arrived if row[0] == name)
    }
    parts = paired(by_part(rows), by_part(arrived), PORTABLE)
    assert set(differing(parts)) == wrong
    assert whole(by_part(rows), PORTABLE).rows == len(rows)


@pytest.mark.parametrize("method", ["columns", "record", "text", "portable"])
def test_every_method_sums_by_partition_what_it_sums_together(database: psycopg.Connection, method: str) -> None:
    database.execute("create temp table if not exists part_rows (n bigint, d date, s text, x numeric)")
    database.execute("truncate part_rows")
    database.execute(
        "insert into part_rows select i, date '2020-06-01' + i * 9, nullif(repeat('x', i % 4), ''), i / 3.0"
        " from generate_series(1, 200) i",
    )
    methods = dict(zip(["columns", "record", "text", "portable"], tallies.methods(16, "UTF8", ["bigint"]), strict=True))
    chosen, cut = methods[method], Cut(1, "d", SplitBy.YEAR)
    bases = ["text"] * 4 if chosen == PORTABLE else ["bigint", "date", "text", "numeric"]
    shown = "n::text as n, d::text as d, s, x::text as x" if chosen == PORTABLE else "*"
    rows: sql.Parts = [f"select {shown} from part_rows"]
    fields = list(zip(["n", "d", "s", "x"], bases, strict=True))
    together = database.execute(sql.parametrised(tallies.tallied(rows, fields, chosen))[0]).fetchone()
    found = database.execute(sql.parametrised(tallies.tallied_by(rows, fields, chosen, cut))[0]).fetchall()
    parts = {name: Tally(count, checksum, chosen) for name, count, checksum in found}
    assert sorted(parts) == ["2020", "2021", "2022", "2023", "2024", "2025"]
    assert whole(parts, chosen) == Tally(*together, chosen)
    database.execute("update part_rows set s = coalesce(s, '') || 'y' where n = 100")
    again = database.execute(sql.parametrised(tallies.tallied_by(rows, fields, chosen, cut))[0]).fetchall()
    assert {name for name, *_ in set(found) ^ set(again)} == {"2022"}


def tampered(monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    """Let a statement happen to the staged rows between their arrival and the check."""
    honest = TableLanding.receive

    async def receive(self, chunks, *, binary):
        taken = await honest(self, chunks, binary=binary)
        await self._connection.execute(statement.format(stage=self._stage))
        return taken

    monkeypatch.setattr(TableLanding, "receive", receive)


@covers("R-EXC-019")
@pytest.mark.parametrize("mode", [TableMode.REPLACE, TableMode.UPSERT])
@pytest.mark.parametrize("hashed", [False, True])
def test_differing_partitions_are_held_back_and_repaired_alone(
    town: World, monkeypatch: pytest.MonkeyPatch, mode: TableMode, hashed: bool
) -> None:
    key = (Column("身份证号", "id_no"), *COLUMNS[1:])
    extra = (Column("密", "secret", masking=Masking.KEYED_HASH),) if hashed else ()
    town.mount = type(town.mount)("people", "source", "public", "people", (*key, *extra), ("id_no",))
    town.publish(columns=key + extra, hash_key=sm2.seal(town.me.signer.public, b"k" * 16))
    with town.running():
        town.order("first", target_mode=mode, split=REGION)
        assert town.ended("first").state is RunState.RELEASED
        town.sql(town.provider, "update people set amount = amount + 1")
        with monkeypatch.context() as patch:
            tampered(patch, "update {stage} set amount = 0 where region = '110101' and n < 50")
            town.order("second", target_mode=mode, split=REGION)
            end = town.ended("second")
        assert end.state is RunState.QUARANTINED, end.message
        assert end.differing == ("110101",)
        assert "110101" in end.message
        receipt = town.receipt(end.receipt)
        assert not receipt.reconciled
        assert {part.name: part.source == part.target for part in receipt.parts} == {
            "110100": True, "110101": False, "110102": True,
        }  # fmt: skip
        theirs = "select region, sum(amount) from people_copy group by 1 order by 1"
        ours = dict(town.sql(town.provider, "select region, sum(amount) from people group by 1"))
        assert dict(town.sql(town.consumer, theirs)) == ours | {"110101": ours["110101"] - 334}
        town.order("repair", target_mode=mode, split=REGION, repair=end.differing)
        repaired = town.ended("repair")
        assert repaired.state is RunState.RELEASED, repaired.message
        assert town.receipt(repaired.receipt).target.rows == 334
    assert dict(town.sql(town.consumer, theirs)) == ours


def test_a_red_run_asked_for_again_is_run_again_and_not_taken_for_landed(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with town.running():
        with monkeypatch.context() as patch:
            tampered(patch, "delete from {stage} where n = 7")
            order = town.order(split=REGION)
            assert town.ended().state is RunState.QUARANTINED
        assert len(town.arrived()) == 1000 - 334
        town.control.progress.clear()
        town.control.order(order)
        assert town.ended().state is RunState.RELEASED
    assert town.arrived() == town.expected()


def test_appending_holds_back_everything(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with town.running():
        town.order("first")
        assert town.ended("first").state is RunState.RELEASED
        tampered(monkeypatch, "delete from {stage} where n = 7")
        town.order("second", target_mode=TableMode.APPEND, split=REGION)
        end = town.ended("second")
    assert end.state is RunState.QUARANTINED
    assert end.differing == ("110101",)
    assert len(town.arrived()) == 1000


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"split": Split("姓名", SplitBy.VALUE)}, "脱敏"),
        ({"split": Split("编号", SplitBy.HASH)}, "正整数"),
        ({"split": REGION, "check": Check.STREAM}, "内容校验"),
        ({"repair": ("110101",)}, "分区方式"),
        ({"split": REGION, "repair": ("1",), "target_mode": TableMode.APPEND}, "只修复分区"),
    ],
)
def test_partitions_that_mean_nothing_are_refused(town: World, changes: dict, word: str) -> None:
    with town.running():
        town.order(**changes)
        end = town.ended()
    assert end.state is RunState.REJECTED
    assert word in end.message


def test_more_partitions_than_a_receipt_lists_are_refused(tmp_path: Path) -> None:
    with world(tmp_path, people=5100) as town, town.running():
        town.order(split=Split("编号", SplitBy.VALUE))
        end = town.ended()
    assert end.state is RunState.REJECTED
    assert "5000" in end.message


@pytest.mark.parametrize("hashed", [False, True])
def test_the_stream_check_counts_and_measures_the_bytes_at_both_ends(town: World, hashed: bool) -> None:
    masking = Masking.KEYED_HASH if hashed else Masking.NONE
    town.publish(
        columns=(Column("姓名", "name", masking=masking), COLUMNS[-1]),
        hash_key=sm2.seal(town.me.signer.public, b"k" * 16),
    )
    with town.running():
        town.order(check=Check.STREAM)
        end = town.ended()
    assert end.state is RunState.RELEASED, end.message
    receipt = town.receipt(end.receipt)
    assert receipt.source == receipt.target
    assert receipt.target.method == "stream-crc32"
    assert receipt.target.rows == 1000
    assert town.sql(town.consumer, "select count(*) from people_copy") == [(1000,)]


def test_a_byte_altered_between_the_connections_is_noticed_by_the_stream_check(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jutong.dataplane.transfer.moving import Move

    honest = Move._passed

    async def passed(self, chunk: bytes) -> bytes:
        return await honest(self, chunk.replace("张".encode(), "李".encode(), 1))

    monkeypatch.setattr(Move, "_passed", passed)
    with town.running():
        town.order(check=Check.STREAM)
        end = town.ended()
    assert end.state is RunState.QUARANTINED
    assert town.sql(town.consumer, "select to_regclass('people_copy')") == [(None,)]
