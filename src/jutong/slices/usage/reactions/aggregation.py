"""A grant was opened or changed: what its consumer can join now is looked at."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel import outbox
from jutong.slices.grants import events as grants
from jutong.slices.usage import actions


@outbox.on(grants.VERSION_OPENED)
def look_at_combination(event: outbox.Event, at: datetime) -> None:
    """Mark the grant where it completes a sensitive combination (R-SEC-031)."""
    actions.mark_combination(int(event.payload["id"]), version=int(event.payload["version"]), at=at)
