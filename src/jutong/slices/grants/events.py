"""What this slice publishes, besides the moves of `grant` (grant.granted, .suspended, .revoked, .expired, .terminated)."""

from __future__ import annotations

from typing import Final

VERSION_OPENED: Final = "grants.version_opened"
"""A grant was opened or changed: {"id", "version", "resource_id", "provider_id", "consumer_id", "case_ref"}."""

USED: Final = "grants.used"
"""The first call under a grant on a Beijing day: {"id", "resource_id", "day"}."""

DISPOSAL_ORDERED: Final = "grants.disposal_ordered"
"""A consumer has to dispose of what it got, because the data are secret: {"id", "consumer_id", "resource_id", "document"}."""
