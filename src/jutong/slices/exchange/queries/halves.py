"""The two halves of a run between two front-end nodes: how far each is, the parcel between them, how far the target is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.terms import N_
from jutong.slices.exchange.models import Parcel, Run, RunHalf
from jutong.slices.sources import queries as sources
from jutong.wire.transfers import Half

SIDES: Final = {Half.SENDER: N_("发送端"), Half.RECEIVER: N_("接收端")}
_SENDER: Final = {
    "queued": N_("等待执行"),
    "sent": N_("读取中"),
    "released": N_("已封装送出"),
    "rejected": N_("已停止"),
    "quarantined": N_("已隔离"),
}
_RECEIVER: Final = {
    "queued": N_("等待数据包"),
    "sent": N_("写入中"),
    "received": N_("写入中"),
    "validated": N_("核对一致"),
    "released": N_("已放行"),
    "rejected": N_("已停止"),
    "quarantined": N_("已隔离"),
}


@dataclass(frozen=True, slots=True)
class HalfRow:
    """One half of a run: which node has it and what it said last."""

    side: str
    label: str
    node: str
    title: str
    state: str
    state_label: str
    rows_done: int = 0
    rows_total: int = 0
    bytes_done: int = 0
    message: str = ""
    reported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """The parcel between two halves: bytes that the centre has of it, and when it came to the receiving node.

    A parcel that is carried as a file passes the centre by; only its receipt shows it.
    """

    size: int
    received: int
    landed_at: datetime | None


def reached(task_id: int) -> str:
    """Return how far the target of a task has come, as its node told last: a watermark, or the order whose files came."""
    told = RunHalf.objects.filter(run__task_id=task_id, side=Half.RECEIVER, position__isnull=False)
    return told.order_by("-id").values_list("position", flat=True).first() or ""


def halves_of(run: Run) -> tuple[HalfRow, ...]:
    """Return both halves of a run's present round; none for a run of one data plane."""
    if not run.sender:
        return ()
    told = {half.side: half for half in run.halves.filter(order_id=run.order_id)}
    return tuple(
        _row(side, node, told.get(side)) for side, node in ((Half.SENDER, run.sender), (Half.RECEIVER, run.receiver))
    )


def _row(side: Half, node: str, told: RunHalf | None) -> HalfRow:
    found = sources.wire_node(node)
    state = told.reported if told else "queued"
    words = _SENDER if side is Half.SENDER else _RECEIVER
    row = HalfRow(side, _(SIDES[side]), node, found.title if found else node, state, _(words.get(state, words["sent"])))
    if told is None:
        return row
    return HalfRow(
        row.side,
        row.label,
        row.node,
        row.title,
        row.state,
        row.state_label,
        told.rows_done,
        told.rows_total,
        told.bytes_done,
        told.message,
        told.reported_at,
    )


def way_of(run: Run) -> Way | None:
    """Return how far the parcel of a run's present round has come; None before the centre has heard of it."""
    found = (
        Parcel.objects.filter(order_id=run.order_id, sender=run.sender).order_by("-id").first() if run.sender else None
    )
    return Way(found.size, found.received, found.landed_at) if found else None
