"""The management API of this slice: ledgers with use records, disposals, reports."""

from ninja import Router

from jutong.slices.usage.api import disposals, ledger, reports

router = Router()
for _part in (ledger, disposals, reports):
    router.add_router("", _part.router)
