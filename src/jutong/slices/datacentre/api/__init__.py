"""The management API of this slice: mounted resources, tables to compile entries from, the comparison of both."""

from ninja import Router

from jutong.slices.datacentre.api import mounts, tables

router = Router()
router.add_router("", tables.router)
router.add_router("", mounts.router)

__all__ = ["router"]
