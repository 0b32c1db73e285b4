"""What this slice publishes, besides the moves of `exchange_task` (exchange_task.queued, .sent … .quarantined)."""

from __future__ import annotations

from typing import Final

RUN_RELEASED: Final = "exchange.run_released"
"""A delivery is complete, both ends agree and its receipt is signed: {"run_id", "grant_id", "kind", "rows"}; subject "run:ID"."""
