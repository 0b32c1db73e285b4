"""Compiling by form as a tired clerk does it: nothing typed is lost, and every remark leads to the field it is about."""

from __future__ import annotations

import re
from typing import Any

import openpyxl
import pytest

from jutong.kernel.actors import system_actor
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.formats.understanding import UNKNOWN_MODE
from jutong.slices.catalogue.models import Entry
from published import content, entry_form, handed_in
from world import World


def checked(world: World, **changes: Any) -> str:
    """What the live check says of a form."""
    answer = world.client("civil.officer").post("/catalogue/check/", entry_form(**changes))
    return answer.content.decode()


def test_a_live_check_calls_nothing_ready_while_an_item_is_refused(world: World) -> None:
    wrong = checked(world, **{"items-0-length": "70000"})
    assert '<a href="#id_items-0-length">信息项第 1 行：“数据长度”不能大于 65535，请改小。</a>' in wrong
    assert "可以提交" not in wrong
    assert '<a href="#id_security_level">数据分级为必填项' in checked(world, security_level="")
    unconfirmed = checked(world, share_confirmed="")
    assert '<a href="#id_share_type">共享类型尚未确认' in unconfirmed
    assert "共享类型为必填项" not in unconfirmed


def test_items_that_are_refused_are_listed_above_the_form_with_their_rows(world: World) -> None:
    page = world.client("civil.officer").post("/catalogue/new/", entry_form(**{"items-0-length": "很长"}))
    assert page.status_code == 422
    assert "信息项有 1 处需要修改" in page.content.decode()
    assert 'href="#id_items-0-length"' in page.content.decode()


def test_no_field_of_the_form_lets_the_browser_cut_or_drop_what_is_pasted(world: World) -> None:
    page = world.client("civil.officer").get("/catalogue/new/").content.decode()
    own = page[page.index('id="kept"') :]
    assert "maxlength" not in own
    assert 'type="number"' not in own
    refused = world.client("civil.officer").post("/catalogue/new/", entry_form(title="长" * 300))
    assert "最多" in refused.content.decode()
    assert not Entry.objects.exists()


def test_more_rows_of_items_come_at_once_and_never_more_than_an_entry_holds(world: World) -> None:
    client = world.client("civil.officer")
    rows = client.get("/catalogue/row/", {"n": "3", "more": "40"}).content.decode()
    assert rows.count("<tr>") == 40
    assert 'name="items-42-name"' in rows
    assert re.search(r'id="id_items-TOTAL_FORMS"[^>]*', rows)
    assert client.get("/catalogue/row/", {"n": "2000"}).status_code == 422


def test_an_entry_of_many_items_can_be_saved_by_form(world: World) -> None:
    items = {f"items-{n}-{part}": value for n in range(600) for part, value in {
        "name": f"项{n}", "column": f"c{n}", "type": "C", "length": "50", "share_type": "", "security_level": "",
        "source": "", "key": "on", "sensitive": "on",
    }.items()}  # fmt: skip
    answer = world.client("civil.officer").post("/catalogue/new/", entry_form(**items, **{"items-TOTAL_FORMS": "600"}))
    assert answer.status_code == 303
    assert Entry.objects.get().working.items.count() == 600


def test_a_return_stands_beside_the_fields_it_is_about_until_the_entry_is_reviewed_again(world: World) -> None:
    [pk] = handed_in(world, "低保对象")
    officer, reviewer = world.client("civil.officer"), world.actor("authority.reviewer")
    asked = world.client("authority.reviewer").get(f"/catalogue/{pk}/do/return_entry/").content.decode()
    assert f'id="id_remark_items_helptext">{"、".join(item.name for item in content().items)}<' in asked
    assert "remark_withheld_reason" not in asked
    remarks = {"abstract": "写明统计口径", "items": "缺主键"}
    actions.return_entry(pk, by=reviewer, at=world.at, reason="两处要改", remarks=remarks)
    entry = officer.get(f"/catalogue/{pk}/").content.decode()
    assert "：两处要改" in entry
    assert f'<a href="/catalogue/{pk}/edit/#id_abstract">信息资源摘要</a>：写明统计口径' in entry
    assert f'href="/catalogue/{pk}/edit/#items"' in entry
    form = officer.get(f"/catalogue/{pk}/edit/").content.decode()
    beside = form[form.index('id="id_abstract_helptext"') :][:200]
    assert "退回意见：写明统计口径" in beside
    assert '<a href="#items">信息项</a>：缺主键' in form
    actions.edit_entry(
        pk, by=world.actor("civil.officer"), at=world.at, content=content("低保对象", abstract="按户统计")
    )
    assert "退回意见：写明统计口径" in officer.get(f"/catalogue/{pk}/edit/").content.decode()
    assert "由提供部门保密审查员或共享工作机构办理“登记评估”" in officer.get(f"/catalogue/{pk}/").content.decode()
    assert "两处要改" not in world.client("market.clerk").get(f"/catalogue/{pk}/").content.decode()


def test_whoever_was_signed_out_while_typing_comes_back_to_the_page_he_was_on(world: World, client: Any) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/catalogue/new/?title=%E7%94%B2"}
    answer = client.post("/catalogue/check/", {}, headers=headers)
    assert answer.status_code == 401
    assert answer["HX-Redirect"].endswith("?next=%2Fcatalogue%2Fnew%2F")


@pytest.mark.parametrize(("stated", "mode"), [("接口", ("platform", "interface")), ("微信", None)])
def test_one_column_for_the_manner_of_sharing_takes_class_or_type(
    world: World, tmp_path: Any, stated: str, mode: tuple[str, str] | None
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["数据资源目录名称", "目录提供方", "共享方式"])
    book.active.append(["养老机构", "内江市民政局", stated])
    book.create_sheet("信息项").append(["数据资源目录名称", "信息项业务名称"])
    book.save(tmp_path / "表.xlsx")
    run = actions.import_file(tmp_path / "表.xlsx", region="511000", by=system_actor("test"), at=world.at)
    if mode:
        found = Entry.objects.get().working.content
        assert (found["share_mode_class"], found["share_mode"]) == mode
    else:
        assert run.reasons == [[UNKNOWN_MODE % {"value": "微信"}, 1]]
