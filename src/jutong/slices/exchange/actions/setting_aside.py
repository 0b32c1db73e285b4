"""Rows that a run set aside: taken parcel by parcel from the node, each once."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import Final

from django.db import transaction

from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.exchange.models import DirtyParcel, Run, SetAside
from jutong.wire.transfers import DirtyRows

log = logging.getLogger(__name__)

ORDER: Final = re.compile(r"R([1-9][0-9]{0,17})-([1-9][0-9]{0,8})")
MOST_ROWS: Final = 10_000
"""Rows in one parcel."""
MOST_BATCHES: Final = 1_000_000


@transaction.atomic
def take_dirty(parcel: DirtyRows, *, node: str, at: datetime) -> bool:
    """Keep a parcel of rows set aside; returns False when it was kept before.

    NotThere for an order this instance never gave, RuleBroken for a parcel that is too large. Values come masked;
    `content` is sealed to the provider's node and only kept.
    """
    named = ORDER.fullmatch(parcel.order_id)
    run = Run.objects.filter(pk=int(named[1]), round__gte=int(named[2])).first() if named else None
    if run is None:
        raise NotThere(N_("没有找到这些问题行所属的任务。"))
    if len(parcel.rows) > MOST_ROWS or not 0 <= parcel.batch <= MOST_BATCHES:
        raise RuleBroken(N_("一次上报的问题行过多，请拆成每批不超过 10000 行。"))
    kept, new = DirtyParcel.objects.get_or_create(
        order_id=parcel.order_id,
        batch=parcel.batch,
        defaults={"run": run, "node": node[:64], "content": parcel.content, "at": at},
    )
    if not new:
        log.info("parcel %d of order %s from %s was kept before", parcel.batch, parcel.order_id, node)
        return False
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
    return True


def _clean(text: str, most: int) -> str:
    return text.replace("\x00", "")[:most]
