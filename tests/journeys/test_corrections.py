"""Rows set aside in a real browser: Excel down, put right, up, compared, confirmed, delivered by the real runner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from playwright.sync_api import Browser

from chromium import browsing_here, known, site_here
from covers import covers
from jutong.dataplane.settings import Settings
from jutong.slices.exchange import actions
from jutong.slices.exchange.models import Run
from jutong.slices.exchange.rules import Plan, Terms
from jutong.wire.transfers import OrderKind, TableMode
from runworld import agreed, carried, own  # noqa: F401 - fixtures
from sourceworld import civil_db, hr_db, node, probe  # noqa: F401 - fixtures
from world import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MAKE = "create table dibao (id_number varchar(18), xm varchar(9), birthday varchar(10), division char(6) not null)"


@pytest.fixture
def spoilt(world: World, agreed: dict[str, Any], civil_db: str, hr_db: str, own: Settings) -> Run:  # noqa: F811
    """A released run that set two rows aside."""
    with psycopg.connect(civil_db, autocommit=True) as connection:
        connection.execute(
            "update people set division = null where ctid in (select ctid from people order by id_number limit 2)"
        )
    with psycopg.connect(hr_db, autocommit=True) as connection:
        connection.execute(MAKE)
    wanted = actions.Wanted(OrderKind.TABLE, agreed["source_id"], "public", "dibao", TableMode.REPLACE)
    by, at = world.actor("hr.clerk"), datetime.now(UTC)
    plan = Plan(terms=Terms(most_dirty=5))
    task = actions.create_task(by=by, at=at, grant_id=agreed["grant_id"], wanted=wanted, plan=plan)
    return carried(actions.run_now(task.pk, by=by, at=at), own)


@pytest.fixture
def chromium(spoilt: Run) -> Iterator[Browser]:
    """A browser, started when the run has ended: its event loop and the probe's cannot share a thread."""
    with browsing_here("corrections were") as browser:
        yield browser


@pytest.fixture
def address() -> Iterator[str]:
    with site_here() as url:
        yield url


@covers(partly=["R-EXC-019"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_provider_puts_rows_right_in_excel_and_they_arrive(
    spoilt: Run,
    chromium: Browser,
    address: str,
    world: World,
    hr_db: str,  # noqa: F811
    own: Settings,  # noqa: F811
    tmp_path: Path,
    width: int,
) -> None:
    assert (spoilt.state, spoilt.dirty) == ("released", 2), spoilt.message
    context = chromium.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
    known(context, world.client("civil.officer"), address)
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    def looked_at(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name

    page.goto(f"{address}/exchange/runs/{spoilt.pk}/")
    looked_at("run")
    with page.expect_download() as download:
        page.get_by_role("link", name="导出 Excel").last.click()
    sheet = tmp_path / "rows.xlsx"
    download.value.save_as(sheet)
    book = openpyxl.load_workbook(sheet)
    for line in (2, 3):
        book.worksheets[0].cell(line, 7, "511002")
    book.save(sheet)
    page.get_by_role("link", name="更正后补送").click()
    looked_at("correct")
    page.get_by_label("更正表").set_input_files(sheet)
    page.get_by_role("button", name="上传并对照").click()
    assert page.get_by_text("其中 2 行可以补送").is_visible()
    looked_at("corrected")
    page.locator("summary", has_text="确认补送").click()
    page.get_by_role("button", name="确认补送").last.click()
    page.wait_for_selector(".jt-progress")
    second = carried(Run.objects.latest("pk"), own)
    assert (second.state, second.rows_done, second.dirty) == ("released", 2, 0), second.message
    with psycopg.connect(hr_db) as connection:
        assert connection.execute(
            "select count(*), count(*) filter (where division = '511002') > 1 from dibao"
        ).fetchone() == (25, True)
    page.goto(f"{address}/exchange/runs/{spoilt.pk}/")
    assert page.get_by_text("已补送").first.is_visible()
    looked_at("afterwards")
    page.goto(f"{address}/exchange/runs/{second.pk}/")
    looked_at("delivery")
    assert complaints == []
    context.close()
