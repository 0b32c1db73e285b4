"""One story of sharing by everybody who has a part in it: asked, consented, supplemented, extended, answered, used; refused and coordinated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chromium import browsing_here, site_here
from covers import covers
from jutong.dataplane.settings import Settings
from jutong.slices.catalogue.models import Entry
from jutong.slices.exchange.models import Run
from jutong.slices.sharing.models import Dispute, SharingRequest
from published import published
from runworld import carried, own  # noqa: F401 - fixtures
from sourceworld import civil_db, mounted, node, probe, register  # noqa: F401 - fixtures
from windows import People, drained, made
from world import World

pytestmark = [pytest.mark.slow(seconds=40), pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def asked_for(world: World, probe: Any, civil_db: str) -> list[Entry]:  # noqa: F811
    """A mounted entry of civil's and an entry of the police's, which hr needs both."""
    first = mounted(world, register(world, "civil", civil_db))
    second = published(world, "police", title="户籍登记信息")
    world.drain(datetime.now(UTC))
    return list(Entry.objects.filter(pk__in=[first, second]).order_by("pk"))


@pytest.fixture
def people(asked_for: list[Entry], world: World, tmp_path: Path) -> Iterator[People]:
    with browsing_here("the story of sharing was") as browser, site_here() as address:
        yield People(browser, address, world, tmp_path)


def said(page: Page, words: str) -> None:
    """Wait until the page says so."""
    expect(page.locator("#main")).to_contain_text(words)


def followed(page: Page, name: str | re.Pattern[str]) -> None:
    """Follow a link of the page."""
    page.locator("#main").get_by_role("link", name=name).first.click()


def asks(people: People, first: Entry, other: Entry) -> tuple[str, str]:
    """The clerk sees what is still missing, fills it in, and asks for both; each provider gets a case of its own."""
    page = people("hr.officer", f"/sharing/new/{first.pk}/")
    lacking = page.locator("#missing li:not(.jt-has)")
    before = lacking.count()
    people.look("hr.officer", "01-ask-empty")
    for item in ("公民身份号码", "姓名", "出生日期"):
        page.get_by_label(item, exact=True).check()
    page.get_by_label("按“公民身份号码”查询").check()
    page.get_by_label("所履行的职责").fill("城乡居民基本养老保险经办")
    page.get_by_label("使用依据").fill("《社会救助暂行办法》第十一条")
    page.get_by_label("使用场景").fill("办理养老保险代缴时核验低保身份")
    page.get_by_label("使用范围").fill("养老保险科经办人员使用")
    page.locator("[name=purposes][value=data_verification]").check()
    for mode in ("online_query", "batch_download"):
        page.locator(f"[name=modes][value={mode}]").check()
    page.get_by_label("处理个人信息的合法性基础").fill("为履行法定职责所必需（个人信息保护法第十三条）")
    page.locator("[name=others]").fill(other.code or "")
    page.locator("[name=declared]").check()
    expect(lacking).to_have_count(0)
    assert before > 5
    people.look("hr.officer", "02-ask-filled")
    page.get_by_role("button", name="保存为草稿").click()
    said(page, "已按资源分成 2 件草稿")
    people.look("hr.officer", "03-drafts")
    cases = SharingRequest.objects.order_by("resource_id")
    assert [case.provider_id for case in cases] == [first.provider_id, other.provider_id]
    return tuple(f"/sharing/requests/{case.pk}/" for case in cases)  # type: ignore[return-value]


def on_the_telephone(people: People, who: str, picture: str) -> Page:
    """Open what waits for a head's consent, as wide as a telephone."""
    page = people(who)
    page.set_viewport_size(PHONE)
    people(who, "/approve/")
    people.look(who, picture)
    page.set_viewport_size(PHONE)
    return page


def consents(people: People, *titles: str) -> None:
    """The consumer's head consents to each request where it waits, with one press."""
    page = on_the_telephone(people, "hr.head", "04-consent")
    for left, title in enumerate(reversed(titles)):
        page.get_by_role("button", name=re.compile(f"同意提出申请.*{title}")).click()
        expect(page.locator("article")).to_have_count(len(titles) - 1 - left)
    people.look("hr.head", "04-consented")


def decides(people: People, who: str, title: str, deed: str, picture: str) -> None:
    """The provider's head reads the drafted reply on the telephone, with a look at the rows, and decides."""
    page = on_the_telephone(people, who, f"{picture}-waits")
    page.get_by_role("link", name=re.compile(f"详情.*{title}")).click()
    followed(page, "请您决定")
    page.wait_for_url("**/approve/")
    if deed == "同意共享":
        page.get_by_role("button", name="预览使用方将看到的数据").click()
        expect(page.locator("#sample tbody tr")).to_have_count(5)
    people.look(who, picture)
    made(page, deed)
    said(page, "目前没有需要您决定的事项")
    people.look(who, f"{picture}-decided")


