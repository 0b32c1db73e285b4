"""The feed of orders that the runners follow by serial."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db.models import Q

from jutong.slices.exchange.models import Correction, DirtyParcel, OrderSerial, Run, RunHalf
from jutong.slices.exchange.queries.halves import reached
from jutong.slices.exchange.rules import OPEN, Terms
from jutong.slices.grants import queries as grants
from jutong.slices.sources import queries as sources
from jutong.wire.transfers import Half, Order, OrderKind, TableMode


def orders_since(serial: int, *, node: str = "") -> tuple[int, list[Order]]:
    """Return the newest serial and the open orders that were made, retried or cancelled after `serial`, in that order.

    node: the front-end node that asks; an order is for the node behind which its ends sit, each half of it for its own
    where they are two, every other for the data plane beside us. A half whose run the other node has ended is told so.

    Serials become visible in the order they were given, so nothing is missed; a serial that is newer than ours (the
    database was restored) is answered with every open order.
    """
    newest = OrderSerial.objects.values_list("value", flat=True).first() or 0
    since = serial if serial <= newest else 0
    rows = (
        Run.objects.filter(Q(state__in=OPEN), waiting=False, serial__gt=since).select_related("task").order_by("serial")
    )
    behind = sources.node_names({run.task.target_id for run in rows if run.task.target_id})
    orders = [
        _half(run, node) if run.sender else _order(run, node)
        for run in rows
        if (node in (run.sender, run.receiver) if run.sender else behind.get(run.task.target_id or 0, "") == node)
    ]
    untold = RunHalf.objects.filter(node=node, ended=False, serial__gt=since).select_related("run__task")
    orders += [msgspec.structs.replace(_half(half.run, node), id=half.order_id, cancelled=True) for half in untold]
    return max(newest, *(run.serial for run in rows), 0), orders


def _half(run: Run, node: str) -> Order:
    """Return an order as the node of one of its halves is given it."""
    side, peer = (Half.SENDER, run.receiver) if node == run.sender else (Half.RECEIVER, run.sender)
    return msgspec.structs.replace(_order(run, node), half=side, peer=peer, since=reached(run.task_id))


def _corrections(run: Run) -> dict[str, Any]:
    """Return what an order to deliver corrected rows brings besides: they are added, or laid over by key."""
    correction = Correction.objects.filter(delivery=run).first()
    if run.corrects is None or correction is None:
        return {}
    kept = {parcel.pk: bytes(parcel.content) for parcel in DirtyParcel.objects.filter(pk__in=correction.parcels)}
    mode = TableMode.UPSERT if run.task.mode == TableMode.UPSERT else TableMode.APPEND
    return {
        "corrected": run.corrects.order_id,
        "corrects": tuple(kept[key] for key in correction.parcels),
        "corrections": bytes(correction.content),
        "target_mode": mode,
    }


def _order(run: Run, node: str) -> Order:
    task, terms = run.task, msgspec.convert(run.terms, Terms)
    marks = grants.batch_marks(run.grant_id) if task.kind == OrderKind.BATCH else grants.BatchMarks()
    order = Order(
        id=run.order_id,
        kind=OrderKind(task.kind),
        grant_id=str(run.grant_id),
        grant_version=run.grant_version,
        ordered_at=run.ordered_at,
        digest=run.digest,
        target_source_id=str(task.target_id or ""),
        target_schema=task.schema,
        target_table=task.table,
        target_mode=TableMode(task.mode),
        format=task.format,
        encoding=task.encoding,
        expires_at=run.expires_at,
        cancelled=run.cancelled,
        task_id=str(task.pk),
        read=terms.read,
        watermark=terms.watermark,
        check=terms.check,
        split=terms.split,
        repair=tuple(run.repair),
        shape=run.shape,
        most_dirty=terms.most_dirty,
        priority=terms.priority,
        not_before=run.not_before,
        not_after=run.not_after,
        rows_per_second=terms.rows_per_second,
        node=node,
        receiver_key=marks.receiver_key,
        canary=marks.canary,
        notice=marks.notice,
        division_item=terms.division_item,
    )
    return msgspec.structs.replace(order, **_corrections(run)) if run.corrects_id is not None else order
