"""A standing task in a real browser: the wizard from grant to summary, then a red run with its figures, on desk and phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from chromium import browsing_here, known, site_here
from jutong.dataplane import identity
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.exchange import actions
from jutong.slices.exchange.models import Run
from jutong.wire.transfers import DirtyRow, DirtyRows, Part, Tally
from reports import TALLY, order_of, receipt, report, take
from sourceworld import MAPPING, civil_db, granted, hr_db, mounted, node, probe, register  # noqa: F401 - fixtures
from world import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

RED = Tally(24, "99", "sha256-56-sum")


@pytest.fixture
def city(world: World, probe: Any, civil_db: str, hr_db: str) -> None:  # noqa: F811 - fixtures
    """A mounted and granted resource, and a database to receive it."""
    source = register(world, "civil", civil_db)
    resource_id = mounted(world, source)
    mapping = [replace(line, masking="none") if line.item == "出生日期" else line for line in MAPPING]
    datacentre.mount(
        by=world.actor("civil.officer"), at=world.at, resource_id=resource_id, source_id=source.pk, schema="public",
        table="people", mapping=mapping,
    )  # fmt: skip
    granted(world, resource_id)
    register(world, "hr", hr_db, title="人社库", provides=False, receives=True)


@pytest.fixture
def chromium(city: None) -> Iterator[Browser]:
    """A browser, started when the city stands: its event loop and the probe's cannot share a thread."""
    with browsing_here("the wizard was") as browser:
        yield browser


@pytest.fixture
def address(world: World) -> Iterator[str]:
    with site_here() as url:
        yield url


def signed_in(browser: Browser, address: str, world: World, who: str, width: int, **options: Any) -> BrowserContext:
    """Return a browser that somebody is signed in on."""
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN", **options)
    return known(context, world.client(who), address)


def looked_at(page: Page, folder: Path, name: str, width: int) -> None:
    """Keep a picture, and hold that nothing is wider than the screen."""
    page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def through_the_wizard(page: Page, address: str, folder: Path, width: int, table: str) -> None:
    page.goto(f"{address}/exchange/tasks/new/")
    page.get_by_label("提供方式").select_option("table")
    looked_at(page, folder, "wizard-grant", width)
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("目标表", exact=False).last.fill(table)
    page.get_by_label("写入方式").select_option("upsert")
    looked_at(page, folder, "wizard-target", width)
    page.get_by_role("button", name="下一步").click()
    looked_at(page, folder, "wizard-mapping", width)
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("分区信息项").select_option("户籍行政区划")
    page.get_by_label("执行计划").fill("30 2 * * 1-5")
    looked_at(page, folder, "wizard-plan", width)
    page.get_by_role("button", name="下一步").click()
    looked_at(page, folder, "wizard-summary", width)
    page.get_by_label("设置后立即执行一次").check()
    page.get_by_role("button", name="设置任务").click()
    page.wait_for_url("**/exchange/tasks/*/")
    assert page.get_by_text("每周一、周二、周三、周四、周五 02:30").first.is_visible()
    looked_at(page, folder, "task", width)


def make_red(run: Run, node_: identity.Identity) -> None:
    """Report a run that moves for a while and ends with one partition that differs."""
    order = order_of(run)
    for second in range(12):
        rows = 900 * second + 100 * (second % 3)
        take(report(order, "sent", rows_done=rows, rows_total=20_000, bytes_done=rows * 180, seconds=second))
    parts = (Part("511002", TALLY, TALLY), Part("511011", TALLY, RED))
    red = receipt(order, node_, target=RED, reconciled=False, parts=parts)
    message = "两端行数不一致（发送 25 行，接收 24 行），数据已隔离。"
    take(report(order, "quarantined", receipt=red, differing=("511011",), dirty=1, seconds=20, message=message))
    rows_aside = (DirtyRow(7, "出生日期", "19**", "不是有效日期"),)
    actions.take_dirty(DirtyRows(order.id, 0, rows_aside), node="local", at=order.ordered_at)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_task_is_set_up_and_its_red_run_is_repaired(
    chromium: Browser,
    address: str,
    world: World,
    node: identity.Identity,  # noqa: F811
    tmp_path: Path,
    width: int,
) -> None:
    context = signed_in(chromium, address, world, "hr.engineer", width)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    through_the_wizard(page, address, tmp_path, width, "dibao")
    run = Run.objects.get()
    make_red(run, node)
    page.goto(f"{address}/exchange/runs/{run.pk}/")
    page.wait_for_selector(".jt-chart svg")
    assert page.get_by_text("不是有效日期").is_visible()
    looked_at(page, tmp_path, "run", width)
    page.locator("summary", has_text="只修复不一致的分区").click()
    page.get_by_role("button", name="只修复不一致的分区").last.click()
    page.wait_for_selector(".jt-progress")
    run.refresh_from_db()
    assert (run.state, run.repair) == ("queued", ["511011"])
    for name in ("tasks", "runs", "figures", "submissions"):
        page.goto(f"{address}/exchange/{name}/")
        looked_at(page, tmp_path, name, width)
    assert complaints == []
    context.close()


def test_the_wizard_needs_no_script(chromium: Browser, address: str, world: World) -> None:
    context = signed_in(chromium, address, world, "hr.engineer", 1440, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/exchange/tasks/new/")
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("目标表", exact=False).last.fill("dibao")
    for _step in range(3):
        page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="设置任务").click()
    assert "/exchange/tasks/" in page.url
    assert page.get_by_text("任务已设置。").is_visible()
    context.close()
