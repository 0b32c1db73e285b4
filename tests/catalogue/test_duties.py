"""W05: one department per item, derived from the catalogue and following it in the same transaction."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import msgspec
import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction

from covers import covers
from jutong.kernel.actors import system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, RuleBroken, WrongState
from jutong.kernel.models import Clock, InboxItem, PolicyAssignment
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import CatalogUpdate, DutyLine, DutyList, Entry, Pulse, RegionalVersion
from jutong.slices.catalogue.rules.content import ItemContent
from published import ASSESSED, content, published
from world import World

IN_THE_WAY = """
create function stand_in_the_way() returns trigger language plpgsql as $$ begin
  raise unique_violation using message = 'a duty list cannot be written'; end $$;
create trigger in_the_way before insert on catalogue_dutylist for each row execute function stand_in_the_way()
"""


def put(world: World, provider: str, **changes: Any) -> int:
    """Publish an unconditional entry of a department."""
    return published(world, provider, **{"share_type": "unconditional", **changes})


def items(*names: str) -> tuple[ItemContent, ...]:
    return tuple(ItemContent(name=name, column=f"c{at}", type="C") for at, name in enumerate(names))


@pytest.fixture
def neijiang(world: World) -> World:
    PolicyAssignment.objects.create(
        region=world.region, profile="neijiang-2020", effective_from=date(2010, 1, 1), assigned_at=world.at
    )
    return world


def derived(world: World) -> DutyList:
    return actions.derive_duties(by=world.actor("authority.reviewer"), at=world.at, region=world.region)


def in_force(world: World) -> DutyList:
    """Derive, issue and begin the duty list of today."""
    case = derived(world)
    today = beijing_day(world.at)
    actions.issue_duties(
        case, by=world.actor("authority.chief"), at=world.at, document="内数〔2026〕8号", effective_on=today
    )
    world.drain()
    return DutyList.objects.get(pk=case.pk)


def lines(world: World, case: DutyList) -> dict[str, str]:
    rows, _meta = queries.duties(case.pk, actor=world.actor("authority.reviewer"), at=world.at)
    return {row.name: row.department for row in rows}


def revised(world: World, pk: int, department: str, *, at: Any = None, **changes: Any) -> None:
    """Bring a new version of a published entry up to the review."""
    at = at or world.at
    officer = world.actor(f"{department}.officer")
    actions.revise(pk, by=officer, at=at, note="职责调整")
    actions.edit_entry(pk, by=officer, at=at, content=content(share_type="unconditional", **changes))
    actions.assess(pk, by=world.actor(f"{department}.secrecy"), at=at, **ASSESSED)
    actions.leader_approve(pk, by=world.actor(f"{department}.leader"), at=at)
    actions.submit(pk, by=officer, at=at)
    actions.review(pk, by=world.actor("authority.reviewer"), at=at)


@covers("R-CAT-031")
def test_every_catalogued_item_has_one_department_and_one_with_two_keeps_the_list_from_being_issued(
    neijiang: World,
) -> None:
    world = neijiang
    put(world, "civil", title="低保对象", items=items("低保金额", "居住地址"), system="低保系统")
    put(world, "police", title="户籍人口", items=items("户号", "居住地址"))
    case = derived(world)
    assert lines(world, case) == {
        "低保金额": "内江市民政局", "户号": "内江市公安局", "居住地址": ""
    }  # fmt: skip
    today, chief = beijing_day(world.at), world.actor("authority.chief")
    issue: dict[str, Any] = {"by": chief, "at": world.at, "document": "内数〔2026〕8号", "effective_on": today}
    with pytest.raises(Conflict, match="居住地址"):
        actions.issue_duties(case.pk, **issue)
    overlap = actions.report_overlap(
        by=chief, at=world.at, authority_id=world.department("authority"), region=world.region, items=["居住地址"],
        departments=[world.department("civil"), world.department("police")], reason="都在收集",
    )  # fmt: skip
    actions.designate(
        overlap,
        by=chief,
        at=world.at,
        source_id=world.department("police"),
        document="内数〔2026〕7号",
        effective_on=today,
    )
    world.drain()
    actions.rederive(case.pk, by=chief, at=world.at)
    rows, _meta = queries.duties(case.pk, actor=chief, at=world.at)
    assert {row.name: row.title for row in rows} == {
        "低保金额": "低保对象", "户号": "户籍人口", "居住地址": "户籍人口"
    }  # fmt: skip
    assert next(row.how for row in rows if row.name == "低保金额") == "数据库 · 低保系统"
    with pytest.raises(RuleBroken):
        actions.issue_duties(case.pk, **{**issue, "document": ""})
    actions.issue_duties(case.pk, **issue)
    world.drain()
    assert DutyList.objects.get(pk=case.pk).state == "in_force"
    told = InboxItem.objects.filter(title__startswith="采集责任清单已印发").values_list("department_id", "title")
    assert dict(told)[world.department("police")].endswith("本部门 2 项")


def test_a_list_is_derived_anew_when_the_catalogue_has_changed_since_and_only_where_the_profile_has_one(
    world: World,
) -> None:
    with pytest.raises(NotAllowed):
        derived(world)
    PolicyAssignment.objects.create(
        region=world.region, profile="neijiang-2020", effective_from=date(2010, 1, 1), assigned_at=world.at
    )
    case = derived(world)
    with pytest.raises(Conflict):
        derived(world)
    put(world, "civil", items=items("低保金额"))
    issue: dict[str, Any] = {
        "by": world.actor("authority.chief"),
        "at": world.at,
        "document": "内数〔2026〕8号",
        "effective_on": beijing_day(world.at),
    }
    with pytest.raises(WrongState, match="重新分解"):
        actions.issue_duties(case.pk, **issue)
    actions.rederive(case.pk, by=world.actor("authority.chief"), at=world.at)
    actions.issue_duties(case.pk, **issue)


@covers("R-CAT-032")
def test_a_removed_item_ends_its_line_at_the_same_version_and_a_failure_in_one_undoes_both(neijiang: World) -> None:
    world = neijiang
    pk = put(world, "civil", items=items("低保金额", "低保类别"))
    other = put(world, "police", title="户籍人口", items=items("户号"))
    first = in_force(world)
    revised(world, pk, "civil", items=items("低保金额"))
    reviewer = world.actor("authority.reviewer")
    with connection.cursor() as cursor:
        cursor.execute(IN_THE_WAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        actions.publish(pk, by=reviewer, at=world.at)
    with connection.cursor() as cursor:
        cursor.execute("drop trigger in_the_way on catalogue_dutylist")
    assert queries.require_published(pk).version == 1
    assert DutyList.objects.get(region=world.region, state="in_force").pk == first.pk
    actions.publish(pk, by=reviewer, at=world.at)
    second = DutyList.objects.get(region=world.region, state="in_force")
    version = RegionalVersion.objects.filter(region=world.region).latest("number")
    assert (second.number, second.catalogue_version) == (first.number + 1, version.number)
    ended = DutyLine.objects.get(name="低保类别")
    assert ended.until == second.number
    assert (lines(world, first), lines(world, second)) == (
        {"低保金额": "内江市民政局", "低保类别": "内江市民政局", "户号": "内江市公安局"},
        {"低保金额": "内江市民政局", "户号": "内江市公安局"},
    )
    world.drain()
    told = InboxItem.objects.get(title__startswith=f"采集责任清单第 {second.number} 版")
    assert (told.department_id, told.text) == (world.department("civil"), "减少：低保类别；新增或变更：—")
    actions.withdraw(other, by=system_actor("grants"), at=world.at, reason="停止提供")
    assert lines(world, DutyList.objects.get(region=world.region, state="in_force")) == {"低保金额": "内江市民政局"}


def test_an_item_stays_with_who_had_it_until_another_one_becomes_its_source(neijiang: World) -> None:
    world = neijiang
    first = put(world, "police", title="户籍人口", items=items("户号", "居住地址"))
    in_force(world)
    put(world, "civil", title="低保对象", items=items("居住地址"))
    now = DutyList.objects.get(state="in_force")
    assert lines(world, now)["居住地址"] == "内江市公安局"
    claim = tuple(msgspec.structs.replace(item, source="own") for item in items("居住地址"))
    put(world, "market", title="企业住所", items=claim)
    now = DutyList.objects.get(state="in_force")
    assert lines(world, now)["居住地址"] == "内江市市场监督管理局"
    revised(world, first, "police", title="户籍人口", items=items("居住地址"))
    actions.publish(first, by=world.actor("authority.reviewer"), at=world.at)
    now = DutyList.objects.get(state="in_force")
    assert lines(world, now) == {"居住地址": "内江市市场监督管理局"}


@covers("R-CAT-022")
def test_a_reviewed_update_gives_catalogue_and_duty_list_a_new_version_within_ten_days_then_two(
    neijiang: World,
) -> None:
    world = neijiang
    early = world.at.replace(year=2025, month=7, day=1)
    pk = put(world, "civil", items=items("低保金额"))
    CatalogUpdate.objects.all().delete()
    in_force(world)
    Entry.objects.update(started_on=beijing_day(early))
    for at, received_due in (
        (early, date(2025, 7, 15)),
        (world.at.replace(year=2025, month=9, day=1), date(2025, 9, 3)),
    ):
        before = (RegionalVersion.objects.count(), DutyList.objects.get(state="in_force").number)
        update = actions.register_change(
            by=world.actor("civil.head"), at=at, provider_id=world.department("civil"), kind="function_change",
            event_on=beijing_day(at), occasion="职责调整", entries=[pk],
        )  # fmt: skip
        revised(world, pk, "civil", at=at, items=items("低保金额", f"第{at.month}项"))
        if at == early:
            actions.publish(pk, by=world.actor("authority.reviewer"), at=at)
            actions.report_update(update.pk, by=world.actor("civil.head"), at=at)
            world.drain(at)
        clock = Clock.objects.get(case_kind="catalog_update", case_id=update.pk, name="review")
        assert clock.due_day == received_due
        if at != early:
            world.drain(at + timedelta(days=5))
            assert CatalogUpdate.objects.get(pk=update.pk).state == "authority_review"
            assert (RegionalVersion.objects.count(), DutyList.objects.get(state="in_force").number) == before
            actions.publish(pk, by=world.actor("authority.reviewer"), at=at)
        now = DutyList.objects.get(state="in_force")
        assert (RegionalVersion.objects.count(), now.number) == (before[0] + 1, before[1] + 1)
        assert f"第{at.month}项" in lines(world, now)


@covers("R-CEN-005", partly=["R-OVR-019"])
def test_collecting_what_is_another_departments_duty_is_stopped_and_fulfilment_is_counted(neijiang: World) -> None:
    world = neijiang
    kept = put(world, "police", title="户籍人口", items=items("出生日期", "户号"))
    late = put(world, "police", title="门牌", items=items("门牌号"))
    put(world, "civil", items=items("低保金额"))
    case = in_force(world)
    given: dict[str, Any] = {"by": world.actor("civil.officer"), "at": world.at, "department_id": world.department("civil"),
                             "purpose": "救助审核", "basis": "社会救助暂行办法第三条"}  # fmt: skip
    with pytest.raises(Conflict, match="《户籍人口》"):
        actions.register_collection(**given, items=["低保金额", "出生日期"])
    with pytest.raises(RuleBroken):
        actions.register_collection(**{**given, "basis": " "}, items=["低保金额"])
    actions.register_collection(**given, items=["低保金额", "新的事项"])
    page = world.client("civil.officer").get("/catalogue/sources/collections/").content.decode()
    assert "救助审核" in page
    Pulse.objects.filter(pk=kept).update(mounted=True)
    Pulse.objects.filter(pk=late).update(due_on=beijing_day(world.at) - timedelta(days=1))
    seen = queries.duty_list(case.pk, actor=world.actor("hr.clerk"), at=world.at)
    police = next(row for row in seen.figures if row.department == "内江市公安局")
    assert (police.lines, police.fulfilled, police.late, police.open) == (3, 2, 1, 0)
    for row in seen.figures:
        for standing in ("fulfilled", "late", "open"):
            narrowed = {"department": row.department_id, "standing": standing}
            counted = queries.duties(case.pk, actor=world.actor("hr.clerk"), at=world.at, **narrowed)[1].total
            assert counted == getattr(row, standing), (row.department, standing)
    book = world.client("hr.clerk").get(
        f"/catalogue/sources/duties/{case.pk}/export/?department={police.department_id}"
    )
    rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(book.streaming_content))).active.values)  # type: ignore[attr-defined]
    assert [(row[0], row[6]) for row in rows[1:]] == [("出生日期", "已落实"), ("户号", "已落实"), ("门牌号", "逾期")]
