"""What this slice does by itself: missing front-end nodes that are silent, trying data sources."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel import jobs
from jutong.slices.sources import actions


@jobs.every(10)
def miss_silent_nodes(at: datetime) -> int:
    """Alarm for nodes that were silent for longer than their limit."""
    return actions.watch(at)


@jobs.every(60)
def try_sources(at: datetime) -> int:
    """Try the data sources whose last test is old."""
    actions.check_due_aside(at)
    return 0
