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
from types import TracebackType
from typing import BinaryIO, Final, Self

import msgspec

from jutong.crypto import CryptoRefused, sm2, sm3, sm4
from jutong.dataplane.envelopes import seal
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.identity import Identity
from jutong.wire.nodes import Contents, FileNote, NodePass, Slip

PIECE: Final = 1 << 20
LEVEL: Final = 1
"""zlib's quickest: what compresses at all gains most of it here, and SM4 is the slower part."""
LONGEST_NAME: Final = 1000


def new_id() -> str:
    """Return a parcel's name: the moment in nanoseconds, so that names sort by age, and eight random signs."""
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}"


class Packer:
    """Writes a parcel's sealed body, file after file, in pieces of any size; memory: a few pieces.

    Leaving the `with` block by an exception leaves a body that nobody can open.
    """

    def __init__(self, body: Path) -> None:
        self._key = secrets.token_bytes(sm4.KEY_SIZE)
        self._squeeze = zlib.compressobj(LEVEL)
        self._file = body.open("wb")
        self._writer = sm4.EncryptingWriter(self._file, self._key)
        self._notes: list[FileNote] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        self.drop()

    def close(self) -> None:
        """End the body; durable when it returns."""
        self._writer.write(self._squeeze.flush())
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def drop(self) -> None:
        """Leave the body as it is."""
        self._file.close()

    @property
    def size(self) -> int:
        """Return the sealed bytes so far."""
        return self._file.tell()

    def begin(self, name: str) -> None:
        """Begin the next file."""
        self._name, self._running, self._size = name, sm3.new(), 0

    def write(self, piece: bytes) -> None:
        """Add bytes to the file that was begun."""
        self._running.update(piece)
        self._size += len(piece)
        self._writer.write(self._squeeze.compress(piece))

    def end(self) -> None:
        """End the file that was begun."""
        self._notes.append(FileNote(self._name, self._size, self._running.hexdigest()))

    def contents(self) -> Contents:
        """Return the key, and the files in their order."""
        return Contents(self._key, tuple(self._notes))


def pack(
    me: Identity, to: NodePass, grant_id: str, parcel: str, number: int, files: Path, body: Path, *, at: datetime
) -> bytes:
    """Write the sealed body of all files below a folder; return the signed slip (envelope JSON) that goes with it."""
    with Packer(body) as packer:
        for path in sorted(path for path in files.rglob("*") if path.is_file()):
            packer.begin(path.relative_to(files).as_posix())
            for piece in _pieces(path):
                packer.write(piece)
            packer.end()
    return slip(me, to, grant_id, parcel, number, body, packer.contents(), at=at)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def slip(
    me: Identity,
    to: NodePass,
    grant_id: str,
    parcel: str,
    number: int,
    body: Path,
    contents: Contents,
    *,
    at: datetime,
    digest: str = "",
    order_id: str = "",
) -> bytes:
    """Return the signed slip (envelope JSON) of a finished body. digest: its SM3 (hex), where it is known already."""
    said = Slip(
        id=parcel,
        number=number,
        grant_id=grant_id,
        sender=me.name,
        receiver=to.name,
        zone=to.zone,
        sealed=sm2.seal(bytes.fromhex(to.public), msgspec.json.encode(contents)),
        size=body.stat().st_size,
        digest=digest or digest_of(body),
        made_at=at,
        order_id=order_id,
    )
    return msgspec.json.encode(seal("slip", msgspec.json.encode(said), me.signer))


def digest_of(path: Path) -> str:
    """Return the SM3 (hex) of a file."""
    running = sm3.new()
    for piece in _pieces(path):
        running.update(piece)
    return running.hexdigest()


def check_body(slip: Slip, body: Path) -> None:
    """Refuse a body that is not the one whose size and digest its sender signed."""
    if body.stat().st_size != slip.size or digest_of(body) != slip.digest:
        raise RuleBroken(f"包裹 {slip.id} 的摘要与签名的清单不符，已拒收，将重新接收。")


def contents_of(me: Identity, slip: Slip) -> Contents:
    """Return what is in a parcel; RuleBroken for one that is not this node's to open."""
    try:
        return msgspec.json.decode(me.signer.unseal(slip.sealed), type=Contents)
    except (CryptoRefused, ValueError, RecursionError) as error:
        raise RuleBroken(f"包裹 {slip.id} 无法解密或内容被改动，已拒收。") from error


class Unpacking:
    """The files of a body, one after another: nothing is given that the sender's key does not vouch for.

    RuleBroken for content that is not what the slip says.
    """

    def __init__(self, slip: Slip, contents: Contents, file: BinaryIO) -> None:
        self._id = slip.id
        self._rest = b""
        try:
            self._plain = _plain(sm4.DecryptingReader(file, contents.key))
        except CryptoRefused as error:
            raise self._damaged() from error

    def _damaged(self) -> RuleBroken:
        return RuleBroken(f"包裹 {self._id} 无法解密或内容被改动，已拒收。")

    def _next(self) -> bytes:
        try:
            return self._rest or next(self._plain, b"")
        except (CryptoRefused, ValueError, zlib.error) as error:
            raise self._damaged() from error

    def pieces(self, note: FileNote) -> Iterator[bytes]:
        """Yield the next file in pieces; that its digest is right is known only after the last one."""
        running, left = sm3.new(), note.size
        while left:
            piece = self._next()
            if not piece:
                raise RuleBroken(f"包裹中的文件“{note.name}”不完整，已拒收。")
            own, self._rest = piece[:left], piece[left:]
            running.update(own)
            left -= len(own)
            yield own
        if running.hexdigest() != note.digest:
            raise RuleBroken(f"包裹中的文件“{note.name}”与清单的摘要不符，已拒收。")

    def end(self) -> None:
        """Refuse a body that goes on behind its last file."""
        if self._next():
            raise RuleBroken(f"包裹 {self._id} 的内容多于清单，已拒收。")


def unpack(me: Identity, slip: Slip, body: Path, into: Path) -> tuple[FileNote, ...]:
    """Write a parcel's files below an empty folder, each verified by its SM3, and return what they are.

    RuleBroken for a parcel that is not this node's to open, or whose content is not what the slip says.
    """
    check_body(slip, body)
    contents = contents_of(me, slip)
    with body.open("rb") as file:
        unpacking = Unpacking(slip, contents, file)
        for note in contents.files:
            with _place(into, note.name).open("wb") as out:
                for piece in unpacking.pieces(note):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
        unpacking.end()
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
