"""Departments' systems maintain their entries with a key: many at once, each by itself, and the entry's own page."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from django.test import Client

from covers import covers
from jutong.kernel import clock
from jutong.slices.catalogue import queries
from jutong.slices.catalogue.models import Entry
from jutong.slices.parties import actions as parties
from published import content, published
from world import World

BATCH = "/api/v1/catalogue/batch"


def key(world: World, who: str) -> dict[str, str]:
    """Return the header of a department's key, as its system sends it."""
    made = parties.issue_api_key(name="业务系统", days=30, by=world.actor(who), at=clock.now())
    return {"Authorization": f"Bearer {made.text}"}


def body(**changes: Any) -> dict[str, Any]:
    given = msgspec.to_builtins(content(**changes))
    return {name: value for name, value in given.items() if name not in {"specification", "catalogue_level", "extra"}}


def send(headers: dict[str, str], method: str, path: str, data: Any) -> Any:
    return getattr(Client(), method)(path, data, content_type="application/json", headers=headers)


@covers("R-CAT-017")
def test_a_departments_system_updates_maintains_and_calls_the_catalogue_with_its_key(world: World) -> None:
    pk = published(world)
    mine, other = key(world, "civil.officer"), key(world, "market.officer")
    made = send(mine, "post", "/api/v1/catalogue/", body(title="低保金发放信息"))
    changed = send(mine, "put", f"/api/v1/catalogue/{made.json()['id']}", body(title="低保金发放信息", abstract="改过"))
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert send({}, "put", f"/api/v1/catalogue/{pk}", body()).json()["code"] == "unauthenticated"
    bad = {"Authorization": "Bearer jt_0000000000"}
    assert send(bad, "put", f"/api/v1/catalogue/{pk}", body()).json()["code"] == "unauthenticated"
    assert send(mine, "post", f"/api/v1/catalogue/{pk}/revise", {}).json()["state"] == "revising"
    foreign = send(other, "put", f"/api/v1/catalogue/{pk}", body(abstract="别人的"))
    assert (foreign.status_code, foreign.json()["code"]) == (403, "forbidden")
    malformed = send(mine, "put", f"/api/v1/catalogue/{pk}", {"title": 1})
    assert (malformed.status_code, malformed.json()["code"]) == (422, "validation_error")
    updated = send(mine, "put", f"/api/v1/catalogue/{pk}", body(abstract="新的摘要"))
    assert (updated.status_code, updated.json()["version"]) == (200, 2)
    assert queries.require_published(pk).version == 1  # in force until the new one was reviewed
    read = Client().get("/api/v1/catalogue/", {"q": "低保"}, headers=other).json()
    assert [row["id"] for row in read["found"]] == [pk]


def test_a_batch_stores_the_good_and_says_of_each_other_why_not(world: World) -> None:
    pk = published(world)
    code = Entry.objects.values_list("code", flat=True).get(pk=pk)
    foreign = published(world, provider="market", title="企业登记信息")
    mine = key(world, "civil.officer")
    entries = [
        {"content": body(title="殡葬服务机构信息")},
        {"code": code, "content": body(abstract="改过的摘要")},
        {"id": foreign, "content": body(title="企业登记信息", abstract="不是我的")},
        {"content": {"title": "缺陷", "items": [{"name": "甲", "length": -1}]}},
        {"content": body(title="殡葬服务机构信息", share_mode="nothing")},
        {"code": "3070019999/000001", "content": body(title="没有这条")},
        "不是对象",
    ]
    answer = send(mine, "post", BATCH, {"entries": entries[:6]})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert [told[name] for name in ("created", "updated", "unchanged", "refused")] == [1, 1, 0, 4]
    lines = [(line["outcome"], line["status"], line["problem"]) for line in told["entries"]]
    assert lines == [
        ("created", 200, ""),
        ("updated", 200, ""),
        ("refused", 403, "forbidden"),
        ("refused", 422, "validation_error"),
        ("refused", 422, "validation_error"),
        ("refused", 404, "not_found"),
    ]
    assert "share_mode" in told["entries"][4]["remarks"]
    assert Entry.objects.get(pk=pk).state == "revising"
    again = send(mine, "post", BATCH, {"entries": entries[:2]}).json()
    assert [line["outcome"] for line in again["entries"]] == ["unchanged", "unchanged"]
    assert Entry.objects.get(pk=pk).version == 2
    assert send(mine, "post", BATCH, {"entries": entries}).status_code == 422
    stale = send(mine, "post", BATCH, {"entries": [{"code": code, "version": 1, "content": body(abstract="再改")}]})
    assert stale.json()["entries"][0]["problem"] == "conflict"


def test_the_same_published_content_takes_nothing_into_revision_and_keeps_what_the_interface_cannot_say(
    world: World,
) -> None:
    pk = published(world, records=1200, updated_on=date(2026, 3, 1))
    mine = key(world, "civil.officer")
    same = send(mine, "post", BATCH, {"entries": [{"id": pk, "content": body()}]}).json()
    assert (same["unchanged"], Entry.objects.get(pk=pk).state) == (1, "published")
    send(mine, "post", BATCH, {"entries": [{"id": pk, "content": body(abstract="改")}]})
    seen = queries.entry(pk, actor=world.actor("civil.officer"), at=world.at).content
    assert (seen.abstract, seen.records) == ("改", 1200)


def test_an_entrys_page_shows_lights_ways_and_a_copy_for_data_officers(world: World) -> None:
    pk = published(world, update_cycle="yearly")
    officer = world.client("hr.officer")
    page = officer.get(f"/catalogue/{pk}/").content.decode()
    for words in ("质量与新鲜度", "有助于理解的要素已填", "尚未挂接数据资源", "还没有部门取得授权"):
        assert words in page
    assert "以本目录的内容新建本部门的草稿" in page
    assert "以本目录的内容新建本部门的草稿" not in world.client("hr.clerk").get(f"/catalogue/{pk}/").content.decode()
    assert officer.post(f"/catalogue/{pk}/copy/").status_code == 303
    copied = Entry.objects.exclude(pk=pk).get()
    assert (copied.provider_id, copied.state, copied.code) == (world.department("hr"), "draft", None)


def test_a_title_that_may_repeat_an_entry_is_told_while_it_is_typed(world: World) -> None:
    pk = published(world, title="城乡低保对象信息")
    published(world, provider="hr", title="城乡低保家庭名单")
    officer = world.client("civil.officer")

    def told(title: str, entry: str = "") -> str:
        form = {"title": title, "resource_class": "department", "share_type": "unconditional"}
        items = {"items-TOTAL_FORMS": "0", "items-INITIAL_FORMS": "0"}
        return str(officer.post(f"/catalogue/check/{entry}", form | items).content.decode())

    assert "本部门同名，不能再用" in told("城乡低保 对象信息。")
    assert "城乡低保对象信息" in told("2026年城乡低保对象名单")
    assert "其他部门已发布，可以引用" in told("城乡低保家庭名单")
    assert "名称相近的目录" not in told("城乡低保对象信息", f"?entry={pk}")
    assert "名称相近的目录" not in told("婚姻登记")
