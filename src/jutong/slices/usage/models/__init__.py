"""Tables of this slice: misuse with its evidence, reviews of what several grants give together, numbers of cases."""

from jutong.slices.usage.models.aggregation import AggregationReview
from jutong.slices.usage.models.misuse import MisuseCase, MisuseGrant, MisuseNote
from jutong.slices.usage.models.numbering import CaseNumber

__all__ = ["AggregationReview", "CaseNumber", "MisuseCase", "MisuseGrant", "MisuseNote"]
