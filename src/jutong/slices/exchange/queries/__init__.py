"""Reads of the exchange: runs and batch files for people, the feed of orders for the runners."""

from jutong.slices.exchange.queries.batches import manifest, proof
from jutong.slices.exchange.queries.feed import orders_since
from jutong.slices.exchange.queries.ordering import Ordering, ordering
from jutong.slices.exchange.queries.runs import (
    Deliveries,
    ReceiptRow,
    RunDetail,
    RunRow,
    all_runs,
    batches,
    deliveries,
    live,
    run,
    runs,
)
from jutong.slices.exchange.queries.tasks import (
    Figures,
    SourceLimits,
    TaskDetail,
    TaskRow,
    all_tasks,
    figures,
    followable,
    source_limits,
    task,
    tasks,
)
from jutong.slices.exchange.queries.watching import AsideRow, PartRow, Point, Speed, parts, points, set_aside, speed

__all__ = [
    "AsideRow",
    "Deliveries",
    "Figures",
    "Ordering",
    "PartRow",
    "Point",
    "ReceiptRow",
    "RunDetail",
    "RunRow",
    "SourceLimits",
    "Speed",
    "TaskDetail",
    "TaskRow",
    "all_runs",
    "all_tasks",
    "batches",
    "deliveries",
    "figures",
    "followable",
    "live",
    "manifest",
    "ordering",
    "orders_since",
    "parts",
    "points",
    "proof",
    "run",
    "runs",
    "set_aside",
    "source_limits",
    "speed",
    "task",
    "tasks",
]
