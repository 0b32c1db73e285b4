"""Made batch files: found in the book, decrypted on the fly, by byte range, only while their grant is in force."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, quote

import msgspec

from jutong.crypto import CryptoRefused, Signer, sm4
from jutong.dataplane import priorities
from jutong.dataplane.book import Artefact
from jutong.dataplane.envelopes import opened
from jutong.dataplane.errors import NotAllowed, RuleBroken, Unavailable
from jutong.dataplane.gateway.answers import SAFE, Answer
from jutong.wire.envelope import Envelope
from jutong.wire.transfers import Manifest

CHUNK = 1 << 16
PIECE = 1 << 13
"""Bytes handed to the server at a time: it holds some thirty of them for a slow reader, and a thousand such must fit."""
TICKET_LIFE = timedelta(seconds=60)
RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})")
MEDIA = {"csv": b"text/csv", "json": b"application/json", "jsonl": b"application/jsonl"}


class Ticket(msgspec.Struct, frozen=True):
    """A person's leave to fetch one file once, signed by the control plane; the payload of an envelope of kind "ticket"."""

    artefact: str
    person: str
    department: str
    nonce: str
    expires: datetime
    purpose: str = ""


def read_ticket(body: bytes, keys: dict[str, bytes], *, at: datetime) -> Ticket:
    """Return the ticket in the form field `ticket`. Raises `RuleBroken`, `Unauthenticated` (forged), `NotAllowed` (expired)."""
    field = parse_qs(body.decode("ascii", "replace"), max_num_fields=10).get("ticket", [""])[0]
    try:
        padded = field + "=" * (-len(field) % 4)
        envelope = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=Envelope)
    except ValueError as error:
        raise RuleBroken("表单字段 ticket 缺失或不是下载凭据，请在平台页面重新点击下载。") from error
    try:
        ticket = msgspec.json.decode(opened(envelope, "ticket", keys), type=Ticket)
    except ValueError as error:
        raise RuleBroken("下载凭据的内容不完整，请在平台页面重新点击下载。") from error
    if not ticket.expires.tzinfo or not ticket.nonce:
        raise RuleBroken("下载凭据的内容不完整，请在平台页面重新点击下载。")
    if not at < ticket.expires <= at + TICKET_LIFE + TICKET_LIFE:  # twice: the two clocks may differ a little
        raise NotAllowed("下载凭据已过期，请在平台页面重新点击下载。")
    return ticket


def manifest_of(artefact: Artefact | None, *, department: str, at: datetime) -> tuple[Artefact, Manifest]:
    """Return a file and its manifest for its consumer, or the one answer for everything else: `NotAllowed` (R-EXC-007)."""
    if artefact is None or artefact.consumer_id != department:
        raise NotAllowed("本部门没有这个批量文件，请核对文件编号。")
    if at >= artefact.expires_at:
        raise NotAllowed("批量文件已过期，请重新发起批量下载。")
    return artefact, msgspec.json.decode(artefact.manifest, type=Manifest)


def span(header: bytes | None, size: int) -> tuple[int, int] | None:
    """Return (start, end) of a single byte range, end excluded; None for no or a many-part range; `ValueError` outside."""
    found = RANGE.fullmatch(header or b"")
    if not found or not (found[1] or found[2]):
        return None
    if found[1]:
        start, end = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
    else:
        start, end = max(0, size - int(found[2])), size
    if start >= end:
        raise ValueError
    return start, end


class Files:
    """The folder of encrypted files."""

    def __init__(self, folder: Path, signer: Signer) -> None:
        self._folder = folder
        self._signer = signer
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="files", initializer=priorities.behind_all)

    async def answer(
        self,
        artefact: Artefact,
        manifest: Manifest,
        *,
        headers: Mapping[bytes, bytes],
        allowed: Callable[[datetime], None],
    ) -> Answer:
        """Answer a file or a range of it. `allowed` raises as soon as the grant is no longer in force.

        headers: of the call; a Range counts only when If-Range, where it is given, names this very file.
        """
        tag = f'"{manifest.sm3}"'.encode()
        wanted = headers.get(b"range") if headers.get(b"if-range", tag) == tag else None
        told = [(b"accept-ranges", b"bytes"), (b"etag", tag), *SAFE]
        try:
            part = span(wanted, manifest.bytes)
        except ValueError:
            return Answer(416, [*told, (b"content-range", b"bytes */%d" % manifest.bytes), (b"content-length", b"0")])
        start, end = part or (0, manifest.bytes)
        told += [
            (b"content-type", MEDIA.get(manifest.format, b"application/octet-stream")),
            (b"content-length", b"%d" % (end - start)),
            (b"content-disposition", _attachment(manifest)),
        ]
        if part:
            told.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, manifest.bytes)))
        file, reader = await asyncio.to_thread(self._open, artefact, manifest)
        return Answer(206 if part else 200, told, stream=self._read(file, reader, start, end, allowed))

    def _open(self, artefact: Artefact, manifest: Manifest) -> tuple[BinaryIO, sm4.DecryptingReader]:
        damaged = "批量文件已损坏或不在本节点，请重新发起批量下载。"
        try:
            key = self._signer.unseal(artefact.sealed_key)
            file = (self._folder / f"{artefact.id}.sm4").open("rb")
        except (OSError, CryptoRefused) as error:
            raise Unavailable(damaged) from error
        try:
            reader = sm4.DecryptingReader(file, key)
        except (OSError, CryptoRefused) as error:
            file.close()
            raise Unavailable(damaged) from error
        if reader.size != manifest.bytes:
            file.close()
            raise Unavailable(damaged)
        return file, reader

    async def _read(
        self,
        file: BinaryIO,
        reader: sm4.DecryptingReader,
        start: int,
        end: int,
        allowed: Callable[[datetime], None],
    ) -> AsyncGenerator[bytes, None]:
        """Yield the plain bytes; one thread decrypts for all downloads, so that they never crowd the calls out."""
        loop = asyncio.get_running_loop()
        try:
            reader.seek(start)
            while start < end:
                chunk = await loop.run_in_executor(self._thread, reader.read1, min(CHUNK, end - start))
                start += len(chunk)
                for n in range(0, len(chunk), PIECE):
                    allowed(datetime.now(UTC))
                    yield chunk[n : n + PIECE]
        finally:
            file.close()


def _attachment(manifest: Manifest) -> bytes:
    name = f"{manifest.resource_title}-{manifest.made_at:%Y%m%d}.{manifest.format}"
    return b"attachment; filename*=UTF-8''" + quote(name, safe="").encode()
