"""What a resource's place allows: behind a front-end node without a tunnel nothing can be asked online."""

from __future__ import annotations

from collections.abc import Sequence

from jutong.slices.datacentre import queries as datacentre
from jutong.slices.grants import rules
from jutong.slices.sources import queries as sources


def check_reach(resource_id: int, modes: Sequence[str]) -> None:
    """Refuse an online mode (RuleBroken, field modes) for a resource whose source no gateway can ask."""
    mount = datacentre.mount_of(resource_id)
    rules.check_reach(modes, online=mount is None or sources.answers_online(mount.source_id))
