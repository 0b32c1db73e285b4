"""From a table to publication in a real browser, and then: found, understood, asked about and followed by another department."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser

from chromium import browsing_here, site_here
from jutong.slices.catalogue.models import Entry
from jutong.slices.datacentre import queries as mounts
from sourceworld import civil_db, node, probe, register  # noqa: F401 - fixtures
from windows import People, drained
from world import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

WELFARE = """
create table t_dbdx (sfzh varchar(18) primary key, xm varchar(50), lxdh varchar(20), hjdz varchar(200), csrq date,
                     bzje numeric(12,2), gxsj timestamp);
comment on table t_dbdx is '城乡低保对象表';
insert into t_dbdx
select '511002' || to_char(date '1950-01-01' + i * 90, 'YYYYMMDD') || lpad(i::text, 4, '0'), '张小' || substr('明红', 1 + i % 2, 1),
       '138' || lpad((i * 7919)::text, 8, '0'), '内江市市中区人民路' || i || '号', date '1950-01-01' + i * 90, 300 + i * 1.5,
       timestamp '2026-02-01' from generate_series(1, 120) i;
"""
CHOICES = {"更新周期": "daily", "数据分级": "general", "开放属性": "withheld"}


@pytest.fixture
def city(world: World, probe: Any, civil_db: str) -> None:  # noqa: F811 - fixtures
    """The civil affairs bureau's database, registered by its engineer."""
    with psycopg.connect(civil_db) as connection:
        connection.execute(WELFARE)
    register(world, "civil", civil_db, title="民政业务库")


@pytest.fixture
def chromium(city: None) -> Iterator[Browser]:
    """A browser, started when the city stands: its event loop and the probe's cannot share a thread."""
    with browsing_here("compiling from a table was") as browser:
        yield browser


@pytest.fixture
def address(world: World) -> Iterator[str]:
    with site_here() as url:
        yield url


@pytest.fixture
def people(chromium: Browser, address: str, world: World, tmp_path: Path) -> People:
    return People(chromium, address, world, tmp_path)


def compiled(people: People, world: World) -> int:
    """The data officer finds the table, reads it, corrects the proposal and makes the draft; returns its id."""
    officer = people("civil.officer", "/datacentre/tables/")
    officer.get_by_role("button", name="盘点数据源").click()
    officer.get_by_label("public.t_dbdx").check()
    officer.get_by_role("button", name="读取所选表").click()
    drained(world)
    people("civil.officer", "/datacentre/tables/")
    people.look("civil.officer", "tables")
    officer.get_by_role("link", name="public.t_dbdx").click()
    people.look("civil.officer", "table")
    officer.get_by_label("列 bzje 的信息项名称").fill("保障金额")
    officer.get_by_role("button", name="生成目录草稿").click()
    officer.wait_for_url(re.compile(r"/catalogue/\d+/$"))
    people.look("civil.officer", "draft")
    return Entry.objects.get().pk


def completed(people: People, pk: int) -> None:
    """The data officer fills in what no table can say; live checks tell when nothing is lacking."""
    officer = people("civil.officer", f"/catalogue/{pk}/edit/")
    officer.get_by_label("信息资源摘要", exact=False).fill("全市城乡低保对象的基本情况。")
    officer.get_by_label("已核对并确认共享类型").check()
    officer.get_by_label("数据分类", exact=True).fill("公共管理数据")
    officer.locator("[name=own_handling_rule]").fill("姓名脱敏；依据《个人信息保护法》第十三条")
    for label, value in CHOICES.items():
        officer.get_by_label(label, exact=True).first.select_option(value)
    officer.wait_for_selector("#checks:has-text('可以提交')")
    officer.get_by_role("button", name="保存", exact=True).click()
    officer.wait_for_url(re.compile(r"/catalogue/\d+/$"))


def published(people: People, world: World, pk: int) -> None:
    """Assessment, approval, submission, review and publication, each by its person."""
    secrecy = people("civil.secrecy", f"/catalogue/{pk}/do/assess/")
    secrecy.get_by_label("不涉及").check()
    secrecy.get_by_label("保密风险评估结论", exact=False).fill("不涉密")
    secrecy.get_by_label("个人信息保护影响评估结论").fill("影响可控")
    for question in secrecy.locator("select[name^=answer_]").all():
        question.select_option("yes")
    secrecy.get_by_role("button", name="确认登记评估").click()
    for who, verb in (("civil.leader", "leader_approve"), ("civil.officer", "submit")):
        people(who, f"/catalogue/{pk}/do/{verb}/").locator("form.jt-form button[type=submit]").click()
    for button in ("批量审核通过", "批量发布"):
        reviewer = people("authority.reviewer", "/catalogue/review/")
        reviewer.get_by_label("城乡低保对象", exact=True).check()
        reviewer.get_by_role("button", name=button).click()
    drained(world)


def found_and_followed(people: People, pk: int) -> None:
    """A clerk of another department searches, understands, asks, and subscribes to the search."""
    clerk = people("hr.clerk", "/catalogue/?q=低保")
    clerk.locator("summary", has_text="保存并订阅").click()
    clerk.locator(".jt-confirm-box").get_by_role("button", name="保存").click()
    assert clerk.get_by_text("检索已保存。").is_visible()
    people("hr.clerk", "/catalogue/?q=低保")
    clerk.get_by_role("link", name="城乡低保对象", exact=True).click()
    assert clerk.get_by_text("已挂接", exact=True).is_visible()
    shown = clerk.locator("main").inner_text()
    assert "138****" in shown
    assert "t_dbdx" not in shown
    people.look("hr.clerk", "entry")
    clerk.get_by_role("link", name="提问或评议").click()
    clerk.get_by_label("内容", exact=False).last.fill("保障金额按月还是按年？")
    people.look("hr.clerk", "ask")
    clerk.get_by_role("button", name="提出").click()
    officer = people("civil.officer", "/catalogue/questions/?fold=waiting")
    officer.get_by_role("link", name="保障金额按月还是按年？").click()
    officer.get_by_label("答复内容").fill("按月。")
    people.look("civil.officer", "question")
    officer.get_by_role("button", name="答复", exact=True).click()
    people("hr.clerk", f"/catalogue/{pk}/")
    assert clerk.get_by_text("按月。").is_visible()


def test_a_table_becomes_a_published_entry_that_others_find_understand_and_follow(people: People, world: World) -> None:
    pk = compiled(people, world)
    completed(people, pk)
    published(people, world, pk)
    mount = mounts.mount_of(pk)
    assert mount is not None
    assert mount.table == "t_dbdx"
    found_and_followed(people, pk)
    for who, name in (("hr.clerk", "/catalogue/questions/"), ("authority.reviewer", "/datacentre/comparison/"),
                      ("authority.reviewer", "/datacentre/missing/"), ("authority.reviewer", "/datacentre/comparison/tables/")):  # fmt: skip
        people(who, name)
        people.look(who, name.strip("/").replace("/", "-"))
    assert people.complaints == []
