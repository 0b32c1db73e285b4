"""`jutong doctor`: looks at everything that can go wrong around an instance, and says what to do about it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Literal, cast

import click
from cryptography import x509

from jutong.cli import backup as saved
from jutong.cli import home, instance, roles, serve
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _

Level = Literal["ok", "warn", "fail"]
SIGNS: Final[dict[Level, str]] = {"ok": "✓", "warn": "!", "fail": "✗"}
BACKUP_SETTING: Final = "JUTONG_BACKUP_FOLDER"
DRIFT_WARN: Final = 2.0
DRIFT_FAIL: Final = 60.0
"""Seconds; signed calls are refused at 300."""
MEBIBYTE: Final = 1024 * 1024
ROOMY_MB: Final = 2048
OLD_BACKUP: Final = timedelta(days=2)
SOON: Final = timedelta(days=30)
OLDEST_POSTGRESQL: Final = 150_000
OTHERS: Final = 0o077
CERTIFICATES: Final = frozenset({".der", ".cer", ".crt", ".pem"})
CROWDED: Final = 0.8


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, in a sentence, and the remedy where something is to be done."""

    name: str
    level: Level
    sentence: str
    remedy: str = ""


@click.command(help=_("体检：时钟、磁盘、密钥、数据库、队列、节点、日历、备份，逐项给出结论和处理办法。"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def doctor(*, as_json: bool) -> None:
    """Look at everything, print a line each; exit code 1 when anything fails. Changes nothing."""
    at = home.find()
    if not (at.root / home.MARK).exists():
        raise Stopped(_("数据目录 {path} 还没有建立。").format(path=at.root), _("请先执行 jutong setup。"))
    findings = list(_examined(at))
    if as_json:
        say(json.dumps([asdict(one) for one in findings], ensure_ascii=False, indent=1))
    else:
        for one in findings:
            say(f"{SIGNS[one.level]} {one.name}：{one.sentence}{one.remedy}")
    failed = [one.name for one in findings if one.level == "fail"]
    if failed:
        raise Stopped(_("{count} 项不正常：{names}。").format(count=len(failed), names="、".join(failed)))


def _examined(at: home.Home) -> Iterator[Finding]:
    yield from check_disk(at)
    yield from check_key_files(at)
    try:
        with instance.opened() as ours:
            yield from _with_database(ours)
    except click.ClickException as error:
        yield Finding(_("数据库"), "fail", error.format_message())
    yield from check_backups(datetime.now(UTC))


def check_disk(at: home.Home) -> Iterator[Finding]:
    """Look at the free space of the data folder's disk."""
    free = shutil.disk_usage(at.root).free
    said = _("数据目录所在磁盘剩余 {free} MB。").format(free=free // MEBIBYTE)
    level: Level = "fail" if free < home.LEAST_FREE_BYTES else "warn" if free < ROOMY_MB * MEBIBYTE else "ok"
    yield Finding(_("磁盘"), level, said, _("请清理磁盘或扩容。") if level != "ok" else "")


def check_key_files(at: home.Home) -> Iterator[Finding]:
    """Look at the modes of everything secret: only the owner may read it."""
    places = [at.root / "keys", at.secrets, *(path.parent for path in at.nodes.glob("*/key.json"))]
    names = ("key.json", "passphrase", "secret")
    files = [path for folder in places[:2] for path in folder.glob("*") if path.is_file()]
    files += [folder / name for folder in places[2:] for name in names if (folder / name).exists()]
    wide = [path for path in [*places, *files] if path.exists() and path.stat().st_mode & OTHERS]
    for path in wide:
        mode = "700" if path.is_dir() else "600"
        yield Finding(
            _("密钥文件"),
            "fail",
            _("{path} 可被其他用户访问。").format(path=path),
            _("请执行 chmod {mode} {path}。").format(mode=mode, path=path),
        )
    if not wide:
        yield Finding(_("密钥文件"), "ok", _("{count} 个文件的权限正确。").format(count=len(files)))


def _with_database(ours: instance.Instance) -> Iterator[Finding]:
    """Look at what needs the database and Django."""
    os.environ.update(serve.origins(serve.binds()))
    url = ours.database(roles.WORKER)
    seen = roles.inspected(url)
    yield from check_server(seen)
    instance.load_django(ours, roles.WORKER)
    try:
        instance.check_schema()
    except Stopped as error:
        yield Finding(_("表结构"), "fail", error.sentence, error.remedy)
        return
    yield Finding(_("表结构"), "ok", _("与本程序一致。"))
    now = datetime.now(UTC)
    yield check_drift(_("数据库时钟"), seen.drift)
    looks: tuple[Callable[[datetime], Iterator[Finding]], ...] = (
        _instance_key, _control_clock, _parts, _queues, _nodes, _calendar, _authorities,
    )  # fmt: skip
    for look in looks:
        yield from look(now)


def check_server(seen: roles.Inspected) -> Iterator[Finding]:
    """Look at version, settings, rights and connections of the database server."""
    name = _("数据库")
    if seen.version < OLDEST_POSTGRESQL:
        yield Finding(
            name, "fail", _("版本 {version} 过旧。").format(version=seen.version), _("请升级到 PostgreSQL 15 以上。")
        )
    if seen.fsync != "on":
        yield Finding(name, "fail", _("fsync 已关闭，断电会丢数据。"), _("请把 fsync 设为 on。"))
    if seen.encoding != "UTF8":
        yield Finding(
            name, "fail", _("编码是 {encoding}。").format(encoding=seen.encoding), _("请用 UTF8 重建数据库。")
        )
    if seen.superuser:
        yield Finding(name, "fail", _("运行账号是超级用户。"), _("请按运维手册为各进程建立普通角色。"))
    if seen.audit_writable:
        yield Finding(name, "fail", _("运行账号可以改动审计记录。"), _("请执行 jutong setup 重新授权，并核对角色。"))
    if seen.connections > CROWDED * seen.most:
        said = _("连接数 {used}/{most}。").format(used=seen.connections, most=seen.most)
        yield Finding(name, "warn", said, _("请减少进程数或调大 max_connections。"))
    said = _("PostgreSQL {version}，连接 {used}/{most}。").format(
        version=seen.version // 10_000, used=seen.connections, most=seen.most
    )
    yield Finding(name, "ok", said)


def check_drift(name: str, seconds: float) -> Finding:
    """Judge how far another clock is from ours, in seconds."""
    level: Level = "fail" if abs(seconds) > DRIFT_FAIL else "warn" if abs(seconds) > DRIFT_WARN else "ok"
    said = _("与本机相差 {seconds:.1f} 秒。").format(seconds=seconds)
    return Finding(name, level, said, _("请用 NTP 校准两端时钟。") if level != "ok" else "")


def _instance_key(_now: datetime) -> Iterator[Finding]:
    from jutong.crypto import CryptoRefused
    from jutong.kernel import keys

    try:
        key = keys.instance().key_id
    except CryptoRefused as error:
        yield Finding(_("平台密钥"), "fail", str(error))
    else:
        yield Finding(_("平台密钥"), "ok", _("可以打开（{key}）。").format(key=key))


def _control_clock(now: datetime) -> Iterator[Finding]:
    import httpx

    from jutong.kernel.settings import settings

    origin = os.environ.get("JUTONG_CONTROL_URL") or settings().web_origin
    try:
        answer = httpx.get(f"{origin}/healthz", timeout=2, trust_env=False)
        given = parsedate_to_datetime(answer.headers["date"])
    except (httpx.HTTPError, KeyError, ValueError):
        yield Finding(_("网站"), "fail", _("{origin} 没有应答。").format(origin=origin), _("请执行 jutong serve。"))
        return
    drift = (given - now).total_seconds()
    yield check_drift(_("网站时钟"), 0.0 if abs(drift) <= DRIFT_WARN else drift)  # the header has whole seconds


def _parts(now: datetime) -> Iterator[Finding]:
    from jutong.kernel import health

    for part in health.parts(now):
        if part.name not in {"database", "disk"}:
            yield Finding(part.label, "ok" if part.ok else "fail", part.sentence)


def _queues(now: datetime) -> Iterator[Finding]:
    from jutong.kernel import operations

    held, failed = operations.waiting_for_a_person(now)
    said = _("挂起的事件 {held} 个，一天内失败的任务 {failed} 个。").format(held=held, failed=failed)
    remedy = _("请系统管理员在“运行状态”页面处理。") if held or failed else ""
    yield Finding(_("队列"), "warn" if held or failed else "ok", said, remedy)


def _nodes(now: datetime) -> Iterator[Finding]:
    from jutong.slices.sources import queries

    for title, silent, until in queries.nodes_watched(now):
        name = _("前置机 {title}").format(title=title)
        if until is not None and until < now + SOON:
            said = _("证书将于 {day:%Y-%m-%d} 到期。").format(day=until)
            yield Finding(name, "warn", said, _("请在到期前重新签收。"))
        if silent:
            yield Finding(name, "warn", _("没有心跳。"), _("请联系该部门检查前置机和网络。"))
        else:
            yield Finding(name, "ok", _("在线。"))


def _calendar(now: datetime) -> Iterator[Finding]:
    from jutong.kernel import clock, jurisdiction

    known, today = jurisdiction.calendar().years, clock.beijing_day(now)
    said, level = _("已知 {first} 至 {last} 年。").format(first=known.start, last=known.stop - 1), "ok"
    if today.year not in known:
        said, level = _("{year} 年的放假安排还没有导入，期限都是暂定的。").format(year=today.year), "fail"
    elif today.month == 12 and today.year + 1 not in known:  # noqa: PLR2004 - announced in November
        said, level = _("{year} 年的放假安排还没有导入，跨年期限是暂定的。").format(year=today.year + 1), "warn"
    remedy = _("请执行 jutong calendar import。") if level != "ok" else ""
    yield Finding(_("工作日历"), cast("Level", level), said, remedy)


def _authorities(now: datetime) -> Iterator[Finding]:
    from jutong.kernel.settings import settings

    folder = settings().certificate_authorities
    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in CERTIFICATES] if folder else []
    for path in files:
        yield check_certificate(path, now)


def check_certificate(path: Path, now: datetime) -> Finding:
    """Look at the term of one certificate of the trust list."""
    data, name = path.read_bytes(), _("签发者证书 {name}").format(name=path.name)
    try:
        pem = data.lstrip().startswith(b"-----")
        until = (
            x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
        ).not_valid_after_utc
    except ValueError:
        return Finding(name, "fail", _("无法读取。"), _("请安全管理员核对后重新放置。"))
    level: Level = "fail" if until < now else "warn" if until < now + SOON else "ok"
    said = _("有效期至 {day:%Y-%m-%d}。").format(day=until)
    return Finding(name, level, said, _("请安全管理员更换。") if level != "ok" else "")


def check_backups(now: datetime) -> Iterator[Finding]:
    """Look at the age of the newest complete set in the folder that JUTONG_BACKUP_FOLDER names."""
    named = os.environ.get(BACKUP_SETTING)
    if not named:
        said = _("没有设置 {name}，不知道备份在哪里。").format(name=BACKUP_SETTING)
        yield Finding(_("备份"), "warn", said, _("请定期执行 jutong backup 并设置该目录。"))
        return
    made = sorted(path for path in Path(named).glob(f"{saved.PREFIX}*Z") if (path / saved.SIGNATURE).exists())
    if not made:
        yield Finding(_("备份"), "fail", _("{path} 里没有备份。").format(path=named), _("请执行 jutong backup。"))
        return
    age = now - datetime.fromtimestamp(made[-1].stat().st_mtime, UTC)
    said = _("最近一份是 {hours} 小时前的。").format(hours=int(age.total_seconds() // 3600))
    late = age > OLD_BACKUP
    yield Finding(_("备份"), "warn" if late else "ok", said, _("请检查备份任务。") if late else "")
