"""The kernel's own timers: forgetting what is over, and the alarm when sealing lags behind."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import heartbeats, inbox, jobs, retention
from jutong.kernel.actors import Role
from jutong.kernel.audit import sealing
from jutong.kernel.settings import settings


@jobs.every(heartbeats.EVERY_SECONDS)
def beat(at: datetime) -> int:
    """Say that the worker lives."""
    heartbeats.beat(heartbeats.own_name("worker"), "worker", at=at)
    return 0


@jobs.every(retention.EVERY_SECONDS)
def forget(at: datetime) -> int:
    """Forget what is over: see `retention`."""
    retention.forget(at)
    return 0


@jobs.every(300)
def watch_sealing(at: datetime) -> int:
    """Alarm the audit administrators when entries wait too long for their seal."""
    lag = sealing.lag(at)
    if lag <= settings().seal_lag_alarm:
        return 0
    inbox.tell(title=_("审计封存滞后 %d 秒，请检查后台任务进程") % lag, role=Role.AUDIT_ADMIN, link="/audit/", at=at)
    return 1
