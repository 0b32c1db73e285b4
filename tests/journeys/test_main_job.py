"""The main job in a real browser on the whole platform: import, approvals, request, consent on a phone, mount, query, transfer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from chromium import browsing
from covers import covers
from free_ports import free_ports
from jutong.cli.demo import city, sheets
from jutong.cli.serve import serving
from served import prepared

pytestmark = [pytest.mark.slow(seconds=110), pytest.mark.xdist_group("the main job")]

DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
TITLE = "人口基本信息"
PATIENCE = 60_000
"""Milliseconds that a page may take on a busy machine."""


@dataclass
class Platform:
    """A served platform: where it is, and the departments' databases by name (role, password, port)."""

    origin: str
    databases: dict[str, tuple[str, str, str]]


@dataclass
class People:
    """Signed-in people, each with a browser context of their own, and everything their consoles complained about."""

    browser: Browser
    platform: Platform
    complaints: list[str] = field(default_factory=list)
    contexts: dict[str, BrowserContext] = field(default_factory=dict)

    def page(self, who: str, *, scripts: bool = True, viewport: ViewportSize = DESK) -> Page:
        """Open a page as this person; the first time they sign in with the keyboard."""
        key = who if scripts else f"{who} without scripts"
        if key not in self.contexts:
            context = self.browser.new_context(
                base_url=self.platform.origin, locale="zh-CN", viewport=DESK, java_script_enabled=scripts
            )
            context.set_default_timeout(PATIENCE)
            self.contexts[key] = context
            page = self._watched(context.new_page())
            page.goto("/parties/sign-in")
            page.get_by_label("用户名").fill(who)
            page.locator("input[name='password']").fill(city.PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_selector(".jt-bar")
            page.close()
        page = self._watched(self.contexts[key].new_page())
        page.set_viewport_size(viewport)
        return page

    def _watched(self, page: Page) -> Page:
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """Serve the whole platform from a folder of its own, with a city of three departments in it."""
    folder = Path(tempfile.mkdtemp(prefix="jutong-journey-", dir="/tmp"))
    folder.chmod(0o755)
    web, gateway, probe = (f"127.0.0.1:{port}" for port in free_ports(3))
    ours = {
        "JUTONG_HOME": str(folder / "home"), "JUTONG_WEB_BIND": web, "JUTONG_GATEWAY_BIND": gateway,
        "JUTONG_PROBE_BIND": probe, "JUTONG_DEMO": "true", "JUTONG_SOURCE_ADDRESSES": '["127.0.0.0/8"]',
        "JUTONG_RATE_PER_MINUTE": "6000",
    }  # fmt: skip
    prepared(folder / "home")
    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("JUTONG_", "DJANGO_"))]:
        del os.environ[name]
    os.environ.update(ours)
    try:
        script = Path(__file__).with_name("small_city.py")
        built = subprocess.run([sys.executable, str(script)], check=True, capture_output=True, text=True, timeout=300)
        lines = [line.split()[1:] for line in built.stdout.splitlines() if line.startswith("database ")]
        with serving("--quiet", logs=folder / "serve.log"):
            yield Platform(f"http://{web}", {name: (role, word, port) for name, role, word, port in lines})
    finally:
        os.environ.clear()
        os.environ.update(kept)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def people(platform: Platform) -> Iterator[People]:
    """Everybody, in one Chromium."""
    with browsing("the main job was") as browser:
        yield People(browser, platform)


def follow(page: Page, text: str) -> None:
    page.locator("#main a", has_text=text).first.click()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


# -- the provider publishes ------------------------------------------------------------------------------------------


def imports(page: Page, file: Path, total: str) -> None:
    page.goto("/catalogue/import/")
    page.locator("input[type=file]").set_input_files(file)
    press(page, "上传")
    press(page, f"开始导入 {total} 条")
    link = page.locator("#main a", has_text="查看结果")
    link.or_(page.get_by_role("heading", name="导入结果")).first.wait_for()
    if link.count():
        link.click()
    expect(page.get_by_role("heading", name="导入结果")).to_be_visible(timeout=PATIENCE)


def officer_imports_and_corrects(page: Page, folder: Path) -> None:
    """Eight entries come in, two come back with their reasons; corrected in the very file that came back, they come in."""
    file = folder / "公安局目录.xlsx"
    file.write_bytes(sheets.workbook(corrected=False))
    imports(page, file, "10")
    expect(page.locator("#main")).to_contain_text("新增 8，更新 0，无变化 0，退回 2")
    with page.expect_download() as waiting:
        follow(page, "下载退回行")
    returned = folder / "退回行.xlsx"
    waiting.value.save_as(returned)
    book = openpyxl.load_workbook(returned)
    right = {"部分共享": "有条件共享", "看情况": "每年"}
    for row in book.worksheets[0].iter_rows():
        for cell in row:
            cell.value = right.get(str(cell.value), cell.value)
    book.save(returned)
    imports(page, returned, "2")
    expect(page.locator("#main")).to_contain_text("新增 2，更新 0，无变化 0，退回 0")


