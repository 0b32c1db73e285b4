"""Reads of the exchange: runs and batch files for people, the feed of orders for the runners."""

from jutong.slices.exchange.queries.batches import manifest, proof
from jutong.slices.exchange.queries.feed import orders_since
from jutong.slices.exchange.queries.ordering import Ordering, ordering
from jutong.slices.exchange.queries.runs import (
    Deliveries,
    ReceiptRow,
    RunDetail,
    RunRow,
    batches,
    deliveries,
    live,
    run,
    runs,
)

__all__ = [
    "Deliveries",
    "Ordering",
    "ReceiptRow",
    "RunDetail",
    "RunRow",
    "batches",
    "deliveries",
    "live",
    "manifest",
    "ordering",
    "orders_since",
    "proof",
    "run",
    "runs",
]
