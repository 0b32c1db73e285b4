"""What this slice does by itself."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel import jobs, retention
from jutong.slices.services import actions


@jobs.every(3600)
def find_stops(at: datetime) -> int:
    """Notice services that stopped without an end that was filed, and put forward those that lasted."""
    return actions.find_stops(at)


@jobs.every(3600)
def forget_old_minutes(at: datetime) -> int:
    """Drop the figures by minute that are older than a week."""
    return actions.forget_minutes(at)


retention.also(actions.forget_stops)
