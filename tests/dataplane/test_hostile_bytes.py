"""What fuzzing found, each as the smallest input that once ended a process instead of being refused in words."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from test_parcel_folders import Side, signer

from jutong.client import proofs
from jutong.crypto import sm2, sm4
from jutong.dataplane.engines.postgresql.binary import HEADER, BinaryRows
from jutong.dataplane.engines.postgresql.pgoutput import Decoder, Unreadable
from jutong.dataplane.envelopes import seal
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.files import formats
from jutong.dataplane.files.formats import Manner
from jutong.dataplane.node import carrying, packing
from jutong.dataplane.segments import Position, walk
from jutong.wire.grants import Column, Kind
from jutong.wire.nodes import Slip

DEEP = b"[" * 100_000
HOSTILE = [b"\xff", b'{"format":"\xff"}', b'{"x":' + DEEP]


@pytest.mark.parametrize("content", HOSTILE)
def test_a_proof_that_cannot_be_read_is_a_fault_not_a_crash(content: bytes) -> None:
    assert "不是完整的交付证明" in proofs.verify(content, signer("a").public, {}).faults[0]


@pytest.mark.parametrize("content", HOSTILE)
def test_a_line_of_the_chain_that_cannot_be_read_is_named(content: bytes) -> None:
    assert [(n, fault) for n, fault, _ in walk(content, Position())] == [(1, "第 1 条记录无法解读。")]


@pytest.mark.parametrize("content", HOSTILE)
def test_a_parcel_whose_list_cannot_be_read_is_refused(tmp_path: Path, content: bytes) -> None:
    body, into = tmp_path / "body", tmp_path / "into"
    with body.open("wb") as file, sm4.EncryptingWriter(file, b"k" * 16) as writer:
        writer.write(b"")
    two = Side(tmp_path, "b", "hr")
    slip = slip_with(
        sealed=sm2.seal(signer("b").public, content), size=body.stat().st_size, digest=packing.digest_of(body)
    )
    with pytest.raises(RuleBroken, match="无法解密或内容被改动"):
        packing.unpack(two.parcels._me, slip, body, into)


def slip_with(**changes: Any) -> Slip:
    from test_parcel_folders import NOW

    slip = Slip(packing.new_id(), 1, "12", "a", "b", "outer", b"", 0, "", NOW)
    return msgspec.structs.replace(slip, **changes)


@pytest.mark.parametrize("payload", [*HOSTILE, msgspec.json.encode(slip_with(id="../../../outside"))])
def test_a_slip_on_a_disc_names_a_parcel_and_no_path(tmp_path: Path, payload: bytes) -> None:
    """Even one that the right node has signed: between two sides of a gap no centre looks at it."""
    two, disc = Side(tmp_path, "b", "hr"), tmp_path / "disc"
    (disc / "parcels").mkdir(parents=True)
    (disc / "parcels/one.slip").write_bytes(msgspec.json.encode(seal("slip", payload, signer("a"))))
    (disc / "parcels/one.body").write_bytes(b"")
    ((name, why),) = carrying.take_in(two.parcels, disc).refused
    assert name == "one"
    assert "清单无法解读" in why or "编号不合规范" in why


def test_a_parquet_file_with_texts_that_are_no_utf_8_is_refused() -> None:
    file = io.BytesIO()
    parquet.write_table(pa.table({"n": ["@@@@"], "t": ["####"]}), file, compression="none", use_dictionary=False)
    for sign, columns in ((b"@@@@", [Column("n", "n", Kind.INTEGER)]), (b"####", [Column("t", "t")])):
        broken = file.getvalue().replace(sign, b"\xff\xfe\xff\xfe")
        with pytest.raises(RuleBroken, match=r"已损坏"):
            list(formats.batches(io.BytesIO(broken), "a.parquet", len(broken), columns, Manner()))


RELATION = b"R\0\0\0\1public\0t\0d\0\1\1n\0\0\0\0\x17\xff\xff\xff\xff"
INSERT = b"I\0\0\0\1N\0\1t\0\0\0\x0242"


def test_a_message_of_the_change_log_is_understood_whole_or_unreadable() -> None:
    whole = Decoder(("n",))
    whole.feed(RELATION)
    whole.feed(INSERT)
    assert list(whole.touched.keys) == [("42",)]
    for message, least in ((RELATION, 1), (INSERT, 6)):
        for end in range(least, RELATION.index(b"\1n") + 2 if message is RELATION else len(INSERT)):
            decoder = Decoder(("n",))
            if message is INSERT:
                decoder.feed(RELATION)
            with pytest.raises(Unreadable):
                decoder.feed(message[:end])
            assert not decoder.touched.keys


@given(st.lists(st.lists(st.none() | st.binary(max_size=9), max_size=4), max_size=9), st.data())
def test_rows_of_a_binary_stream_are_counted_wherever_it_is_cut(
    rows: list[list[bytes | None]], data: st.DataObject
) -> None:
    def field(value: bytes | None) -> bytes:
        return b"\xff\xff\xff\xff" if value is None else len(value).to_bytes(4, "big") + value

    body = b"".join(len(row).to_bytes(2, "big") + b"".join(map(field, row)) for row in rows)
    stream = b"\0" * HEADER + body + b"\xff\xff"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    counter = BinaryRows()
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert sum(counter.count(piece) for piece in pieces) == len(rows)
