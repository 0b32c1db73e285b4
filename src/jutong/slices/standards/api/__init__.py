"""Management endpoints of the standards library."""

from __future__ import annotations

from ninja import Router

from jutong.slices.standards.api import editing, grades, peers, policies, purposes, simulating, specifications

router = Router()
router.add_router("", policies.router)
router.add_router("", specifications.router)
router.add_router("", grades.router)
router.add_router("", peers.router)
router.add_router("", purposes.router)
router.add_router("", simulating.router)
router.add_router("", editing.router)
