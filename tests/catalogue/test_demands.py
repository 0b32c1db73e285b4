"""W04 and S51: what departments want of others, reviewed or registered, and followed to an entry, a request or an end."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from covers import covers
from jutong.kernel import agenda, clock, outbox
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken
from jutong.kernel.models import Clock, InboxItem
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.formats.demands import COLUMNS, template
from jutong.slices.catalogue.models import Demand, Entry
from jutong.slices.catalogue.models.demands import OVER
from jutong.slices.catalogue.rules.content import ItemContent
from jutong.slices.catalogue.rules.demands import STANDARD_STEPS, Step, Wanted
from jutong.slices.catalogue.search import suggested, suggestions
from published import ASSESSED, content, published
from world import World


@pytest.fixture(autouse=True)
def _now(world: World) -> Iterator[None]:
    with clock.frozen(world.at):
        yield


def wanted(data: str = "不动产登记信息", **changes: Any) -> Wanted:
    """A complete demand of another department's data."""
    given = {
        "scope": "external", "wanted": data, "contents": "核实申请人名下的不动产，每日更新", "duty": "社会救助家庭经济状况核对",
        "basis": "社会救助暂行办法第五十八条",
    }  # fmt: skip
    return Wanted(**{**given, **changes})


def recorded(world: World, data: str = "不动产登记信息", *, consumer: str = "hr", **changes: Any) -> int:
    by = world.actor(f"{consumer}.officer")
    given = wanted(data, **changes)
    return actions.record_demand(by=by, at=world.at, consumer_id=world.department(consumer), given=given).pk


def submitted(world: World, data: str = "不动产登记信息", **changes: Any) -> int:
    pk = recorded(world, data, **changes)
    consumer = changes.get("consumer", "hr")
    assert actions.submit_demands([pk], by=world.actor(f"{consumer}.officer"), at=world.at).demands.done == [pk]
    world.drain()
    return pk


def registered(world: World, data: str = "不动产登记信息", **changes: Any) -> int:
    pk = recorded(world, data, **changes)
    assert actions.register_demands([pk], by=world.actor("hr.head"), at=world.at).done == [pk]
    world.drain()
    return pk


def state(pk: int) -> str:
    return Demand.objects.get(pk=pk).state


def heard(world: World, name: str, **payload: Any) -> None:
    """Let the catalogue hear what a higher slice publishes."""
    outbox.publish(name, f"{name}:1", payload, at=world.at)
    world.drain()


def decider(world: World) -> dict[str, Any]:
    return {"by": world.actor("authority.reviewer"), "at": world.at}


def todo(world: World, who: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(row.title, row.verbs) for row in agenda.todo(world.actor(who), world.at).rows if row.workflow == "demand"]


@covers("R-CAT-028")
def test_a_line_without_the_duty_it_serves_is_refused_and_a_complete_one_is_known_to_authority_and_named_provider(
    world: World,
) -> None:
    client = world.client("hr.officer")
    form = {
        "consumer_id": str(world.department("hr")), "wanted": "不动产登记信息", "contents": "核实名下不动产", "scope": "external",
        "provider_id": "内江市公安局", "duty": "", "basis": "社会救助暂行办法",
    }  # fmt: skip
    page = client.post("/catalogue/demands/new/", form)
    assert page.status_code == 422
    assert "请填写“履行的职责”" in page.content.decode()
    body = {**form, "consumer_id": world.department("hr"), "provider_id": world.department("police")}
    answer = client.post("/api/v1/catalogue/demands", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["remarks"]) == (422, {"duty": "请写明该数据服务的职责。"})
    assert not Demand.objects.exists()
    assert client.post("/catalogue/demands/new/", {**form, "duty": "救助核对"}).status_code == 303
    case = Demand.objects.get()
    for who in ("authority.reviewer", "police.officer"):
        with pytest.raises(NotThere):
            queries.demand(case.pk, actor=world.actor(who), at=world.at)
    assert client.post("/catalogue/demands/hand_in/", {"ids": [case.pk], "verb": "submit"}).status_code == 303
    for who in ("authority.reviewer", "police.officer", "hr.head", "audit.auditor"):
        assert queries.demand(case.pk, actor=world.actor(who), at=world.at).row.state == "submitted"
    with pytest.raises(NotThere):
        queries.demand(case.pk, actor=world.actor("civil.officer"), at=world.at)
    world.drain()
    told = InboxItem.objects.get(department_id=world.department("authority"), link="/catalogue/demands/review/")
    assert told.title == "内江市人力资源和社会保障局提交需求清单，共 1 项，请审核"


