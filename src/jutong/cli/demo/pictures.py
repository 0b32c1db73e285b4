"""`jutong demo --screenshots`: every page of the demo city, as its people see it, on a desk and on a phone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

import psycopg

from jutong.cli.demo import city, databases
from jutong.cli.postgres import SUPERUSER, Server
from jutong.cli.serve import binds
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTHS: Final = {1440: 900, 390: 844}
"""Pixels across and down of the desk's screen and the phone's."""
TALLEST: Final = {1440: 960, 390: 1000}
"""Pixels of a page's length that a picture shows: the folder stays small."""
FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=zh-CN", "--disable-lcd-text", "--force-color-profile=srgb", "--hide-scrollbars",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caller:
    """A business system's key, and the identity number of a person to ask for."""

    key_id: str
    secret: str
    person: str


@dataclass(frozen=True, slots=True)
class Shot:
    """One page: its file's name, who looks, where it begins, and the links that lead on from there.

    A link is a CSS selector, or a path below the page that ends in a slash.
    """

    name: str
    who: str
    path: str
    links: tuple[str, ...] = ()
    then: Callable[[Page, Caller], None] | None = None


def _link(part: str) -> str:
    return f"#main a[href*='{part}']"


def _called(page: Page, caller: Caller) -> None:
    """Fill in the console and call, until the gateway knows the new key."""
    for _attempt in range(10):
        page.get_by_label("密钥编号").fill(caller.key_id)
        page.locator("input[name='secret']").fill(caller.secret)
        page.locator("input[name='key-0']").fill(caller.person)
        page.get_by_role("button", name="调用网关").click()
        page.wait_for_selector("#answer")
        if page.locator("#answer table").count():
            return
        page.wait_for_timeout(500)


