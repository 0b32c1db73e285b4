"""The management API of this slice: ledgers, disposals, reports; misuse, traces, aggregation reviews."""

from ninja import Router

from jutong.slices.usage.api import aggregation, disposals, ledger, misuse, reports, trace

router = Router()
for _part in (ledger, disposals, reports):
    router.add_router("", _part.router)
router.add_router("/misuse", misuse.router)
router.add_router("/trace", trace.router)
router.add_router("/aggregations", aggregation.router)