@covers("R-CAT-029")
def test_the_authority_links_what_the_catalogue_has_and_gives_the_gaps_to_providers_in_one_step(world: World) -> None:
    entry = published(world, "civil", title="城乡低保对象信息")
    like = submitted(world, "低保对象")
    gap = submitted(world, "不动产登记信息", provider_id=world.department("police"))
    vague = submitted(world, "水电气缴费信息")
    unfit = submitted(world, "行政处罚信息")
    reviewer = world.client("authority.reviewer")
    seen = reviewer.get("/catalogue/demands/review/").content.decode()
    assert f'<option value="{entry}">城乡低保对象信息（内江市民政局）</option>' in seen
    assert Demand.objects.get(pk=like).suggested == [entry]
    with pytest.raises(RuleBroken, match="理由"):
        actions.reject_demands([unfit], reason=" ", **decider(world))
    assert state(unfit) == "submitted"
    posted = {"ids": [like, gap, vague], "verb": "accept", f"entry_{like}": str(entry), f"entry_{gap}": ""}
    assert reviewer.post("/catalogue/demands/review/", posted).status_code == 303
    rejection = {"ids": [unfit], "verb": "reject", "note": "与职责无关"}
    assert reviewer.post("/catalogue/demands/review/", rejection).status_code == 303
    world.drain()
    assert [state(pk) for pk in (like, gap, vague, unfit)] == ["accepted", "gap", "accepted", "rejected"]
    assert Demand.objects.get(pk=gap).provider_id == world.department("police")
    assert todo(world, "police.officer") == [("不动产登记信息", ("说明不能提供", "为需求编制目录"))]
    assert todo(world, "authority.reviewer") == [("水电气缴费信息", ("分派缺口",))]
    told = InboxItem.objects.filter(department_id=world.department("hr"), title__startswith="数据需求")
    titles = set(told.values_list("title", flat=True))
    assert titles == {f"数据需求已受理：{name}" for name in ("低保对象", "不动产登记信息", "水电气缴费信息")} | {
        "数据需求未采纳：行政处罚信息（与职责无关）"
    }


def test_one_list_of_the_region_is_issued_when_nothing_is_open_and_everybody_may_read_it(world: World) -> None:
    entry = published(world, "civil", title="城乡低保对象信息")
    linked, vague = submitted(world, "低保对象"), submitted(world, "水电气缴费信息")
    twin = submitted(world, "水电气缴费信息", consumer="market", provider_id=world.department("police"))
    actions.accept_demands([linked, vague, twin], entries={linked: entry}, **decider(world))
    world.drain()
    chief = world.client("authority.chief")
    page = chief.get("/catalogue/demands/lists/").content.decode()
    assert "有 1 个冲突" in page
    assert "既未关联目录，也未分派提供部门" in page
    issue: dict[str, Any] = {"authority_id": world.department("authority"), "region": world.region, **decider(world)}
    with pytest.raises(Conflict, match="水电气缴费信息"):
        actions.issue_demands(document="内数〔2026〕9号", **issue)
    actions.assign_demands([vague], provider_id=world.department("civil"), **decider(world))
    with pytest.raises(Conflict, match="同一数据分派给了不同部门（内江市公安局、内江市民政局）"):
        actions.issue_demands(document="内数〔2026〕9号", **issue)
    actions.reassign_demand(vague, provider_id=world.department("police"), **decider(world))
    with pytest.raises(RuleBroken, match="文号"):
        actions.issue_demands(document="", **issue)
    answer = chief.post("/catalogue/demands/lists/issue/", {"document": "内数〔2026〕9号"})
    world.drain()
    assert "第 1 号" in world.client("court.clerk").get(answer["Location"]).content.decode()
    assert queries.demand(vague, actor=world.actor("court.clerk"), at=world.at).listed == "内数〔2026〕9号"
    sheet = world.client("court.clerk").get(f"{answer['Location']}export/")
    rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(sheet.streaming_content))).active.values)
    assert [(row[1], row[2], row[9]) for row in rows[1:]] == [
        ("内江市人力资源和社会保障局", "低保对象", "已受理"),
        ("内江市人力资源和社会保障局", "水电气缴费信息", "缺口已分派"),
        ("内江市市场监督管理局", "水电气缴费信息", "缺口已分派"),
    ]
    with pytest.raises(RuleBroken, match="没有待印发"):
        actions.issue_demands(document="内数〔2026〕10号", **issue)
    figures = {row.department: row for row in queries.demand_figures(world.region, at=world.at)}
    police = figures["内江市公安局"]
    assert (police.given, police.given_met, police.given_open) == (2, 0, 2)
    assert (figures["内江市人力资源和社会保障局"].wanted, figures["内江市人力资源和社会保障局"].met) == (2, 0)


