"""Published entries against the resources that are really there (national-2025#16)."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from covers import covers
from jutong.kernel.errors import WrongState
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.datacentre import actions, queries
from published import content, published
from sourceworld import MAPPING, granted, register
from world import World


@covers("R-CAT-059")
def test_of_ten_published_entries_the_two_without_resource_are_listed_with_owner_and_age(
    world: World, probe: Any, civil_db: str
) -> None:
    source = register(world, "civil", civil_db)
    ids = [published(world, title=f"民政资源{name}", update_cycle="monthly") for name in "甲乙丙丁戊己庚辛壬癸"]
    place: dict[str, Any] = {"source_id": source.pk, "schema": "public", "table": "people", "mapping": MAPPING}
    officer, reviewer = world.actor("civil.officer"), world.actor("authority.reviewer")
    for pk in ids[:8]:
        actions.mount(by=officer, at=world.at, resource_id=pk, **place)
    draft = catalogue.compile_entry(by=officer, at=world.at, provider_id=world.department("civil"), content=content())
    with pytest.raises(WrongState, match="尚未发布"):
        actions.mount(by=officer, at=world.at, resource_id=draft.pk, **place)
    granted(world, ids[0])
    published(world, provider="hr", title="参保信息", update_cycle="none")
    assert actions.take_stock(by=officer, at=world.at, source_id=source.pk) == 1
    world.drain()
    later = world.at + timedelta(days=40)
    rows, meta = queries.without_resource(reviewer, at=later)
    assert meta.total == 3
    found = [(row.resource_id, row.provider_name, row.days) for row in rows[:2]]
    assert found == [(pk, "内江市民政局", 40) for pk in ids[8:]]
    civil = next(row for row in queries.comparison(reviewer, at=later) if row.department == "内江市民政局")
    assert (civil.entries, civil.with_resource, civil.without_resource, civil.stale, civil.shared) == (10, 8, 2, 2, 1)
    assert queries.without_resource(world.actor("market.officer"), at=later)[0] == []


def test_a_table_without_entry_is_listed_until_it_is_compiled_mounted_or_left_out(
    world: World, probe: Any, civil_db: str
) -> None:
    source = register(world, "civil", civil_db)
    actions.take_stock(by=world.actor("civil.officer"), at=world.at, source_id=source.pk)
    reviewer = world.client("authority.reviewer")
    assert "public.people" in reviewer.get("/datacentre/comparison/tables/").content.decode()
    assert [row["place"] for row in reviewer.get("/api/v1/datacentre/comparison/tables").json()] == ["public.people"]
    assert "内江市民政局" in reviewer.get("/datacentre/comparison/").content.decode()
    assert reviewer.get("/api/v1/datacentre/comparison").json()[0]["without_entry"] == 1
    assert "public.people" not in world.client("hr.officer").get("/datacentre/comparison/tables/").content.decode()
    for what, lines in (("figures", 2), ("missing", 1), ("tables", 2)):
        answer = reviewer.get(f"/datacentre/comparison/export/{what}/")
        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
        assert sheet.max_row == lines, what
    table = queries.stocked(world.actor("civil.officer"))[0][0]
    actions.leave_out(table.id, by=world.actor("civil.officer"), at=world.at, note="测试表")
    assert queries.without_entry(world.actor("authority.reviewer")) == []
