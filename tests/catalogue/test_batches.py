"""Sets decided together: a remark on each, those overtaken told by name, large ones in the background with progress."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest

from covers import covers
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken
from jutong.kernel.models import PolicyAssignment
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.actions import batching
from jutong.slices.catalogue.models import Entry, Opinion, ReviewBatch
from published import handed_in
from world import World

DETERMINED: dict[str, Any] = {
    "share_type": "conditional", "basis_rank": "law", "basis_instrument": "测试法", "basis_article": "第一条",
    "basis_wording": "条文",
}  # fmt: skip
TITLES = [f"批量资源{name}" for name in "甲乙丙丁戊"]


@covers(partly=["R-CAT-058"])
def test_a_set_goes_through_with_a_remark_on_each_and_what_moved_meanwhile_is_told_by_name(world: World) -> None:
    ids, reviewer = handed_in(world, *TITLES[:4]), world.client("authority.reviewer")
    actions.return_entry(ids[0], by=world.actor("authority.chief"), at=world.at, reason="已另行退回")
    form = {"verb": "review", "ids": ids, f"remark_{ids[1]}": "摘要写得好", "note": "同意"}
    answer = reviewer.post("/catalogue/review/", form, follow=True)
    page = answer.content.decode()
    assert "已办理 3 条。未办理 1 条：《批量资源甲》当前状态为“已退回”" in page
    assert answer.redirect_chain[-1][0] == f"/catalogue/review/batches/{ReviewBatch.objects.get().pk}/"
    said = dict(Opinion.objects.filter(kind="review").values_list("entry", "text"))
    assert said == {ids[1]: "摘要写得好", ids[2]: "同意", ids[3]: "同意"}
    sheet = reviewer.get(f"{answer.redirect_chain[-1][0]}export/")
    book: Any = openpyxl.load_workbook(io.BytesIO(b"".join(sheet.streaming_content))).active  # type: ignore[attr-defined]
    assert (book.max_row, book["A2"].value) == (2, "批量资源甲")
    assert world.client("authority.chief").get(answer.redirect_chain[-1][0]).status_code == 404
    again = reviewer.post("/catalogue/review/", form)
    assert (again.status_code, "《批量资源甲》" in again.content.decode()) == (409, True)


@covers(partly=["R-CAT-058"])
def test_a_departments_system_says_of_each_entry_and_element_what_the_page_says(world: World) -> None:
    ids, reviewer = handed_in(world, *TITLES[:4]), world.client("authority.reviewer")

    def sent(verb: str, **body: Any) -> Any:
        answer = reviewer.post(f"/api/v1/catalogue/{verb}", body, content_type="application/json")
        return answer.json()

    passed = sent("review", ids=ids[:1], note="同意", remarks={ids[0]: "摘要写得好"})
    assert passed["done"] == ids[:1]
    wrong = sent("return", ids=ids[1:], elements={ids[1]: {"nothing": "没有这个要素"}})
    assert (wrong["status"], "nothing" in wrong["detail"]) == (422, True)
    back = sent("return", ids=ids[1:], remarks={ids[1]: "改名"}, elements={ids[1]: {"title": "应含地区"}, ids[2]: {"items": "缺主键"}})  # fmt: skip
    assert (back["done"], list(back["refused"])) == (ids[1:3], [str(ids[3])])
    said = {
        row.entry_id: (row.text, row.detail)
        for row in Opinion.objects.exclude(kind__in=["assessment", "leader_approval"])
    }
    assert said[ids[0]] == ("摘要写得好", {})
    assert said[ids[1]] == ("改名", {"remarks": {"title": "应含地区"}})
    assert said[ids[2]] == ("", {"remarks": {"items": "缺主键"}})
    assert "缺主键" in world.client("civil.officer").get(f"/catalogue/{ids[2]}/").content.decode()
    assert sent("determine", ids=ids[3:], number=" ")["status"] == 422


def test_entries_come_back_each_for_its_own_reason_and_those_without_one_stay(world: World) -> None:
    ids, chief = handed_in(world, *TITLES[:3]), world.actor("authority.chief")
    with pytest.raises(RuleBroken, match="退回须说明理由"):
        actions.decide_batch("return_entry", by=chief, at=world.at, ids=ids, remarks={ids[0]: " "})
    batch = actions.decide_batch(
        "return_entry", by=chief, at=world.at, ids=ids, remarks={ids[0]: "改名", ids[1]: "补摘要"}
    )
    assert (batch.done, [line[0] for line in batch.refused]) == (2, [ids[2]])
    assert sorted(Opinion.objects.filter(kind="return").values_list("text", flat=True)) == ["改名", "补摘要"]
    for wrong in ({"ids": []}, {"ids": list(range(1, 5002))}):
        with pytest.raises(RuleBroken):
            actions.decide_batch("review", by=chief, at=world.at, **wrong)
    with pytest.raises(NotThere):
        actions.decide_batch("withdraw", by=chief, at=world.at, ids=ids)
    with pytest.raises(NotAllowed):
        actions.decide_batch("review", by=world.actor("civil.officer"), at=world.at, ids=ids)


def test_a_large_set_is_worked_off_in_the_background_part_by_part(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "AT_ONCE", 2)
    ids, reviewer = handed_in(world, *TITLES[:5]), world.client("authority.reviewer")
    queue = reviewer.get("/catalogue/review/").content.decode()
    assert "内江市民政局（5）" in queue
    form = {"verb": "review", "all": "on", "q": "批量", "department": world.department("civil")}
    place = reviewer.post("/catalogue/review/", form)["Location"]
    assert reviewer.get(f"{place}progress/").status_code == 200
    assert "进行中" in reviewer.get(place).content.decode()
    world.drain()
    batch = ReviewBatch.objects.get()
    assert (batch.done, batch.chosen, batch.finished_at is not None) == (5, [], True)
    assert set(Entry.objects.filter(pk__in=ids).values_list("state", flat=True)) == {"reviewed"}
    published = actions.decide_batch("publish", by=world.actor("authority.chief"), at=world.at, ids=ids)
    world.drain()
    published.refresh_from_db()
    assert (published.done, published.notices.count("号")) == (5, 3)


def test_a_set_is_determined_under_one_number(world: World) -> None:
    PolicyAssignment.objects.create(
        region=world.region, profile="jiangxi-2017", effective_from=date(2010, 1, 1), assigned_at=world.at
    )
    ids, chief = handed_in(world, *TITLES[:2], **DETERMINED), world.actor("authority.chief")
    world.drain()
    with pytest.raises(RuleBroken, match="文号"):
        actions.decide_batch("determine", by=chief, at=world.at, ids=ids)
    batch = actions.decide_batch("determine", by=chief, at=world.at, ids=ids, number="内数核〔2026〕3号")
    assert (batch.done, batch.refused) == (2, [])
    numbers = Opinion.objects.filter(kind="determination").values_list("number", flat=True)
    assert list(numbers) == ["内数核〔2026〕3号"] * 2
    assert queries.review_queue(chief, at=world.at, state="reviewed")[1].total == 2
