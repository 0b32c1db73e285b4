"""Management endpoints of organisations, people, business systems, the registers of their access, and one's own."""

from jutong.slices.parties.api.access import router as access
from jutong.slices.parties.api.organisation import router
from jutong.slices.parties.api.own import router as own

router.add_router("/access", access)
router.add_router("/me", own)

__all__ = ["router"]
