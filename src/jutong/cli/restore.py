"""`jutong restore`: a set of `jutong backup` and the keys beside it become an instance in an empty home, verified."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import click

from jutong.cli import backup as saved
from jutong.cli import dumping, home, instance, roles
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _

SET = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(help=_("把备份恢复到空的数据目录，并校验审计链。"))
@click.argument("folder", type=SET)
@click.option("--keys", required=True, type=saved.OLD_FILE, help=_("密钥备份文件。"))
@click.option("--passphrase-file", required=True, type=saved.OLD_FILE, help=_("密钥备份的口令所在文件（权限 0600）。"))
def restore(folder: Path, *, keys: Path, passphrase_file: Path) -> None:
    """Check the set as a whole, then fill the home that JUTONG_HOME names; what fails leaves it empty again."""
    from jutong.crypto import keyfile

    at = home.find()
    _check_empty(at)
    secrets = _opened(keys, keyfile.read_passphrase(passphrase_file))
    names = check_set(folder, secrets)
    try:
        _filled(at, folder, names, secrets)
    except BaseException:
        for path in at.root.iterdir() if at.root.exists() else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
    say(
        _("已恢复到 {path}：{count} 个文件，审计链校验通过。请执行 jutong serve。").format(
            path=at.root, count=len(names)
        )
    )


def _check_empty(at: home.Home) -> None:
    if at.root.exists() and any(at.root.iterdir()):
        raise Stopped(
            _("数据目录 {path} 不是空的，不会覆盖。").format(path=at.root),
            _("请把 JUTONG_HOME 设为一个空目录或新目录。"),
        )


def _opened(keys: Path, passphrase: str) -> dict[str, bytes]:
    """Return the files of a key backup by name below the home; no name leads out of it."""
    from jutong.crypto import keyfile

    packed = keyfile.open_bytes(keys.read_bytes(), passphrase)
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None and _inside(member.name):
                found[member.name] = content.read()
    return found


def _inside(name: str) -> bool:
    return not name.startswith("/") and ".." not in Path(name).parts


def check_set(folder: Path, secrets: dict[str, bytes]) -> list[str]:
    """Return the names in a set after checking signature, sizes and SM3 of all of it; `Stopped` naming the first fault."""
    from jutong.crypto import sm2, sm3

    try:
        manifest = (folder / saved.MANIFEST).read_bytes()
        signature = bytes.fromhex((folder / saved.SIGNATURE).read_text(encoding="ascii"))
        head, *rows = [json.loads(line) for line in manifest.splitlines()]
        public = json.loads(secrets["keys/instance.json"])["public"]
    except (OSError, ValueError, KeyError) as error:
        raise Stopped(
            _("{path} 不是完整的备份，或密钥备份不对。").format(path=folder), _("请核对备份目录和密钥备份文件。")
        ) from error
    if head.get("format") != saved.FORMAT or head["public"] != public:
        raise Stopped(_("备份与密钥备份不是同一平台、同一把密钥的。"), _("请使用同一次备份另存的密钥文件。"))
    if not sm2.verify(bytes.fromhex(public), sm3.hexdigest(manifest).encode(), signature):
        raise Stopped(_("备份清单的签名无效，清单被改动。"), _("请改用另一份备份。"))
    for row in rows:
        _check_file(folder, row)
    return [row["name"] for row in rows]


def _check_file(folder: Path, row: dict[str, Any]) -> None:
    path = folder / row["name"]
    found = saved.digest_of(path) if _inside(row["name"]) and path.is_file() else None
    if found != (row["sm3"], row["size"]):
        raise Stopped(_("备份中的文件 {name} 缺失或被改动。").format(name=row["name"]), _("请改用另一份备份。"))


def _filled(at: home.Home, folder: Path, names: list[str], secrets: dict[str, bytes]) -> None:
    at.create()
    for name, content in secrets.items():
        target = at.root / name
        target.parent.mkdir(mode=home.PRIVATE, parents=True, exist_ok=True)
        home.write_private(target, content)
    for name in names:
        if name != saved.DATABASE:
            target = at.root / name
            target.parent.mkdir(mode=home.PRIVATE, parents=True, exist_ok=True)
            shutil.copyfile(folder / name, target)
            target.chmod(0o600)
    with instance.opened() as ours:
        with (folder / saved.DATABASE).open("rb") as dump:
            dumping.load(ours, dump)
        roles.apply_grants(ours.database(roles.OWNER))
        instance.load_django(ours, roles.WORKER)
        _rejoin_chains(at)
        _verify()


def _rejoin_chains(at: home.Home) -> None:
    """Let each chain ship again what the restored database has not seen: it is as old as the moment of the dump."""
    from django.db.models import Max

    from jutong.kernel.models import AuditSegment

    last = dict(AuditSegment.objects.values_list("writer").annotate(n=Max("number")))
    for chain in at.nodes.glob("*/chain/*"):
        for path in (chain / "shipped").glob("*"):
            if path.stem.isdecimal() and int(path.stem) > last.get(chain.name, 0):
                path.rename(chain / path.name)


def _verify() -> None:
    from jutong.cli.audit import check_database

    report = check_database()
    if not report.ok:
        raise Stopped(
            _("恢复后的审计链校验未通过：{fault}").format(fault=report.faults[0].sentence), _("请改用另一份备份。")
        )
