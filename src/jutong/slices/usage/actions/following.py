"""A case follows what was settled or decided in a dispute about its suspension (W07)."""

from __future__ import annotations

from datetime import datetime

from jutong.slices.grants import queries as grants
from jutong.slices.usage.actions.deciding import follow_outcome
from jutong.slices.usage.actions.opening import PLATFORM
from jutong.slices.usage.models import MisuseCase

STANDING = ("suspended", "rectified", "insufficient")


def follow_grant(grant_id: int, *, at: datetime) -> None:
    """Close the case that suspended a grant, once every grant it suspended works again by a dispute's outcome.

    A case that restored them itself is over already; a move made before is not made again (events come at least once).
    """
    case = MisuseCase.objects.filter(grants__grant_id=grant_id, grants__suspended=True, state__in=STANDING).first()
    if case is None:
        return
    held = grants.standing(case.grants.filter(suspended=True).values_list("grant_id", flat=True))
    if held[grant_id].state == "granted" and all(one.held_by != case.number for one in held.values()):
        follow_outcome(case, by=PLATFORM, at=at, grant_id=grant_id)