SHOTS: Final = (
    Shot("sign-in", "", "/parties/sign-in"),
    Shot("workbench", "police.officer", "/"),
    Shot("catalogue", "hr.clerk", "/catalogue/?q=人口"),
    Shot("entry", "hr.clerk", "/catalogue/?q=人口基本信息", ("#main a:has-text('人口基本信息')",)),
    Shot("tree", "hr.clerk", "/catalogue/tree/"),
    Shot("map", "hr.clerk", "/catalogue/map/"),
    Shot("entry-form", "police.officer", "/catalogue/new/"),
    Shot("import", "police.officer", "/catalogue/import/", ("#main a:has-text('公安局目录.xlsx')",)),
    Shot("tables", "police.officer", "/datacentre/tables/"),
    Shot("table", "police.officer", "/datacentre/tables/?q=jzz", ("#main td a[href^='/datacentre/tables/']",)),
    Shot("questions", "hr.clerk", "/catalogue/questions/"),
    Shot("comparison", "data.reviewer", "/datacentre/comparison/"),
    Shot("review", "data.reviewer", "/catalogue/review/"),
    Shot("supervision", "data.reviewer", "/catalogue/supervision/"),
    Shot("supervised", "data.reviewer", "/catalogue/supervision/", ("#main td a[href^='/catalogue/supervision/']",)),
    Shot("turns", "data.reviewer", "/catalogue/supervision/reviews/"),
    Shot("census", "data.reviewer", "/catalogue/census/"),
    Shot("demands", "hr.clerk", "/catalogue/demands/"),
    Shot("demand-review", "data.reviewer", "/catalogue/demands/review/"),
    Shot("designations", "data.reviewer", "/catalogue/sources/designations/"),
    Shot("revisions", "police.officer", "/catalogue/revisions/"),
    Shot("assessments", "police.secrecy", "/catalogue/assessments/"),
    Shot("grading", "police.officer", "/catalogue/grading/"),
    Shot("leads", "data.reviewer", "/catalogue/leads/"),
    Shot("ailing", "data.reviewer", "/catalogue/health/entries/"),
    Shot("request-form", "market.officer", "/catalogue/?q=机动车登记信息", ("#main a:has-text('机动车登记信息')", _link("/sharing/new/"))),
    Shot("requests", "police.officer", "/sharing/"),
    Shot("request", "police.head", "/sharing/", ("#main a:has-text('机动车登记信息')",)),
    Shot("approve", "police.head", "/sharing/", ("#main a:has-text('机动车登记信息')", "approve/")),
    Shot("awaiting", "police.head", "/approve/"),
    Shot("disputes", "hr.clerk", "/sharing/disputes/"),
    Shot("dispute", "hr.clerk", "/sharing/disputes/", ("#main td a[href^='/sharing/disputes/']",)),
    Shot("templates", "police.officer", "/sharing/templates/"),
    Shot("service-desk", "hr.clerk", "/sharing/desk/"),
    Shot("agreements", "police.officer", "/agreements/"),
    Shot("agreement", "police.officer", "/agreements/", ("#main a:has-text('涉企案件信息核查共享协议')",)),
    Shot("grants", "police.head", "/grants/"),
    Shot("grant", "hr.engineer", "/grants/?q=人口基本信息&state=granted", ("#main td a[href^='/grants/']",)),
    Shot("ledgers", "hr.head", "/usage/ledger/"),
    Shot("ledger", "hr.head", "/usage/ledger/", ("#main td a[href^='/usage/ledger/']",)),
    Shot("disposals", "hr.head", "/usage/disposals/"),
    Shot("misuses", "police.head", "/usage/misuse/"),
    Shot("misuse", "police.head", "/usage/misuse/", ("#main td a[href^='/usage/misuse/']",)),
    Shot("trace", "data.reviewer", "/usage/trace/"),
    Shot("state-of-sharing", "data.reviewer", "/oversight/"),
    Shot("state-cases", "data.reviewer", "/oversight/cases/sharing_request/"),
    Shot("utilisation", "data.reviewer", "/usage/reports/utilisation/"),
    Shot("corrections", "police.officer", "/correction/"),
    Shot("as-usual", "hr.clerk", "/correction/desk/"),
    Shot("verification", "police.officer", "/correction/", ("#main td a[href^='/correction/']",)),
    Shot("findings", "data.reviewer", "/correction/findings/"),
    Shot("proofs", "", "/grants/proofs/"),
    Shot("console", "hr.engineer", "/services/console/", (_link("?grant="),), _called),
    Shot("sources", "market.officer", "/sources/"),
    Shot("source", "market.officer", "/sources/", ("#main a:has-text('市场主体库')",)),
    Shot("mount", "police.engineer", "/datacentre/", ("#main td a[href^='/datacentre/entries/']", _link("/mount/"))),
    Shot("runs", "hr.engineer", "/exchange/runs/"),
    Shot("run", "hr.engineer", "/exchange/runs/?q=population_daily", ("#main td a[href^='/exchange/runs/']",)),
    Shot("run-aside", "hr.engineer", "/exchange/runs/?q=qualified_population", ("#main td a[href^='/exchange/runs/']",)),
    Shot("run-folder", "hr.engineer", "/exchange/runs/?kind=files", ("#main td a[href^='/exchange/runs/']",)),
    Shot("batches", "hr.engineer", "/exchange/batches/"),
    Shot("tasks", "hr.engineer", "/exchange/tasks/"),
    Shot("task-new", "hr.engineer", "/exchange/tasks/new/"),
    Shot("figures", "hr.engineer", "/exchange/figures/"),
    Shot("submissions", "hr.engineer", "/exchange/submissions/"),
    Shot("submission", "hr.engineer", "/exchange/submissions/", ("#main td a[href^='/exchange/submissions/']",)),
    Shot("submit", "hr.engineer", "/exchange/submissions/new/"),
    Shot("backflows", "police.head", "/exchange/backflows/"),
    Shot("backflow", "police.head", "/exchange/backflows/", ("#main td a[href^='/exchange/backflows/']",)),
    Shot("backflow-need", "data.reviewer", "/exchange/backflows/?fold=needed", ("#main td a[href^='/exchange/backflows/']",)),
    Shot("ending-change", "police.head", "/grants/endings/", ("#main td a[href^='/grants/endings/']",)),
    Shot("stops", "data.reviewer", "/services/stops/"),
    Shot("off-platform", "police.head", "/exchange/off-platform/"),
    Shot("service", "hr.engineer", "/services/", ("#main td a[href^='/services/']",)),
    Shot("traffic", "police.head", "/services/traffic/?hours=1"),
    Shot("alerts", "police.head", "/services/alerts/"),
    Shot("nodes", "data.operator", "/sources/nodes/"),
    Shot("node", "data.operator", "/sources/nodes/", ("#main a:has-text('市场监管局前置机')",)),
    Shot("access", "data.operator", "/parties/access/legacy"),
    Shot("direct", "data.operator", "/parties/access/direct"),
    Shot("support", "data.operator", "/parties/access/support"),
    Shot("trainings", "data.operator", "/parties/access/trainings"),
    Shot("organisation", "data.operator", "/parties/"),
    Shot("department", "data.operator", "/parties/?q=公安局", ("#main a[href*='/parties/departments/']:has-text('公安局')",)),
    Shot("people", "data.operator", "/parties/people"),
    Shot("systems", "data.operator", "/parties/systems"),
    Shot("calendar", "hr.clerk", "/standards/calendar"),
    Shot("policy", "data.operator", "/standards/policy"),
    Shot("purposes", "data.operator", "/standards/purposes"),
    Shot("simulate", "police.officer", "/standards/simulate"),
    Shot("policy-edit", "data.reviewer", "/standards/policy-edit"),
    Shot("due", "police.officer", "/due/"),
    Shot("load", "police.head", "/load/"),
    Shot("deputies", "market.head", "/parties/me"),
    Shot("reminders", "police.officer", "/parties/me/reminders"),
    Shot("audit", "data.auditor", "/audit/"),
    Shot("operations", "admin.system", "/operations/"),
    Shot("inbox", "police.head", "/inbox/"),
)  # fmt: skip


