"""Tables of this slice: use records with the consumer's ledger, disposals; misuse with its evidence, reviews, numbers."""

from jutong.slices.usage.models.aggregation import AggregationReview
from jutong.slices.usage.models.disposals import Disposal
from jutong.slices.usage.models.ledger import Copy, Holder, LateAccess, TrailMark
from jutong.slices.usage.models.misuse import MisuseCase, MisuseGrant, MisuseNote
from jutong.slices.usage.models.numbering import CaseNumber
from jutong.slices.usage.models.records import Inspection, Provision, UsePeriod, UseRecord, UseVersion

__all__ = [
    "AggregationReview",
    "CaseNumber",
    "Copy",
    "Disposal",
    "Holder",
    "Inspection",
    "LateAccess",
    "MisuseCase",
    "MisuseGrant",
    "MisuseNote",
    "Provision",
    "TrailMark",
    "UsePeriod",
    "UseRecord",
    "UseVersion",
]
