"""Room at the data sources: a run is shown to the runners when its sources have room, others wait in line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import F, Q

from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.exchange.models import OrderSerial, Run, SourceLimit
from jutong.slices.exchange.rules import OPEN, SOURCE_OWNER, SOURCE_OWNERS, Window, check_limits
from jutong.slices.sources import queries as sources


@dataclass(frozen=True, slots=True)
class Limits:
    """What the owner of one source allows."""

    source_id: int
    most_runs: int
    rows_per_second: int
    window: Window | None


def next_serial() -> int:
    """Return the next serial; the row lock lasts until commit, so serials become visible in order.

    The same lock makes who counts the runs at a source count one after another.
    """
    OrderSerial.objects.get_or_create(pk=1)
    OrderSerial.objects.filter(pk=1).update(value=F("value") + 1)
    return OrderSerial.objects.values_list("value", flat=True).get(pk=1)


def limits_of(run: Run) -> list[Limits]:
    """Return the limits of the sources that a run reads from and writes to."""
    found = SourceLimit.objects.filter(source_id__in=[run.source_id, run.task.target_id])
    return [
        Limits(
            row.source_id, row.most_runs, row.rows_per_second, msgspec.convert(row.hours, Window) if row.hours else None
        )
        for row in found
    ]


def slowed(rows_per_second: int, limits: Sequence[Limits]) -> dict[str, Any]:
    """Return the rate that satisfies the task and every source, as a change of the run's terms; empty for no limit."""
    rates = [rate for rate in (rows_per_second, *(each.rows_per_second for each in limits)) if rate]
    return {"rows_per_second": min(rates)} if rates else {}


def is_there(run: Run, limits: Sequence[Limits]) -> bool:
    """Tell whether every source of a run has room for one more; call it after `next_serial`."""
    for limit in limits:
        if not limit.most_runs:
            continue
        there = Q(source_id=limit.source_id) | Q(task__target_id=limit.source_id)
        if Run.objects.filter(there, state__in=OPEN, waiting=False).exclude(pk=run.pk).count() >= limit.most_runs:
            return False
    return True


def admit() -> int:
    """Show waiting runs to the runners as far as there is room, by priority, then by age; returns how many."""
    line = Run.objects.filter(waiting=True, state="queued")
    if not line.exists():
        return 0
    serial, admitted = next_serial(), 0
    for run in line.select_related("task").select_for_update(of=("self",)).order_by("priority", "id"):
        if is_there(run, limits_of(run)):
            Run.objects.filter(pk=run.pk).update(waiting=False, serial=serial)
            admitted += 1
    return admitted


@action("exchange.limit_source", label=N_("限制数据源用量"), allow=SOURCE_OWNERS)
def limit_source(
    *, by: Actor, at: datetime, source_id: int, most_runs: int, rows_per_second: int, hours: Window | None
) -> int:
    """Set what the exchange may ask of a department's database: runs at once, rows per second, hours (0: no limit).

    Later orders keep to hours and rate; the number of runs counts at once. NotThere for a source one may not know of,
    NotAllowed for other departments' engineers, RuleBroken with a sentence per field.
    """
    source = sources.source(source_id, by)
    if SOURCE_OWNER.permits(by, source) is None:
        raise NotAllowed(N_("只有数据源所属部门的系统工程师可以设置接入限制。"))
    if remarks := check_limits(most_runs, rows_per_second, hours):
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    SourceLimit.objects.update_or_create(
        source_id=source_id,
        defaults={
            "most_runs": most_runs,
            "rows_per_second": rows_per_second,
            "hours": msgspec.to_builtins(hours) if hours else {},
            "changed_at": at,
            "changed_by": by.name[:100],
        },
    )
    admit()
    return source_id
