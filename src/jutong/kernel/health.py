"""Which parts of the platform work, in words: for load balancers, the operations page and `jutong doctor` (R-EXC-001)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx
from django.db import DatabaseError, InterfaceError, connection
from django.utils.translation import gettext as _

from jutong.kernel import heartbeats
from jutong.kernel.audit import sealing
from jutong.kernel.models import OutboxEvent, OutboxState
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_

ANSWER_SECONDS: Final = 1.5
MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name in the machine, in words, whether it works, and what is known or to be done.

    known: False where it could not be found out, because the database that would tell does not answer.
    """

    name: str
    label: str
    ok: bool
    sentence: str
    known: bool = True


Check = Callable[[datetime], tuple[bool, str]]


def parts(at: datetime) -> tuple[Part, ...]:
    """Return every part with its state. Never raises: what cannot be asked has failed, or is not known."""
    return tuple(_checked(at))


def _checked(at: datetime) -> Iterator[Part]:
    reachable, said = _database()
    yield Part("database", _("数据库"), reachable, said)
    for name, label, check in _IN_DATABASE:
        if not reachable:
            yield Part(name, _(label), ok=True, sentence=_("数据库无法访问，状态未知。"), known=False)
            continue
        try:
            ok, said = check(at)
        except (DatabaseError, InterfaceError):
            ok, said = False, _("读取状态时数据库没有应答。")
        yield Part(name, _(label), ok, said)
    for name, label, check in _OUTSIDE:
        ok, said = check(at)
        yield Part(name, _(label), ok, said)


def _database() -> tuple[bool, str]:
    try:
        connection.ensure_connection()
        usable = connection.is_usable()
    except (DatabaseError, InterfaceError):
        usable = False
    if usable:
        return True, _("可以访问。")
    connection.close()
    return False, _("无法访问，请检查数据库是否运行、JUTONG_DATABASE_URL 是否正确。")


def _worker(at: datetime) -> tuple[bool, str]:
    return _alive(
        "worker", at, _("后台任务进程没有运行，事件、期限和封存都已停顿，请启动 jutong serve 或 jutong worker。")
    )


def _runner(at: datetime) -> tuple[bool, str]:
    return _alive("runner", at, _("传输进程没有运行，库表交换和批量文件不会执行，请启动传输进程。"))


def _alive(kind: str, at: datetime, remedy: str) -> tuple[bool, str]:
    living = [one for one in heartbeats.seen(at, kind) if one.alive]
    if not living:
        return False, remedy
    return True, _("%(count)d 个进程在运行，正在处理 %(busy)d 项。") % {
        "count": len(living),
        "busy": sum(one.busy for one in living),
    }


def outbox_lag(at: datetime) -> float:
    """Return for how many seconds the oldest deliverable event has waited."""
    pending = OutboxEvent.objects.filter(state=OutboxState.PENDING, attempts=0, next_try__lte=at)
    oldest = pending.order_by("id").values_list("next_try", flat=True).first()
    return max(0.0, (at - oldest).total_seconds()) if oldest else 0.0


def _outbox(at: datetime) -> tuple[bool, str]:
    lag = outbox_lag(at)
    held = OutboxEvent.objects.filter(state=OutboxState.HELD).count()
    words = {"lag": round(lag), "held": held, "limit": settings().outbox_lag_alarm}
    if lag > settings().outbox_lag_alarm:
        return False, _("事件最早一条已等待 %(lag)d 秒，超过 %(limit)d 秒，请检查后台任务进程。") % words
    return True, _("最早一条等待 %(lag)d 秒；%(held)d 个挂起的事件等待人工处理。") % words


def _sealing(at: datetime) -> tuple[bool, str]:
    words = {"lag": round(sealing.lag(at)), "limit": settings().seal_lag_alarm}
    if words["lag"] > words["limit"]:
        return False, _("审计封存滞后 %(lag)d 秒，超过 %(limit)d 秒，请检查后台任务进程。") % words
    return True, _("滞后 %(lag)d 秒。") % words


def _disk(_at: datetime) -> tuple[bool, str]:
    home = settings().home
    try:
        free = shutil.disk_usage(home).free // MEBIBYTE
    except OSError:
        return False, _("数据目录无法读取，请检查磁盘是否挂载、权限是否正确。")
    words = {"free": free, "least": settings().least_free_mb}
    if free < words["least"]:
        return False, _("数据目录所在磁盘只剩 %(free)d MB，少于 %(least)d MB，请清理磁盘或扩容。") % words
    return True, _("剩余 %(free)d MB。") % words


def _gateway(_at: datetime) -> tuple[bool, str]:
    return _answers(settings().gateway_origin, _("网关没有应答，联机查询和文件下载不可用，请启动网关进程。"))


def _probe(_at: datetime) -> tuple[bool, str]:
    return _answers(settings().probe_origin, _("探测服务没有应答，数据源测试和挂接不可用，请启动探测进程。"))


def _answers(origin: str, remedy: str) -> tuple[bool, str]:
    """Ask a process of the data plane for its own health; what it names as failed is passed on."""
    try:
        answer = httpx.get(f"{origin}/healthz", timeout=ANSWER_SECONDS, trust_env=False)
        said = answer.json()
    except (httpx.HTTPError, ValueError):
        return False, remedy
    failed = said.get("failed", ()) if isinstance(said, dict) else ()
    if answer.status_code != httpx.codes.OK:
        return False, _("已应答，但以下部分不正常：%(parts)s。") % {"parts": "、".join(map(str, failed)) or "?"}
    return True, _("应答正常。")


_IN_DATABASE: Final[tuple[tuple[str, str, Check], ...]] = (
    ("worker", N_("后台任务"), _worker),
    ("outbox", N_("事件投递"), _outbox),
    ("sealing", N_("审计封存"), _sealing),
    ("runner", N_("传输进程"), _runner),
)
_OUTSIDE: Final[tuple[tuple[str, str, Check], ...]] = (
    ("disk", N_("磁盘"), _disk),
    ("gateway", N_("网关"), _gateway),
    ("probe", N_("数据源探测"), _probe),
)
