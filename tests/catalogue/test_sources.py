"""One source of an item (一数一源): claims, references, the authority's designation, its service and its tasks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from covers import covers
from jutong.kernel.actors import system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import InboxItem, OutboxEvent, PolicyAssignment
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Designation, Entry, ItemSource, Pulse, SourceTask
from jutong.slices.catalogue.rules.content import ItemContent
from published import ASSESSED, content, published
from world import World

ADDRESS = ItemContent(name="居住地址", column="address", type="C", length=200)
OWN = msgspec.structs.replace(ADDRESS, source="own")


def other(*names: str) -> tuple[ItemContent, ...]:
    return tuple(ItemContent(name=name, column=f"c{at}", type="C") for at, name in enumerate(names))


def approved(world: World, department: str, **changes: Any) -> Entry:
    """Bring an entry of a department up to its leader's approval."""
    officer = world.actor(f"{department}.officer")
    entry = actions.compile_entry(
        by=officer, at=world.at, provider_id=world.department(department), content=content(**changes)
    )
    actions.assess(entry, by=world.actor(f"{department}.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor(f"{department}.leader"), at=world.at)
    return entry


def designated(
    world: World, source: str, *departments: str, items: tuple[str, ...] = ("居住地址",), **more: Any
) -> Designation:
    """Report an overlap and name its source, in force from today."""
    reviewer = world.actor("authority.reviewer")
    case = actions.report_overlap(
        by=reviewer, at=world.at, authority_id=world.department("authority"), region=world.region, items=items,
        departments=[world.department(name) for name in departments], reason="两个部门都在收集",
    )  # fmt: skip
    actions.designate(
        case, by=reviewer, at=world.at, source_id=world.department(source), document="内数〔2026〕1号",
        **{"effective_on": beijing_day(world.at), **more},
    )  # fmt: skip
    world.drain()
    return Designation.objects.get(pk=case.pk)


@covers("R-CAT-046")
def test_a_second_authoritative_source_meets_the_first_and_becomes_a_reference_by_itself_or_by_the_authority(
    world: World,
) -> None:
    first = published(world, "police", title="人口住址信息", items=(OWN,))
    entry = approved(
        world, "civil", title="低保住址", items=(msgspec.structs.replace(OWN, name="居住 地址"), *other("救助金额"))
    )
    officer = world.actor("civil.officer")
    with pytest.raises(Conflict) as clash:
        actions.submit(entry, by=officer, at=world.at)
    code = Entry.objects.get(pk=first).code or ""
    assert "内江市公安局" in clash.value.sentence
    assert f"《人口住址信息》{code}" in clash.value.sentence
    assert "引用" in clash.value.sentence
    assert list(actions.submit_entries([entry.pk], by=officer, at=world.at).refused) == [entry.pk]
    case = actions.ask_settlement(entry.pk, by=officer, at=world.at, items=["居住 地址"], reason="救助系统每月核实住址")
    assert queries.stands(entry.pk, actor=officer, at=world.at).conflicts[0].name == "居住 地址"
    settled = Designation.objects.latest("pk")
    reviewer = world.actor("authority.reviewer")
    actions.designate(
        settled, by=reviewer, at=world.at, source_id=world.department("civil"), document="内数〔2026〕3号",
        effective_on=beijing_day(world.at),
    )  # fmt: skip
    world.drain()
    actions.submit(entry, by=officer, at=world.at)
    police = queries.stands(first, actor=world.actor("police.officer"), at=world.at).items[0]
    assert (police.stand_label, police.source and police.source.provider_name) == ("引用其他部门", "内江市民政局")
    assert case.pk == settled.pk


def test_a_claim_is_turned_into_a_reference_in_one_step_and_a_reference_needs_a_published_entry(world: World) -> None:
    first = published(world, "police", title="人口住址信息", items=(OWN,))
    entry = approved(world, "civil", title="低保住址", items=(OWN, *other("救助金额")))
    officer = world.actor("civil.officer")
    client = world.client("civil.officer")
    shown = client.get(f"/catalogue/{entry.pk}/sources/").content.decode()
    assert "全部改为引用" in shown
    client.post(f"/catalogue/{entry.pk}/sources/refer/", {"items": ["居住地址"]})
    stand = queries.stands(entry.pk, actor=officer, at=world.at).items[0]
    assert (stand.conflict, stand.refers) == (False, Entry.objects.get(pk=first).code)
    with pytest.raises(RuleBroken):
        actions.refer_items(entry.pk, by=officer, at=world.at, items=["救助金额"])
    bare = msgspec.structs.replace(ADDRESS, source="reference")
    actions.submit(approved(world, "civil", title="登记可查的引用", items=(bare,)), by=officer, at=world.at)
    lost = approved(world, "civil", title="无源引用", items=(msgspec.structs.replace(bare, name="户主姓名"),))
    with pytest.raises(RuleBroken, match="标为引用"):
        actions.submit(lost, by=officer, at=world.at)


@covers(partly=["R-CEN-025"])
def test_a_submission_points_out_what_another_department_provides_and_what_may_be_there_already(world: World) -> None:
    published(world, "police", title="人口住址信息", items=(OWN,))
    published(world, "civil", title="低保住址名单", items=other("户主姓名"))
    entry = approved(world, "civil", title="2026年低保住址信息", items=(ADDRESS, *other("救助金额")))
    apart = approved(world, "civil", title="救助金额标准", items=other("救助标准"))
    moved = actions.submit_entries([entry.pk, apart.pk], by=world.actor("civil.officer"), at=world.at)
    assert (sorted(moved.done), moved.refused) == ([entry.pk, apart.pk], {})
    (near, elsewhere), none = (Entry.objects.get(pk=one.pk).warnings for one in (entry, apart))
    assert near == ["title", "与“低保住址名单”疑似重复：名称只差套话，或信息项完全相同；确属同一资源的请合并"]
    assert elsewhere[1].startswith("信息项“居住地址”的权威来源是内江市公安局（《人口住址信息》")
    assert none == []
    assert elsewhere[1] in world.client("authority.reviewer").get(f"/catalogue/{entry.pk}/").content.decode()


def test_two_entries_of_one_set_cannot_claim_the_same_item_and_a_withdrawn_claim_is_free_again(world: World) -> None:
    ids = [approved(world, name, title=f"{name}住址", items=(OWN,)).pk for name in ("civil", "police")]
    for pk, name in zip(ids, ("civil", "police"), strict=True):
        actions.submit(pk, by=world.actor(f"{name}.officer"), at=world.at)
    reviewer = world.actor("authority.reviewer")
    actions.review_entries(ids, by=reviewer, at=world.at)
    moved, _notice = actions.publish_entries(ids, by=reviewer, at=world.at)
    assert (moved.done, list(moved.refused)) == ([ids[0]], [ids[1]])
    actions.withdraw(ids[0], by=system_actor("grants"), at=world.at, reason="停止提供")
    assert not ItemSource.objects.filter(until=None).exists()
    actions.publish(ids[1], by=reviewer, at=world.at)
    assert ItemSource.objects.get(until=None).entry_id == ids[1]


@covers("R-CEN-025")
def test_items_of_several_departments_wait_for_the_authority_until_one_source_is_named(world: World) -> None:
    published(world, "civil", title="低保对象", items=other("居住地址", "低保金额"))
    published(world, "police", title="户籍人口", items=other("居住地址", "户号"))
    reviewer = world.actor("authority.reviewer")
    find: dict[str, Any] = {"by": reviewer, "at": world.at, "authority_id": world.department("authority")}
    assert actions.find_overlaps(**find) == 1
    assert actions.find_overlaps(**find) == 0
    case = Designation.objects.get()
    seen = queries.designation(case.pk, actor=reviewer, at=world.at)
    assert (seen.names, seen.row.departments) == (("居住地址",), ("内江市公安局", "内江市民政局"))
    actions.ask_opinions(case.pk, by=reviewer, at=world.at)
    world.drain()
    asked = InboxItem.objects.filter(title__startswith="请对数源部门认定提出意见")
    assert {row.department_id for row in asked} == {world.department("civil"), world.department("police")}
    party = next(row for row in seen.parties if row.department_id == world.department("civil"))
    with pytest.raises(NotAllowed):
        actions.give_source_opinion(party.id, by=world.actor("police.officer"), at=world.at, opinion="应由我局")
    actions.give_source_opinion(party.id, by=world.actor("civil.officer"), at=world.at, opinion="同意由公安局牵头")
    police = world.department("police")
    good: dict[str, Any] = {
        "source_id": police, "document": "内数〔2026〕1号", "effective_on": beijing_day(world.at) + timedelta(days=1)
    }  # fmt: skip
    for wrong in ({"effective_on": None}, {"document": " "}, {"source_id": world.department("hr")}):
        with pytest.raises(RuleBroken):
            actions.designate(case.pk, by=reviewer, at=world.at, **{**good, **wrong})
    with pytest.raises(RuleBroken):
        designated(world, "police", "police", "civil", items=())
    actions.designate(case.pk, by=reviewer, at=world.at, **good)
    world.drain()
    assert not ItemSource.objects.exists()
    world.drain(world.at + timedelta(days=1))
    assert Designation.objects.get(pk=case.pk).state == "in_force"
    assert ItemSource.objects.get(until=None).provider_id == police
    with pytest.raises(Conflict, match="一项数据只能有一个数源"):
        designated(world, "civil", "police", "civil")


def test_a_designation_is_replaced_as_a_whole_by_a_later_one(world: World) -> None:
    first = designated(world, "police", "police", "civil", items=("居住地址", "户号"))
    with pytest.raises(RuleBroken) as refusal:
        designated(world, "civil", "police", "civil", items=("居住地址",), replaces=first.pk)
    assert "户号" in refusal.value.sentence
    Designation.objects.latest("pk").delete()
    second = designated(world, "civil", "police", "civil", items=("居住地址", "户号"), replaces=first.pk)
    first.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "in_force")
    held = ItemSource.objects.filter(until=None).values_list("provider_id", flat=True)
    assert set(held) == {world.department("civil")}
    actions.end_designation(second, by=world.actor("authority.chief"), at=world.at, reason="机构改革")
    assert not ItemSource.objects.filter(until=None).exists()


def test_one_name_for_different_things_is_no_overlap_any_more(world: World) -> None:
    for name in ("civil", "police"):
        published(world, name, title=f"{name}备注表", items=other("备注"))
    reviewer = world.actor("authority.reviewer")
    find: dict[str, Any] = {"by": reviewer, "at": world.at, "authority_id": world.department("authority")}
    assert actions.find_overlaps(**find) == 1
    case = Designation.objects.get()
    actions.distinguish(case.pk, by=reviewer, at=world.at, reason="两处备注含义不同")
    assert actions.find_overlaps(**find) == 0


def test_a_task_open_beyond_its_target_is_told_to_the_superior_authority_once(world: World) -> None:
    reviewer = world.actor("authority.reviewer")
    actions.report_overlap(
        by=reviewer, at=world.at, authority_id=world.department("authority"), region=world.region, items=["户号"],
        departments=[world.department("civil"), world.department("police")], reason="都在收集",
    )  # fmt: skip
    world.drain(world.at + timedelta(days=60))
    world.drain(world.at + timedelta(days=61))
    event = OutboxEvent.objects.get(name="catalogue.source_not_designated")
    assert event.payload["finding"] == "source_not_designated"


@covers("R-CEN-026")
def test_the_source_provides_in_one_place_and_is_listed_when_its_data_is_stale(world: World) -> None:
    place = published(world, "police", title="户籍人口", items=other("居住地址"))
    elsewhere = published(world, "civil", title="低保对象", items=other("居住地址"))
    designated(world, "police", "police", "civil")
    with pytest.raises(Conflict, match="《户籍人口》"):
        queries.check_service(elsewhere, ["居住地址"], at=world.at)
    queries.check_service(place, ["居住地址"], at=world.at)
    assert (
        queries.stands(elsewhere, actor=world.actor("civil.officer"), at=world.at).items[0].stand_label
        == "引用其他部门"
    )
    later = world.at + timedelta(days=30)
    assert Pulse.objects.get(pk=place).due_on is not None
    for reader, many in (("police.officer", 1), ("authority.reviewer", 1), ("civil.officer", 0)):
        rows, _meta = queries.sources(world.actor(reader), at=later, stale=True)
        assert len(rows) == many, reader


@covers("R-CEN-027")
def test_a_source_has_others_correct_its_data_by_a_day_and_what_is_left_undone_is_a_finding(world: World) -> None:
    case = designated(world, "police", "police", "civil")
    officer, holder = world.actor("police.officer"), world.department("civil")
    day = beijing_day(world.at) + timedelta(days=5)
    good: dict[str, Any] = {
        "designation_id": case.pk,
        "holder_id": holder,
        "items": ["居住地址"],
        "text": "补充 2025 年住址",
        "due_on": day,
    }
    for wrong in ({"items": []}, {"due_on": None}, {"items": ["户号"]}, {"holder_id": world.department("police")}):
        with pytest.raises(RuleBroken):
            actions.ask_support(by=officer, at=world.at, **{**good, **wrong})
    with pytest.raises(NotAllowed):
        actions.ask_support(by=world.actor("civil.officer"), at=world.at, **good)
    idle, kept = (actions.ask_support(by=officer, at=world.at, **good) for _n in range(2))
    world.drain()
    assert InboxItem.objects.filter(department_id=holder, title__contains="请求补充更正数据").count() == 2
    actions.do_task(kept, by=world.actor("civil.officer"), at=world.at, note="已补充 312 条")
    world.drain(world.at + timedelta(days=6))
    event = OutboxEvent.objects.get(name="catalogue.source_not_supported")
    assert event.payload["id"] == idle.pk
    assert (event.payload["finding"], event.payload["holder_id"]) == ("source_not_supported", holder)
    assert event.payload["evidence"]["due_on"] == day.isoformat()
    actions.do_task(idle, by=world.actor("civil.officer"), at=world.at + timedelta(days=7), note="已补充")
    done = SourceTask.objects.get(pk=idle.pk)
    assert (done.state, done.late) == ("done", True)
    with pytest.raises(WrongState):
        actions.do_task(idle, by=world.actor("civil.officer"), at=world.at, note="再次")


def test_a_profile_without_one_source_asks_for_none(world: World) -> None:
    PolicyAssignment.objects.create(
        region=world.region, profile="jiangxi-2017", effective_from=date(2010, 1, 1), assigned_at=world.at
    )
    early = world.at.replace(year=2024)
    with pytest.raises(NotAllowed):
        actions.report_overlap(
            by=world.actor("authority.reviewer"), at=early, authority_id=world.department("authority"),
            region=world.region, items=["户号"], departments=[world.department("civil"), world.department("police")],
            reason="都在收集",
        )  # fmt: skip
    with pytest.raises(NotThere):
        queries.designation(1, actor=world.actor("civil.officer"), at=world.at)
