"""Resource codes: never given out twice, retired with their entries, and leading to what an entry was merged into."""

from __future__ import annotations

import io

import openpyxl
import pytest

from jutong.kernel.actors import system_actor
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.rules.content import ItemContent
from jutong.slices.standards import actions as standards
from published import ASSESSED, published
from world import World


def code_of(pk: int) -> str:
    return Entry.objects.get(pk=pk).code or ""


def withdrawn(world: World, pk: int, successor: str = "") -> None:
    actions.withdraw(pk, by=system_actor("grants"), at=world.at, reason="职责整合", successor=successor)


def test_a_code_of_a_withdrawn_entry_is_retired_and_not_given_to_the_next(world: World) -> None:
    first = published(world)
    gone = code_of(first)
    withdrawn(world, first)
    with pytest.raises(NotThere, match="已停用"):
        queries.at_code(gone)
    again = published(world)
    assert (gone, code_of(again)) == ("3070010001/000001", "3070010001/000002")
    with pytest.raises(NotThere, match="没有信息资源代码"):
        queries.at_code("3070010001/999999")


def test_a_merged_entrys_code_leads_to_its_successor_through_every_merger(world: World) -> None:
    first, second, third = (published(world, title=title) for title in ("低保对象", "特困人员", "社会救助对象"))
    codes = [code_of(pk) for pk in (first, second, third)]
    withdrawn(world, first, codes[1])
    withdrawn(world, second, codes[2])
    assert [queries.at_code(code) for code in codes] == [third] * 3
    clerk = world.client("market.clerk")
    assert clerk.get(f"/catalogue/code/{codes[0]}")["Location"] == f"/catalogue/{third}/"
    assert clerk.get(f"/api/v1/catalogue/code?code={codes[0]}").json()["id"] == third
    withdrawn(world, third)
    assert clerk.get(f"/catalogue/code/{codes[0]}").status_code == 404


def test_an_entry_is_merged_only_into_another_that_is_published(world: World) -> None:
    pk, gone = published(world), published(world, title="特困人员")
    withdrawn(world, gone)
    for code in (code_of(pk), code_of(gone), "3070010001/000099"):
        with pytest.raises(RuleBroken) as refusal:
            withdrawn(world, pk, code)
        assert refusal.value.field == "successor"
    assert queries.require_published(pk).id == pk


def merging(world: World, stays: int, merged: int, **more: str) -> Entry:
    officer = world.actor("civil.officer")
    return actions.merge_entries(
        stays, by=officer, at=world.at, **{"code": code_of(merged), "reason": "职责整合", **more}
    )


def test_a_merged_entry_stays_in_force_until_its_items_are_published_in_the_other(world: World) -> None:
    stays, merged = (
        published(world),
        published(
            world, title="特困人员", items=(ItemContent(name="姓名", type="C"), ItemContent(name="供养方式", type="C"))
        ),
    )
    entry = merging(world, stays, merged)
    assert entry.state == "revising"
    names = list(entry.working.items.order_by("position").values_list("name", flat=True))
    assert (names[-1], names.count("姓名")) == ("供养方式", 1)
    gone = code_of(merged)
    assert queries.at_code(gone) == merged
    bring_through(world, stays)
    assert queries.at_code(gone) == stays
    assert Entry.objects.get(pk=merged).state == "withdrawn"
    assert queries.require_published(stays).items[-1].name == "供养方式"
    assert world.client("market.clerk").get(f"/catalogue/code/{gone}")["Location"] == f"/catalogue/{stays}/"
    again = published(world, title="又一条")
    assert code_of(again) not in {gone, code_of(stays)}


def bring_through(world: World, pk: int) -> None:
    actions.assess(pk, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(pk, by=world.actor("civil.leader"), at=world.at)
    actions.submit(pk, by=world.actor("civil.officer"), at=world.at)
    actions.review(pk, by=world.actor("authority.reviewer"), at=world.at)
    actions.publish(pk, by=world.actor("authority.reviewer"), at=world.at)
    world.drain()


def test_what_cannot_be_merged_is_refused_with_the_reason(world: World) -> None:
    stays, merged, third = (published(world, title=title) for title in ("甲", "乙", "丙"))
    foreign = published(world, "police", title="户籍")
    for more in ({"reason": " "}, {"code": code_of(foreign)}, {"code": code_of(stays)}, {"code": "3070010001/009999"}):
        with pytest.raises(RuleBroken):
            merging(world, stays, merged, **more)
    with pytest.raises(NotAllowed):
        actions.merge_entries(
            stays, by=world.actor("police.officer"), at=world.at, code=code_of(foreign), reason="合并"
        )
    assert Entry.objects.get(pk=stays).state == "published"
    merging(world, stays, merged)
    with pytest.raises(Conflict):
        merging(world, third, merged)
    client = world.client("civil.officer")
    assert client.get(f"/catalogue/{third}/merge/").status_code == 200
    assert client.post(f"/catalogue/{third}/merge/", {"code": code_of(merged), "reason": "合并"}).status_code == 409
    body = {"code": code_of(third), "reason": "合并"}
    assert client.post(f"/api/v1/catalogue/{stays}/merge", body, content_type="application/json").status_code == 200


def test_entries_leave_with_another_systems_codes_and_what_it_does_not_know_is_named(world: World) -> None:
    published(world)
    published(world, title="特困人员", update_cycle="weekly")
    rows = [("out", "share_type", "conditional", "1"), ("out", "update_cycle", "daily", "7")]
    standards.keep_peer_codes(peer="省目录系统", rows=rows, by=world.actor("authority.operator"), at=world.at)
    client = world.client("civil.officer")
    assert "省目录系统" in client.get("/catalogue/own/").content.decode()
    data = b"".join(client.get("/catalogue/export/own/?peer=省目录系统").streaming_content)
    book = openpyxl.load_workbook(io.BytesIO(data))
    heads = [str(cell.value).strip("*") for cell in book.worksheets[0][1]]
    lines = [
        dict(zip(heads, (cell.value for cell in row), strict=True)) for row in book.worksheets[0].iter_rows(min_row=2)
    ]
    assert [(line["信息资源名称"], line["共享类型"], line["更新周期"]) for line in lines] == [
        ("城乡低保对象信息", "1", "7")
    ]
    assert [cell.value for cell in book["未导出"][2]] == ["特困人员", "更新周期", "每周"]
    assert client.get("/catalogue/export/own/?peer=别的").status_code == 404