def take(folder: Path, place: city.City, server: Server) -> int:
    """Write every page of `SHOTS` at every width as folder/name-width.png; returns how many files."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise Stopped(_("没有找到 Chromium，不能截图。"), _("请安装 Chromium 后重试。"))
    folder.mkdir(parents=True, exist_ok=True)
    caller = _caller(place, server)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        pages = {who: _signed_in(browser, who) for who in dict.fromkeys(shot.who for shot in SHOTS)}
        for shot in SHOTS:
            _picture(pages[shot.who], shot, caller, folder)
        browser.close()
    say(_("截图 {count} 张，写入 {folder}").format(count=len(SHOTS) * len(WIDTHS), folder=folder))
    return len(SHOTS) * len(WIDTHS)


def _caller(place: city.City, server: Server) -> Caller:
    """Give a business system of the consumer a new key, and choose a person whom its grant lets it see."""
    from jutong.slices.parties import actions, queries

    at, department, name = datetime.now(UTC), place.departments["hr"], "待遇资格认证终端"
    by = place.actor("hr.head", at)
    known = next((system for system in queries.systems(department_id=department) if system.name == name), None)
    if known:
        key = actions.rotate_key(known.id, by=by, at=at)
    else:
        key = actions.register_system(department_id=department, name=name, purpose="窗口核验", by=by, at=at)
    with psycopg.connect(server.url(SUPERUSER, databases.POLICE.database)) as police:
        person = police.execute("select id_number from population order by id_number limit 1 offset 1000").fetchone()
    return Caller(key.key_id, key.secret, person[0] if person else "")


def _signed_in(browser: Browser, who: str) -> Page:
    page = browser.new_page(base_url=f"http://{binds()['web']}", locale="zh-CN", timezone_id="Asia/Shanghai")
    if who:
        page.goto("/parties/sign-in")
        page.get_by_label("用户名").fill(who)
        page.get_by_label("口令").fill(city.PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_selector(".jt-bar")
    return page


def _picture(page: Page, shot: Shot, caller: Caller, folder: Path) -> None:
    page.set_viewport_size(_size(1440))
    page.goto(shot.path)
    for link in shot.links:
        beyond = link if link.endswith("/") else page.locator(link).first.get_attribute("href")
        page.goto(urljoin(page.url, beyond))
    if shot.then:
        shot.then(page, caller)
    for width in WIDTHS:
        page.set_viewport_size(_size(width))
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(400)  # charts settle after a change of width
        tall = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST[width])
        clip: Any = {"x": 0, "y": 0, "width": width, "height": tall}
        page.screenshot(path=folder / f"{shot.name}-{width}.png", full_page=True, clip=clip, animations="disabled")


def _size(width: int) -> Any:
    return {"width": width, "height": WIDTHS[width]}
