"""Management endpoints of organisations, people, business systems and the registers of their access."""

from jutong.slices.parties.api.access import router as access
from jutong.slices.parties.api.organisation import router

router.add_router("/access", access)

__all__ = ["router"]
