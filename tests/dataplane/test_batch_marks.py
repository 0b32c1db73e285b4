"""Batch files for one receiver only, with a notice, in an order that tells whose copy leaked."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from covers import covers
from gateway_world import World as Gateway
from jutong.client import Refused
from jutong.client.downloads import Download
from jutong.crypto import SoftwareSigner, sm2, sm3, sm4
from jutong.dataplane.book import Artefact, open_book
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.transfer.marking import ENOUGH_PAIRS, Canary, traced
from jutong.wire.transfers import Manifest, OrderKind, RunState
from transferworld import COLUMNS, World, world


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def handed_over(town: World) -> tuple[Manifest, bytes]:
    """Return manifest and bytes of the file as the gateway would serve it."""

    async def find() -> Artefact | None:
        book = await open_book(town.book)
        try:
            return await book.artefact("order-1")
        finally:
            await book.close()

    found = asyncio.run(find())
    assert found is not None
    key = town.me.signer.unseal(found.sealed_key)
    with (town.settings.artefact_folder / "order-1.sm4").open("rb") as file:
        return msgspec.json.decode(found.manifest, type=Manifest), sm4.DecryptingReader(file, key).read()


@covers(partly=["R-EXC-007"])
def test_a_file_for_one_receiver_stays_closed_until_that_receiver_opens_it(town: World, tmp_path: Path) -> None:
    receiver, other = (SoftwareSigner.of(sm2.generate()) for _ in range(2))
    with town.running():
        town.order(kind=OrderKind.BATCH, receiver_key=sm2.public_hex(receiver.public), notice="仅供 民政局 核验使用")
        end = town.ended()
    assert end.state is RunState.RELEASED, end.message
    manifest, handed = handed_over(town)
    assert (manifest.bytes, manifest.sm3) == (len(handed), sm3.hexdigest(handed))
    assert "张".encode() not in handed

    def fetched(name: str, signer: SoftwareSigner | None) -> Path:
        download = Download(manifest, tmp_path / name, signer)
        download.write(handed)
        download.finish()
        return tmp_path / name

    assert fetched("closed", None).read_bytes() == handed
    with pytest.raises(Refused, match="私钥"):
        fetched("wrong", other)
    text = fetched("open.csv", receiver).read_bytes()
    assert (len(text), sm3.hexdigest(text)) == (manifest.plain_bytes, manifest.plain_sm3)
    notice, rest = text.decode("utf-8-sig").split("\r\n", 1)
    assert notice == "# 仅供 民政局 核验使用"
    header, *rows = csv.reader(io.StringIO(rest, newline=""))
    assert header == [column.item for column in COLUMNS]
    assert len(rows) == manifest.rows == 1000


def test_what_is_no_public_key_ends_the_order_with_a_sentence(town: World) -> None:
    with town.running():
        town.order(kind=OrderKind.BATCH, receiver_key="04beef")
        end = town.ended()
    assert end.state is RunState.REJECTED
    assert "SM2 公钥" in end.message


@pytest.mark.parametrize("form", ["jsonl", "xlsx", "parquet"])
def test_a_notice_stands_visibly_in_each_format_and_hides_no_row(town: World, form: str) -> None:
    with town.running():
        town.order(kind=OrderKind.BATCH, format=form, notice="不得外传")
        end = town.ended()
    assert end.state is RunState.RELEASED, end.message
    manifest, handed = handed_over(town)
    assert (manifest.rows, manifest.notice) == (1000, "不得外传")
    if form == "jsonl":
        first, *rows = map(json.loads, handed.splitlines())
        assert (first, len(rows)) == ({"notice": "不得外传"}, 1000)
        return
    if form == "parquet":
        told = parquet.read_metadata(io.BytesIO(handed))
        assert (told.metadata[b"notice"].decode(), told.num_rows) == ("不得外传", 1000)
        return
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(handed), read_only=True)
    assert book.sheetnames[0] == "使用须知"
    assert [[cell.value for cell in row] for row in book["使用须知"].iter_rows()] == [["不得外传"]]


@covers(partly=["R-EXC-007"])
def test_a_leaked_extract_tells_whose_copy_it_was_and_no_value_was_touched(town: World) -> None:
    secrets = {name: f"secret of {name}" for name in ("民政", "教育", "卫健", "人社")}
    with town.running():
        town.order(kind=OrderKind.BATCH, canary=secrets["教育"])
        end = town.ended()
    assert end.state is RunState.RELEASED, end.message
    manifest, handed = handed_over(town)
    _header, *rows = csv.reader(io.StringIO(handed.decode("utf-8-sig"), newline=""))
    assert manifest.marked
    assert sorted(row[-1] for row in rows) == sorted(str(row[6]) for row in town.expected())
    assert traced(rows, secrets) == ["教育"]
    assert traced(rows[301:700], secrets) == ["教育"]
    assert traced(sorted(rows, key=lambda row: int(row[-1])), secrets) == []
    with pytest.raises(RuleBroken, match="太少"):
        traced(rows[:ENOUGH_PAIRS], secrets)


@settings(deadline=None)
@given(st.lists(st.lists(st.text(max_size=3), min_size=2, max_size=2), max_size=60), st.text())
def test_marking_gives_the_same_rows_and_moves_none_further_than_one_place(rows: list[list[str]], secret: str) -> None:
    marked = Canary(secret).ordered([*rows])  # type: ignore[arg-type]
    assert sorted(marked) == sorted(rows)
    assert all(row in rows[max(0, n - 1) : n + 2] for n, row in enumerate(marked))


def test_the_sdk_decrypts_what_it_downloads(story: Callable[..., None], tmp_path: Path) -> None:
    receiver, key, plain = SoftwareSigner.of(sm2.generate()), b"k" * 16, b"1,2\r\n" * 1000
    box = io.BytesIO()
    with sm4.EncryptingWriter(box, key) as writer:
        writer.write(plain)

    async def deed(world: Gateway) -> None:
        await world.artefact("a1", box.getvalue())
        book = world.service._book
        entry = await book.artefact("a1")
        manifest = msgspec.json.decode(entry.manifest, type=Manifest)
        sealed = msgspec.structs.replace(
            manifest, envelope=sm2.seal(receiver.public, key), plain_bytes=len(plain), plain_sm3=sm3.hexdigest(plain)
        )
        await book.add_artefact(
            Artefact(
                "a1", "o1", "g1", "民政", entry.sealed_key, msgspec.json.encode(sealed), entry.made_at, entry.expires_at
            )
        )
        async with world.client() as client:
            assert (await client.download("a1", tmp_path / "plain.csv", receiver=receiver)).envelope
        assert (tmp_path / "plain.csv").read_bytes() == plain

    story(deed)
