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

BACKFLOW_LATE: Final = "exchange.backflow_late"
"""A back-flow's schedule passed by a day without a released run, so a finding under national-2025#39(5) may be proposed: {"backflow_id", "provider_id", "consumer_id", "due_at"}; subject "backflow:ID"."""

BACKFLOW_CONDITION: Final = "exchange.backflow_condition_reported"
"""The lower department reports, with evidence, a further condition set on a back-flow (national-2025#24): {"backflow_id", "provider_id", "consumer_id", "condition"}; subject "backflow:ID"."""