def officer_completes(page: Page) -> None:
    """The decree asks more of conditional data than the 26 columns say; the page names what is lacking."""
    page.goto("/catalogue/own/?q=" + TITLE)
    follow(page, TITLE)
    follow(page, "编辑")
    page.get_by_label("含个人信息").check()
    page.locator("[name=share_limit]").select_option("given_conditions")
    page.locator("[name=share_scope]").fill("因履行法定职责确需使用的市级部门")
    page.locator("[name=use_purposes][value=data_verification]").check()
    page.locator("[name=own_handling_rule]").fill("姓名脱敏；依据《个人信息保护法》第十三条")
    press(page, "保存")
    expect(page.locator("#main")).not_to_contain_text("提交前还有")


def moves(page: Page, button: str, fill: Callable[[Page], None] = lambda _page: None) -> None:
    page.goto("/catalogue/own/?q=" + TITLE)
    follow(page, TITLE)
    page.locator(".jt-head-actions a", has_text=button).click()
    fill(page)
    page.get_by_role("button", name="确认").click()
    expect(page.locator("#main")).to_contain_text("已办理。")


def assesses(page: Page) -> None:
    page.locator("[name=secret][value=no]").check()
    page.locator("[name=secrecy]").fill("不涉及国家秘密和工作秘密")
    page.locator("[name=personal_information]").fill("已评估，影响可控")
    for question in page.locator("select[name^=answer_]").all():
        question.select_option("yes")


def authority_publishes(page: Page) -> None:
    for button in ("批量审核通过", "批量发布"):
        page.goto("/catalogue/review/?q=" + TITLE)
        page.get_by_label(TITLE, exact=True).check()
        press(page, button)
        expect(page.locator("#main")).to_contain_text("已办理 1 条。")


# -- the consumer asks, both heads agree -----------------------------------------------------------------------------


def clerk_asks(page: Page, title: str) -> str:
    """She finds the resource by words of its items and asks; the page of the draft is returned."""
    page.goto("/")
    page.locator(".jt-search input").fill(title)
    page.keyboard.press("Enter")
    follow(page, title)
    page.locator("a", has_text="申请共享").last.click()
    for box in page.locator("input[name=items]").all()[:5]:
        box.check()
    page.locator("input[name=key_items]").first.check()
    page.get_by_label("所履行的职责").fill("城乡居民基本养老保险经办管理")
    page.get_by_label("使用依据").fill("《社会保险法》第七十四条")
    page.get_by_label("使用场景").fill("待遇资格认证，核验参保人身份")
    page.get_by_label("使用范围").fill("养老保险经办机构内部使用")
    page.locator("[name=purposes][value=data_verification]").check()
    for mode in ("online_query", "front_end_node"):
        page.locator(f"[name=modes][value={mode}]").check()
    page.get_by_label("处理个人信息的合法性基础").fill("为履行法定职责所必需")
    page.locator("[name=declared]").check()
    press(page, "保存为草稿")
    page.wait_for_url("**/sharing/requests/*/")
    return page.url


def decides(page: Page, url: str, deed: str) -> None:
    """Open the case and make a move there."""
    page.goto(url)
    page.locator("summary", has_text=deed).click()
    press(page, f"确认{deed}")
    expect(page.locator("summary", has_text=deed)).to_have_count(0)


def head_decides_on_a_phone(page: Page, url: str, deed: str) -> None:
    """The essentials and the decision stand on one narrow page, nothing is wider than the screen."""
    page.goto(url + "approve/")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    decides(page, url + "approve/", deed)


def officer_prepares_the_reply(page: Page, url: str) -> None:
    page.goto(url)
    follow(page, "拟定答复")
    page.locator("[name=decision][value=agree]").check()
    page.locator("select[name^=masking]").nth(1).select_option("name")
    press(page, "拟定答复，送负责人同意")
    expect(page.locator("#main")).to_contain_text("待提供方负责人同意")


# -- the data flows --------------------------------------------------------------------------------------------------


def engineer_registers_a_source(page: Page, platform: Platform, name: str, *, provides: bool) -> None:
    role, password, port = platform.databases[name]
    page.goto("/sources/new/")
    for label, value in {"title": "业务库", "host": "127.0.0.1", "port": port, "database": name, "user": role}.items():
        page.locator(f"[name={label}]").fill(value)
    page.locator("[name=password]").fill(password)
    page.locator("[name=tls]").select_option("disable")
    page.locator("[name=provides]").set_checked(provides)
    page.locator("[name=receives]").set_checked(not provides)
    page.locator("form:has([name=host]) button[type=submit]").click()
    page.wait_for_url("**/sources/*/")
    page.locator("form[action*='/test/'] button").click()
    expect(page.locator("#main")).to_contain_text("连接测试已完成：成功。", timeout=PATIENCE)


