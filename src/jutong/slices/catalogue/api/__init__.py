"""The catalogue's endpoints for departments' own systems (R-CAT-017): update, maintain, call."""

from ninja import Router

from jutong.slices.catalogue.api import (
    assessments,
    census,
    deciding,
    demand_lists,
    demands,
    duties,
    entries,
    faults,
    filing,
    finding,
    grading,
    leading,
    liveliness,
    maintaining,
    questions,
    regional,
    sources,
    updates,
)

router = Router()
router.add_router("", updates.router)
router.add_router("", questions.router)
router.add_router("", maintaining.router)
router.add_router("", sources.router)
router.add_router("", duties.router)
router.add_router("", demand_lists.router)
router.add_router("", demands.router)
router.add_router("", faults.router)
router.add_router("", filing.router)
router.add_router("", leading.router)
router.add_router("", regional.router)
router.add_router("", assessments.router)
router.add_router("", grading.router)
router.add_router("", census.router)
router.add_router("", liveliness.router)
router.add_router("", finding.router)
router.add_router("", deciding.router)
router.add_router("", entries.router)

__all__ = ["router"]
