"""What fuzzing starts from: small true inputs of every kind, made by the product's own writers or by plain libraries."""

from __future__ import annotations

import io
import json
import zlib
from datetime import UTC, datetime
from functools import cache

import msgspec
import pyarrow as pa
from openpyxl import Workbook
from pyarrow import parquet

from jutong.crypto import SoftwareSigner, sm2, sm3, sm4
from jutong.dataplane.envelopes import seal
from jutong.dataplane.segments import Position, seal_segment
from jutong.wire.nodes import Contents, FileNote
from jutong.wire.usage import ChainRecord

AT = datetime(2026, 11, 29, tzinfo=UTC)
ROWS = [("编号", "姓名", "日期"), ("1", '张"三', "2026-01-31"), ("2", "李\n四", ""), ("三", "a,b", "1899-02-30")]


@cache
def signer() -> SoftwareSigner:
    """Return a key for everything that must be signed or sealed."""
    return SoftwareSigner.of(sm2.generate())


def csvs(encoding: str) -> list[bytes]:
    """Return CSV texts of an encoding."""
    quoted = "\r\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in ROWS)
    return [
        quoted.encode(encoding),
        "编号;姓名;日期\n1;甲;2\n".encode(encoding),
        b"\xef\xbb\xbfn\n",
        "编号\r1\r".encode(encoding),
    ]


def jsons() -> list[bytes]:
    """Return JSON lines and arrays."""
    rows = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return [lines.encode(), json.dumps(rows).encode(), b'[{"a":1.50,"b":null}][{"a":[{}]}]', b'{"a":\n1}']


def workbooks() -> list[bytes]:
    """Return an Excel workbook with a date, a formula and a merged range."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [*ROWS, (1.5, AT.replace(tzinfo=None), "=1+1")]:
        sheet.append(row)
    sheet.merge_cells("A6:B7")
    file = io.BytesIO()
    book.save(file)
    return [file.getvalue()]


def parquets() -> list[bytes]:
    """Return Parquet files of the types that are turned into texts."""
    table = pa.table(
        {
            "编号": pa.array([1, None]),
            "姓名": pa.array(["甲", "乙"]).dictionary_encode(),
            "日期": pa.array([AT, None], pa.timestamp("us", "UTC")),
            "数": pa.array([1.5, None]),
            "节": pa.array([b"\0", None]),
            "列": pa.array([[1], []]),
        }
    )
    found = []
    for compression in ("none", "zstd"):
        file = io.BytesIO()
        parquet.write_table(table, file, compression=compression)
        found.append(file.getvalue())
    return found


def envelopes() -> list[bytes]:
    """Return signed messages."""
    return [
        msgspec.json.encode(seal(kind, b'{"id":"1","number":1}', signer())) for kind in ("slip", "receipt", "bundle")
    ]


def segments() -> list[bytes]:
    """Return lines of a chain behind their seal, parted by an empty line."""
    record = ChainRecord(1, "0" * 64, AT, "s1", "d1", "query", "g1", "p", "ok", 1, "", "", "", "t", "", "")
    line = msgspec.json.encode(record) + b"\n"
    envelope = seal_segment(
        "w", Position(), line, last=Position(1, sm3.hexdigest(line[:-1]), 1), at=AT, signer=signer()
    )
    return [msgspec.json.encode(envelope) + b"\n\n" + line]


def parcels() -> list[bytes]:
    """Return the list of a parcel's files and its plain body, parted by an empty line; keys are put in by the target."""
    files = (FileNote("a.csv", 3, sm3.hexdigest(b"1,2")), FileNote("b/c.csv", 0, sm3.hexdigest(b"")))
    return [msgspec.json.encode(Contents(b"k" * sm4.KEY_SIZE, files)) + b"\n\n" + zlib.compress(b"1,2")]


def sealed() -> list[bytes]:
    """Return signatures, cipher texts and sealed letters in DER."""
    public = signer().public
    return [signer().sign(b"m"), sm2.encrypt(public, b"short"), sm2.seal(public, b"long")]


def headers() -> list[bytes]:
    """Return header and query lines of calls signed in each platform's way."""
    from jutong.dataplane.signatures import Scheme, sign

    found = []
    for scheme in Scheme:
        made = sign(scheme, app_key="app", secret="s", at=AT, service="svc", nonce="n")
        carried = made.headers or made.params
        found.append("\n".join(f"{name}:{value}" for name, value in carried.items()).encode())
    return found


def changes() -> list[bytes]:
    """Return messages of a change log: a relation with one key column, an insert, a commit."""
    relation = b"R\0\0\0\1public\0t\0d\0\1\1n\0\0\0\0\x17\xff\xff\xff\xff"
    insert = b"I\0\0\0\1N\0\1t\0\0\0\x0242"
    return [relation + b"\n\n" + insert + b"\n\n" + b"C\0" + bytes(24), b"T\0\0\0\1\0", b"B" + bytes(20)]
