"""The management API of sharing: requests, disputes, changes of use."""

from __future__ import annotations

from ninja import Router

from jutong.slices.sharing.api import (
    answer_templates,
    changes,
    disputes,
    requests,
    servicedesk,
    standing,
    together,
    travelling,
)

router = Router()
router.add_router("", together.router)
router.add_router("", requests.router)
router.add_router("", standing.router)
router.add_router("", disputes.router)
router.add_router("", changes.router)
router.add_router("", travelling.router)
router.add_router("", servicedesk.router)
router.add_router("", answer_templates.router)
