"""The management API of the exchange: ordering and following deliveries, standing tasks, limits of data sources."""

from ninja import Router

from jutong.slices.exchange.api import runs, tasks

router = Router()
router.add_router("", runs.router)
router.add_router("", tasks.router)

__all__ = ["router"]
