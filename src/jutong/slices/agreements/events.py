"""What this slice publishes, besides the moves of `agreement` (agreement.draft, .signing, .active, .amending, .expired …)."""

from __future__ import annotations

from typing import Final

VERSION_IN_FORCE: Final = "agreements.version_in_force"
"""A version came into force, by its last signature or its joint document: {"id", "number", "version", "party_ids"}."""
