"""W25, W26 and W30 as tables, and the review of what several grants give together."""

from jutong.slices.usage.workflow.aggregation import AGGREGATION_REVIEW
from jutong.slices.usage.workflow.disposals import DISPOSAL
from jutong.slices.usage.workflow.misuse import MISUSE_CASE
from jutong.slices.usage.workflow.records import USE_RECORD

__all__ = [
    "AGGREGATION_REVIEW",
    "DISPOSAL",
    "MISUSE_CASE",
    "USE_RECORD",
]
