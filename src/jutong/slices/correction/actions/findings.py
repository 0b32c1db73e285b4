"""Circumstances that events put forward for the supervision are kept in one plain list."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor
from jutong.kernel.terms import N_
from jutong.slices.correction.models import ProposedFinding
from jutong.slices.correction.rules.findings import Proposed


@action("correction.list_finding", label=N_("列入拟提问题"), allow=SYSTEM_ONLY)
def list_finding(*, by: Actor, at: datetime, event_id: int, proposed: Proposed) -> ProposedFinding:
    """Keep what an event put forward, once however often it is heard; whether it is a finding a person decides (W16)."""
    row, _made = ProposedFinding.objects.get_or_create(
        event_id=event_id,
        defaults={
            "kind": proposed.kind[:48],
            "department_id": proposed.department_id,
            "authority_id": proposed.authority_id,
            "subject": proposed.subject[:80],
            "words": proposed.words,
            "source": proposed.source[:400],
            "at": at,
        },
    )
    return row
