"""The census of information resources: opened by the authority, declared by departments, beside the one before."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from covers import covers
from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import InboxItem, PolicyAssignment
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Census, CensusGap, CensusLine, Declaration
from jutong.slices.catalogue.rules.census import QUANTITIES, read_quantity
from published import published
from world import World


@pytest.fixture
def world(world: World) -> World:
    """The city, under the text that knows a census."""
    PolicyAssignment.objects.create(
        region=world.region, profile="inner-mongolia-2018", effective_from=date(2010, 1, 1), assigned_at=world.at
    )
    return world


def opened(world: World, *, days: int = 10, later: int = 0, **changes: Any) -> Census:
    at = world.at + timedelta(days=later)
    given: dict[str, Any] = {
        "region": world.region, "title": "2026 年信息资源普查", "document": "数字办〔2026〕1号",
        "counted_on": beijing_day(at), "due_on": beijing_day(at) + timedelta(days=days),
    }  # fmt: skip
    case = actions.open_census(by=world.actor("authority.reviewer"), at=at, **{**given, **changes})
    world.drain(at)
    return case


def of(world: World, case: Census, department: str = "civil") -> Declaration:
    return Declaration.objects.get(census=case, department=world.department(department))


def entry(world: World, **changes: Any) -> int:
    return published(world, share_type="unconditional", **changes)


@covers("R-CAT-041")
def test_a_declared_resource_that_the_catalogue_lacks_becomes_a_task_and_silent_departments_are_listed(
    world: World,
) -> None:
    entry(world, records=125_000)
    case = opened(world)
    civil, officer = of(world, case), world.actor("civil.officer")
    told = InboxItem.objects.get(title__startswith="请填报信息资源普查", department_id=world.department("civil"))
    assert told.link == f"/catalogue/census/declarations/{civil.pk}/"
    line = civil.resources.get()
    assert (line.kind, line.stored_records, line.shared_records) == ("proposed", Decimal("12.5"), 0)
    gap = actions.declare_missing(civil, by=officer, at=world.at, title="殡葬服务机构", cells={"stored_records": "0.2"})
    assert (gap.state, gap.department_id, gap.title) == ("open", world.department("civil"), "殡葬服务机构")
    with pytest.raises(RuleBroken, match="还有 1 条"):
        actions.declare(civil, by=officer, at=world.at)
    actions.confirm_lines(civil, by=officer, at=world.at)
    actions.declare(civil, by=officer, at=world.at)
    assert actions.end_censuses(at=world.at + timedelta(days=10)) == 0
    world.drain(world.at + timedelta(days=11))
    seen = queries.census(case.pk, actor=world.actor("authority.chief"), at=world.at)
    assert {row.department: row.state for row in seen.rows}["内江市民政局"] == "declared"
    silent = {row.department for row in seen.rows if row.state == "not_responded"}
    assert {"内江市公安局", "内江市人力资源和社会保障局"} <= silent
    assert seen.row.silent == len(seen.rows) - 1
    assert seen.totals["stored_records"] == Decimal("12.7")
    assert InboxItem.objects.filter(title__startswith="信息资源普查已结束").exists()
    mine = queries.census(case.pk, actor=world.actor("civil.officer"), at=world.at)
    assert [row.department for row in mine.rows] == ["内江市民政局"]
    with pytest.raises(NotThere):
        queries.census(case.pk, actor=world.actor("county.officer"), at=world.at)
    entry(world, title="殡葬服务机构")
    world.drain()
    gap.refresh_from_db()
    assert gap.state == "compiled"


def test_a_census_is_held_by_the_authority_alone_where_the_text_knows_one_and_one_at_a_time(world: World) -> None:
    with pytest.raises(NotAllowed):
        actions.open_census(
            by=world.actor("civil.head"), at=world.at, region=world.region, title="普查", document="",
            counted_on=beijing_day(world.at), due_on=beijing_day(world.at) + timedelta(days=5),
        )  # fmt: skip
    with pytest.raises(RuleBroken) as wrong:
        opened(world, title=" ", days=0)
    assert set(wrong.value.remarks) == {"title", "due_on"}
    case = opened(world)
    with pytest.raises(Conflict):
        opened(world)
    actions.prolong_census(case, by=world.actor("authority.chief"), at=world.at, due_on=case.due_on + timedelta(days=1))
    actions.close_census(case, by=world.actor("authority.chief"), at=world.at)
    with pytest.raises(WrongState):
        actions.confirm_lines(of(world, case), by=world.actor("civil.officer"), at=world.at)
    assert "没有信息资源普查的规定" not in world.client("authority.chief").get("/catalogue/census/").content.decode()
    PolicyAssignment.objects.all().delete()
    with pytest.raises(NotAllowed, match="不提供"):
        opened(world)
    assert "没有信息资源普查的规定" in world.client("authority.chief").get("/catalogue/census/").content.decode()


def test_departments_correct_what_was_proposed_and_see_it_beside_the_census_before(world: World) -> None:
    first, second = entry(world, records=10_000), entry(world, title="低保金发放信息")
    case, officer = opened(world), world.actor("civil.officer")
    civil = of(world, case)
    lines = {line.entry_id: line.pk for line in civil.resources.all()}
    stated = {"stored_volume": "１，２００", "stored_records": "3 万条", "shared_records": "1"}
    actions.fill_line(civil, by=officer, at=world.at, line_id=lines[first], cells=stated)
    actions.fill_line(civil, by=officer, at=world.at, line_id=lines[second], cells={}, gone=True)
    actions.declare(civil, by=officer, at=world.at)
    row = next(r for r in queries.census(case.pk, actor=officer, at=world.at).rows)
    assert (row.corrected, row.gone, row.lines) == (1, 1, 2)
    assert (row.sums["stored_volume"], row.sums["stored_records"]) == (1200, 3)
    actions.send_back_declaration(civil, by=world.actor("authority.chief"), at=world.at, reason="请核对存储量")
    world.drain()
    assert InboxItem.objects.filter(title__startswith="普查填报被退回").exists()
    actions.declare(of(world, case), by=officer, at=world.at)
    actions.close_census(case, by=world.actor("authority.chief"), at=world.at)
    again = opened(world, later=1)
    proposed = of(world, again).resources.get(entry=first)
    assert (proposed.stored_volume, proposed.stored_records) == (1200, 1), "the entry's own figure comes first"
    seen = queries.census(again.pk, actor=officer, at=world.at)
    assert seen.previous
    assert (seen.previous.id, seen.before["stored_records"]) == (case.pk, 3)


def test_the_sheet_goes_out_and_comes_back_with_good_rows_kept_and_each_bad_cell_explained(world: World) -> None:
    for title in ("城乡低保对象信息", "低保金发放信息"):
        entry(world, title=title)
    case = opened(world)
    place = f"/catalogue/census/declarations/{of(world, case).pk}/"
    officer = world.client("civil.officer")
    answer = officer.get(f"{place}export/")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    sheet: Any = book.active
    assert [cell.value for cell in sheet[1]][3:] == list(QUANTITIES.values())
    sheet["D2"], sheet["E2"], sheet["E3"] = 12, "1.5", "3亿"
    sheet.append(["", "殡葬服务机构", "", "0.5G", None])
    sheet.append(["999/1", "没有的代码", ""])

    def posted() -> str:
        kept = io.BytesIO()
        book.save(kept)
        file = SimpleUploadedFile("普查表.xlsx", kept.getvalue())
        return officer.post(f"{place}upload/", {"file": file}, follow=True).content.decode()

    page = posted()
    assert "已填报 1 条，新申报目录缺漏 1 项，退回 2 行。" in page
    assert "“3亿”请换算后填 30000。" in page
    assert "没有代码为 999/1 的资源" in page
    sheet["E3"] = 30000
    sheet.delete_rows(5)
    page = posted()
    assert "已填报 1 条，新申报目录缺漏 0 项，退回 0 行。" in page
    assert "已填报 0 条" in posted()
    assert CensusLine.objects.get(title_key="殡葬服务机构").stored_volume == Decimal("0.5")
    assert officer.post(f"{place}do/declare/").status_code == 303
    assert "已填报" in world.client("authority.chief").get(f"/catalogue/census/{case.pk}/").content.decode()


def test_a_gap_is_taken_back_by_its_department_or_waived_by_the_authority_with_a_reason(world: World) -> None:
    case = opened(world)
    civil, officer = of(world, case), world.actor("civil.officer")
    for title in ("殡葬服务机构", "内部通讯录"):
        actions.declare_missing(civil, by=officer, at=world.at, title=title, cells={})
    with pytest.raises(Conflict, match="已在"):
        actions.declare_missing(civil, by=officer, at=world.at, title="殡葬 服务机构", cells={})
    line = civil.resources.get(title="殡葬服务机构")
    actions.take_out_missing(civil, by=officer, at=world.at, line_id=line.pk)
    gap = CensusGap.objects.get(title="内部通讯录")
    with pytest.raises(RuleBroken):
        actions.waive_gap(gap, by=world.actor("authority.chief"), at=world.at, reason=" ")
    actions.waive_gap(gap, by=world.actor("authority.chief"), at=world.at, reason="不属于政务数据")
    rows, _meta = queries.census_gaps(officer)
    assert {row.title: row.state for row in rows} == {"殡葬服务机构": "taken_back", "内部通讯录": "waived"}
    assert queries.census_gaps(world.actor("hr.officer"))[0] == []


def test_departments_are_reminded_in_the_last_days(world: World) -> None:
    case = opened(world)
    for days, told in ((6, 0), (7, 1), (8, 1)):
        assert actions.remind_of_census(at=world.at + timedelta(days=days)) == told
    assert actions.remind_of_census(at=world.at + timedelta(days=8)) == 0
    civil = InboxItem.objects.filter(title__startswith="信息资源普查即将截止", department_id=world.department("civil"))
    assert (civil.count(), case.declarations.count() > 1) == (2, True)


def test_the_pages_of_a_census_are_open_to_those_concerned(world: World) -> None:
    entry(world, records=10_000)
    chief, officer = world.client("authority.chief"), world.client("civil.officer")
    today = beijing_day(clock.now())
    form = {"region": world.region, "title": "普查", "document": "", "counted_on": today, "due_on": today + timedelta(days=9)}  # fmt: skip
    place = chief.post("/catalogue/census/new/", form)["Location"]
    world.drain(clock.now())
    civil = f"/catalogue/census/declarations/{Declaration.objects.get(department=world.department('civil')).pk}/"
    page = officer.get(civil).content.decode()
    assert "城乡低保对象信息" in page
    assert "确认全部推算数据" in page
    line = CensusLine.objects.get()
    refused = officer.post(f"{civil}lines/{line.pk}/", {"stored_records": "很多"})
    assert (refused.status_code, "只填数字" in refused.content.decode()) == (422, True)
    assert officer.post(f"{civil}do/confirm/").status_code == 303
    assert officer.post(f"{civil}do/declare/").status_code == 303
    assert "内江市民政局" in chief.get(place).content.decode()
    assert chief.get(f"{place}export/").status_code == 200
    assert world.client("hr.officer").get(civil).status_code == 404
    assert world.client("county.officer").get(place).status_code == 404


@covers(partly=["R-CAT-041"])
def test_a_census_is_held_and_declared_by_the_departments_own_systems(world: World) -> None:
    entry(world, records=10_000)
    chief, officer = world.client("authority.chief"), world.client("civil.officer")
    base, today = "/api/v1/catalogue/censuses", beijing_day(clock.now())
    body = {
        "region": world.region, "title": "普查", "counted_on": str(today), "due_on": str(today + timedelta(days=9)),
    }  # fmt: skip

    def sent(client: Any, method: str, path: str, given: Any = None) -> Any:
        answer = client.generic(method, f"{base}{path}", data=json.dumps(given or {}), content_type="application/json")
        return answer.status_code if answer.status_code >= 400 or not answer.content else answer.json()

    assert sent(officer, "POST", "", body) == 403
    made = sent(chief, "POST", "", body)
    world.drain(clock.now())
    task = Declaration.objects.get(department=world.department("civil"))
    mine = f"/declarations/{task.pk}"
    (line,) = sent(officer, "GET", f"{mine}/lines")["rows"]
    assert (line["kind"], line["sums"]["stored_records"], line["given"]["stored_records"]) == (
        "proposed",
        "1",
        "1",
    )
    assert sent(officer, "PUT", f"{mine}/lines/{line['id']}", {"stored_records": "很多"}) == 422
    sent(officer, "PUT", f"{mine}/lines/{line['id']}", {"stored_records": "2 万条"})
    gap = sent(officer, "POST", f"{mine}/missing", {"title": "殡葬服务机构", "stored_records": "0.5"})
    sheet = SimpleUploadedFile("普查表.xlsx", b"no workbook")
    assert officer.post(f"{base}{mine}/sheet", {"file": sheet}).status_code == 422
    assert sent(officer, "POST", f"{mine}/confirm") == {"confirmed": 0}
    sent(officer, "POST", f"{mine}/declare")
    sent(chief, "POST", f"{mine}/send_back", {"reason": "请核对"})
    sent(officer, "POST", f"{mine}/declare")
    sent(chief, "POST", f"/gaps/{gap['id']}/waive", {"reason": "不属于政务数据"})
    assert sent(chief, "GET", f"/gaps?census={made['id']}")["rows"][0]["state"] == "waived"
    sent(chief, "POST", f"/{made['id']}/close")
    seen = sent(chief, "GET", f"/{made['id']}")
    assert (seen["row"]["state"], seen["totals"]["stored_records"]) == ("closed", "2.5")
    assert [row["department"] for row in sent(officer, "GET", f"/{made['id']}")["rows"]] == ["内江市民政局"]
    assert sent(world.client("hr.officer"), "GET", mine) == 404


@pytest.mark.parametrize(
    ("name", "typed", "read"),
    [("stored_volume", "12.5", "12.5"), ("stored_volume", "１２ GB", "12"), ("stored_records", "1,200万条", "1200"),
     ("stored_records", "", None), ("stored_volume", 3.0, "3")],
)  # fmt: skip
def test_a_quantity_is_read_as_it_is_meant(name: str, typed: object, read: str | None) -> None:
    assert read_quantity(name, typed) == (None if read is None else Decimal(read))


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [("stored_volume", "1.5T", "请换算后填 1536。"), ("stored_records", "35000条", "请换算后填 3.5。"),
     ("stored_records", "约 30", "只填数字"), ("stored_volume", "-1", "应在 0"), ("shared_volume", "12条", "只填数字")],
)  # fmt: skip
def test_another_unit_comes_back_with_the_number_to_type(name: str, typed: object, said: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        read_quantity(name, typed)
    assert said in refused.value.sentence
