"""The fixture `scene`: the small world with something of everything, its clock held, its rates lifted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from scene import Scene, build

from jutong.kernel import clock
from jutong.kernel.settings import settings
from sourceworld import civil_db, hr_db, node, probe

if TYPE_CHECKING:
    from jutong.dataplane.identity import Identity
    from world import World


@pytest.fixture
def scene(
    world: World,
    node: Identity,
    probe: object,
    civil_db: str,
    hr_db: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    """Build the scene in this test's transaction."""
    for limit in ("rate_per_minute", "sign_in_rate_per_minute"):
        monkeypatch.setattr(settings(), limit, 0)
    with clock.frozen(world.at):
        yield build(world, node, civil_db, hr_db)


__all__ = ["civil_db", "hr_db", "node", "probe", "scene"]
