"""What agreements do by themselves: warn before their end, and end."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel import jobs
from jutong.slices.agreements import actions


@jobs.every(60)
def end_what_is_over(at: datetime) -> int:
    """Let agreements expire whose term is over."""
    return actions.expire_due(at)


@jobs.every(3600)
def warn_of_the_end(at: datetime) -> int:
    """Warn the parties of agreements that end soon."""
    return actions.warn_due(at)
