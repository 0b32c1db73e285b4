"""A batch order: everything a grant shows, in one encrypted file, read back and reconciled before anyone can fetch it."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from jutong.crypto import CryptoRefused, sm2, sm3, sm4
from jutong.dataplane.book import Artefact
from jutong.dataplane.errors import RuleBroken, TooMany, Unavailable, at_source
from jutong.dataplane.masking import mask
from jutong.dataplane.policy import Plan
from jutong.dataplane.reconcile import PORTABLE, RunningTally, row_digest
from jutong.dataplane.transfer.files import Format, format_for
from jutong.dataplane.transfer.guard import together
from jutong.dataplane.transfer.lines import Lines, parsed
from jutong.dataplane.transfer.marking import Canary, noticed
from jutong.dataplane.transfer.runs import Run
from jutong.wire.transfers import Manifest, RunState, Tally

READ_ROWS = 5000
CHUNK = 1 << 16
"""Plain bytes in one chunk of the container: what a reader, and so each download, keeps in memory."""


class _Handed:
    """The stream that is handed over: counted and digested on its way into the node's own container."""

    def __init__(self, out: sm4.EncryptingWriter) -> None:
        self._out = out
        self.digest = sm3.new()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Take bytes."""
        self.digest.update(data)
        self.size += len(data)
        return self._out.write(data)

    def flush(self) -> None:
        """Flush the container."""
        self._out.flush()

    def close(self) -> None:
        """Write the container's last piece."""
        self._out.close()


class BatchWriter:
    """Turns COPY text lines into an encrypted file; used from one thread at a time.

    read: the tally of the rows as they came; sent: of the rows as written. digest, size: SM3 and bytes of what is handed
    over: the plain text, or with `receiver` the container that only the receiver opens; plain_digest, plain_size then
    tell of the text within. canary: orders the rows.
    """

    def __init__(
        self,
        file: BinaryIO,
        key: bytes,
        plan: Plan,
        shape: Format,
        *,
        receiver: bytes = b"",
        canary: Canary | None = None,
    ) -> None:
        self.read = RunningTally()
        self.sent = RunningTally()
        self.plain_size = 0
        self._plain = sm3.new()
        self._handed = _Handed(sm4.EncryptingWriter(file, key, chunk_size=CHUNK))
        self._inner = sm4.EncryptingWriter(self._handed, receiver, chunk_size=CHUNK) if receiver else None  # type: ignore[arg-type]
        self._canary = canary
        self._plan = plan
        self._hashed = plan.hashed
        self._shape = shape
        self._lines = Lines()
        self._write(shape.header())

    @property
    def digest(self) -> str:
        """Return the SM3 of what is handed over so far, hex."""
        return self._handed.digest.hexdigest()

    @property
    def size(self) -> int:
        """Return the bytes handed over so far."""
        return self._handed.size

    @property
    def plain_digest(self) -> str:
        """Return the SM3 of the plain text so far, hex."""
        return self._plain.hexdigest()

    def _write(self, plain: bytes) -> None:
        self._plain.update(plain)
        self.plain_size += len(plain)
        (self._inner or self._handed).write(plain)

    def feed(self, chunk: bytes) -> None:
        """Write the rows completed by this chunk."""
        rows = [parsed(line) for line in self._lines.cut(chunk)]
        digests = [row_digest(row) for row in rows]
        self.read.add(digests)
        for n in self._hashed:
            for row in rows:
                row[n] = mask(self._plan.fields[n].masking, row[n], self._plan.hash_key)
        shown = [self._shape.delivered(row) for row in rows]
        if self._hashed:
            digests = [row_digest(row) for row in shown]
        else:
            pairs = zip(shown, rows, digests, strict=True)
            digests = [digest if new is old else row_digest(new) for new, old, digest in pairs]
        self.sent.add(digests)
        self._write(self._shape.body(self._canary.ordered(shown) if self._canary else shown))

    def close(self) -> None:
        """Write what stands behind the rows and the container's last piece."""
        for piece in self._shape.tail():
            self._write(piece)
        if self._inner:
            self._inner.close()
        self._handed.close()


def read_back(path: Path, key: bytes, shape: Format, stopped: threading.Event, receiver: bytes = b"") -> Tally:
    """Decrypt and parse a finished file and return its tally; leaves early when stopped."""
    tally = RunningTally()
    with path.open("rb") as file:
        handed = sm4.DecryptingReader(file, key)
        plain = sm4.DecryptingReader(handed, receiver) if receiver else handed  # type: ignore[arg-type]
        rows = shape.read(plain)  # type: ignore[arg-type]
        while not stopped.is_set():
            digests = [row_digest(row) for row in islice(rows, READ_ROWS)]
            if not digests:
                break
            tally.add(digests)
    return tally.tally()


