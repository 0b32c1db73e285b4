"""A citizen objects to their data: raised, marked in public, decided, told – followed by number and code alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from chromium import browsing_here, site_here
from correction_world import ID_NUMBER, OPENED, citizen, entered, rules
from jutong.slices.catalogue.models import Entry
from jutong.slices.correction.models import Objection
from windows import People, made
from world import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def people(world: World, tmp_path: Path) -> Iterator[People]:
    with browsing_here("the citizen's objection was") as browser, site_here() as address:
        yield People(browser, address, world, tmp_path)


def followed(public: Page, number: str, code: str) -> str:
    """Follow the case as the citizen does and return what the page says."""
    public.get_by_label("受理编号").fill(number)
    public.get_by_label("查询码").fill(code)
    public.get_by_role("button", name="查询", exact=True).click()
    return public.inner_text("main")


def test_an_objection_is_raised_marked_decided_and_told_without_an_account(people: People, world: World) -> None:
    rules("neijiang-2020")
    resource = entered(world, **OPENED)
    citizen(world)
    public = people.stranger("/correction/public/raise/objection/")
    public.get_by_label("信息资源代码").fill(Entry.objects.get(pk=resource).code or "")
    public.get_by_label("异议理由").select_option("error")
    public.get_by_label("情况说明").fill("本人婚姻状况登记为已婚，实际已于去年离婚。")
    public.get_by_label("证据材料").fill("离婚证复印件，民政部门出具")
    public.get_by_label("附件").set_input_files(
        [{"name": "离婚证.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n"}]
    )
    public.get_by_label("姓名或名称").fill("李小芳")
    public.locator("[name=applicant_number]").fill(ID_NUMBER)
    public.get_by_role("button", name="提交事项").click()
    number, code = re.findall(r"[A-Z]{2}-\d{4}-\d{6}|[A-Z0-9]{4}(?:-[A-Z0-9]{4}){2}", public.inner_text("main"))
    people.look("", "raised")

    case = Objection.objects.get()
    reviewer = people("authority.reviewer", f"/correction/objection/{case.pk}/")
    assert reviewer.get_by_role("link", name="离婚证.pdf").is_visible()
    made(reviewer, "作出异议标注")
    public = people.stranger(f"/correction/public/catalogue/{resource}/")
    assert "存在异议" in public.inner_text("main")
    people.look("", "marked")
    made(reviewer, "本部门处理")
    made(reviewer, "作出决定", decision="not_correct", reason="与离婚登记档案核对，登记无误")
    made(reviewer, "告知异议提出人")
    public = people.stranger(f"/correction/public/catalogue/{resource}/")
    assert "存在异议" not in public.inner_text("main")
    told = followed(people.stranger("/correction/public/follow/"), number, code)
    assert "登记无误" in told
    people.look("authority.reviewer", "decided")
    assert people.complaints == []