@covers("R-CAT-030")
def test_demands_inside_a_department_with_others_and_between_levels_are_recorded_and_counted_apart(
    world: World,
) -> None:
    with pytest.raises(RuleBroken) as refused:
        recorded(world, scope="everybody")
    assert refused.value.field == "scope"
    with pytest.raises(RuleBroken, match="本部门内部的需求"):
        recorded(world, scope="internal", provider_id=world.department("police"))
    with pytest.raises(RuleBroken, match="提供部门不能是需求部门自己"):
        recorded(world, provider_id=world.department("hr"))
    inside = submitted(world, "内部考勤信息", scope="internal")
    submitted(world, "部垂管系统参保信息", scope="central_local")
    submitted(world)
    assert Demand.objects.get(pk=inside).provider_id == world.department("hr")
    counted = {row.scope: (row.wanted, row.open) for row in queries.demand_scopes(world.region)}
    assert counted == {"external": (1, 1), "internal": (1, 1), "central_local": (1, 1)}
    page = world.client("hr.clerk").get("/catalogue/demands/lists/").content.decode()
    assert "本部门中央与地方之间" in page


@covers("R-SHR-039")
def test_a_demand_that_nothing_meets_is_given_to_a_provider_and_followed_to_its_end(world: World) -> None:
    by_entry = registered(world, provider_id=world.department("police"), items=("不动产单元号", "权利人"))
    assert state(by_entry) == "assigned"
    told = InboxItem.objects.get(department_id=world.department("police"))
    assert told.title == "内江市人力资源和社会保障局需要贵部门的数据，请研究答复：不动产登记信息"
    officer = {"by": world.actor("police.officer"), "at": world.at}
    actions.compile_for_demand(by_entry, **officer)
    entry = Demand.objects.get(pk=by_entry).entry_id or 0
    draft = Entry.objects.get(pk=entry)
    assert (draft.title, draft.state, draft.provider_id) == ("不动产登记信息", "draft", world.department("police"))
    items = (ItemContent(name="不动产单元号", type="C"), ItemContent(name="权利人", type="C"))
    actions.edit_entry(entry, content=content("不动产登记信息", share_type="unconditional", items=items), **officer)
    actions.assess(entry, by=world.actor("police.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor("police.leader"), at=world.at)
    actions.submit(entry, **officer)
    actions.review(entry, **decider(world))
    actions.publish(entry, **decider(world))
    world.drain()
    assert state(by_entry) == "assigned"
    heard(world, "datacentre.mount_changed", resource_id=entry, active=True)
    assert state(by_entry) == "met_by_entry"

    by_request = registered(world, "婚姻登记信息")
    assert state(by_request) == "registered"
    offered = published(world, "civil", title="婚姻登记信息")
    actions.ask_by_request(by_request, by=world.actor("hr.officer"), at=world.at, entry_id=offered)
    granted = {"resource_id": offered, "consumer_id": world.department("hr"), "number": "SR-2026-000001"}
    heard(world, "sharing_request.granted", **{**granted, "consumer_id": world.department("market")})
    assert state(by_request) == "registered"
    heard(world, "sharing_request.granted", **granted)
    assert (state(by_request), Demand.objects.get(pk=by_request).request_number) == ("met_by_request", "SR-2026-000001")

    ended = registered(world, "个人银行流水", provider_id=world.department("civil"))
    with pytest.raises(RuleBroken, match="理由"):
        actions.end_demand(ended, reason="", **decider(world))
    open_, _meta = queries.demands(world.actor("hr.officer"), at=world.at, state="open")
    assert [row.wanted for row in open_] == ["个人银行流水"]
    actions.end_demand(ended, reason="不属于政务数据", **decider(world))
    assert not Demand.objects.exclude(state__in=OVER).exists()


@covers("R-SHR-039")
def test_the_published_procedure_can_be_read_by_everybody_and_a_new_version_leaves_running_demands_alone(
    world: World,
) -> None:
    place = {"authority_id": world.department("authority"), "region": world.region}
    reader = world.client("court.clerk")
    assert "主管部门尚未发布" in reader.get("/catalogue/demands/procedure/").content.decode()
    with pytest.raises(NotAllowed):
        actions.publish_procedure(by=world.actor("hr.head"), at=world.at, steps=STANDARD_STEPS, **place)
    with pytest.raises(RuleBroken) as refused:
        actions.publish_procedure(steps=[STANDARD_STEPS[0], Step("分派", "")], **place, **decider(world))
    assert refused.value.sentence == "第 2 步缺少步骤名称或责任方，请补充。"
    actions.publish_procedure(steps=STANDARD_STEPS, answer_days=10, **place, **decider(world))
    before = registered(world, provider_id=world.department("police"))
    waits = registered(world, "婚姻登记信息")
    form = {"name_0": "登记", "owner_0": "需求部门", "limit_0": "随时", "answer_days": "3"}
    assert world.client("authority.chief").post("/catalogue/demands/procedure/publish/", form).status_code == 303
    after = registered(world, "车辆登记信息", provider_id=world.department("police"))
    actions.assign_demands([waits], provider_id=world.department("civil"), **decider(world))
    days = {pk: Clock.objects.get(case_kind="demand", case_id=pk).days for pk in (before, waits, after)}
    assert days == {before: 10, waits: 10, after: 3}
    page = reader.get("/catalogue/demands/procedure/").content.decode()
    assert "3 个工作日内研究答复" in page
    assert "10 个工作日内研究答复" in reader.get("/catalogue/demands/procedure/?version=1").content.decode()
    assert queries.demand(before, actor=world.actor("hr.clerk"), at=world.at).procedure == 1
    late = world.at + timedelta(days=30)
    world.drain(late)
    overdue = InboxItem.objects.filter(
        title__startswith="研究答复需求已超期", department_id=world.department("authority")
    )
    assert overdue.count() == 3


def test_what_is_linked_is_met_once_it_is_reachable_and_follows_its_entry_into_a_merger_or_back_to_the_authority(
    world: World,
) -> None:
    stays, merged, gone = (
        published(world, title=title) for title in ("低保对象信息", "低保家庭信息", "低保金发放信息")
    )
    heard(world, "datacentre.mount_changed", resource_id=stays, active=True)
    at_once, waits, lost = submitted(world, "低保对象"), submitted(world, "低保家庭"), submitted(world, "低保金")
    other = registered(world, "低保家庭成员")
    chosen = {at_once: stays, waits: merged, lost: gone}
    unknown = actions.accept_demands([waits], entries={waits: 10**9}, **decider(world))
    assert "没有找到该目录" in unknown.refused[waits]
    actions.accept_demands(list(chosen), entries=chosen, **decider(world))
    actions.link_demand(other, entry_id=merged, **decider(world))
    world.drain()
    assert [state(pk) for pk in (at_once, waits, other, lost)] == ["met", "accepted", "registered", "accepted"]
    platform = system_actor("grants")
    code = Entry.objects.get(pk=stays).code or ""
    actions.withdraw(merged, by=platform, at=world.at, reason="合并", successor=code)
    actions.withdraw(gone, by=platform, at=world.at, reason="系统停用")
    world.drain()
    assert [state(pk) for pk in (waits, other, lost)] == ["met", "met_by_entry", "accepted"]
    assert todo(world, "authority.reviewer") == [("低保金", ("分派缺口",))]
    assert InboxItem.objects.filter(title="需求所关联的目录已经撤销，请另行办理：低保金").exists()


def test_a_provider_gives_back_what_it_does_not_have_and_the_authority_finds_another_one(world: World) -> None:
    actions.publish_procedure(
        steps=STANDARD_STEPS, answer_days=5, authority_id=world.department("authority"), region=world.region,
        **decider(world),
    )  # fmt: skip
    pk = registered(world, provider_id=world.department("civil"))
    with pytest.raises(NotAllowed):
        actions.decline_demand(pk, by=world.actor("hr.officer"), at=world.at, reason="没有")
    actions.decline_demand(pk, by=world.actor("civil.head"), at=world.at, reason="本局没有该数据")
    world.drain()
    assert state(pk) == "registered"
    assert todo(world, "authority.reviewer") == [("不动产登记信息", ("分派提供部门",))]
    actions.assign_demands([pk], provider_id=world.department("police"), **decider(world))
    limit = Clock.objects.get(case_kind="demand", case_id=pk)
    assert (limit.state, limit.obliged_id) == ("running", world.department("police"))
    seen = queries.demand(pk, actor=world.actor("authority.reviewer"), at=world.at)
    assert [(row.department, row.reason) for row in seen.declined] == [("内江市民政局", "本局没有该数据")]


def test_a_demand_list_goes_in_together_with_the_catalogue_list(world: World) -> None:
    entry = actions.compile_entry(
        by=world.actor("hr.officer"), at=world.at, provider_id=world.department("hr"), content=content("参保信息")
    )
    actions.assess(entry, by=world.actor("hr.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor("hr.leader"), at=world.at)
    pk = recorded(world)
    form = {"ids": [pk], "verb": "submit", "with_catalogue": "on"}
    assert world.client("hr.officer").post("/catalogue/demands/hand_in/", form).status_code == 303
    assert (state(pk), Entry.objects.get(pk=entry.pk).state) == ("submitted", "submitted")
    assert Demand.objects.get(pk=pk).with_catalogue


def sheet(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append([f"{column.label}*" if column.needed else column.label for column in COLUMNS])
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_good_lines_of_a_workbook_are_recorded_bad_ones_come_back_and_nothing_comes_in_twice(world: World) -> None:
    empty = io.BytesIO()
    template(empty, ["内江市公安局"])
    book = openpyxl.load_workbook(empty)
    places = {str(one.sqref).split(":")[0]: one.formula1 for one in book.active.data_validations.dataValidation}
    assert places == {"D2": "'选项'!$B$1:$B$3", "E2": "'选项'!$A$1:$A$1"}
    good = (
        "不动产登记信息",
        "核实名下不动产",
        "不动产单元号、权利人",
        "其他部门",
        "内江市公安局",
        "救助核对",
        "社会救助暂行办法",
    )
    bad = ("婚姻登记信息", "核实婚姻状况", "", "随便", "市公安局分局", "", "社会救助暂行办法")
    client = world.client("hr.officer")

    def sent() -> str:
        file = io.BytesIO(sheet(good, bad, (None,) * 7))
        file.name = "需求.xlsx"
        form = {"consumer_id": world.department("hr"), "file": file}
        return client.post("/catalogue/demands/import/", form).content.decode()

    assert "登记 1 项，退回 1 行。" in sent()
    case = Demand.objects.get()
    assert (case.state, case.items, case.provider_id) == (
        "draft", ["不动产单元号", "权利人"], world.department("police")
    )  # fmt: skip
    again = sent()
    assert "登记 0 项，退回 2 行。" in again
    address = again.split('href="/catalogue/demands/import/')[1].split('"')[0]
    answer = client.get(f"/catalogue/demands/import/{address}")
    lines = list(openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active.values)
    assert "本部门已有同一数据的需求“不动产登记信息”尚未办结" in str(lines[1][-1])
    assert "没有名为“市公安局分局”的部门" in str(lines[2][-1])
    assert world.client("hr.head").get(f"/catalogue/demands/import/{address}").status_code == 404
    assert Demand.objects.count() == 1


def test_what_is_typed_is_looked_for_in_the_catalogue_with_the_items_it_holds(world: World) -> None:
    published(world, "civil", title="城乡低保对象信息")
    page = world.client("hr.clerk").get("/catalogue/demands/like/", {"wanted": "低保", "items": "姓名\n收入\n房产"})
    said = page.content.decode()
    assert "城乡低保对象信息" in said
    assert "2/3" in said
    published(
        world, "civil", title="婚姻登记信息", abstract="结婚和离婚", items=(ItemContent(name="登记日期", type="D"),)
    )
    found = {text: [one.title for one in suggestions(suggested(text))] for text in ("婚姻状况信息", "不动产登记信息")}
    assert found == {"婚姻状况信息": ["婚姻登记信息"], "不动产登记信息": []}
