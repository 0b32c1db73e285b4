"""Every address × everybody: exactly those get in whom the reviewed table names (default deny, design.md §4)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from authorisation import REWRITE, observed, read, rows, write
from scene import Scene, build

from jutong.dataplane.identity import Identity
from jutong.kernel import clock
from jutong.kernel.settings import settings
from sourceworld import civil_db, hr_db, node, probe  # noqa: F401 - fixtures
from world import World


@pytest.fixture
def scene(
    world: World,
    node: Identity,  # noqa: F811 - the fixture
    probe: object,  # noqa: F811 - the fixture
    civil_db: str,  # noqa: F811 - the fixture
    hr_db: str,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    for limit in ("rate_per_minute", "sign_in_rate_per_minute"):
        monkeypatch.setattr(settings(), limit, 0)
    with clock.frozen(world.at):
        yield build(world, node, civil_db, hr_db)


def test_exactly_those_get_in_whom_the_table_names(scene: Scene) -> None:
    found = rows(observed(scene))
    if os.environ.get(REWRITE):
        write(found)
        return
    kept = {row[:3]: row for row in read()}
    seen = {row[:3]: row for row in found}
    unlisted = sorted(set(seen) - set(kept))
    assert not unlisted, f"unlisted: {unlisted}"
    assert not set(kept) - set(seen), f"gone: {sorted(set(kept) - set(seen))}"
    changed = [f"is   {','.join(seen[key])}\nwas  {','.join(kept[key])}" for key in seen if seen[key] != kept[key]]
    assert not changed, "\n".join(changed)
