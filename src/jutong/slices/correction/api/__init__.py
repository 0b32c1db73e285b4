"""The management API of this slice: cases, corrections to fetch, the service desk."""

from ninja import Router

from jutong.slices.correction.api import cases, corrections, findings

router = Router()
router.add_router("", corrections.router)
router.add_router("", findings.router)
router.add_router("", cases.router)
