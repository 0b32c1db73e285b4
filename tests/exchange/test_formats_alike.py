"""One resource in several declared formats: the same values in each, and no format that was not declared."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from covers import covers
from jutong.dataplane.settings import Settings
from jutong.kernel.errors import RuleBroken
from jutong.slices.exchange import actions, queries
from runworld import carried, fetched
from sourceworld import granted, mounted, register
from world import World


@covers("R-EXC-018")
def test_a_resource_is_the_same_in_every_declared_format_and_in_no_other(
    world: World, probe: Any, civil_db: str, own: Settings
) -> None:
    declared = {"format_class": "self_described", "format_note": "CSV/JSON", "format_types": ("csv", "json")}
    grant = granted(world, mounted(world, register(world, "civil", civil_db), share_mode="file", **declared))
    world.drain()
    clerk = world.actor("hr.clerk")
    with pytest.raises(RuleBroken, match="声明的文件格式"):
        actions.order_batch(by=clerk, at=datetime.now(UTC), grant_id=grant.pk, file_format="xlsx")
    texts = {}
    for kind in ("csv", "jsonl"):
        run = carried(actions.order_batch(by=clerk, at=datetime.now(UTC), grant_id=grant.pk, file_format=kind), own)
        assert run.state == "released", run.message
        texts[kind] = fetched(run, own, queries.manifest(run.pk, clerk).artefact_id).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(texts["csv"])))
    objects = [json.loads(line) for line in texts["jsonl"].splitlines()]
    assert len(lines) == len(objects) == 25
    by = lambda row: str(row["公民身份号码"])  # noqa: E731
    told = [{name: "" if value is None else str(value) for name, value in row.items()} for row in objects]
    assert sorted(lines, key=by) == sorted(told, key=by)