async def run_batch(run: Run) -> None:
    """Run a batch order to its release; every other end is an exception and leaves no file behind."""
    order, grant = run.order, run.guard.grant
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", order.id):
        raise RuleBroken("任务编号只能由字母、数字、连字符和下划线组成，最长 64 位。")
    folder = run.settings.artefact_folder
    final, part, scratch = folder / f"{order.id}.sm4", folder / f".{order.id}.part", folder / f".{order.id}.work"
    if await run.book.artefact(order.id) is not None and final.exists():
        return await _again(run)
    key = secrets.token_bytes(sm4.KEY_SIZE)
    shape = format_for(order.format, order.encoding, run.plan.fields, scratch)
    if order.notice:
        shape = noticed(shape, order.notice, format_name=order.format, encoding=order.encoding)
    receiver = secrets.token_bytes(sm4.KEY_SIZE) if order.receiver_key else b""
    envelope = _sealed_to(order.receiver_key, receiver) if receiver else b""
    try:
        with _disk():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            writer, counted = await _written(run, part, key, shape, receiver)
        arrived = await _checked(part, key, shape, receiver)
        legs = [(counted, writer.read.tally()), (writer.sent.tally(), arrived)]
        receipt = await run.compare(legs, digest=writer.digest, size=writer.size)
        if not await run.book.count_batch(grant.id, quota=grant.quota.batches_per_day, at=datetime.now(UTC)):
            raise TooMany("授权的当日批次数已用完，没有数据放行，请明日再试或申请调整。")
        run.guard.seal(datetime.now(UTC))
        await _released(run, part, final, _manifest(run, writer, arrived, receipt, envelope), key)
    finally:
        part.unlink(missing_ok=True)
        shutil.rmtree(scratch, ignore_errors=True)
    run.tell(
        RunState.RELEASED,
        f"批量文件已生成，共 {arrived.rows} 行，核对一致，可以下载。",
        done=arrived.rows,
        total=arrived.rows,
        receipt=receipt,
        artefact=order.id,
    )
    return None


async def _again(run: Run) -> None:
    """Report a file that was finished before its runner died."""
    receipt = (await run.book.receipts(run.order.id)).get("receiver", b"")
    run.tell(RunState.RELEASED, "批量文件已生成，可以下载。", receipt=receipt, artefact=run.order.id)


@contextmanager
def _disk() -> Iterator[None]:
    """Turn a full or unwritable disk into a refusal."""
    try:
        yield
    except OSError as error:
        raise Unavailable("批量文件写入失败，请检查数据目录的空间与权限后重试。") from error


def _sealed_to(public: str, key: bytes) -> bytes:
    """Seal a file's key to its receiver; `RuleBroken` for what is no public SM2 key."""
    try:
        return sm2.seal(sm2.public_from_hex(public), key)
    except (CryptoRefused, ValueError) as error:
        raise RuleBroken("接收方公钥不是有效的 SM2 公钥，请在业务系统登记中更正后重新发起。") from error


async def _written(run: Run, part: Path, key: bytes, shape: Format, receiver: bytes) -> tuple[BatchWriter, Tally]:
    """Write the encrypted file while the source counts the same rows; return the writer and the source's tally."""
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        canary = Canary(run.order.canary) if run.order.canary else None
        writer = BatchWriter(file, key, run.plan, shape, receiver=receiver, canary=canary)

        async def take(chunk: bytes) -> None:
            with _disk():
                await asyncio.to_thread(writer.feed, chunk)
            run.check_rows(writer.read.tally())
            run.tell(RunState.SENT, "正在生成文件。", done=writer.read.rows)

        async def count() -> Tally:
            with at_source():
                counted = await reading.tally(PORTABLE)
            return run.check_rows(counted)

        async with run.source() as source, run.reading(source) as reading:
            counted, _ = await together(count(), reading.lines(take))
        await asyncio.to_thread(writer.close)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    return writer, counted


async def _checked(part: Path, key: bytes, shape: Format, receiver: bytes) -> Tally:
    """Read the finished file back in a thread that ends with the run."""
    stopped = threading.Event()
    try:
        return await asyncio.to_thread(read_back, part, key, shape, stopped, receiver)
    finally:
        stopped.set()


def _manifest(run: Run, writer: BatchWriter, tally: Tally, receipt: bytes, envelope: bytes) -> Manifest:
    """Return the manifest of a finished file (R-EXC-007)."""
    order, grant, at = run.order, run.guard.grant, datetime.now(UTC)
    kept = order.expires_at or at + timedelta(days=run.settings.artefact_days)
    return Manifest(
        artefact_id=order.id,
        order_id=order.id,
        grant_id=grant.id,
        resource_title=grant.resource_title,
        entry_code=grant.entry_code,
        consumer_id=grant.consumer_id,
        rows=tally.rows,
        bytes=writer.size,
        sm3=writer.digest,
        checksum=tally.checksum,
        method=tally.method,
        format=order.format,
        encoding=order.encoding,
        columns=run.plan.fields,
        purpose="、".join(grant.purposes),
        made_at=at,
        expires_at=min(kept, grant.valid_until),
        receipt=receipt,
        envelope=envelope,
        plain_bytes=writer.plain_size if envelope else 0,
        plain_sm3=writer.plain_digest if envelope else "",
        notice=order.notice,
        marked=bool(order.canary),
    )


def _put_in_place(part: Path, final: Path) -> None:
    """Rename the finished file and make the renaming durable."""
    part.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


async def _released(run: Run, part: Path, final: Path, manifest: Manifest, key: bytes) -> None:
    """Put the file in its place for good, then enter it into the book, from when on the gateway serves it."""
    with _disk():
        await asyncio.to_thread(_put_in_place, part, final)
    await run.book.add_artefact(
        Artefact(
            id=manifest.artefact_id,
            order_id=manifest.order_id,
            grant_id=manifest.grant_id,
            consumer_id=manifest.consumer_id,
            sealed_key=run.sealed(key),
            manifest=msgspec.json.encode(manifest),
            made_at=manifest.made_at,
            expires_at=manifest.expires_at,
        )
    )
