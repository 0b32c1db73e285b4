"""Signs of life of the processes that have no address of their own: the worker, the runners, gateways elsewhere."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version as installed
from typing import Final

from jutong.kernel import nodes
from jutong.kernel.errors import Unavailable
from jutong.kernel.models import Heartbeat
from jutong.kernel.terms import N_

EVERY_SECONDS: Final = 5
SILENCE: Final = timedelta(seconds=20)
"""After so long without a sign of life a process counts as stopped: four signs missed."""
FORGOTTEN: Final = timedelta(days=1)
"""Processes that ended so long ago are forgotten, except the last of their kind on a node."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A process as it was last heard of. alive: heard of within SILENCE, and it did not say goodbye."""

    process: str
    kind: str
    node: str
    version: str
    busy: int
    since: datetime
    at: datetime
    alive: bool


def beat(
    process: str, kind: str, *, at: datetime, node: str = "", busy: int = 0, stopping: bool = False, version: str = ""
) -> None:
    """Remember a sign of life. process: unique name; busy: pieces of work under way; stopping: its last word."""
    said: dict[str, object] = {
        "kind": kind,
        "node": node,
        "busy": busy,
        "at": at,
        "version": version[:32] or installed("jutong"),
    }
    said["stopped_at"] = at if stopping else None
    Heartbeat.objects.update_or_create(process=process[:120], defaults=said, create_defaults={**said, "since": at})


def own_name(kind: str) -> str:
    """Return the name of this very process."""
    return f"{kind}@{socket.gethostname()[:60]}/{os.getpid()}"


def seen(at: datetime, kind: str = "") -> list[Beat]:
    """Return every process heard of, the living first, the newest first."""
    rows = Heartbeat.objects.filter(**({"kind": kind} if kind else {}))
    found = [
        Beat(r.process, r.kind, r.node, r.version, r.busy, r.since, r.at, r.stopped_at is None and r.at > at - SILENCE)
        for r in rows.order_by("-at")[:500]
    ]
    return sorted(found, key=lambda one: (not one.alive, one.kind))


def check_runner(at: datetime) -> None:
    """Refuse (Unavailable) work for the runners when those once heard of have all stopped: better no order than half of one.

    Those of front-end nodes do not count: what waits for a node waits until it is there again.
    """
    runners = [one for one in seen(at, "runner") if not nodes.elsewhere(one.node)]
    if runners and not any(one.alive for one in runners):
        raise Unavailable(
            N_("交换系统的传输进程没有运行，本次申请没有提交；请稍后重试，或联系平台管理员启动传输进程。")
        )


def forget(at: datetime) -> int:
    """Forget processes silent for a day; the last one of each kind on a node stays, so that its end is not forgotten."""
    newest: dict[tuple[str, str], str] = {}
    for row in Heartbeat.objects.order_by("at"):
        newest[row.kind, row.node] = row.process
    gone = Heartbeat.objects.filter(at__lt=at - FORGOTTEN).exclude(process__in=newest.values())
    return gone.delete()[0]
