"""Reads of the exchange: runs and batch files for people, the feed of orders for the runners."""

from jutong.slices.exchange.queries.batches import manifest, proof
from jutong.slices.exchange.queries.counting import counted_by_state
from jutong.slices.exchange.queries.feed import orders_since
from jutong.slices.exchange.queries.following import followable
from jutong.slices.exchange.queries.lineage import happened
from jutong.slices.exchange.queries.ordering import (
    Offer,
    Ordering,
    PlanChoices,
    offer,
    ordering,
    plan_choices,
    tables_of,
)
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
    source_limits,
    task,
    tasks,
)
from jutong.slices.exchange.queries.watching import (
    MOST_SHOWN,
    AsideRow,
    PartRow,
    Point,
    Speed,
    parts,
    points,
    set_aside,
    speed,
)

__all__ = [
    "MOST_SHOWN",
    "AsideRow",
    "Deliveries",
    "Figures",
    "Offer",
    "Ordering",
    "PartRow",
    "PlanChoices",
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
    "counted_by_state",
    "deliveries",
    "figures",
    "followable",
    "happened",
    "live",
    "manifest",
    "offer",
    "ordering",
    "orders_since",
    "parts",
    "plan_choices",
    "points",
    "proof",
    "run",
    "runs",
    "set_aside",
    "source_limits",
    "speed",
    "tables_of",
    "task",
    "tasks",
]
