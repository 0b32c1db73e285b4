"""What this slice does by itself: missing front-end nodes that are silent."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel import jobs
from jutong.slices.sources import actions


@jobs.every(10)
def miss_silent_nodes(at: datetime) -> int:
    """Alarm for nodes that were silent for longer than their limit."""
    return actions.watch(at)
