"""Submissions by Excel: a template with drop-downs, good rows in, bad rows back with reasons; and what went round the platform."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from batchworld import ITEMS, declared
from covers import covers
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.models import AuditEntry, PolicyAssignment
from jutong.slices.exchange import actions
from jutong.slices.exchange.models import OffPlatform, Submission
from sourceworld import granted, mounted, register
from world import World

NEW = "/exchange/submissions/new/"


def workbook(*rows: tuple[Any, ...], heads: tuple[str, ...] = tuple(item.name for item in ITEMS)) -> bytes:
    book = openpyxl.Workbook()
    for row in (heads, *rows):
        book.active.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def read(answer: Any) -> Any:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return openpyxl.load_workbook(io.BytesIO(body))


def excel(world: World) -> int:
    return declared(world, format_types=("xlsx",))


@covers(partly=["R-EXC-010", "R-EXC-017"])
def test_good_rows_of_a_workbook_go_in_and_bad_ones_come_back_with_their_reasons(world: World) -> None:
    resource_id, officer = excel(world), world.client("civil.officer")
    rows = (
        ("000001", "1", date(1990, 1, 1), 100.5),
        ("000002", "7", date(1991, 2, 3), 1),  # outside the code list
        ("000003", "2", "昨天", "很多"),  # no day, no number
        ("000004", "2", "1992-05-06", None),
    )
    file = SimpleUploadedFile("报送.xlsx", workbook(*rows))
    made = officer.post(NEW, {"resource_id": resource_id, "file": file})
    assert made.status_code == 303, made.content.decode()
    batch = Submission.objects.get()
    assert (batch.ok, batch.rows, batch.accepted, batch.refused) == (True, 4, 2, 2)
    assert "取回退回行" in officer.get(made["Location"]).content.decode()
    page = read(officer.post(f"{made['Location']}returned/")).worksheets[0]
    heads, *lines = page.iter_rows(values_only=True)
    assert heads == ("编号", "性别", "出生日期", "收入", "退回原因")
    assert [line[0] for line in lines] == ["000002", "000003"]
    assert "GB/T 2261.1" in lines[0][4]
    assert "“出生日期”应为日期" in lines[1][4]
    assert page["B2"].fill.fgColor.rgb == "FFFDE2E0"
    assert page["A2"].fill.fgColor.rgb != "FFFDE2E0"
    assert AuditEntry.objects.filter(verb="exchange.return_rows", outcome="success").count() == 1
    # put right, the same file goes in as it is
    page["B2"], page["C3"], page["D3"] = "2", "1993-07-08", "3"
    held = io.BytesIO()
    page.parent.save(held)
    again = officer.post(NEW, {"resource_id": resource_id, "file": SimpleUploadedFile("again.xlsx", held.getvalue())})
    assert again.status_code == 303
    assert Submission.objects.latest("id").accepted == 2


def test_the_values_that_came_back_are_for_their_own_department(world: World) -> None:
    resource_id = excel(world)
    source = io.BytesIO(workbook(("000001", "7", None, 1)))
    batch = actions.submit_batch(
        by=world.actor("civil.officer"), at=world.at, resource_id=resource_id, source=source, name="a.xlsx"
    )
    assert (batch.ok, batch.accepted) == (False, 0)  # none is left
    with pytest.raises(NotAllowed):
        actions.return_rows(batch.pk, by=world.actor("audit.auditor"), at=world.at, file=io.BytesIO())
    assert world.client("hr.officer").post(f"/exchange/submissions/{batch.pk}/returned/").status_code == 404


def test_the_template_lists_codes_and_keeps_leading_zeros(world: World) -> None:
    resource_id, officer = excel(world), world.client("civil.officer")
    assert "残疾人补贴信息" in officer.get(NEW).content.decode()
    book = read(officer.get(f"/exchange/submissions/template/?resource={resource_id}"))
    page, codes, guide = book.worksheets
    assert [cell.value for cell in page[1]] == ["编号", "性别", "出生日期", "收入"]
    lists = {str(rule.sqref): rule for rule in page.data_validations.dataValidation}
    assert [lists[f"{c}2:{c}1048576"].type for c in "AB"] == ["textLength", "list"]
    assert "代码" in lists["B2:B1048576"].formula1
    assert ([cell.value for cell in codes["B"]], codes.sheet_state) == (["1", "2", "9"], "hidden")
    assert page.column_dimensions["A"].number_format == "@"
    assert "1 男；2 女" in guide["C3"].value
    assert world.client("hr.officer").get(f"/exchange/submissions/template/?resource={resource_id}").status_code == 403
    assert officer.get("/exchange/submissions/template/?resource=x").status_code == 404
    assert "submissions.xlsx" in officer.get("/exchange/submissions/sheet/")["Content-Disposition"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ((), "没有数据行"),
        ((("511002199001011234", "1", None, 1),), ""),
        (((511002199001011234, "1", None, 1),), "精度"),
    ],
)
def test_an_empty_workbook_and_a_rounded_number_are_told(world: World, rows: tuple[Any, ...], sentence: str) -> None:
    items = (ITEMS[0].__class__(name="编号", column="code", type="C", length=18, key=True), *ITEMS[1:])
    resource_id = declared(world, format_types=("xlsx",), items=items)
    file = SimpleUploadedFile("a.xlsx", workbook(*rows))
    answer = world.client("civil.officer").post(NEW, {"resource_id": resource_id, "file": file}, follow=True)
    assert (sentence or "没有发现问题") in answer.content.decode()


def test_what_went_round_the_platform_is_recorded_listed_and_exported(world: World, probe: Any, civil_db: str) -> None:
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    PolicyAssignment.objects.create(
        region=world.region, profile="inner-mongolia-2018", effective_from=date(2018, 1, 1), assigned_at=world.at
    )
    officer, home = world.client("civil.officer"), "/exchange/off-platform/"
    assert "没有在平台外提供过数据" in officer.get(home).content.decode()
    form = officer.get(f"{home}new/").content.decode()
    assert "只能补登以往规则允许时期的提供" in form
    given = {"grant_id": grant.pk, "delivered_on": "2025-08-01", "reason": "网络中断，光盘交接"}
    refused = officer.post(f"{home}new/", given)
    assert (refused.status_code, "请通过平台办理" in refused.content.decode()) == (422, True)
    assert officer.post(f"{home}new/", {**given, "delivered_on": "2025-07-31"}).status_code == 303
    assert OffPlatform.objects.count() == 1
    assert "光盘交接" in world.client("hr.clerk").get(f"{home}?q=光盘").content.decode()
    assert "没有符合条件" in world.client("hr.clerk").get(f"{home}?q=别的").content.decode()
    assert "光盘" not in world.client("market.clerk").get(home).content.decode()
    lines = list(read(officer.get(f"{home}sheet/")).active.iter_rows(values_only=True))
    assert lines[1][5] == "网络中断，光盘交接"
    assert world.client("hr.clerk").post(f"{home}new/", {**given, "grant_id": ""}).status_code == 422


def test_workbooks_are_refused_where_the_entry_declares_other_files(world: World) -> None:
    resource_id = declared(world)
    with pytest.raises(RuleBroken, match="目录声明的文件格式"):
        actions.submit_batch(
            by=world.actor("civil.officer"), at=world.at, resource_id=resource_id,
            source=io.BytesIO(workbook(("000001", "1", None, 1))), name="a.xlsx",
        )  # fmt: skip
