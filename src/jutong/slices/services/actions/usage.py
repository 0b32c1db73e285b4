"""Figures of use as gateways report them: by day, by minute, to the grants, and refused calls that look like misuse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from jutong.kernel.clock import beijing_day
from jutong.slices.grants import actions as grant_actions
from jutong.slices.services import rules
from jutong.slices.services.actions.alerts import raise_alerts
from jutong.slices.services.models import UsageDay, UsageMinute, UsageWriter
from jutong.wire.usage import Usage, UsageBatch

MINUTES_KEPT: Final = timedelta(days=7)
WRITERS_KEPT: Final = timedelta(days=31)
Name = tuple[int, int, date, str, str]
Minute = tuple[int, int, datetime]


def take_usage(reports: Sequence[Usage], *, node: str, at: datetime) -> int:
    """Add what a gateway counted to the figures per day and to the grants; returns how many reports were understood."""
    sums: dict[Name, list[int]] = defaultdict(lambda: [0, 0, 0])
    uses = []
    known = [one for one in reports if one.grant_id.isdigit() and one.system_id.isdigit()]
    for one in known:
        name = (int(one.grant_id), int(one.system_id), beijing_day(one.minute), one.mode[:24], one.purpose[:32])
        for place, count in enumerate((one.calls, one.refused, one.rows)):
            sums[name][place] += max(0, count)
        uses.append((int(one.grant_id), one.calls, one.rows, one.minute))
    with transaction.atomic():
        _add(sums)
        _add_minutes(known)
        raise_alerts(known, at=at)
        grant_actions.count_use(_by_grant(uses))
    return len(uses)


def take_batch(batch: UsageBatch, *, node: str, at: datetime) -> int:
    """Take what one gateway process counted, once however often it comes; returns how many reports count now.

    Processes that were silent for a month are forgotten.
    """
    writer = {"node": node[:64], "writer": batch.writer}
    with transaction.atomic():
        UsageWriter.objects.bulk_create([UsageWriter(**writer, number=0, at=at)], ignore_conflicts=True)
        fresh = UsageWriter.objects.filter(**writer, number__lt=batch.number).update(number=batch.number, at=at)
        if not fresh:
            return 0
        if batch.number == 1:
            UsageWriter.objects.filter(at__lt=at - WRITERS_KEPT).delete()
        return take_usage(batch.counts, node=node, at=at)


def _by_grant(uses: Sequence[tuple[int, int, int, datetime]]) -> list[tuple[int, int, int, datetime]]:
    totals: dict[int, tuple[int, int, datetime]] = {}
    for grant_id, calls, rows, when in uses:
        before = totals.get(grant_id, (0, 0, when))
        totals[grant_id] = (before[0] + calls, before[1] + rows, max(before[2], when))
    return [(grant_id, *total) for grant_id, total in sorted(totals.items())]


def _add(sums: Mapping[Name, Sequence[int]]) -> None:
    columns = ("grant_id", "system_id", "day", "mode", "purpose")
    UsageDay.objects.bulk_create(
        [UsageDay(**dict(zip(columns, name, strict=True))) for name in sorted(sums)], ignore_conflicts=True
    )
    held = UsageDay.objects.select_for_update().filter(
        grant_id__in={name[0] for name in sums}, day__in={name[2] for name in sums}
    )
    changed = []
    for row in held.order_by("pk"):
        added = sums.get((row.grant_id, row.system_id, row.day, row.mode, row.purpose))
        if added:
            row.calls, row.refused, row.rows = row.calls + added[0], row.refused + added[1], row.rows + added[2]
            changed.append(row)
    UsageDay.objects.bulk_update(changed, ["calls", "refused", "rows"], batch_size=500)


def _add_minutes(reports: Sequence[Usage]) -> None:
    """Add calls, refusals and latency classes to the figures by minute."""
    sums: dict[Minute, list[Usage]] = defaultdict(list)
    for one in reports:
        minute = one.minute.replace(second=0, microsecond=0)
        sums[int(one.grant_id), int(one.system_id), minute].append(one)
    columns = ("grant_id", "system_id", "minute")
    UsageMinute.objects.bulk_create(
        [UsageMinute(**dict(zip(columns, name, strict=True))) for name in sorted(sums)], ignore_conflicts=True
    )
    held = UsageMinute.objects.select_for_update().filter(
        grant_id__in={name[0] for name in sums}, minute__in={name[2] for name in sums}
    )
    changed = []
    for row in held.order_by("pk"):
        for one in sums.get((row.grant_id, row.system_id, row.minute), ()):
            row.calls += max(0, one.calls)
            row.refused += max(0, one.refused)
            row.failed += max(0, one.failed)
            row.latency = rules.added(row.latency, one.latency)
            changed.append(row)
    UsageMinute.objects.bulk_update(changed, ["calls", "refused", "failed", "latency"], batch_size=500)


def forget_minutes(at: datetime) -> int:
    """Drop the figures by minute that are older than a week; those by day stay."""
    return UsageMinute.objects.filter(minute__lt=at - MINUTES_KEPT).delete()[0]
