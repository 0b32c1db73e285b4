"""Every address × everybody: exactly those get in whom the reviewed table names (default deny, design.md §4)."""

from __future__ import annotations

import os

from authorisation import REWRITE, observed, read, rows, write
from scene import Scene
from scene_fixture import civil_db, hr_db, node, probe, scene  # noqa: F401 - fixtures

from covers import covers


@covers(partly=["R-SEC-001"])
def test_exactly_those_get_in_whom_the_table_names(scene: Scene) -> None:  # noqa: F811 - the fixture
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
