"""Rows that a run set aside: taken parcel by parcel from the node, each once; their originals forgotten in time."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max, Q

from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor, system_actor
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.exchange.models import DirtyParcel, Run, SetAside
from jutong.slices.exchange.rules import OPEN
from jutong.wire.transfers import DirtyRows

log = logging.getLogger(__name__)

ORDER: Final = re.compile(r"R([1-9][0-9]{0,17})-([1-9][0-9]{0,8})")
MOST_ROWS: Final = 10_000
"""Rows in one parcel."""
MOST_BATCHES: Final = 1_000_000
LONGEST_GROUP: Final = 200
RUNS_AT_ONCE: Final = 500


@transaction.atomic
def take_dirty(parcel: DirtyRows, *, node: str, at: datetime) -> bool:
    """Keep a parcel of rows set aside; returns False when it was kept before, or was told of less than is known.

    A later look at the same landing replaces what an earlier one told: its rows never landed. NotThere for an order this
    instance never gave, RuleBroken for a parcel that is too large. Values come masked; `content` is sealed to the
    provider's node and only kept.
    """
    named = ORDER.fullmatch(parcel.order_id)
    runs = Run.objects.select_for_update()
    run = runs.filter(pk=int(named[1]), round__gte=int(named[2])).first() if named else None
    if run is None:
        raise NotThere(N_("没有找到这些问题行所属的任务。"))
    if len(parcel.rows) > MOST_ROWS or not 0 <= parcel.batch <= MOST_BATCHES:
        raise RuleBroken(N_("一次上报的问题行过多，请拆成每批不超过 10000 行。"))
    landing = DirtyParcel.objects.filter(order_id=parcel.order_id, group=parcel.group[:LONGEST_GROUP])
    earlier = landing.filter(look__lt=parcel.look).delete()[0]
    if landing.filter(Q(look__gt=parcel.look) | Q(batch=parcel.batch)).exists():
        log.info("parcel %d of order %s from %s was kept before", parcel.batch, parcel.order_id, node)
        return False
    if parcel.rows:
        _keep(run, parcel, node, at)
    if parcel.group and parcel.order_id == run.order_id:
        Run.objects.filter(pk=run.pk).update(dirty=_aside(parcel.order_id))
    return bool(parcel.rows or earlier)


def _keep(run: Run, parcel: DirtyRows, node: str, at: datetime) -> None:
    kept = DirtyParcel.objects.create(
        run=run,
        order_id=parcel.order_id,
        batch=parcel.batch,
        group=parcel.group[:LONGEST_GROUP],
        look=parcel.look,
        aside=parcel.aside,
        node=node[:64],
        content=parcel.content,
        at=at,
    )
    SetAside.objects.bulk_create(
        [
            SetAside(
                parcel=kept,
                number=row.number,
                item=_clean(row.item, 200),
                value=_clean(row.value, 500),
                reason=_clean(row.reason, 500),
                key=_clean(row.key, 200),
            )
            for row in parcel.rows
        ],
        batch_size=1000,
    )


def _aside(order_id: str) -> int:
    """Return how many rows all landings of an order have set aside."""
    landings = DirtyParcel.objects.filter(order_id=order_id).values("group").annotate(most=Max("aside"))
    return sum(each["most"] for each in landings)


@action("exchange.forget_originals", on=Run, label=N_("清除问题行原文"), allow=SYSTEM_ONLY)
def forget_originals(run: Run, *, by: Actor, at: datetime, before: datetime) -> None:
    """Empty the sealed originals of a run's rows set aside before an instant; how many they were, and why, stays."""
    del by
    run.dirty_parcels.filter(at__lt=before, forgotten_at=None).update(content=b"", forgotten_at=at)


def forget_old_originals(at: datetime) -> int:
    """Forget originals that were kept for `quarantine_days`, run by run, each audited; returns of how many runs.

    Rows that are just being delivered after correction wait for the end of that delivery.
    """
    before = at - timedelta(days=settings().quarantine_days)
    old = DirtyParcel.objects.filter(at__lt=before, forgotten_at=None)
    runs = old.exclude(run__corrected_by__state__in=OPEN).values_list("run_id", flat=True).distinct()[:RUNS_AT_ONCE]
    for run_id in runs:
        forget_originals(run_id, by=system_actor("clock"), at=at, before=before)
    return len(runs)


def _clean(text: str, most: int) -> str:
    return text.replace("\x00", "")[:most]
