"""`jutong backup`: database, files, audit chains and, if wanted, batch files into a signed set; the keys apart."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

import click

from jutong.cli import dumping, home, instance, roles
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _

FORMAT: Final = "jutong-backup-1"
PREFIX: Final = "jutong-"
PARTIAL: Final = ".partial-"
MANIFEST: Final = "manifest.jsonl"
SIGNATURE: Final = "manifest.sig"
DATABASE: Final = "database.dump"
CHUNK: Final = 1 << 20
PASSES: Final = 50
PAUSE_SECONDS: Final = 0.02
SECRETS: Final = ("secret", "key.json", "passphrase", "control.pub")
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
OLD_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(help=_("备份数据库、附件和审计链到一个带签名的目录；密钥另存为单独的加密文件。可在运行中执行。"))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--artefacts", is_flag=True, help=_("同时备份批量文件（可重新生成，默认不备份）。"))
@click.option("--keys", type=NEW_FILE, help=_("把密钥、数据库口令和节点身份加密备份到此文件；请与备份分开保管。"))
@click.option("--passphrase-file", type=OLD_FILE, help=_("密钥备份的口令所在文件（权限 0600）。"))
@click.option("--keep", type=click.IntRange(1), help=_("完成后只保留最近几份备份。"))
def backup(folder: Path, *, artefacts: bool, keys: Path | None, passphrase_file: Path | None, keep: int | None) -> None:
    """Make one set below `folder`; it gets its name when it is complete and signed. Memory is bounded by one chunk."""
    from jutong.crypto import keyfile

    _check_keys(folder, keys, passphrase_file)
    with instance.opened() as ours:
        instance.load_django(ours, roles.WORKER)
        from jutong.kernel import clock

        at = clock.now()
        with _room(folder, at) as (partial, final):
            count, size = _written(ours, partial, artefacts=artefacts, at=at)
            if keys and passphrase_file:
                _save_keys(ours.home, keys, keyfile.read_passphrase(passphrase_file))
            partial.rename(final)
            _flush(folder)
    for old in sorted(folder.glob(f"{PREFIX}*Z"))[: -keep if keep else None] if keep else ():
        shutil.rmtree(old)
    say(_("备份完成：{path}，{count} 个文件，{size} MB。").format(path=final, count=count, size=size // CHUNK))
    if keys:
        say(_("密钥已另存：{path}。请与备份分开保管，口令不要与它放在一起。").format(path=keys))
    else:
        say(_("没有备份密钥：没有密钥的备份无法恢复，请至少用 --keys 另存一次。"))


def _check_keys(folder: Path, keys: Path | None, passphrase_file: Path | None) -> None:
    if (keys is None) != (passphrase_file is None):
        raise click.UsageError(_("--keys 与 --passphrase-file 须同时给出"))
    if keys and keys.exists():
        raise Stopped(_("密钥备份 {path} 已存在。").format(path=keys), _("请换一个文件名，备份不覆盖已有文件。"))
    if keys and folder.absolute() in keys.absolute().parents:
        raise Stopped(_("密钥备份不能放在备份目录 {path} 之内。").format(path=folder), _("请另选一个位置分开保管。"))


@contextmanager
def _room(folder: Path, at: datetime) -> Iterator[tuple[Path, Path]]:
    """Yield a folder to work in and the name it gets; whatever goes wrong, nothing half is left under that name."""
    name = f"{at:%Y%m%dT%H%M%SZ}"
    partial, final = folder / f"{PARTIAL}{name}", folder / f"{PREFIX}{name}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.glob(f"{PARTIAL}*"):
            shutil.rmtree(left)
        partial.mkdir(mode=0o700)
        yield partial, final
    except OSError as error:
        raise Stopped(
            _("备份没有完成：{reason}。").format(reason=error.strerror or error),
            _("请检查 {path} 的空间与权限后重试；没有留下不完整的备份。").format(path=folder),
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


class Contents:
    """Writes the set's files and its manifest: a head line, then name, size and SM3 of each file."""

    def __init__(self, folder: Path, head: dict[str, str]) -> None:
        from jutong.crypto import sm3

        self.folder = folder
        self.count = 0
        self.size = 0
        self._digest = sm3.new()
        self._manifest = (folder / MANIFEST).open("xb")
        self._line({**head})

    def _line(self, said: dict[str, str | int]) -> None:
        line = json.dumps(said, ensure_ascii=False).encode() + b"\n"
        self._digest.update(line)
        self._manifest.write(line)

    def add(self, name: str, source: BinaryIO) -> None:
        """Copy an open file into the set under `name`."""
        target = self.folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with target.open("xb") as file:
            shutil.copyfileobj(source, file, CHUNK)
            file.flush()
            os.fsync(file.fileno())
        self.note(name)

    def note(self, name: str) -> None:
        """Enter a file of the set into the manifest."""
        digest, size = digest_of(self.folder / name)
        self._line({"name": name, "size": size, "sm3": digest})
        self.count += 1
        self.size += size

    def close(self) -> str:
        """Flush the manifest and return its SM3."""
        self._manifest.flush()
        os.fsync(self._manifest.fileno())
        self._manifest.close()
        return str(self._digest.hexdigest())


