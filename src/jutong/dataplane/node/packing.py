"""Packing files into parcels, end to end: compressed, encrypted with SM4, the key sealed to the receiving node alone."""

from __future__ import annotations

import io
import os
import secrets
import time
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from jutong.crypto import CryptoRefused, sm2, sm3, sm4
from jutong.dataplane.envelopes import seal
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.identity import Identity
from jutong.dataplane.node.boxes import write
from jutong.wire.nodes import Contents, FileNote, NodePass, Slip

PIECE: Final = 1 << 20
LEVEL: Final = 1
"""zlib's quickest: what compresses at all gains most of it here, and SM4 is the slower part."""
LONGEST_NAME: Final = 1000


def new_id() -> str:
    """Return a parcel's name: the moment in nanoseconds, so that names sort by age, and eight random signs."""
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}"


def pack(
    me: Identity, to: NodePass, grant_id: str, parcel: str, number: int, files: Path, body: Path, *, at: datetime
) -> bytes:
    """Write the sealed body of all files below a folder; return the signed slip (envelope JSON) that goes with it."""
    key = secrets.token_bytes(sm4.KEY_SIZE)
    names = sorted(path for path in files.rglob("*") if path.is_file())
    squeeze = zlib.compressobj(LEVEL)
    notes = []
    with body.open("wb") as file:
        with sm4.EncryptingWriter(file, key) as writer:
            for path in names:
                running, size = sm3.new(), 0
                with path.open("rb") as source:
                    while piece := source.read(PIECE):
                        running.update(piece)
                        size += len(piece)
                        writer.write(squeeze.compress(piece))
                notes.append(FileNote(path.relative_to(files).as_posix(), size, running.hexdigest()))
            writer.write(squeeze.flush())
        file.flush()
        os.fsync(file.fileno())
    contents = msgspec.json.encode(Contents(key, tuple(notes)))
    slip = Slip(
        id=parcel,
        number=number,
        grant_id=grant_id,
        sender=me.name,
        receiver=to.name,
        zone=to.zone,
        sealed=sm2.seal(bytes.fromhex(to.public), contents),
        size=body.stat().st_size,
        digest=digest_of(body),
        made_at=at,
    )
    return msgspec.json.encode(seal("slip", msgspec.json.encode(slip), me.signer))


def digest_of(path: Path) -> str:
    """Return the SM3 (hex) of a file."""
    running = sm3.new()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            running.update(piece)
    return running.hexdigest()


def unpack(me: Identity, slip: Slip, body: Path, into: Path) -> tuple[FileNote, ...]:
    """Write a parcel's files below an empty folder, each verified by its SM3, and return what they are.

    RuleBroken for a parcel that is not this node's to open, or whose content is not what the slip says.
    """
    if body.stat().st_size != slip.size or digest_of(body) != slip.digest:
        raise RuleBroken(f"包裹 {slip.id} 的摘要与签名的清单不符，已拒收，将重新接收。")
    try:
        contents = msgspec.json.decode(me.signer.unseal(slip.sealed), type=Contents)
        with body.open("rb") as file:
            plain = _plain(sm4.DecryptingReader(file, contents.key))
            rest = b""
            for note in contents.files:
                rest = _write_one(note, _place(into, note.name), plain, rest)
            if rest or next(plain, b""):
                raise RuleBroken(f"包裹 {slip.id} 的内容多于清单，已拒收。")
    except (CryptoRefused, ValueError, RecursionError, zlib.error) as error:
        raise RuleBroken(f"包裹 {slip.id} 无法解密或内容被改动，已拒收。") from error
    return contents.files


def _plain(reader: io.BufferedIOBase) -> Iterator[bytes]:
    """Yield the decompressed stream, never much more than a piece at once."""
    stretch = zlib.decompressobj()
    while piece := reader.read(PIECE):
        while piece:
            found = stretch.decompress(piece, PIECE)
            if found:
                yield found
            piece = stretch.unconsumed_tail
    if found := stretch.flush():
        yield found


def _place(into: Path, name: str) -> Path:
    """Return where a file goes; a name that leads elsewhere, or hides, is refused."""
    parts = name.split("/")
    if len(name) > LONGEST_NAME or "\0" in name or any(part in {"", ".", ".."} or part[0] == "." for part in parts):
        raise RuleBroken("包裹中有不合法的文件名，已拒收。")
    path = into.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _write_one(note: FileNote, path: Path, plain: Iterator[bytes], rest: bytes) -> bytes:
    """Write one file from the stream and return what was read beyond it."""
    running, left = sm3.new(), note.size
    with path.open("wb") as file:
        while left:
            piece = rest or next(plain, b"")
            if not piece:
                raise RuleBroken(f"包裹中的文件“{note.name}”不完整，已拒收。")
            own, rest = piece[:left], piece[left:]
            running.update(own)
            file.write(own)
            left -= len(own)
        file.flush()
        os.fsync(file.fileno())
    if running.hexdigest() != note.digest:
        raise RuleBroken(f"包裹中的文件“{note.name}”与清单的摘要不符，已拒收。")
    return rest


def keep(path: Path, slip: bytes) -> None:
    """Write a slip down, after its body: a parcel without slip does not exist."""
    write(path, slip)
