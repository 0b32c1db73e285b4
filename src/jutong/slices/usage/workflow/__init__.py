"""W25 as a table, and the review of what several grants give together."""

from jutong.slices.usage.workflow.aggregation import AGGREGATION_REVIEW
from jutong.slices.usage.workflow.misuse import MISUSE_CASE

__all__ = ["AGGREGATION_REVIEW", "MISUSE_CASE"]