def digest_of(path: Path) -> tuple[str, int]:
    """Return SM3 and size of a file, read a mebibyte at a time."""
    from jutong.crypto import sm3

    digest, size = sm3.new(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def _written(ours: instance.Instance, partial: Path, *, artefacts: bool, at: datetime) -> tuple[int, int]:
    """Fill the set: the database first, so that everything it speaks of is there when the files are copied."""
    from importlib.metadata import version

    from jutong.kernel import keys

    signer = keys.instance()
    head = {"format": FORMAT, "made_at": at.isoformat(), "version": version("jutong"), "public": signer.public.hex()}
    contents = Contents(partial, head)
    with (partial / DATABASE).open("xb") as file:
        dumping.dump(ours, file)
        os.fsync(file.fileno())
    contents.note(DATABASE)
    root = ours.home.root
    for node in sorted(path.parent for path in ours.home.nodes.glob("*/chain")):
        _add_chain(contents, root, node)
    _add_tree(contents, root, root / "files")
    if artefacts:
        _add_tree(contents, root, root / "artefacts")
    digest = contents.close()
    (partial / SIGNATURE).write_text(signer.sign(digest.encode()).hex(), encoding="ascii")
    _flush(partial)
    return contents.count, contents.size


def _add_tree(contents: Contents, root: Path, folder: Path) -> None:
    """Add the finished files below a folder; one that is deleted meanwhile was deleted in time."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        try:
            with path.open("rb") as source:
                contents.add(str(path.relative_to(root)), source)
        except FileNotFoundError:
            continue


def _add_chain(contents: Contents, root: Path, node: Path) -> None:
    """Add a node's audit chain while it grows: sealed pieces never change, but are renamed and moved; then the open one."""
    chain, copied = node / "chain", set[tuple[str, str]]()
    for _pass in range(PASSES):
        opened = {path: path.read_bytes() for path in chain.glob("*/*.open") if path.exists()}
        if _add_sealed(contents, root, chain, copied):
            for path, lines in opened.items():
                contents.add(str(path.relative_to(root)), io.BytesIO(lines))
            return
        time.sleep(PAUSE_SECONDS)
    raise Stopped(_("审计链 {path} 变化过快，没有完成备份。").format(path=chain), _("请稍后重试。"))


def _add_sealed(contents: Contents, root: Path, chain: Path, copied: set[tuple[str, str]]) -> bool:
    """Add the closed pieces not yet copied; True when there were none, so that the open ones read before follow them."""
    news = False
    for path in sorted(chain.rglob("*")):
        name = (path.relative_to(chain).parts[0], path.name)
        if path.suffix not in {".jsonl", ".seal"} or name in copied:
            continue
        news = True
        with suppress(FileNotFoundError), path.open("rb") as source:  # shipped in this moment: next time round
            contents.add(str(path.relative_to(root)), source)
            copied.add(name)
    return not news


def _save_keys(at: home.Home, target: Path, passphrase: str) -> None:
    """Seal keys, database passwords and the nodes' identities under the passphrase into one small file, mode 0600."""
    from jutong.crypto import keyfile

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for folder in (at.root / "keys", at.secrets):
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                archive.add(path, str(path.relative_to(at.root)))
        for node in sorted(path.parent for path in at.nodes.glob("*/key.json")):
            for path in [*(node / name for name in SECRETS), *sorted((node / "retired").glob("*"))]:
                if path.is_file():
                    archive.add(path, str(path.relative_to(at.root)))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(keyfile.seal_bytes(packed.getvalue(), passphrase))
        file.flush()
        os.fsync(file.fileno())
    partial.rename(target)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
