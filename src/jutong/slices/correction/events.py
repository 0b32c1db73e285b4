"""What this slice publishes beside the moves of its four workflows (verification.closed, objection.decided …)."""

from __future__ import annotations

from typing import Final

STATES: Final = ("verification.*", "objection.*", "open_correction.*", "complaint.*")
"""Each move publishes <workflow>.<state>: {"id", "number", "title", "resource_id", "provider_id", "consumer_id",
"authority_id", "verb", "from", "to"}."""

NOT_VERIFIED: Final = "correction.not_verified_in_time"
"""A verification passed its limit, so a finding under national-2025#39(6) may be proposed: {"case_id", "number", "provider_id",
"authority_id", "due_day", "article"}; subject "verification:ID". The authority's list of possible findings takes it up; deciding on
them (W16) is for the supervision to come."""

BUSINESS_REFUSED: Final = "correction.business_refused"
"""Somebody wanted to record that business was refused, passed on or made to wait for a correction while data is verified, which
cannot be recorded: {"case_id", "number", "department_id", "authority_id", "outcome"}; subject "verification:ID"."""

CORRECTED: Final = "correction.corrected"
"""A resource has a corrected version, and its receivers were told: {"resource_id", "version", "case", "receivers"}; subject
"correction:ID of the resource"."""
