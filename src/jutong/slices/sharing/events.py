"""What this slice publishes, besides the moves of `sharing_request`, `dispute` and `use_change`."""

from __future__ import annotations

from typing import Final

STATES: Final = "sharing_request.*"
"""Each move publishes sharing_request.<state>: {"id", "number", "title", "resource_id", "provider_id", "consumer_id",
"authority_id", "grant_id", "verb", "from", "to"}."""

FINDING_PROPOSED: Final = "sharing.finding_proposed"
"""A circumstance may have to be rectified: {"kind", "department_id", "authority_id", "subject", "words", "source"};
kinds unjustified_non_acceptance, third_party_without_consent."""
