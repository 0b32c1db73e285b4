"""What this slice publishes, besides the moves of `use_record`, `disposal`, `misuse_case` and `aggregation_review`."""

from __future__ import annotations

from typing import Final

FINDING_PROPOSED: Final = "usage.finding_proposed"
"""Confirmed misuse, or a disposal past its day, may have to be rectified by the supervision (W16): {"kind",
"department_id", "authority_id", "subject", "words", "source", "article"}; kinds use_beyond_scope_or_purpose,
third_party_without_consent, not_disposed_as_required; subject "misuse_case:ID" or "disposal:ID"."""

ACCESS_TERMINATED: Final = "usage.access_terminated"
"""Sharing was terminated after a failed rectification, so obtained data has to be disposed of (W26): {"case_id", "number",
"grant_ids", "provider_id", "consumer_id", "authority_id"}; subject "misuse_case:ID"."""
