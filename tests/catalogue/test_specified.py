"""The specification in force drives form, checks, template, import and export; what is below it is listed for upgrade."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import msgspec
import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from covers import covers
from jutong.kernel import jurisdiction
from jutong.kernel.actors import system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Entry, ImportRun
from jutong.slices.catalogue.queries.specified import duties_in
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.obligations import ready
from jutong.slices.standards import actions as standards
from jutong.slices.standards.rules.national import shipped
from jutong.wire.specification import Element, Value
from published import ASSESSED, content, entry_form, published
from world import World

BY = system_actor("test")
NATIONAL = shipped()[-1]
UNIT = Element(
    name="grading_unit", label="最小分级单元", kind="code", obligation="M", example="字段",
    values=(Value("table", "数据表"), Value("field", "字段")),
)  # fmt: skip
OWNER = Element(name="item_owner", label="数据项责任人", of="item", length=10)


@pytest.fixture(autouse=True)
def _fresh_rules() -> None:
    jurisdiction._policy.cache_clear()


def in_force(
    world: World, *own: Element, changes: dict[str, dict[str, Any]] | None = None, days: int = 0, **more: Any
) -> None:
    """Publish a local specification that adds elements and changes others, in force since 2026-03-02."""
    elements = [msgspec.structs.replace(one, **(changes or {}).get(one.name, {})) for one in NATIONAL.elements]
    made = standards.draft_specification(
        region="511000", title="内江市规范", elements=[*elements, *own], by=BY, at=world.at, **more
    )
    standards.publish_specification(
        made, effective_from=beijing_day(world.at) + timedelta(days=days), by=BY, at=world.at
    )


def approved(world: World, given: Content) -> Entry:
    officer = world.actor("civil.officer")
    entry = actions.compile_entry(by=officer, at=world.at, provider_id=world.department("civil"), content=given)
    actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    return actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)


@covers("R-CAT-027")
def test_a_new_mandatory_element_binds_new_submissions_and_lists_what_is_published_for_upgrade(world: World) -> None:
    old, other = published(world), published(world, "police", title="户籍")
    in_force(world, UNIT, days=1)
    officer = world.actor("civil.officer")
    coming = queries.upgrade_report(officer, world.at, day=beijing_day(world.at) + timedelta(days=1))
    assert [(row.id, row.fails) for row in coming.rows] == [(old, ("最小分级单元",))]
    approved(world, content("今天还能提交的信息"))
    tomorrow = world.at + timedelta(days=1)
    entry = actions.compile_entry(
        by=officer, at=tomorrow, provider_id=world.department("civil"), content=content("新目录")
    )
    actions.assess(entry, by=world.actor("civil.secrecy"), at=tomorrow, **ASSESSED)
    with pytest.raises(RuleBroken, match="最小分级单元为必填项") as refused:
        actions.leader_approve(entry, by=world.actor("civil.leader"), at=tomorrow)
    assert set(refused.value.remarks) == {"grading_unit"}
    assert queries.require_published(old).id == old
    seen = queries.entry(entry.pk, actor=officer, at=tomorrow)
    assert (seen.content.specification, seen.content.catalogue_level) == ("511000@1+national-decree-2025", "department")
    filled = content("新目录", extra={"grading_unit": "field"})
    actions.edit_entry(entry.pk, by=officer, at=tomorrow, content=filled)
    actions.leader_approve(entry.pk, by=world.actor("civil.leader"), at=tomorrow)
    assert actions.submit(entry.pk, by=officer, at=tomorrow).state == "submitted"
    report = queries.upgrade_report(world.actor("authority.reviewer"), tomorrow)
    assert {row.id for row in report.rows} == {old, other}
    assert (report.below, report.failing, report.elements) == (2, 2, (("最小分级单元", 2),))


@covers("R-CAT-016")
def test_an_entry_that_fails_the_schema_in_force_is_not_published_and_the_list_says_why(world: World) -> None:
    entry = approved(world, content())
    actions.submit(entry, by=world.actor("civil.officer"), at=world.at)
    actions.review(entry, by=world.actor("authority.reviewer"), at=world.at)
    in_force(world, UNIT, Element(name="census_size", label="存储量", kind="number", obligation="M"))
    reviewer = world.actor("authority.reviewer")
    with pytest.raises(RuleBroken) as refused:
        actions.publish(entry, by=reviewer, at=world.at)
    assert set(refused.value.remarks) == {"grading_unit", "census_size"}
    moved, _number = actions.publish_entries([entry.pk, reviewed(world)], by=reviewer, at=world.at)
    assert "最小分级单元" in moved.refused[entry.pk]
    assert len(moved.done) == 1
    machine = world.client("market.clerk").get(f"/catalogue/{moved.done[0]}/machine/").json()
    assert machine["specification"] == "511000@1+national-decree-2025"


def reviewed(world: World) -> int:
    entry = approved(world, content("合规的目录", extra={"grading_unit": "table", "census_size": "1.5"}))
    actions.submit(entry, by=world.actor("civil.officer"), at=world.at)
    actions.review(entry, by=world.actor("authority.reviewer"), at=world.at)
    return entry.pk


@covers("R-CAT-050")
def test_an_entry_names_its_specification_and_level_or_is_refused(world: World) -> None:
    duties = duties_in("511000", world.at)
    for name, value in (("specification", ""), ("catalogue_level", ""), ("catalogue_level", "village")):
        found = ready(msgspec.structs.replace(content(), **{name: value}), duties, provider="某局")
        assert [finding.field for finding in found] == [name]
    loose = [
        msgspec.structs.replace(one, obligation="O") if one.name == "abstract" else one for one in NATIONAL.elements
    ]
    made = standards.draft_specification(region="511000", title="宽松的规范", elements=loose, by=BY, at=world.at)
    with pytest.raises(RuleBroken, match="信息资源摘要"):
        standards.publish_specification(made, effective_from=date(2026, 4, 1), by=BY, at=world.at)
    in_force(world, UNIT)
    with pytest.raises(RuleBroken):
        standards.assign_profile(
            region="511000", profile="national-2025", effective_from=date(2026, 4, 1), confirm=True, by=BY, at=world.at,
            overrides={"catalog_required_fields": ["title", "items", "provider", "format", "update_frequency", "share_type"]},
        )  # fmt: skip


def assigned(world: World, profile: str, **overrides: Any) -> None:
    day = beijing_day(world.at) - timedelta(days=1 if overrides else 400)
    standards.assign_profile(
        region="511000", profile=profile, effective_from=day, confirm=True, by=BY, at=world.at, overrides=overrides
    )


def led(world: World, kind: str, *categories: str) -> None:
    """Let the civil affairs department lead base libraries or themes."""
    actions.name_leads(
        by=world.actor("authority.reviewer"), at=world.at, authority_id=world.department("authority"), region="511000",
        resource_class=kind, categories=categories, department_id=world.department("civil"), document="1号",
    )  # fmt: skip


@covers("R-CAT-011")
def test_a_base_category_outside_the_profile_is_refused_until_the_authority_adds_it(world: World) -> None:
    social = content("社会信用记录", resource_class="base", category="social_credit", share_type="unconditional")
    for profile, accepted in (
        ("jiangxi-2017", False),
        ("inner-mongolia-2018", True),
        ("liyang-2020", True),
        ("national-2025", True),
    ):
        duties = ready(social, _duties(profile), provider="某局")
        assert ("category" not in {finding.field for finding in duties}) == accepted, profile
    assigned(world, "jiangxi-2017")
    officer = world.actor("civil.officer")
    with pytest.raises(RuleBroken, match="未列此类别"):
        actions.compile_entry(by=officer, at=world.at, provider_id=world.department("civil"), content=social)
    lists = ["population", "legal_person", "natural_resources_spatial", "electronic_licence", "social_credit", "marine"]
    assigned(world, "jiangxi-2017", base_categories=lists)
    led(world, "base", "social_credit", "marine")
    for title, category, group in (("社会信用记录", "social_credit", "104"), ("海域信息", "marine", "106")):
        given = msgspec.structs.replace(
            social, title=title, category=category, basis_rank="law", basis_instrument="法", basis_article="一"
        )
        entry = approved(world, given)
        assert actions.submit(entry, by=officer, at=world.at).code.startswith(group)


def _duties(profile: str) -> Any:
    from jutong.kernel.policy import Policy, load
    from jutong.slices.catalogue.rules.obligations import obligations

    return obligations(Policy.under(load(profile), date(2026, 3, 2)))


@covers("R-CAT-012")
def test_theme_domains_follow_the_profile_and_are_extended_by_a_local_specification(world: World) -> None:
    theme = content("扶贫对象", resource_class="theme", category="poverty_relief", share_type="unconditional")
    assert "category" not in {f.field for f in ready(theme, _duties("liyang-2020"), provider="某局")}
    assert "category" in {f.field for f in ready(theme, _duties("jiangxi-2017"), provider="某局")}
    assigned(world, "jiangxi-2017")
    with pytest.raises(RuleBroken, match="未列此类别"):
        approved(world, theme)
    in_force(world, changes={"category": {"values": (Value("poverty_relief", "精准扶贫"),)}})
    led(world, "theme", "poverty_relief")
    entry = approved(world, msgspec.structs.replace(theme, extra={"co_builders": "内江市公安局"}))
    assert actions.submit(entry, by=world.actor("civil.officer"), at=world.at).code.startswith("213001/")
    shown = world.client("civil.officer").get("/catalogue/new/").content.decode()
    assert "精准扶贫" in shown


def test_local_elements_appear_in_form_template_import_and_export_without_code(world: World) -> None:
    in_force(world, UNIT, OWNER, changes={"matter": {"obligation": "M", "rule": "填写事项全称"}})
    client = world.client("civil.officer")
    form = client.get("/catalogue/new/").content.decode()
    assert all(word in form for word in ("最小分级单元", "数据项责任人", "填写事项全称", "提交前必填"))
    checked = client.post("/catalogue/check/", entry_form()).content.decode()
    assert "最小分级单元为必填项" in checked
    assert "关联业务事项为必填项" in checked
    given = entry_form(own_grading_unit="field", matter="低保审核", **{"items-0-own_item_owner": "张三"})
    assert client.post("/catalogue/new/", given).status_code == 303
    entry = Entry.objects.get()
    assert entry.working.content["extra"]["grading_unit"] == "field"
    assert entry.working.items.get().detail["extra"] == {"item_owner": "张三"}
    assert "字段" in client.get(f"/catalogue/{entry.pk}/").content.decode()
    for kind in ("own", "guide", "two-sheet"):
        book = openpyxl.load_workbook(
            io.BytesIO(b"".join(client.get(f"/catalogue/import/template/{kind}/").streaming_content))
        )
        heads = [str(cell.value) for sheet in book.worksheets[:2] for cell in sheet[1]]
        assert {"*最小分级单元", "数据项责任人"} <= set(heads), kind
        data = b"".join(client.get(f"/catalogue/export/{kind}/").streaming_content)
        answer = client.post("/catalogue/import/", {"file": SimpleUploadedFile("导出.xlsx", data)})
        client.post(answer.url, {})
        world.drain()
        run = ImportRun.objects.latest("pk")
        assert (run.unchanged, run.updated, run.refused) == (1, 0, 0), (kind, run.reasons, run.plan)


def test_the_set_based_report_agrees_with_the_check_of_one(world: World) -> None:
    changes = {"matter": {"obligation": "C", "when": "share_type=conditional"}, "data_category": {"length": 5},
               "system": {"pattern": r"[^0-9]*"}, "column": {"obligation": "M"}}  # fmt: skip
    variants: list[dict[str, Any]] = [
        {"title": "甲", "matter": "有"}, {"title": "乙"}, {"title": "丙", "share_type": "unconditional", "data_category": "公共管理数据资源类"},
        {"title": "丁", "system": "系统1", "matter": "有", "extra": {"grading_unit": "row"}},
        {"title": "戊", "matter": "有", "system": "系统", "extra": {"grading_unit": "field"}, "data_category": "公共"},
        {"title": "己", "matter": "有", "items": tuple(msgspec.structs.replace(i, column="") for i in content().items)},
    ]  # fmt: skip
    ids = {published(world, **variant): variant for variant in variants}
    in_force(world, UNIT, changes=changes)
    report = queries.upgrade_report(world.actor("civil.officer"), world.at)
    duties = duties_in("511000", world.at)
    labels = {one.name: one.label for one in duties.specification.elements if one.of == "entry"}
    for row in report.rows:
        found = ready(content(**ids[row.id]), duties, provider="某局")
        alone = {labels.get(f.field, f.field) for f in found if f.field != "specification"}
        assert {label.replace("信息项技术名称", "信息项") for label in row.fails} == alone, ids[row.id]
    client = world.client("civil.officer")
    shown = client.get("/catalogue/upgrade/?only=failing&day=nonsense").content.decode()
    assert "待升级 6 条" in shown
    sheet = openpyxl.load_workbook(
        io.BytesIO(b"".join(client.get("/catalogue/upgrade/export/").streaming_content))
    ).active
    assert sheet.max_row == 7


def test_the_pattern_and_digits_of_codes_are_the_specifications(world: World) -> None:
    in_force(world, changes={"code": {"pattern": r"307\d{7}/\d{8}"}}, serial_digits=8)
    entry = approved(world, content())
    assert actions.submit(entry, by=world.actor("civil.officer"), at=world.at).code == "3070010001/00000001"
