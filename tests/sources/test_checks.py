"""Data sources tried by the platform itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jutong.kernel import inbox
from jutong.kernel.models import OutboxEvent
from jutong.kernel.settings import settings
from jutong.slices.sources import actions, queries
from jutong.slices.sources.models import DataSource
from sourceworld import register
from world import World


def test_sources_are_tried_by_themselves_and_engineers_told_of_one_that_is_lost_or_back(
    world: World, probe: Any, civil_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = register(world, "civil", civil_db)
    other = register(world, "civil", civil_db, title="备用库")
    actions.disable(other.pk, by=world.actor("civil.engineer"), at=world.at)
    monkeypatch.setattr(settings(), "source_check_minutes", 10)

    def told() -> list[str]:
        return [one.title for one in inbox.notices(world.actor("civil.engineer")) if "数据源" in one.title]

    assert actions.check_due(world.at) == 1
    assert actions.check_due(world.at + timedelta(minutes=9)) == 0
    DataSource.objects.filter(pk=source.pk).update(database="nowhere_at_all")
    assert actions.check_due(world.at + timedelta(minutes=10)) == 1
    assert queries.source(source.pk, world.actor("civil.engineer")).tested_ok is False
    assert "连接失败" in told()[0]
    DataSource.objects.filter(pk=source.pk).update(database=source.database)
    assert actions.check_due(world.at + timedelta(minutes=20)) == 1
    assert "恢复连接" in told()[0]
    names = [one.name for one in OutboxEvent.objects.filter(name__startswith="sources.source_").order_by("id")]
    assert names[-2:] == ["sources.source_lost", "sources.source_back"]
    assert [(one.ok, one.by_name) for one in queries.checks(source.pk)] == [
        (True, "平台巡检"), (False, "平台巡检"), (True, "平台巡检")
    ]  # fmt: skip
