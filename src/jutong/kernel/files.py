"""Attachments: kept once by digest below the data directory, type sniffed from the content, size limited."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import filetype
from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere, RuleBroken, TooLarge, Unavailable
from jutong.kernel.models import StoredFile
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_

_CHUNK: Final = 1 << 20
_SNIFF: Final = 8192
_TEXT_CONTROL: Final = frozenset(range(32)) - {9, 10, 12, 13, 27}
_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class FileRow:
    """A stored file; `media_type` is what its bytes say, whatever its name claims."""

    id: int
    digest: str
    size: int
    media_type: str
    name: str
    account_id: int | None
    department_id: int | None


def store(source: IO[bytes], name: str, *, by: Actor, at: datetime, limit: int | None = None) -> FileRow:
    """Keep a file by its SM3 digest.

    TooLarge beyond `limit` bytes (default: the upload limit); RuleBroken when empty; Unavailable where the disk is full or
    may not be written. Streams; the bytes are complete on disk before the row exists.
    """
    most = limit or settings().upload_limit
    folder = settings().home / "files"
    temporary = folder / f".{secrets.token_hex(12)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, size, head = _copy(source, temporary, most)
        if not size:
            raise RuleBroken(_("文件“%s”是空的，请选择有内容的文件。") % safe_name(name), field="file")
        place = _place(digest)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.replace(place)
    except OSError as error:
        raise Unavailable(N_("文件没有保存：平台的磁盘空间不足或不可写，请联系平台管理员处理后重新上传。")) from error
    finally:
        temporary.unlink(missing_ok=True)
    row = StoredFile.objects.create(
        digest=digest,
        size=size,
        media_type=sniff(head),
        name=safe_name(name),
        account_id=by.account_id,
        department_id=by.department_id,
        at=at,
    )
    return _row(row)


def discard(file_id: int) -> None:
    """Keep a file no longer, bytes included, unless another row holds the same ones."""
    kept = StoredFile.objects.get(pk=file_id)
    kept.delete()
    if not StoredFile.objects.filter(digest=kept.digest).exists():
        _place(kept.digest).unlink(missing_ok=True)


def _copy(source: IO[bytes], target: Path, most: int) -> tuple[str, int, bytes]:
    digest, size, head = sm3.new(), 0, b""
    with target.open("xb") as file:
        os.chmod(target, 0o600)  # noqa: PTH101 - before the first byte is in it
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise TooLarge(_("文件超过 %d MB 的上限，请拆分或压缩后再上传。") % (most // (1 << 20)))
            head = head or chunk[:_SNIFF]
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size, head


def sniff(head: bytes) -> str:
    """Return the media type that the first bytes show; text only where no control byte stands."""
    kind: Any = filetype.guess(head)
    if kind is not None:
        return str(kind.mime)
    return "application/octet-stream" if _TEXT_CONTROL & set(head) else "text/plain"


def safe_name(name: str) -> str:
    """Return a file name that cannot leave its folder: last part only, no control signs, bounded length."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(sign for sign in last if sign.isprintable()).strip(" .")
    stem, dot, suffix = clean.rpartition(".")
    if dot and len(clean) > _LONGEST_NAME:
        clean = stem[: _LONGEST_NAME - len(suffix) - 1] + "." + suffix
    return clean[:_LONGEST_NAME] or "file"


def _place(digest: str) -> Path:
    return settings().home / "files" / digest[:2] / digest


def row(file_id: int) -> FileRow:
    """Return a stored file's row. NotThere for an unknown id."""
    found = StoredFile.objects.filter(pk=file_id).first()
    if found is None:
        raise NotThere(_("没有找到该文件。"))
    return _row(found)


def path(file_id: int) -> Path:
    """Return where a stored file's bytes lie."""
    return _place(row(file_id).digest)


def chunks(file_id: int) -> Iterator[bytes]:
    """Yield a stored file's bytes, a mebibyte at a time."""
    with path(file_id).open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _row(stored: StoredFile) -> FileRow:
    return FileRow(
        stored.pk, stored.digest, stored.size, stored.media_type, stored.name, stored.account_id, stored.department_id
    )
