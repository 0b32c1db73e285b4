"""W02: what changed outside must reach the catalogue in time, and the authority must not let it lie."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import openpyxl
import pytest
from django.utils import timezone

from covers import covers
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import Clock, InboxItem, OutboxEvent, PolicyAssignment
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import CatalogUpdate, Entry
from published import ASSESSED, content, handed_in, published
from world import World

MONDAY = date(2025, 9, 1)


def at(day: date, hour: int = 2) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def under(profile: str) -> None:
    PolicyAssignment.objects.create(
        region="511000", profile=profile, effective_from=date(2010, 1, 1), assigned_at=at(MONDAY)
    )


def change(world: World, *entries: int, kind: str = "function_change", on: date = MONDAY, **more: Any) -> CatalogUpdate:
    """Register a change on the day it happened."""
    return actions.register_change(
        **{"by": world.actor("civil.head"), "at": at(on), "provider_id": world.department("civil"), "kind": kind,
           "event_on": on, "occasion": "内编发〔2025〕12号 职责调整", "entries": entries, **more}
    )  # fmt: skip


def clock_of(update: CatalogUpdate, name: str = "update") -> Clock:
    return Clock.objects.get(case_kind="catalog_update", case_id=update.pk, name=name)


def revised(world: World, pk: int, *, on: date, abstract: str = "职责调整后的摘要") -> None:
    """Bring a new version of a published entry up to the authority."""
    officer = world.actor("civil.officer")
    if Entry.objects.get(pk=pk).state == "published":
        actions.revise(pk, by=officer, at=at(on))
    actions.edit_entry(pk, by=officer, at=at(on), content=msgspec.structs.replace(content(), abstract=abstract))
    actions.assess(pk, by=world.actor("civil.secrecy"), at=at(on), **ASSESSED)
    actions.leader_approve(pk, by=world.actor("civil.leader"), at=at(on))
    actions.submit(pk, by=officer, at=at(on))


def passed(world: World, pk: int, *, on: date) -> None:
    reviewer = world.actor("authority.reviewer")
    actions.review(pk, by=reviewer, at=at(on))
    actions.publish(pk, by=reviewer, at=at(on))


def fresh(update: CatalogUpdate) -> CatalogUpdate:
    return CatalogUpdate.objects.get(pk=update.pk)


@covers("R-CAT-019", "R-CAT-058", partly=["R-CAT-021"])
def test_an_update_submitted_and_published_within_the_decrees_limits_ends_the_duty(world: World) -> None:
    pk = published(world)
    update = change(world, pk)
    assert clock_of(update).due_day == date(2025, 9, 15)
    revised(world, pk, on=date(2025, 9, 15))
    assert (fresh(update).state, fresh(update).late) == ("authority_review", False)
    assert clock_of(update, "review").due_day == date(2025, 9, 17)
    passed(world, pk, on=date(2025, 9, 17))
    done = fresh(update)
    assert (done.state, done.completed_on) == ("completed", date(2025, 9, 17))
    seen = queries.catalog_update(update.pk, actor=world.actor("civil.officer"), at=at(date(2025, 9, 18)))
    assert [(row.name, row.text) for row in seen.row.clocks] == [("update", "按期办结"), ("review", "按期办结")]


@covers("R-CAT-019")
def test_a_missed_limit_is_recorded_for_rectification_and_a_later_update_is_marked_late(world: World) -> None:
    pk = published(world)
    update = change(world, pk)
    world.drain(at(date(2025, 9, 16)))
    event = OutboxEvent.objects.get(name="catalogue.update_overdue")
    assert (event.payload["finding"], event.payload["provider_id"]) == (
        "catalog_not_updated",
        world.department("civil"),
    )
    assert InboxItem.objects.filter(department_id=world.department("authority"), title__contains="已超期").exists()
    assert fresh(update).state == "update_due"
    revised(world, pk, on=date(2025, 9, 18))
    passed(world, pk, on=date(2025, 9, 19))
    assert (fresh(update).state, fresh(update).late) == ("completed", True)


@covers("R-CAT-058")
def test_a_review_that_is_overdue_publishes_nothing_and_is_told_to_the_department(world: World) -> None:
    pk = published(world)
    update = change(world, pk, on=date(2025, 9, 22))
    revised(world, pk, on=date(2025, 9, 30))
    assert clock_of(update, "review").due_day == date(2025, 10, 10)
    (older,) = handed_in(world, "早已提交的资源")
    Entry.objects.filter(pk=older).update(changed_at=at(date(2025, 9, 1)))
    queue, _meta = queries.review_queue(world.actor("authority.reviewer"), at=at(date(2025, 10, 9)))
    assert [(row.id, row.limit and row.limit.left) for row in queue] == [(pk, 1), (older, None)]
    world.drain(at(date(2025, 10, 11)))
    assert queries.require_published(pk).version == 1
    assert fresh(update).state == "authority_review"
    event = OutboxEvent.objects.get(name="catalogue.update_overdue")
    assert event.payload["finding"] == "review_overdue"
    title = "审核并发布更新已超期"
    assert InboxItem.objects.filter(department_id=world.department("civil"), title__startswith=title).exists()


@covers("R-CAT-057")
def test_five_more_days_are_asked_for_in_time_with_a_reason_and_consented_by_the_authority_once(world: World) -> None:
    update = change(world, published(world))
    officer, chief = world.actor("civil.officer"), world.actor("authority.chief")
    for days, reason in ((5, " "), (6, "涉及系统改造"), (0, "涉及系统改造")):
        with pytest.raises(RuleBroken):
            actions.ask_extension(update.pk, by=officer, at=at(MONDAY), days=days, reason=reason)
    with pytest.raises(WrongState):
        actions.extend_update(update.pk, by=chief, at=at(MONDAY), days=5)
    with pytest.raises(WrongState, match="期限已过"):
        actions.ask_extension(update.pk, by=officer, at=at(date(2025, 9, 16)), days=5, reason="涉及系统改造")
    actions.ask_extension(update.pk, by=officer, at=at(date(2025, 9, 15)), days=5, reason="涉及系统改造")
    with pytest.raises(Conflict):
        actions.ask_extension(update.pk, by=officer, at=at(date(2025, 9, 15)), days=5, reason="再次申请")
    with pytest.raises(NotAllowed):
        actions.extend_update(update.pk, by=world.actor("civil.head"), at=at(date(2025, 9, 15)), days=5)
    actions.extend_update(update.pk, by=chief, at=at(date(2025, 9, 15)), days=5)
    assert (fresh(update).state, clock_of(update).due_day) == ("update_extended", date(2025, 9, 22))
    with pytest.raises(WrongState):
        actions.ask_extension(update.pk, by=officer, at=at(date(2025, 9, 16)), days=1, reason="再次延长")


def test_an_extension_that_is_refused_leaves_the_limit(world: World) -> None:
    update = change(world, published(world))
    actions.ask_extension(update.pk, by=world.actor("civil.officer"), at=at(MONDAY), days=5, reason="涉及系统改造")
    chief = world.actor("authority.chief")
    with pytest.raises(RuleBroken):
        actions.refuse_extension(update.pk, by=chief, at=at(MONDAY), reason="")
    actions.refuse_extension(update.pk, by=chief, at=at(MONDAY), reason="理由不充分")
    assert (fresh(update).state, clock_of(update).due_day) == ("update_due", date(2025, 9, 15))
    with pytest.raises(WrongState):
        actions.extend_update(update.pk, by=chief, at=at(MONDAY), days=5)


@covers("R-CAT-020", partly=["R-CAT-022"])
def test_the_limit_follows_the_event_under_a_local_text_and_the_decree(world: World) -> None:
    pk = published(world)
    under("neijiang-2020")
    system = change(world, pk, kind="system_update_completed")
    functions = change(world, pk)
    assert (clock_of(system).due_day, clock_of(functions).due_day) == (date(2025, 9, 22), date(2025, 9, 15))
    with pytest.raises(NotAllowed):  # only the decree's kinds can be given more time
        actions.ask_extension(system.pk, by=world.actor("civil.officer"), at=at(MONDAY), days=5, reason="系统改造")
    revised(world, pk, on=MONDAY)
    assert clock_of(functions, "review").due_day == date(2025, 9, 3)
    PolicyAssignment.objects.update(profile="jiangxi-2017")
    other = change(world, pk, kind="system_update_completed")
    assert fresh(other).state == "update_due"
    assert not Clock.objects.filter(case_kind="catalog_update", case_id=other.pk).exists()


@covers("R-CAT-020")
@pytest.mark.parametrize(
    ("lack", "field"),
    [({"kind": "weather"}, "kind"), ({"event_on": None}, "event_on"), ({"event_on": date(2025, 9, 2)}, "event_on"),
     ({"occasion": " "}, "occasion"), ({"entries": ()}, "entries")],
)  # fmt: skip
def test_a_change_without_kind_date_occasion_or_entry_is_not_registered(
    world: World, lack: dict[str, Any], field: str
) -> None:
    with pytest.raises(RuleBroken) as refusal:
        change(world, published(world), **lack)
    assert field in refusal.value.remarks
    assert not CatalogUpdate.objects.exists()


def test_only_the_department_and_its_authority_register_and_see_a_change(world: World) -> None:
    pk = published(world)
    with pytest.raises(NotAllowed):
        change(world, pk, by=world.actor("market.head"))
    with pytest.raises(NotThere):
        change(world, pk, by=world.actor("market.head"), provider_id=world.department("market"))
    update = change(world, pk, by=world.actor("authority.reviewer"))
    with pytest.raises(NotThere):
        queries.catalog_update(update.pk, actor=world.actor("market.officer"), at=at(MONDAY))
    world.drain(at(MONDAY))
    assert InboxItem.objects.filter(department_id=world.department("civil"), title__startswith="请更新目录").exists()


@covers("R-CAT-019", "R-CAT-021")
def test_before_the_decree_publication_closes_the_task_in_one_place_and_a_report_in_another(world: World) -> None:
    pk = published(world)
    day = date(2025, 7, 1)
    under("jiangxi-2017")
    there = change(world, pk, on=day)
    assert clock_of(there).due_day == date(2025, 7, 22)
    revised(world, pk, on=date(2025, 7, 22))
    assert fresh(there).state == "update_due"
    passed(world, pk, on=date(2025, 7, 22))
    assert (fresh(there).state, fresh(there).late) == ("completed", False)
    PolicyAssignment.objects.update(profile="liyang-2020")
    here = change(world, pk, on=day)
    officer = world.actor("civil.officer")
    with pytest.raises(WrongState, match="还有受影响的目录没有更新"):
        actions.report_update(here.pk, by=officer, at=at(day))
    revised(world, pk, on=date(2025, 7, 21), abstract="再次修改")
    passed(world, pk, on=date(2025, 7, 21))
    world.drain(at(date(2025, 7, 23)))
    assert Clock.objects.get(case_id=here.pk, case_kind="catalog_update").overdue_at
    actions.report_update(here.pk, by=officer, at=at(date(2025, 7, 24)))
    world.drain(at(date(2025, 7, 24)))
    assert (fresh(here).state, fresh(here).late) == ("completed", True)


@covers(partly=["R-CAT-022"])
def test_neijiang_gave_its_authority_ten_days_for_what_it_received_before_the_decree(world: World) -> None:
    pk = published(world)
    under("neijiang-2020")
    day = date(2025, 7, 1)
    update = change(world, pk, on=day)
    revised(world, pk, on=day)
    actions.report_update(update.pk, by=world.actor("civil.officer"), at=at(day))
    world.drain(at(day))
    assert (fresh(update).state, clock_of(update, "review").due_day) == ("authority_review", date(2025, 7, 15))
    passed(world, pk, on=date(2025, 7, 15))
    assert fresh(update).state == "completed"


def test_a_returned_update_goes_on_with_the_days_that_were_left_but_at_least_one(world: World) -> None:
    pk, other = published(world), published(world, title="殡葬服务信息")
    update = change(world, pk, other)
    revised(world, pk, on=date(2025, 9, 12))
    assert fresh(update).state == "update_due"
    actions.withdraw(other, by=system_actor("grants"), at=at(date(2025, 9, 15)), reason="职责划出")
    assert fresh(update).state == "authority_review"  # an entry that was withdrawn needs no new version
    actions.return_entry(pk, by=world.actor("authority.reviewer"), at=at(date(2025, 9, 15)), reason="摘要不清")
    revised(world, pk, on=date(2025, 9, 15), abstract="说清楚的摘要")
    assert fresh(update).state == "authority_review"
    actions.return_entry(pk, by=world.actor("authority.reviewer"), at=at(date(2025, 9, 17)), reason="还是不清")
    again = fresh(update)
    assert (again.state, again.submitted_on, clock_of(update).due_day) == ("update_due", None, date(2025, 9, 18))
    revised(world, pk, on=date(2025, 9, 18), abstract="非常清楚的摘要")
    passed(world, pk, on=date(2025, 9, 19))
    assert (fresh(update).state, fresh(update).late) == ("completed", False)


@covers("R-CAT-026")
def test_the_authority_reads_in_time_late_and_missing_updates_per_department_and_others_do_not(world: World) -> None:
    good, bad = published(world), published(world, provider="hr", title="参保人员信息")
    change(world, good)
    change(world, bad, by=world.actor("hr.head"), provider_id=world.department("hr"))
    revised(world, good, on=date(2025, 9, 15))
    period: dict[str, Any] = {"first": MONDAY, "last": date(2025, 9, 30), "at": at(date(2025, 9, 30))}
    rows = queries.update_figures(world.actor("authority.reviewer"), **period)
    assert {row.department: (row.triggers, row.on_time, row.late, row.missed) for row in rows} == {
        "内江市民政局": (1, 1, 0, 0),
        "内江市人力资源和社会保障局": (1, 0, 0, 1),
    }
    assert queries.update_figures(world.actor("county.officer"), **period) == []
    period["at"] = at(date(2025, 9, 10))
    assert [row.open for row in queries.update_figures(world.actor("hr.officer"), **period)] == [1]


@covers("R-CAT-057", partly=["R-CAT-020"])
def test_a_change_is_registered_and_given_more_time_on_the_pages(world: World) -> None:
    pk = published(world)
    officer, chief = world.client("civil.officer"), world.client("authority.chief")
    today = f"{timezone.localdate():%Y-%m-%d}"
    form = {"kind": "function_change", "event_on": today, "occasion": "职责划转", "entries": [pk]}
    lacking = officer.post("/catalogue/updates/new/", {**form, "entries": []})
    assert lacking.status_code == 422
    assert "受影响的目录" in lacking.content.decode()
    place = officer.post("/catalogue/updates/new/", form)["Location"]
    page = officer.get(place).content.decode()
    assert "职责划转" in page
    assert "剩余 10 个工作日" in page
    assert officer.post(f"{place}do/ask_extension/", {"days": 5, "reason": "涉及系统改造"}).status_code == 303
    assert "同意延长期限" not in officer.get(place).content.decode()
    assert 'value="5"' in chief.get(f"{place}do/extend/").content.decode()
    assert chief.post(f"{place}do/extend/", {"days": 5}).status_code == 303
    assert "剩余 15 个工作日" in chief.get(place).content.decode()
    assert "职责划转" in chief.get("/catalogue/updates/").content.decode()
    assert world.client("market.officer").get(place).status_code == 404


@covers(partly=["R-CAT-020", "R-CAT-026"])
def test_a_change_is_registered_and_followed_through_the_api(world: World) -> None:
    officer = world.client("civil.officer")
    base = "/api/v1/catalogue/updates"
    body = {"department_id": world.department("civil"), "kind": "law", "event_on": "2026-03-02", "occasion": "修法",
            "entries": [published(world)]}  # fmt: skip
    assert officer.post(base, body | {"kind": "weather"}, content_type="application/json").status_code == 422
    made = officer.post(base, body, content_type="application/json")
    assert (made.status_code, made.json()["due"]) == (201, {"update": "2026-03-16"})
    assert officer.get(base).json()["rows"][0]["id"] == made.json()["id"]
    late = officer.post(
        f"{base}/{made.json()['id']}/ask_extension", {"days": 5, "reason": "已晚"}, content_type="application/json"
    )
    assert late.status_code == 409
    figures = officer.get(f"{base}/figures?first=2026-03-01&last=2026-03-31").json()
    assert [(row["triggers"], row["missed"]) for row in figures] == [(1, 1)]


@covers(partly=["R-CAT-026"])
def test_duties_and_figures_come_as_excel(world: World) -> None:
    change(world, published(world), occasion="=职责划转")
    reviewer = world.client("authority.reviewer")
    for what, query, cell in (
        ("tasks", "", "'=职责划转"),
        ("figures", "?first=2025-09-01&last=2025-09-30", "内江市民政局"),
    ):
        answer = reviewer.get(f"/catalogue/updates/export/{what}/{query}")
        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
        assert sheet.cell(2, 1).value == cell
