"""What this slice publishes."""

from __future__ import annotations

from typing import Final

FINDING_PROPOSED: Final = "services.finding_proposed"
"""A service stopped for longer than the configured time without an end that was filed (national-2025#39(7)), so it may have to
be rectified (W16): {"kind", "department_id", "authority_id", "subject", "words", "source", "article"}; kind service_stopped;
subject "service_stop:ID"."""

MISUSE_SUSPECTED: Final = "misuse.suspected"
"""Refused calls look like misuse, told once for grant, system, kind and Beijing day: {"id", "grant_id", "system_id", "kind",
"provider_id", "consumer_id", "resource_title", "traces"}; kind: purpose, system, scope, item."""
