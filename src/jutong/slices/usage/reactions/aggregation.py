"""Grants were opened or changed: what their consumers can join now is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jutong.kernel import outbox
from jutong.slices.grants import events as grants
from jutong.slices.usage import actions


@outbox.on_many(grants.VERSION_OPENED)
def look_at_combinations(events: Sequence[outbox.Event], at: datetime) -> None:
    """Mark grants where they complete a sensitive combination (R-SEC-031)."""
    told = [event.payload for event in events]
    widened = [actions.Widened(int(one["id"]), int(one["version"]), int(one["resource_id"])) for one in told]
    actions.mark_combinations(widened, at=at)
