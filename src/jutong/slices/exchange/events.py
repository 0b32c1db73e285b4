"""What this slice publishes, besides the moves of `exchange_task` (exchange_task.queued, .sent … .quarantined)."""

from __future__ import annotations

from typing import Final

RUN_RELEASED: Final = "exchange.run_released"
"""A delivery is complete, both ends agree and its receipt is signed: {"run_id", "grant_id", "kind", "rows"}; subject "run:ID"."""

SUBMISSION_ACCEPTED: Final = "exchange.submission_accepted"
"""A submitted batch passed its checks: {"submission_id", "resource_id", "provider_id", "file_id", "rows"}; subject "resource:ID"."""

SUBMISSION_LATE: Final = "exchange.submission_late"
"""An entry's update limit passed without a batch, so a finding "not provided in time" may be proposed: {"resource_id", "provider_id", "due_at", "last_at"}; subject "resource:ID"."""
