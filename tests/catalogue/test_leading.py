"""Who compiles and answers for what: own entries, lead departments, catalogue offices."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from covers import covers
from jurisdictions import under
from jutong.kernel.errors import Conflict, NotAllowed, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, InboxItem
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Entry, Lead
from published import ASSESSED, content, published
from world import World

POPULATION: dict[str, Any] = {"resource_class": "base", "category": "population", "share_type": "unconditional"}
BASIS: dict[str, Any] = {
    "basis_rank": "law", "basis_instrument": "测试法", "basis_article": "第一条", "basis_wording": "条文",
}  # fmt: skip


def approved(world: World, department: str, *, at: datetime | None = None, **changes: Any) -> Entry:
    """Bring an entry of a department up to its leader's approval."""
    at = at or world.at
    officer = world.actor(f"{department}.officer")
    entry = actions.compile_entry(
        by=officer, at=at, provider_id=world.department(department), content=content(**{**BASIS, **changes})
    )
    actions.assess(entry, by=world.actor(f"{department}.secrecy"), at=at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor(f"{department}.leader"), at=at)
    return entry


def named(world: World, department: str, *categories: str, kind: str = "base") -> list[Lead]:
    """Name a department as lead of libraries or themes."""
    return actions.name_leads(
        by=world.actor("authority.reviewer"), at=world.at, authority_id=world.department("authority"),
        region=world.region, resource_class=kind, categories=categories, department_id=world.department(department),
        document="内数〔2026〕7号",
    )  # fmt: skip


@covers("R-CAT-006")
def test_a_department_compiles_its_own_entries_and_nobody_elses(world: World) -> None:
    officer = world.actor("civil.officer")
    mine = {"by": officer, "at": world.at, "content": content("低保对象")}
    entry = actions.compile_entry(provider_id=world.department("civil"), **mine)  # type: ignore[arg-type]
    assert (entry.state, entry.provider_id) == ("draft", world.department("civil"))
    with pytest.raises(NotAllowed):
        actions.compile_entry(provider_id=world.department("police"), **mine)  # type: ignore[arg-type]
    assert Entry.objects.count() == 1
    assert AuditEntry.objects.filter(verb="catalog_entry.compile", outcome="refused").count() == 1


@covers("R-CAT-013")
def test_only_its_lead_department_compiles_a_base_library(world: World) -> None:
    under("neijiang-2020")
    entry = approved(world, "police", title="人口基础信息", **POPULATION)
    officer, reviewer = world.actor("police.officer"), world.actor("authority.reviewer")
    with pytest.raises(WrongState, match="尚未指定牵头部门"):
        actions.submit(entry, by=officer, at=world.at)
    with pytest.raises(RuleBroken, match="类别"):
        named(world, "police", "unknown")
    with pytest.raises(RuleBroken, match="本地区的部门"):
        named(world, "county", "population")
    named(world, "police", "population")
    actions.submit(entry, by=officer, at=world.at)
    other = approved(world, "civil", title="常住人口", **POPULATION)
    with pytest.raises(NotAllowed) as refused:
        actions.submit(other, by=world.actor("civil.officer"), at=world.at)
    assert "牵头部门内江市公安局" in refused.value.sentence
    said = actions.submit_entries([other.pk], by=world.actor("civil.officer"), at=world.at).refused[other.pk]
    assert "内江市公安局" in said
    actions.review(entry, by=reviewer, at=world.at)
    named(world, "civil", "population")
    with pytest.raises(NotAllowed) as late:
        actions.publish(entry, by=reviewer, at=world.at)
    assert "内江市民政局" in late.value.sentence
    table = queries.lead_table(reviewer, at=world.at)
    assert [(row.department, row.until is None) for row in table.former] == [("内江市公安局", False)]


