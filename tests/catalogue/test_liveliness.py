"""How alive the catalogue is: what is stale, never refreshed, unused or without source, and figures per department."""

from __future__ import annotations

import io
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import openpyxl
import pytest
from django.apps import apps

from covers import covers
from jutong.kernel import outbox
from jutong.kernel.models import InboxItem
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Pulse
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.liveliness import completeness, due_on
from published import content, published
from world import World


def later(world: World, days: int) -> Any:
    return world.at + timedelta(days=days)


def hears(world: World, name: str, pk: int, days: int = 0, **more: Any) -> None:
    """Let the catalogue hear what a higher slice publishes of an entry."""
    outbox.publish(name, f"resource:{pk}", {"id": 0, "version": 1, "resource_id": pk, **more}, at=later(world, days))
    world.drain(later(world, days))


def ails(world: World, days: int, who: str = "authority.reviewer") -> dict[int, tuple[str, ...]]:
    rows, _meta = queries.ailing(world.actor(who), at=later(world, days))
    return {row.entry_id: row.ailments for row in rows}


@covers("R-CAT-023")
def test_a_monthly_entry_without_data_for_forty_days_is_stale_and_its_department_is_reminded_once(world: World) -> None:
    pk = published(world, update_cycle="monthly")
    rows, _meta = queries.ailing(world.actor("authority.reviewer"), at=later(world, 31))
    assert rows == []
    for day in (40, 41):
        assert actions.remind_of_cycles(at=later(world, day)) == (day == 40)
    row = queries.ailing(world.actor("authority.reviewer"), at=later(world, 40))[0][0]
    assert (row.entry_id, row.department, row.days_late) == (pk, "内江市民政局", 9)
    assert row.ailments == ("未按周期更新", "从未更新", "没有挂接资源")
    told = InboxItem.objects.get(title__startswith="数据未按更新周期更新")
    assert told.department_id == world.department("civil")
    hears(world, "exchange.submission_accepted", pk, 42)
    assert ails(world, 72) == {}
    assert ails(world, 74) == {pk: ("未按周期更新", "没有挂接资源")}
    world.drain(later(world, 74))
    assert InboxItem.objects.filter(title__startswith="数据未按更新周期更新").count() == 2
    assert [version.number for version in queries.versions(pk, actor=world.actor("market.clerk"))] == [1]


@covers(partly=["R-CAT-059"])
def test_a_mounted_entry_is_read_at_its_source_until_the_source_is_gone(world: World) -> None:
    pk = published(world, update_cycle="daily")
    hears(world, "datacentre.mount_changed", pk, active=True)
    assert ails(world, 40) == {}
    hears(world, "datacentre.mount_changed", pk, 40, active=False)
    assert ails(world, 41) == {pk: ("未按周期更新", "来源已失", "没有挂接资源")}
    hears(world, "datacentre.mount_changed", pk, 42, active=True)
    assert ails(world, 43) == {}


def test_an_entry_that_nobody_was_granted_in_half_a_year_is_unused(world: World) -> None:
    idle, used = (published(world, title=title, update_cycle="irregular") for title in ("殡葬信息", "婚姻登记信息"))
    hears(world, "grants.version_opened", used)
    assert ails(world, 180) == {}
    assert ails(world, 181) == {idle: ("长期无人使用", "没有挂接资源")}
    assert ails(world, 181, "civil.officer").keys() == {idle}
    assert ails(world, 181, "market.officer") == {}


@covers(partly=["R-CAT-059", "R-CAT-023"])
def test_figures_per_department_and_the_entries_behind_them_come_as_pages_api_and_excel(world: World) -> None:
    published(world, update_cycle="daily", updated_on=date(2026, 3, 1))
    published(world, title="低保金发放信息", update_cycle="none")
    published(world, provider="hr", title="参保信息", update_cycle="yearly")
    figures = {f.department: f for f in queries.liveliness(world.actor("authority.reviewer"), at=later(world, 10))}
    civil = figures["内江市民政局"]
    assert (civil.entries, civil.with_cycle, civil.stale, civil.never_refreshed, civil.timely) == (2, 1, 1, 0, 0)
    assert figures["内江市人力资源和社会保障局"].timely == 100
    reviewer, hr = world.client("authority.reviewer"), world.client("hr.officer")
    assert "内江市民政局" in reviewer.get("/catalogue/health/").content.decode()
    assert "内江市民政局" not in hr.get("/catalogue/health/").content.decode()
    assert "城乡低保对象信息" in reviewer.get("/catalogue/health/entries/?ailment=stale").content.decode()
    assert {row["department"] for row in reviewer.get("/api/v1/catalogue/health").json()} == set(figures)
    listed = reviewer.get("/api/v1/catalogue/health/entries?ailment=no_resource").json()
    assert listed["total"] == 3
    for what, rows in (("figures", 3), ("entries", 4)):  # today all three are unused for half a year
        answer = reviewer.get(f"/catalogue/health/export/{what}/")
        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
        assert sheet.max_row == rows, what


@pytest.mark.parametrize(
    ("given", "percent"),
    [(Content(title="甲"), 0), (content(), 50), (content(items=(ItemContent(name="姓名"),)), 44)],
)
def test_completeness_counts_what_helps_a_reader(given: Content, percent: int) -> None:
    assert completeness(given) == percent


def test_a_cycle_without_limit_has_no_last_day() -> None:
    assert due_on("weekly", date(2026, 3, 2)) == date(2026, 3, 9)
    assert due_on("irregular", date(2026, 3, 2)) is None


def test_entries_that_were_published_before_have_a_pulse_after_the_upgrade(world: World) -> None:
    pk = published(world, updated_on=date(2026, 2, 1))
    Pulse.objects.all().delete()
    upgrade = import_module("jutong.slices.catalogue.migrations.0004_pulse_of_what_is_published")
    upgrade.fill(apps, None)
    pulse = Pulse.objects.get(pk=pk)
    assert (pulse.since, pulse.completeness, pulse.refreshed_on, pulse.due_on) == (
        date(2026, 3, 2), completeness(content(updated_on=date(2026, 2, 1))), date(2026, 2, 1), None,
    )  # fmt: skip
