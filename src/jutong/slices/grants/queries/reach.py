"""What a resource's place and grade allow: without a tunnel nothing is asked online, a high grade goes by few modes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.grants import rules
from jutong.slices.sources import queries as sources


def check_reach(resource_id: int, modes: Sequence[str]) -> None:
    """Refuse an online mode (RuleBroken, field modes) for a resource whose source no gateway can ask."""
    mount = datacentre.mount_of(resource_id)
    rules.check_reach(modes, online=mount is None or sources.answers_online(mount.source_id))


def check_level(resource_id: int, modes: Sequence[str], *, at: datetime) -> None:
    """Refuse a mode (RuleBroken, field modes) that the grade of the published entry does not allow (R-SEC-012, R-SEC-040)."""
    if asked := catalogue.modes_allowed(resource_id, at=at):
        rules.check_level(modes, *asked)


def check_offer(resource_id: int, modes: Sequence[str], *, at: datetime) -> None:
    """Refuse modes that the place or the grade of a resource does not allow."""
    check_reach(resource_id, modes)
    check_level(resource_id, modes, at=at)
