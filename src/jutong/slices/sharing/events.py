"""What this slice publishes, besides the moves of `sharing_request`, `dispute` and `use_change`."""

from __future__ import annotations

from typing import Final

STATES: Final = "sharing_request.*"
"""Each move publishes sharing_request.<state>: {"id", "number", "title", "resource_id", "provider_id", "consumer_id",
"authority_id", "grant_id", "verb", "from", "to"}."""

FINDING_PROPOSED: Final = "sharing.finding_proposed"
"""A circumstance may have to be rectified: {"kind", "department_id", "authority_id", "subject", "words", "source"};
kinds unjustified_non_acceptance, third_party_without_consent. The authority's list of possible findings takes it up; deciding on them
(W16) is for the supervision to come."""

DISPUTE_SENT: Final = "sharing.dispute_sent"
"""A dispute was exported for the common superior authority of another instance: {"id", "number", "digest", "to_region"};
subject "dispute:ID". Who carries files between instances fetches the signed file by id."""

DISPUTE_ANSWERED: Final = "sharing.dispute_answered"
"""A dispute of another instance was decided here: {"id", "number", "digest", "to"}; subject "dispute_taken:ID"."""
