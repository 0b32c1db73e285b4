"""The management API of this slice: cases, corrections to fetch, the service desk."""

from ninja import Router

from jutong.slices.correction.api import cases, corrections

router = Router()
router.add_router("", corrections.router)
router.add_router("", cases.router)
