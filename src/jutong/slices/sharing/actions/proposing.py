"""Telling the supervision that a circumstance may have to be rectified; a person decides (W16)."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel import outbox
from jutong.kernel.actors import Actor
from jutong.slices.sharing import events


def propose_finding(
    kind: str,
    subject: str,
    *,
    department_id: int,
    authority_id: int | None,
    words: str,
    source: str,
    at: datetime,
    by: Actor,
) -> None:
    """Publish that a finding may be proposed: the kind of circumstance, whose it is, and the words that show it."""
    payload = {
        "kind": kind,
        "department_id": department_id,
        "authority_id": authority_id,
        "subject": subject,
        "words": words,
        "source": source,
    }
    outbox.publish(events.FINDING_PROPOSED, subject, payload, at=at, by=by)
