"""What this slice publishes: the moves of `sharing_request` (sharing_request.received, .agreed, .granted …), nothing else."""

from __future__ import annotations

from typing import Final

STATES: Final = "sharing_request.*"
"""Each move publishes sharing_request.<state>: {"id", "number", "title", "resource_id", "provider_id", "consumer_id",
"authority_id", "grant_id", "verb", "from", "to"}."""
