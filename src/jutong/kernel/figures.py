"""Figures for Prometheus that the database knows, and those the worker counts; labels never name a person."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db.models import Count, Max
from prometheus_client import CollectorRegistry, Counter, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric

from jutong.kernel import health, heartbeats
from jutong.kernel.audit import sealing
from jutong.kernel.models import AuditPending, AuditSegment, Clock, ClockState, OutboxEvent, OutboxState, Progress
from jutong.kernel.settings import settings

logger = logging.getLogger(__name__)

WORKER: Final = CollectorRegistry()
"""What the worker counts itself; served on `worker_metrics`."""
PUMPED: Final = Counter("jutong_worker_pumped", "Events, clocks, timers and seals done by the pumps", registry=WORKER)
PUMP_FAILURES: Final = Counter("jutong_worker_pump_failures", "Rounds of the pumps that failed", registry=WORKER)
WORK: Final = Counter("jutong_worker_work", "Deferred tasks by outcome", ["task", "outcome"], registry=WORKER)


def serve_worker() -> None:
    """Serve the worker's figures; a busy address is a warning only, for the work matters more than its figures."""
    bind = settings().worker_metrics
    host, _colon, port = bind.rpartition(":")
    if not bind:
        return
    try:
        start_http_server(int(port), host, registry=WORKER)
    except (OSError, ValueError) as error:
        logger.warning("指标监听地址 %s 不可用（%s），本进程不提供指标；可设置 JUTONG_WORKER_METRICS。", bind, error)


def state(at: datetime) -> Iterator[Metric]:
    """Yield what the database knows now: queues, clocks, sealing, chains, processes."""
    outbox = OutboxEvent.objects.filter(state__in=[OutboxState.PENDING, OutboxState.HELD])
    yield _by("jutong_outbox_events", "Events that wait, by state", "state", dict(_counted(outbox, "state")))
    yield _one("jutong_outbox_lag_seconds", "Age of the oldest deliverable event", health.outbox_lag(at))
    yield _by("jutong_work", "Deferred tasks by state", "state", dict(_counted(Progress.objects.all(), "state")))
    running = Clock.objects.filter(state=ClockState.RUNNING, target=False)
    overdue = running.exclude(overdue_at=None).count()
    yield _by("jutong_clocks", "Statutory limits that run", "state", {"running": running.count(), "overdue": overdue})
    yield _one("jutong_seal_lag_seconds", "Age of the oldest audit entry without a seal", sealing.lag(at))
    yield _one("jutong_seal_waiting", "Audit entries without a seal", AuditPending.objects.count())
    chains = AuditSegment.objects.values_list("writer").annotate(last=Max("number"))
    yield _by("jutong_audit_segments_received", "Last segment received of each chain", "writer", dict(chains))
    yield from _processes(at)


def _processes(at: datetime) -> Iterator[Metric]:
    alive = GaugeMetricFamily("jutong_processes_alive", "Processes heard of lately", labels=["kind", "node"])
    age = GaugeMetricFamily("jutong_heartbeat_age_seconds", "Since the last sign of life", labels=["kind", "node"])
    newest: dict[tuple[str, str], tuple[int, float]] = {}
    for one in heartbeats.seen(at):
        count, seconds = newest.get((one.kind, one.node), (0, float("inf")))
        newest[one.kind, one.node] = (count + one.alive, min(seconds, (at - one.at).total_seconds()))
    for labels, (count, seconds) in sorted(newest.items()):
        alive.add_metric(labels, count)
        age.add_metric(labels, seconds)
    yield alive
    yield age


def _counted(rows: object, field: str) -> list[tuple[str, int]]:
    return list(rows.values_list(field).annotate(n=Count("pk")))  # type: ignore[attr-defined]


def _one(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=value)


def _by(name: str, says: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
