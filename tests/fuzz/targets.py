"""The parsers under test, each as a function of bytes: it returns, or raises what its callers answer in words."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from fuzz import seeds
from jutong.client import proofs
from jutong.crypto import CryptoRefused, curve, sm2, sm4
from jutong.crypto.certificates import verify_certificate
from jutong.dataplane import signatures
from jutong.dataplane.engines.postgresql.binary import BinaryRows
from jutong.dataplane.engines.postgresql.pgoutput import Decoder, Unreadable
from jutong.dataplane.errors import Refusal
from jutong.dataplane.files import formats
from jutong.dataplane.files.formats import Manner
from jutong.dataplane.gateway import admission
from jutong.dataplane.identity import Identity
from jutong.dataplane.node import packing
from jutong.dataplane.segments import verify_segments
from jutong.wire.envelope import Envelope
from jutong.wire.grants import Column, Kind
from jutong.wire.nodes import Slip

PARTED = b"\n\n"


@dataclass(frozen=True)
class Target:
    """A parser and what it starts from. may: what it may raise; anything else is a finding."""

    read: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    may: tuple[type[Exception], ...] = (Refusal,)
    modules: tuple[str, ...] = field(default=("jutong.dataplane.files",))

    def __call__(self, data: bytes) -> None:
        """Feed it."""
        with suppress(*self.may):
            self.read(data)


def _file(name: str, **options: str) -> Callable[[bytes], object]:
    """Return what describes a file and then reads all its rows, with every kind of column that was found."""
    manner = Manner.of(options)

    def read(data: bytes) -> None:
        found = formats.columns(io.BytesIO(data), name, len(data), manner)
        kinds = list(Kind)
        wanted = [Column(each.name, each.name, kinds[n % len(kinds)]) for n, each in enumerate(found)]
        if wanted:
            rows = sum(
                batch.rows + len(batch.dirty)
                for batch in formats.batches(io.BytesIO(data), name, len(data), wanted, manner)
            )
            assert rows >= 0

    return read


def _envelope(data: bytes) -> None:
    """A node's post: the envelope is read, then what is in it, as the courier does."""
    envelope = msgspec.json.decode(data, type=Envelope)
    msgspec.json.decode(envelope.payload, type=Slip)


def _chain(data: bytes) -> None:
    head, _, lines = data.partition(PARTED)
    try:
        envelope = msgspec.json.decode(head, type=Envelope)
    except (ValueError, RecursionError):
        envelope = msgspec.json.decode(seeds.segments()[0].partition(PARTED)[0], type=Envelope)
    for finding in verify_segments([(envelope, lines)], {seeds.signer().key_id: seeds.signer().public}):
        assert finding.sentence


def _parcel(data: bytes) -> None:
    """A parcel that another department's node has signed: its list of files and its body are that node's."""
    listed, _, plain = data.partition(PARTED)
    key = b"k" * sm4.KEY_SIZE
    folder = Path(tempfile.mkdtemp(prefix="jutong-fuzz-", dir="/tmp"))
    try:
        body, into = folder / "body", folder / "into"
        into.mkdir()
        with body.open("wb") as file, sm4.EncryptingWriter(file, key) as writer:
            writer.write(plain)
        sealed, me = sm2.seal(seeds.signer().public, listed), Identity("n", b"s" * 32, seeds.signer(), {})
        digest, size = packing.digest_of(body), body.stat().st_size
        slip = Slip(packing.new_id(), 1, "1", "a", "b", "outer", sealed, size, digest, seeds.AT)
        packing.unpack(me, slip, body, into)
    finally:
        assert {each.name for each in folder.iterdir()} <= {"body", "into"}, "a file left its folder"
        shutil.rmtree(folder)


def _der(data: bytes) -> None:
    curve.decode_signature(data)
    for read in (curve.decode_ciphertext, seeds.signer().unseal):
        with suppress(CryptoRefused):
            read(data)
    verify_certificate(data, (), seeds.AT)


def _signature(data: bytes) -> None:
    pairs = [line.partition(":") for line in data.decode("latin-1").split("\n")]
    given = {name: value for name, _, value in pairs}
    call = signatures.presented({name.lower(): value for name, value in given.items()}, given)
    if call is not None:
        signatures.verify(call, "s", at=seeds.AT)


def _changes(data: bytes) -> None:
    decoder, counted = Decoder(("n",)), BinaryRows()
    counted.count(data)
    for message in data.split(PARTED):
        decoder.feed(message)


def _calls(data: bytes) -> None:
    for kind in (admission.Query, admission.Confirm, admission.Listing, admission.Several):
        with suppress(Refusal):
            admission.decoded(data, kind)


def _proof(data: bytes) -> None:
    assert not proofs.verify(data, seeds.signer().public, {}).ok


_CRYPTO, _PLANE = ("jutong.crypto",), ("jutong.dataplane",)
TARGETS = {
    "csv": Target(_file("a.csv"), lambda: seeds.csvs("utf-8")),
    "csv-gb18030": Target(_file("a.csv", encoding="gb18030"), lambda: seeds.csvs("gb18030")),
    "csv-big5": Target(_file("a.csv", encoding="big5"), lambda: [b"n;name\n\xa4\xa4;1\n", b'"\xa4\x40","b"\r\n1,2']),
    "json": Target(_file("a.json"), seeds.jsons),
    "xlsx": Target(_file("a.xlsx"), seeds.workbooks),
    "parquet": Target(_file("a.parquet"), seeds.parquets),
    "calls": Target(
        _calls, lambda: [b'{"grant":"g","keys":{"a":"1"}}', b'{"keys":{"a":"1"},"grants":["g"]}'], (), _PLANE
    ),
    "envelope": Target(_envelope, seeds.envelopes, (msgspec.MsgspecError, UnicodeDecodeError, RecursionError), _PLANE),
    "chain": Target(_chain, seeds.segments, (), _PLANE),
    "parcel": Target(_parcel, seeds.parcels, modules=_PLANE),
    "proof": Target(
        _proof,
        lambda: [b'{"format":"jutong-proof-1","request":"","request_digest":"","receipts":{}}'],
        (),
        ("jutong.client",),
    ),
    "signature": Target(_signature, seeds.headers, modules=_PLANE),
    "der": Target(_der, seeds.sealed, (CryptoRefused,), _CRYPTO),
    "changes": Target(_changes, seeds.changes, (Unreadable,), _PLANE),
}
