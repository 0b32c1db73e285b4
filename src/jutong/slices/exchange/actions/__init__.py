"""Writes of the exchange: ordering, following the runners' reports, fetching files, keeping the nodes' audit segments."""

from jutong.slices.exchange.actions.ordering import cancel, order_batch, order_table_transfer, retry
from jutong.slices.exchange.actions.progress import take_progress
from jutong.slices.exchange.actions.segments import take_segment
from jutong.slices.exchange.actions.tickets import issue_ticket

__all__ = [
    "cancel",
    "issue_ticket",
    "order_batch",
    "order_table_transfer",
    "retry",
    "take_progress",
    "take_segment",
]
