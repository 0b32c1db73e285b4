"""Before anything is purged it goes out as a package: one signed file with its manifest, written, read back, and only then purged.

A package is a zip: records.jsonl (a record a line), files/ (their attachments), manifest.json (what it holds, with SM3
digests), manifest.sig (the instance's SM2 signature over the manifest, hex), index.html (for people). R-SEC-034.
"""

from __future__ import annotations

import html
import logging
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jutong.crypto import sm2, sm3
from jutong.kernel import keys
from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor, system_actor
from jutong.kernel.clock import BEIJING
from jutong.kernel.models import ArchivePackage
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_

logger = logging.getLogger(__name__)

PLATFORM: Final = system_actor("archive")
AT_ONCE: Final = 200
"""Records in one package at most."""
GIVEN_UP: Final = timedelta(hours=1)
"""A package that is still being written after this was left by a process that ended."""
RECORDS, MANIFEST, SIGNATURE, INDEX = "records.jsonl", "manifest.json", "manifest.sig", "index.html"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that belongs to a record: its name in the package and where its bytes are."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Holding:
    """What of a kind is archived and purged. title: in Chinese; retention: why and how long it was kept, in Chinese.

    due: ids whose period is over, at most so many. content: everything of a record. attached: its files. purge: forgets it.
    """

    kind: str
    title: str
    retention: str
    due: Callable[[datetime, int], Sequence[int]]
    content: Callable[[int], Mapping[str, Any]]
    purge: Callable[[int, datetime], object]
    attached: Callable[[int], Iterable[Attached]] = field(default=lambda _pk: ())


_HOLDINGS: Final[dict[str, Holding]] = {}


def register(holding: Holding) -> None:
    """Let records of a kind go out as packages before they are purged (in the slice's reactions)."""
    _HOLDINGS[holding.kind] = holding


def folder() -> Path:
    """Return where packages are written."""
    return settings().archive_folder or settings().home / "archive"


def keep_and_purge(at: datetime) -> int:
    """Archive and purge what is due, AT_ONCE of each kind; returns how many were purged. What cannot be written stays."""
    gone = 0
    for holding in _HOLDINGS.values():
        try:
            gone += _keep(holding, at)
        except OSError as error:
            logger.error("no package of %s could be written: %s", holding.kind, error)  # noqa: TRY400 - no traceback
    return gone


def _keep(holding: Holding, at: datetime) -> int:
    due = list(holding.due(at, AT_ONCE))
    if not due:
        return 0
    _clear_up(holding, at)
    gone = 0
    for held in ArchivePackage.objects.filter(kind=holding.kind, state="verified", record_ids__overlap=due):
        gone += _purge(holding, held, due, at)
    left = [pk for pk in holding.due(at, AT_ONCE) if pk in set(due)]
    fresh = _write(holding, left, at) if left else None
    return gone + (_purge(holding, fresh, left, at) if fresh else 0)


def _clear_up(holding: Holding, at: datetime) -> None:
    """Take away what an interrupted process left half written."""
    for row in ArchivePackage.objects.filter(kind=holding.kind, state="writing", at__lt=at - GIVEN_UP):
        for name in (row.name, f"{row.name}.part"):
            (folder() / name).unlink(missing_ok=True)
        row.delete()


def _write(holding: Holding, ids: Sequence[int], at: datetime) -> ArchivePackage | None:
    """Write, read back and register a package of some records; None while another process writes one of this kind."""
    try:
        with transaction.atomic():
            row = ArchivePackage.objects.create(kind=holding.kind, name="", at=at)
            row.number = f"DA-{at.astimezone(BEIJING):%Y%m%d}-{row.pk:06d}"
            row.name = f"{row.number}-{holding.kind}.zip"
            row.save(update_fields=["number", "name"])
    except IntegrityError:
        return None
    part = folder() / f"{row.name}.part"
    try:
        folder().mkdir(parents=True, exist_ok=True)
        _pack(part, holding, ids, row, at)
        digest = _read_back(part)
        part.replace(folder() / row.name)
    except OSError:
        row.delete()
        with suppress(OSError):
            part.unlink()
        raise
    register_package(row, digest=digest, record_ids=list(ids), by=PLATFORM, at=at)
    return ArchivePackage.objects.get(pk=row.pk)


def _read_back(part: Path) -> str:
    """Return the digest of a package that was just written; OSError where it does not read as it was meant."""
    if faults := verify(part, keys.instance().public.hex()):
        raise OSError("; ".join(faults))
    return _digest(part)


def _pack(part: Path, holding: Holding, ids: Sequence[int], row: ArchivePackage, at: datetime) -> None:
    lines: list[tuple[int, bytes]] = []
    attached: dict[str, Path] = {}
    for pk in ids:
        files = {f"files/{pk}-{n}-{Path(one.name).name}": one.path for n, one in enumerate(holding.attached(pk))}
        attached |= files
        line = orjson.dumps({"id": pk, "files": list(files), **holding.content(pk)}, default=str)
        lines.append((pk, line))
    records = b"".join(line + b"\n" for _pk, line in lines)
    manifest = {
        "number": row.number,
        "kind": holding.kind,
        "title": holding.title,
        "retention": holding.retention,
        "written_at": at.isoformat(),
        "public_key": keys.instance().public.hex(),
        "records": {"count": len(lines), "sm3": sm3.hexdigest(records)},
        "ids": {str(pk): sm3.hexdigest(line) for pk, line in lines},
        "files": {name: _digest(path) for name, path in attached.items()},
    }
    said = orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)
    with part.open("wb") as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr(RECORDS, records)
            for name, path in attached.items():
                package.write(path, name)
            package.writestr(MANIFEST, said)
            package.writestr(SIGNATURE, keys.instance().sign(said).hex())
            package.writestr(INDEX, _index(manifest))
        out.flush()
        os.fsync(out.fileno())