def engineer_mounts(page: Page) -> None:
    """The columns are proposed from their comments; the engineer looks and saves."""
    page.goto("/datacentre/missing/")
    page.locator("tr", has_text=TITLE).locator("a", has_text="挂接").click()
    page.locator("#source_id").select_option(label="业务库")
    press(page, "读取表清单")
    page.locator("#place").select_option("public.population")
    press(page, "读取表结构")
    page.locator("[name='key:公民身份号码']").check()
    press(page, "保存挂接")
    expect(page.locator("#main")).to_contain_text("population")


def head_registers_a_system(page: Page) -> tuple[str, str]:
    """The key is shown once; it is all the console needs."""
    page.goto("/parties/systems")
    page.locator("#main a[href*='/systems/new']").first.click()
    page.locator("[name=name]").fill("养老保险业务系统")
    page.locator("form:has([name=name]) button[type=submit]").last.click()
    shown = page.locator("#main code, #main pre, #main textarea, #main input[readonly]")
    page.wait_for_selector("text=只显示这一次")
    key_id, secret = (text for text in shown.all_inner_texts() if text.strip())
    return key_id.strip(), secret.strip()


def engineer_queries(page: Page, key: tuple[str, str], person: str) -> None:
    """The answer carries the granted items, masked; the audit trail has its trace."""
    page.goto("/services/console/")
    page.locator("#main a[href*='grant=']").first.click()
    for _attempt in range(20):
        page.locator("[name=key_id]").fill(key[0])
        page.locator("[name=secret]").fill(key[1])
        page.locator("[name=key-0]").fill(person)
        press(page, "调用网关")
        page.wait_for_selector("#answer")
        if page.locator("#answer table").count():
            break
        page.wait_for_timeout(500)
    row = page.locator("#answer tbody tr").first
    expect(row).to_contain_text(person)
    expect(row).to_contain_text("*")
    assert key[1] not in page.content()


def engineer_transfers(page: Page, rows: int) -> None:
    """The run is watched until both ends agree; its receipts are signed."""
    page.goto("/exchange/new/table/")
    page.locator("[name=source_id]").select_option(label="业务库")
    page.locator("[name=table]").fill("shared_population")
    press(page, "发起")
    page.wait_for_url("**/exchange/runs/*/")
    expect(page.locator(".jt-notice-good").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#main")).to_contain_text(f"{rows:,}")
    expect(page.locator("#main")).to_contain_text("一致")


@covers(partly=["R-CAT-001", "R-SHR-036", "R-EXC-006"])
def test_the_main_job_is_done_in_the_browser(people: People, platform: Platform, tmp_path: Path) -> None:
    officer = people.page("police.officer")
    officer_imports_and_corrects(officer, tmp_path)
    officer_completes(officer)
    moves(people.page("police.secrecy"), "登记评估", assesses)
    moves(people.page("police.leader"), "负责人审核同意")
    moves(officer, "提交审核")
    authority_publishes(people.page("data.reviewer"))

    clerk = people.page("hr.clerk")
    url = clerk_asks(clerk, TITLE)
    head_decides_on_a_phone(people.page("hr.head", viewport=PHONE), url, "同意提出申请")
    decides(clerk, url, "提交申请")
    officer_prepares_the_reply(officer, url)
    head_decides_on_a_phone(people.page("police.head", viewport=PHONE), url, "同意共享")

    engineer = people.page("police.engineer")
    engineer_registers_a_source(engineer, platform, "demo_police", provides=True)
    engineer_mounts(engineer)
    key = head_registers_a_system(people.page("hr.head"))
    with population(platform) as police:
        person = police.execute("select id_number from population order by 1 limit 1").fetchone()
        count = police.execute("select count(*) from population").fetchone()
    assert person
    assert count
    consumer = people.page("hr.engineer")
    engineer_queries(consumer, key, person[0])
    engineer_registers_a_source(consumer, platform, "demo_hr", provides=False)
    engineer_transfers(consumer, count[0])
    assert people.complaints == []


def population(platform: Platform) -> psycopg.Connection:
    role, password, port = platform.databases["demo_police"]
    return psycopg.connect(host="127.0.0.1", port=port, dbname="demo_police", user=role, password=password)


def test_a_resource_is_found_read_and_asked_for_without_scripts(people: People) -> None:
    page = people.page("police.officer", scripts=False)
    url = clerk_asks(page, "城镇职工养老保险参保信息")
    expect(page.locator("#main")).to_contain_text("城乡居民基本养老保险经办管理")
    page.goto(url)
    page.locator("summary", has_text="撤回申请").click()
    press(page, "确认撤回申请")
    expect(page.locator("#main")).to_contain_text("已撤回")


def test_the_keyboard_reaches_the_content_first_and_sends_forms(people: People) -> None:
    page = people.page("hr.clerk")
    page.goto("/catalogue/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator("#q").focus()
    page.keyboard.type("养老保险")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    expect(page.locator("#main tbody tr").first).to_be_visible()
    assert people.complaints == []
