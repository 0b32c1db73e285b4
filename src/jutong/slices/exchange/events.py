"""What this slice publishes, besides the moves of `exchange_task` (exchange_task.queued, .sent … .quarantined)."""

from __future__ import annotations

from typing import Final

RUN_RELEASED: Final = "exchange.run_released"
"""A delivery is complete, both ends agree and its receipt is signed: {"run_id", "grant_id", "kind", "rows"}; subject "run:ID"."""

LOG_ALARMED: Final = "exchange.log_alarmed"
"""A source keeps a large change log for a task, or gave it up: {"run_id", "task_id", "provider_id", "account_id", "text"}; subject "task:ID"."""

SUBMISSION_ACCEPTED: Final = "exchange.submission_accepted"
"""A submitted batch passed its checks: {"submission_id", "resource_id", "provider_id", "file_id", "rows"}; subject "resource:ID"."""

SUBMISSION_LATE: Final = "exchange.submission_late"
"""An entry's update limit passed without a batch, so a finding "not provided in time" may be proposed: {"resource_id", "provider_id", "due_at", "last_at"}; subject "resource:ID"."""

FINDING_PROPOSED: Final = "exchange.finding_proposed"
"""A back-flow a day late against its schedule (kind not_returned), or a further condition set on one and reported with evidence
(kind backflow_condition), may have to be rectified (W16): {"kind", "department_id", "authority_id", "subject", "words", "source",
"article"}; subject "backflow:ID"."""
