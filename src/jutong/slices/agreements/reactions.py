"""What agreements do by themselves: come into force with the last signature, warn before their end, and end."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel import jobs, outbox
from jutong.slices.agreements import actions


@outbox.on("agreement.signing", "agreement.amending")
def conclude_signed(event: outbox.Event, at: datetime) -> None:
    """A party signed: when no signature is missing any more, the version is in force."""
    if event.payload["verb"] == "sign":
        actions.conclude_signed(int(event.payload["id"]), at=at)


@jobs.every(60)
def end_what_is_over(at: datetime) -> int:
    """Let agreements expire whose term is over."""
    return actions.expire_due(at)


@jobs.every(3600)
def warn_of_the_end(at: datetime) -> int:
    """Warn the parties of agreements that end soon."""
    return actions.warn_due(at)