def is_answered(people: People, url: str) -> None:
    """Papers are asked for once, more time is granted, the reply is drafted with a look at what the consumer would get."""
    officer, clerk = people("civil.officer", "/"), people("hr.officer")
    people.look("civil.officer", "05-workbench")
    followed(officer, "城乡低保对象信息")
    made(officer, "一次性告知补正", papers="部门职责文件\n工作方案", days="5")
    people.look("civil.officer", "05-supplement-asked")
    people("hr.officer", url)
    said(clerk, "工作方案")
    people.look("hr.officer", "06-supplement-wanted")
    form = clerk.locator("details").filter(has=clerk.locator("summary", has_text=re.compile("^提交补正材料$")))
    form.locator("summary").click()
    form.locator("[name=text]").fill("职责文件和工作方案见附件")
    form.locator("[type=file]").set_input_files(
        [{"name": "职责文件.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n"}]
    )
    form.get_by_role("button", name="确认提交补正材料").click()
    said(clerk, "职责文件.pdf")
    people("civil.officer", url)
    expect(officer.locator("summary", has_text="一次性告知补正")).to_have_count(0)  # once is once
    made(officer, "申请延期", days="5", reason="需与省厅核对数据口径")
    reviewer = people("authority.reviewer", url)
    people.look("authority.reviewer", "07-extension-asked")
    made(reviewer, "同意延期")
    said(reviewer, "已延期")
    people("civil.officer", url)
    people.look("civil.officer", "08-extended")
    followed(officer, "拟定答复")
    officer.locator("summary", has_text="只提供符合条件的行").click()
    officer.locator("[name='condition-0-item']").select_option("户籍行政区划")
    officer.locator("[name='condition-0-operator']").select_option("prefix")
    officer.locator("[name='condition-0-values']").fill("5110")
    officer.get_by_label("“姓名”的脱敏方式").select_option("name")
    officer.get_by_role("button", name="预览使用方将看到的数据").click()
    expect(officer.locator("#sample tbody tr")).to_have_count(5)
    expect(officer.locator("#sample tbody")).to_contain_text("张*")
    people.look("civil.officer", "09-reply-preview")
    officer.get_by_role("button", name="拟定答复，送负责人同意").click()
    said(officer, "待提供方负责人同意")
    people.look("civil.officer", "10-reply-drafted")


def uses(people: People, world: World, own: Settings, url: str) -> None:  # noqa: F811
    """The grant is there by itself; a batch file is ordered, both ends agree, the receipts are signed, it can be fetched."""
    drained(world)
    clerk = people("hr.officer", url)
    said(clerk, "已开通")
    people.look("hr.officer", "12-granted")
    followed(clerk, "查看授权")
    people.look("hr.officer", "13-grant")
    followed(clerk, re.compile("批量下载"))
    people.look("hr.officer", "14-order")
    clerk.get_by_role("button", name="发起").click()
    clerk.wait_for_url("**/exchange/runs/*/")
    run = carried(Run.objects.get(), own)
    assert (run.state, run.rows_done) == ("released", 25), run.message
    clerk.reload()
    said(clerk, "已会签")
    people.look("hr.officer", "15-receipts")
    clerk.get_by_role("button", name="取得下载凭据").click()
    expect(clerk.get_by_role("button", name="下载文件")).to_be_visible()


def is_refused_and_coordinated(people: People, world: World, url: str) -> None:
    """A refusal is disputed: negotiated without result, coordinated by the authority, whose decision is a grant."""
    officer = people("police.officer", url)
    followed(officer, "拟定答复")
    officer.locator("[name=decision][value=refuse]").check()
    officer.locator("[name=reason]").fill("该事项与贵局职责无关")
    officer.get_by_role("button", name="拟定答复，送负责人同意").click()
    said(officer, "待提供方负责人同意")
    decides(people, "police.head", "户籍登记信息", "不同意共享", "16-refusal")
    clerk = people("hr.officer", url)
    people.look("hr.officer", "17-refused")
    followed(clerk, "提出共享争议")
    clerk.get_by_label("争议事项和意见").fill("该数据为办理代缴所必需，依法应当共享")
    people.look("hr.officer", "18-dispute-new")
    clerk.get_by_role("button", name="提出").click()
    said(clerk, "协商中")
    case = Dispute.objects.get()
    page = f"/sharing/disputes/{case.pk}/"
    people("police.officer", page)
    made(officer, "陈述意见", text="户籍信息涉及个人隐私，不宜整体提供")
    people.look("police.officer", "19-negotiation")
    made(officer, "宣告协商不成", reason="协商两次，双方意见不一致")
    people("hr.officer", page)
    made(clerk, "申请协调")
    said(clerk, "协调中")
    reviewer = people("authority.reviewer", page)
    people.look("authority.reviewer", "20-coordination")
    made(reviewer, "登记协调记录", sort="minutes", text="会商一次，确认职责所需")
    made(reviewer, "作出协调决定", result="share", text="属履职所需，按申请内容提供")
    said(reviewer, "已协调决定")
    people.look("authority.reviewer", "21-decided")
    drained(world)
    people("hr.officer", page)
    followed(clerk, re.compile("G-"))
    said(clerk, "户籍登记信息")
    people.look("hr.officer", "22-grant-of-the-decision")


@covers(partly=["R-SHR-002", "R-SHR-036", "R-SHR-041", "R-SHR-042", "R-SHR-044", "R-SHR-013", "R-SHR-014"])
def test_everybody_does_their_part_from_the_request_to_the_receipt_and_from_the_refusal_to_the_decision(
    people: People,
    asked_for: list[Entry],
    world: World,
    own: Settings,  # noqa: F811
) -> None:
    first, second = asks(people, *asked_for)
    consents(people, *(entry.title for entry in asked_for))
    for url in (first, second):
        made(people("hr.officer", url), "提交申请")
    is_answered(people, first)
    decides(people, "civil.head", asked_for[0].title, "同意共享", "11-agree")
    uses(people, world, own, first)
    is_refused_and_coordinated(people, world, second)
    assert people.complaints == []
