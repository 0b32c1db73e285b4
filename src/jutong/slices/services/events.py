"""What this slice publishes."""

from __future__ import annotations

from typing import Final

MISUSE_SUSPECTED: Final = "misuse.suspected"
"""Refused calls look like misuse, told once for grant, system, kind and Beijing day: {"id", "grant_id", "system_id", "kind",
"provider_id", "consumer_id", "resource_title", "traces"}; kind: purpose, system, scope, item."""
