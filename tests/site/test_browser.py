"""The pieces in a real browser: the content policy holds, nothing is wider than the screen, and scripts do their part."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from chromium import browsing_here, site_here
from shell_world import small_site

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browsing_here("pages were") as browser:
        yield browser


@pytest.fixture
def address(transactional_db: None) -> Iterator[str]:
    with small_site(), site_here() as url:
        yield url


def opened(browser: Browser, address: str, width: int, **options: object) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, locale="zh-CN", **options)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address + "/pieces")
    return page, complaints


@pytest.mark.parametrize("width", [1440, 390])
def test_the_content_policy_holds_and_nothing_overflows(chromium: Browser, address: str, width: int) -> None:
    page, complaints = opened(chromium, address, width)
    page.wait_for_selector(".jt-chart svg")
    assert page.locator(".jt-chart svg").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    page.close()


def test_icons_and_styles_are_loaded(chromium: Browser, address: str) -> None:
    page, _complaints = opened(chromium, address, 1440)
    page.evaluate("document.fonts.ready")
    assert page.evaluate("[...document.fonts].some(f => f.family.includes('tabler') && f.status === 'loaded')")
    assert page.evaluate("getComputedStyle(document.querySelector('.jt-bar')).position") == "sticky"
    page.close()


def test_rows_become_cards_on_a_telephone(chromium: Browser, address: str) -> None:
    page, _complaints = opened(chromium, address, 390)
    cell = page.locator("td[data-label='资源']").first
    assert cell.evaluate("e => getComputedStyle(e, '::before').content") == '"资源"'
    assert cell.evaluate("e => getComputedStyle(e).display") == "flex"
    page.close()


def test_everything_can_be_read_and_submitted_without_scripts(chromium: Browser, address: str) -> None:
    page, _complaints = opened(chromium, address, 1440, java_script_enabled=False)
    page.locator("summary", has_text="审核通过").click()
    assert page.locator("button", has_text="确认审核通过").is_visible()
    page.locator("summary", has_text="审核通过").click()
    page.get_by_label("资源名称").fill("企业登记基本信息")
    page.get_by_label("统一社会信用代码").fill("９１５１０１００ＭＡ６１ＴＸＥ２３Ｘ")
    page.get_by_label("共享类型").select_option("2")
    page.get_by_label("联机查询").check()
    page.get_by_label("使用依据与用途").fill("办理行政许可")
    page.get_by_label("承诺").check()
    page.locator("button", has_text="保存并下一步").click()
    assert page.locator(".jt-error").all_inner_texts() == []
    page.close()


def test_escape_closes_an_open_confirmation_and_gives_the_focus_back(chromium: Browser, address: str) -> None:
    page, _complaints = opened(chromium, address, 1440)
    summary = page.locator(".jt-head summary", has_text="退回")
    summary.click()
    page.keyboard.press("Escape")
    assert not page.locator(".jt-head .jt-confirm").first.evaluate("e => e.open")
    assert summary.evaluate("e => e === document.activeElement")
    page.close()


def test_a_refusal_of_a_fragment_is_shown_in_place_and_the_page_stays(chromium: Browser, address: str) -> None:
    page, _complaints = opened(chromium, address, 1440, extra_http_headers={"X-Who": "1"})
    page.evaluate("htmx.ajax('GET', '/refused/409', '#main')")
    page.wait_for_selector("#jt-refusal .jt-notice-bad")
    assert "当前状态不能办理。" in page.locator("#jt-refusal").inner_text()
    assert page.locator("h1", has_text="企业登记基本信息").is_visible()
    page.close()


def test_a_fragment_after_the_session_ended_leads_to_the_door(chromium: Browser, address: str) -> None:
    page, _complaints = opened(chromium, address, 1440)
    page.evaluate("htmx.ajax('GET', '/page', '#main')")
    page.wait_for_url(lambda url: "/sign-in?next=%2Fpieces" in url)
    page.close()


def test_what_is_posted_by_htmx_carries_the_csrf_token(chromium: Browser, address: str) -> None:
    page, _complaints = opened(chromium, address, 1440, extra_http_headers={"X-Who": "1"})
    page.evaluate("htmx.ajax('POST', '/form', {target: '#main', values: {}})")
    page.wait_for_url("**/page")
    assert page.get_by_text("已保存。").is_visible()
    page.close()


def test_the_first_tab_stop_skips_to_the_content(chromium: Browser, address: str) -> None:
    page, _complaints = opened(chromium, address, 1440)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.close()