@covers("R-CAT-014")
def test_a_theme_is_compiled_by_its_lead_and_names_who_builds_it_too(world: World) -> None:
    under("jiangxi-2017")
    named(world, "civil", "social_security", kind="theme")
    theme: dict[str, Any] = {"resource_class": "theme", "category": "social_security", "share_type": "unconditional"}
    officer = world.actor("civil.officer")
    alone = approved(world, "civil", title="社会救助主题", extra={"co_builders": "内江市民政局"}, **theme)
    with pytest.raises(RuleBroken, match="共建部门") as lacking:
        actions.submit(alone, by=officer, at=world.at)
    assert lacking.value.field == "co_builders"
    together = content("社会救助主题", extra={"co_builders": "内江市人力资源和社会保障局、内江市公安局"}, **theme)
    shown = world.client("civil.officer").get(f"/catalogue/{alone.pk}/edit/").content.decode()
    assert "共建部门" in shown
    actions.edit_entry(alone.pk, by=officer, at=world.at, content=together)
    actions.assess(alone.pk, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(alone.pk, by=world.actor("civil.leader"), at=world.at)
    actions.submit(alone.pk, by=officer, at=world.at)
    actions.review(alone.pk, by=world.actor("authority.reviewer"), at=world.at)
    actions.publish(alone.pk, by=world.actor("authority.reviewer"), at=world.at)
    with pytest.raises(NotAllowed):
        actions.revise(alone.pk, by=world.actor("hr.officer"), at=world.at, note="共建部门修改")
    assert "内江市公安局" in world.client("hr.officer").get(f"/catalogue/{alone.pk}/").content.decode()


def test_leads_are_named_and_ended_on_their_page_and_by_the_api_and_stay_in_the_history(world: World) -> None:
    reviewer = world.client("authority.reviewer")
    form = {
        "categories": ["population", "social_credit"],
        "department_id": world.department("police"),
        "document": "1号",
    }
    assert reviewer.post("/catalogue/leads/new/base/", form).status_code == 303
    lead = Lead.objects.get(category="population")
    assert InboxItem.objects.filter(department_id=world.department("police"), title__contains="牵头部门").exists()
    assert reviewer.post(f"/catalogue/leads/{lead.pk}/end/", {"reason": "机构改革"}).status_code == 303
    page = world.client("hr.clerk").get("/catalogue/leads/").content.decode()
    assert "以往的牵头部门" in page
    assert "机构改革" in page
    rows = reviewer.get("/api/v1/catalogue/leads").json()["rows"]
    assert {row["category"]: row["department"] for row in rows}["social_credit"] == "内江市公安局"
    answer = reviewer.get("/catalogue/leads/export/")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
    assert sheet.max_row > len(rows)
    assert world.client("hr.officer").post("/catalogue/leads/new/base/", form).status_code == 403


@covers("R-CAT-009")
def test_a_government_has_one_catalogue_office_and_only_its_people_submit_while_the_authority_publishes(
    world: World,
) -> None:
    under("jiangxi-2017", "511000")
    authority, reviewer = world.department("authority"), world.actor("authority.reviewer")
    office: dict[str, Any] = {
        "by": reviewer,
        "named_by_id": authority,
        "document": "赣府〔2026〕1号",
        "region": world.region,
    }
    before = approved(world, "civil", title="早先编制", share_type="unconditional")
    made = actions.name_office(at=world.at, unit_id=world.department("market"), **office)
    with pytest.raises(Conflict, match="内江市市场监督管理局"):
        actions.name_office(at=world.at, unit_id=world.department("hr"), **office)
    after = approved(world, "civil", title="后来编制", share_type="unconditional")
    with pytest.raises(NotAllowed):
        actions.submit(after, by=world.actor("civil.officer"), at=world.at)
    registrar = world.client("market.officer")
    assert f'name="ids" value="{before.pk}"' in registrar.get("/catalogue/offices/").content.decode()
    assert registrar.post("/catalogue/offices/", {"ids": [before.pk, after.pk]}).status_code == 303
    assert set(Entry.objects.values_list("state", flat=True)) == {"submitted"}
    with pytest.raises(WrongState):
        actions.publish(after, by=world.actor("market.officer"), at=world.at)
    actions.review(after, by=reviewer, at=world.at)
    with pytest.raises(NotAllowed):
        actions.publish(after, by=world.actor("market.officer"), at=world.at)
    actions.publish(after, by=reviewer, at=world.at)
    actions.end_office(made, by=reviewer, at=world.at, reason="机构改革")
    late = approved(world, "civil", title="再后编制", share_type="unconditional")
    actions.submit(late, by=world.actor("civil.officer"), at=world.at)
    assert queries.offices(reviewer, ended=True)[0][0].ended_for == "机构改革"


def test_no_office_where_the_profile_knows_none_and_a_department_names_its_own_only_in_the_province(
    world: World,
) -> None:
    office: dict[str, Any] = {"at": world.at, "document": "1号", "unit_id": world.department("market")}
    with pytest.raises(NotAllowed, match="现行政策规则不设"):
        actions.name_office(
            by=world.actor("authority.reviewer"),
            named_by_id=world.department("authority"),
            region=world.region,
            **office,
        )
    mine = world.department("market")
    with pytest.raises(RuleBroken, match="省级部门"):
        actions.name_office(by=world.actor("market.leader"), named_by_id=mine, department_id=mine, **office)


@covers("R-CAT-018")
def test_a_compiled_catalogue_is_filed_and_what_is_published_without_is_on_the_exception_list(world: World) -> None:
    unfiled = published(world, "civil", title="原先发布")
    under("inner-mongolia-2018")
    officer, reviewer = world.actor("civil.officer"), world.actor("authority.reviewer")
    draft = actions.compile_entry(
        by=officer,
        at=world.at,
        provider_id=world.department("civil"),
        content=content("草稿", share_type="unconditional"),
    )
    moved = actions.file_entries([draft.pk], by=officer, at=world.at)
    assert moved.done == [draft.pk]
    assert actions.file_entries([draft.pk], by=officer, at=world.at).refused
    with pytest.raises(NotAllowed):
        actions.file_entry(draft, by=world.actor("civil.head"), at=world.at)
    (row,) = queries.filings(reviewer, at=world.at)[0]
    assert (row.number, row.entry_id, row.state) == (f"BA20260302-{draft.pk}", draft.pk, "draft")
    submitted = approved(world, "police", title="提交即备案", share_type="unconditional")
    actions.submit(submitted, by=world.actor("police.officer"), at=world.at)
    actions.review(submitted, by=reviewer, at=world.at)
    actions.publish(submitted, by=reviewer, at=world.at)
    client = world.client("authority.reviewer")
    missing = client.get("/api/v1/catalogue/filings?kind=missing").json()["rows"]
    assert [one["entry_id"] for one in missing] == [unfiled]
    client.post("/catalogue/filings/", {"ids": [draft.pk, submitted.pk], "verb": "acknowledge"})
    assert queries.filings(reviewer, at=world.at, kind="acknowledged")[1].total == 2
    assert "原先发布" in client.get("/catalogue/filings/?kind=missing").content.decode()


@covers(partly=["R-CAT-039"])
def test_a_theme_that_is_withheld_is_flagged_for_the_authority_as_against_the_sharing_duty(world: World) -> None:
    under("jiangxi-2017")
    named(world, "civil", "social_security", kind="theme")
    entry = approved(
        world, "civil", title="救助主题", resource_class="theme", category="social_security", share_type="withheld",
        withheld_reason="涉及隐私", extra={"co_builders": "内江市公安局"}, share_mode_class="", share_mode="",
    )  # fmt: skip
    actions.submit(entry, by=world.actor("civil.officer"), at=world.at)
    world.drain()
    shown = world.client("authority.reviewer").get(f"/catalogue/{entry.pk}/").content.decode()
    assert "与共享义务不符" in shown
    assert queries.review_queue(world.actor("authority.reviewer"), at=world.at)[0][0].warnings == 1