def _index(manifest: Mapping[str, Any]) -> str:
    """Return the page that tells a person what lies in a package."""
    facts = {
        _("归档编号"): manifest["number"],
        _("内容"): _(manifest["title"]),
        _("保存依据"): _(manifest["retention"]),
        _("归档时间"): manifest["written_at"],
        _("记录数"): manifest["records"]["count"],
        _("记录文件的 SM3 摘要"): manifest["records"]["sm3"],
        _("签名公钥（SM2）"): manifest["public_key"],
    }
    rows = "".join(f"<tr><th>{html.escape(str(k))}</th><td>{html.escape(str(v))}</td></tr>" for k, v in facts.items())
    names = "".join(f"<li>{html.escape(name)}</li>" for name in manifest["files"])
    title = html.escape(f"{manifest['number']} {_(manifest['title'])}")
    note = _(
        "每行一条记录，见 records.jsonl；摘要见 manifest.json，签名见 manifest.sig。可用 jutong archive verify 校验。"
    )
    return (
        f'<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><p>{html.escape(note)}</p><table>{rows}</table><ul>{names}</ul></body></html>"
    )


def _digest(path: Path) -> str:
    found = sm3.new()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def verify(path: Path, public: str) -> list[str]:
    """Return what is wrong with a package, in sentences; needs nothing but the file and the public key (128 hex signs)."""
    try:
        with zipfile.ZipFile(path) as package:
            if broken := package.testzip():
                return [_("归档包已损坏：%s。") % broken]
            said = package.read(MANIFEST)
            signature = bytes.fromhex(package.read(SIGNATURE).decode("ascii"))
            if not sm2.verify(bytes.fromhex(public), said, signature):
                return [_("归档包的签名不符：清单不是由该公钥对应的平台签署，或已被改动。")]
            manifest = orjson.loads(said)
            records = package.read(RECORDS)
            lines = records.split(b"\n")[:-1]
            held = {str(orjson.loads(line)["id"]): sm3.hexdigest(line) for line in lines}
            faults = []
            if sm3.hexdigest(records) != manifest["records"]["sm3"] or held != manifest["ids"]:
                faults.append(_("归档包中的记录与清单的摘要不符。"))
            faults += [
                _("附件“%s”与清单的摘要不符。") % name
                for name, digest in manifest["files"].items()
                if sm3.hexdigest(package.read(name)) != digest
            ]
            return faults
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        return [_("归档包无法读取：%s。") % type(error).__name__]


def _purge(holding: Holding, package: ArchivePackage, ids: Sequence[int], at: datetime) -> int:
    """Purge what a package holds as it stands now; nothing where the package is gone or was touched."""
    path = folder() / package.name
    if not path.exists() or _digest(path) != package.digest or verify(path, keys.instance().public.hex()):
        logger.error("package %s is missing or was changed: nothing it holds is purged", package.name)
        return 0
    with zipfile.ZipFile(path) as opened:
        lines = [orjson.loads(line) for line in opened.read(RECORDS).splitlines()]
    gone = 0
    for said in lines:
        pk = said.pop("id")
        said.pop("files")
        if pk in ids and said == orjson.loads(orjson.dumps(holding.content(pk), default=str)):
            holding.purge(pk, at)
            gone += 1
    return gone


@action("archive.register_package", label=N_("登记归档包"), allow=SYSTEM_ONLY, on=ArchivePackage)
def register_package(row: ArchivePackage, *, by: Actor, at: datetime, digest: str, record_ids: Sequence[int]) -> None:
    """A package was written and read back without a fault: what it holds may be purged from now on (R-SEC-034)."""
    row.state, row.digest, row.record_ids, row.verified_at = "verified", digest, list(record_ids), at
    row.save(update_fields=["state", "digest", "record_ids", "verified_at"])


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A package that was written: number, file, how many records of what, SM3 of the file."""

    number: str
    name: str
    title: str
    records: int
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Archive:
    """How archiving stands: the folder, packages, the newest, and how many records are due and not archived yet."""

    folder: str
    packages: int
    newest: PackageRow | None
    waiting: int


def packages(*, most: int = 50) -> list[PackageRow]:
    """Return the packages that were written, the newest first."""
    rows = ArchivePackage.objects.filter(state="verified").order_by("-pk")[:most]
    return [
        PackageRow(
            row.number, row.name, _(_HOLDINGS[row.kind].title) if row.kind in _HOLDINGS else row.kind,
            len(row.record_ids), row.digest, row.at,
        )
        for row in rows
    ]  # fmt: skip


def standing(at: datetime) -> Archive:
    """Return how archiving stands, for the page of operations."""
    waiting = sum(len(holding.due(at, AT_ONCE)) for holding in _HOLDINGS.values())
    newest = packages(most=1)
    count = ArchivePackage.objects.filter(state="verified").count()
    return Archive(str(folder()), count, newest[0] if newest else None, waiting)
