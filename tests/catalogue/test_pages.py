"""The catalogue's pages as people use them: search, write, decide in sets, import."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from covers import covers
from jutong.kernel import clock
from jutong.kernel.models import InboxItem
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.models import Entry, ImportRun
from published import ANSWERED, ASSESSED, content, entry_form, published
from world import World


@covers("R-CAT-043")
def test_search_finds_the_published_and_says_how_to_obtain_them(world: World) -> None:
    for title in ("户籍人口信息", "户籍迁移记录", "户籍证明"):
        published(world, "police", title=title)
    actions.compile_entry(
        by=world.actor("police.officer"),
        at=world.at,
        provider_id=world.department("police"),
        content=content("户籍草稿"),
    )
    client = world.client("market.clerk")
    page = client.get("/catalogue/", {"q": "户籍"}).content.decode()
    assert page.count('jt-sub">3070010001/') == 3
    assert "户籍草稿" not in page
    assert "内江市公安局" in page
    assert "提交共享申请后由提供部门答复" in page
    narrowed = client.get("/catalogue/", {"q": "户籍", "share_type": "unconditional"}).content.decode()
    assert "没有找到相符的目录" in narrowed
    assert client.get("/catalogue/", {"q": "户籍", "page": "99", "region": "x" * 300}).status_code == 200
    assert "没有可以检索的文字" in client.get("/catalogue/", {"q": "！！"}).content.decode()


def test_the_page_of_an_entry_asks_the_database_a_fixed_number_of_times(
    world: World, django_assert_max_num_queries: Any
) -> None:
    pk = published(world)
    world.drain()
    for who, most in (("market.clerk", 17), ("civil.officer", 16)):
        client = world.client(who)
        client.get(f"/catalogue/{pk}/")
        with django_assert_max_num_queries(most):
            client.get(f"/catalogue/{pk}/")


def test_an_entry_is_written_in_the_form_and_its_refusals_stand_beside_the_fields(world: World) -> None:
    client = world.client("civil.officer")
    assert client.get("/catalogue/new/").status_code == 200
    refused = client.post("/catalogue/new/", entry_form(title=""))
    assert refused.status_code == 422
    assert "请填写“信息资源名称”" in refused.content.decode()
    answer = client.post("/catalogue/new/", entry_form())
    assert answer.status_code == 303, answer.content.decode()[-2000:]
    entry = Entry.objects.get()
    assert entry.working.items.get().detail["length"] == 50
    shown = client.get(f"/catalogue/{entry.pk}/edit/").content.decode()
    assert 'value="姓名"' in shown
    stale = client.post(f"/catalogue/{entry.pk}/edit/", entry_form(version="1", abstract="改过"))
    assert stale.status_code == 303
    conflict = client.post(f"/catalogue/{entry.pk}/edit/", entry_form(version="1", abstract="又改"))
    assert conflict.status_code == 409
    assert "第 2 版" in conflict.content.decode()
    assert "摘要" in client.get(f"/catalogue/{entry.pk}/versions/").content.decode()
    assert client.post("/catalogue/new/", entry_form()).status_code == 409
    assert world.client("market.officer").get(f"/catalogue/{entry.pk}/edit/").status_code == 404


def test_live_checks_name_what_is_missing_and_store_nothing(world: World) -> None:
    client = world.client("civil.officer")
    answer = client.post("/catalogue/check/", entry_form(security_level=""), headers={"HX-Request": "true"})
    assert "数据分级为必填项" in answer.content.decode()
    assert "可以提交" in client.post("/catalogue/check/", entry_form()).content.decode()
    assert not Entry.objects.exists()
    assert 'name="items-7-name"' in client.get("/catalogue/row/", {"n": "7"}).content.decode()


def test_every_move_has_its_form_and_the_authority_decides_in_sets(world: World) -> None:
    entry = actions.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), content=content()
    )
    base = f"/catalogue/{entry.pk}/do"
    secrecy = world.client("civil.secrecy")
    assert secrecy.get(f"{base}/assess/").status_code == 200
    given = {"secret": "no", "secrecy": ASSESSED["secrecy"], "personal_information": "可控", **ANSWERED}
    assert secrecy.post(f"{base}/assess/", given).status_code == 303
    assert world.client("civil.leader").post(f"{base}/leader_approve/", {}).status_code == 303
    assert world.client("civil.officer").post(f"{base}/submit/", {}).status_code == 303
    reviewer = world.client("authority.reviewer")
    queue = reviewer.get("/catalogue/review/").content.decode()
    assert "城乡低保对象信息" in queue
    assert reviewer.post("/catalogue/review/", {"verb": "review"}).status_code == 422
    passed = reviewer.post("/catalogue/review/", {"verb": "review", "ids": [str(entry.pk)]}, follow=True)
    assert "已办理 1 条" in passed.content.decode()
    done = reviewer.post("/catalogue/review/", {"verb": "publish", "ids": [str(entry.pk), "99999"]}, follow=True)
    assert "通告编号" in done.content.decode()
    world.drain(clock.now())
    link = InboxItem.objects.get(department_id=world.department("hr")).link
    assert "城乡低保对象信息" in world.client("hr.clerk").get(link).content.decode()
    assert reviewer.get("/catalogue/notices/99999/").status_code == 404
    seen = world.client("market.clerk").get(f"/catalogue/{entry.pk}/")
    assert "公民身份号码" in seen.content.decode()
    machine = world.client("market.clerk").get(f"/catalogue/{entry.pk}/machine/").json()
    assert (machine["code"], len(machine["items"])) == ("3070010001/000001", 5)
    assert reviewer.post(f"{base}/nothing/", {}).status_code == 404
    assert world.client("market.officer").post(f"{base}/revise/", {"note": "改"}).status_code == 403
    returned = reviewer.post(f"{base}/return_entry/", {"reason": "晚了"})
    assert returned.status_code == 409


def workbook(rows: list[list[Any]]) -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cell in (cell for line in book.active.iter_rows() for cell in line if str(cell.value).startswith("=")):
        cell.data_type = "s"
    file = io.BytesIO()
    book.save(file)
    return SimpleUploadedFile("目录.xlsx", file.getvalue())


def test_a_table_is_uploaded_mapped_imported_and_its_bad_rows_come_back(world: World) -> None:
    client = world.client("civil.officer")
    rows = [
        ["资源名称", "摘要", "更新周期", "开放属性", "数据量"],
        ["低保家庭名单", "名单", "每月", "有条件开放", 12],
        ["临时救助记录", "=cmd|' /C calc'!A0", "常常", "无条件开放", "12条"],
        ["低保家庭名单。", "重复", "每年", "", ""],
    ]
    answer = client.post("/catalogue/import/", {"file": workbook(rows)})
    assert answer.status_code == 303
    run = ImportRun.objects.get()
    shown = client.get(answer.url).content.decode()
    assert "核对字段对应" in shown
    mapping = {f"map_{name}": header for name, header in run.mapping.items()}
    assert mapping["map_title"] == "资源名称"
    started = client.post(answer.url, mapping)
    assert started.status_code == 303
    assert "排队中" in client.get(answer.url).content.decode()
    assert client.post(answer.url, mapping).status_code == 409
    world.drain()
    result = client.get(answer.url).content.decode()
    assert "共 3 条：新增 1" in result
    assert world.client("market.officer").get(answer.url).status_code == 404
    file = b"".join(client.get(f"{answer.url}returned/").streaming_content)
    sheet = openpyxl.load_workbook(io.BytesIO(file)).active
    lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert lines[0] == [*rows[0], "原文件行号", "原因与处理办法"]
    assert lines[1][1] == "'=cmd|' /C calc'!A0"
    assert lines[1][5] == 3
    assert "更新周期“常常”不在可选范围内" in lines[1][6]
    assert "去掉单位" in lines[1][6]
    assert "与第 2 行重复" in lines[2][6]
    assert sheet["C2"].comment is not None
    assert sheet["C2"].fill.fgColor.rgb == "FFFDE2E0"


@pytest.mark.parametrize("kind", ["own", "guide", "two-sheet"])
def test_what_is_exported_can_be_imported_again_unchanged(world: World, kind: str) -> None:
    client = world.client("civil.officer")
    entry = actions.compile_entry(
        by=world.actor("civil.officer"),
        at=world.at,
        provider_id=world.department("civil"),
        content=content("+城乡低保对象信息", keywords=("低保", "救助"), released_on=date(2026, 1, 5)),
    )
    file = b"".join(client.get(f"/catalogue/export/{kind}/").streaming_content)
    answer = client.post("/catalogue/import/", {"file": SimpleUploadedFile("导出.xlsx", file)})
    run = ImportRun.objects.get()
    assert run.kind == {"guide": "guide"}.get(kind, "two_sheet")
    client.post(answer.url, {})
    world.drain()
    run.refresh_from_db()
    assert (run.unchanged, run.accepted, run.updated, run.refused) == (1, 0, 0, 0), (run.reasons, run.plan)
    entry.refresh_from_db()
    assert entry.version == 1
    again = entry.working.items.order_by("position")
    assert [item.name for item in again] == [item.name for item in content().items]
    assert client.get("/catalogue/export/nothing/").status_code == 404


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("a.xlsx", b"PK\x03\x04broken", 422),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"0" * 600, 422),
        ("a.pdf", b"%PDF-1.7 " + b"0" * 100, 422),
        ("a.json", b"[" * 5000, 422),
        ("a.json", b'{"a": ', 422),
        ("a.csv", b"\xff\xfe\xff\xff\xff", 422),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_the_form(world: World, name: str, data: bytes, status: int) -> None:
    answer = world.client("civil.officer").post("/catalogue/import/", {"file": SimpleUploadedFile(name, data)})
    assert answer.status_code == status
    assert not ImportRun.objects.exists()


def test_only_the_operator_imports_a_whole_region(world: World) -> None:
    rows = [["资源名称", "提供单位"], ["甲资源", "内江市某局"]]
    refused = world.client("civil.officer").post("/catalogue/import/", {"file": workbook(rows), "region": "511000"})
    assert refused.status_code == 403
    operator = world.client("authority.operator")
    answer = operator.post("/catalogue/import/", {"file": workbook(rows), "region": "511000"})
    run = ImportRun.objects.get()
    operator.post(answer.url, {f"map_{name}": header for name, header in run.mapping.items()})
    world.drain()
    entry = Entry.objects.get()
    assert (entry.provider_name, entry.state) == ("内江市某局", "draft")
    assert world.client("market.clerk").get("/catalogue/import/").status_code == 200
    assert world.client("market.clerk").post("/catalogue/import/", {"file": workbook(rows)}).status_code == 403
