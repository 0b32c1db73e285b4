"""The management API of the exchange: ordering and following deliveries, standing tasks, limits of data sources."""

from ninja import Router

from jutong.slices.exchange.api import backflow, corrections, runs, submissions, tasks

router = Router()
router.add_router("", runs.router)
router.add_router("", corrections.router)
router.add_router("", tasks.router)
router.add_router("", submissions.router)
router.add_router("", backflow.router)

__all__ = ["router"]
