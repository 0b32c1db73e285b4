"""Grades of entries and items by the catalogue of grades in force, what follows from them, and important data."""

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
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.kernel.models import InboxItem
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Entry, GradeChange, ImportantData
from jutong.slices.catalogue.queries import grading as graded
from jutong.slices.catalogue.queries import important as listing
from jutong.slices.catalogue.queries import security as secured
from jutong.slices.grants import queries as grants_queries
from jutong.slices.standards import actions as standards
from jutong.slices.standards import queries as standards_queries
from jutong.slices.standards.formats import grades as sheets
from jutong.slices.standards.rules.grades import NATIONAL
from jutong.wire.levels import Grade, Scheme
from published import ASSESSED, ITEMS, content, published
from world import World

IMPORTANT, CORE = NATIONAL.grades[1:]
LOCAL = (
    Grade(code="general-1", meaning="可以公开"),
    Grade(code="general-2", meaning="内部"),
    Grade(
        code="general-3", meaning="敏感个人信息", modes=("online_query", "system_docking"), mode_classes=("platform",),
        open_types=("withheld",), head_review=True, masked=True,
    ),
    IMPORTANT,
    CORE,
)  # fmt: skip


def locally_graded(world: World, grades: Any = LOCAL) -> None:
    """Let the city's own catalogue of grades hold from the tests' day on."""
    chief = world.actor("authority.chief")
    made = standards.draft_grades(region=world.region, title="内江市数据分级目录", grades=grades, by=chief, at=world.at)
    standards.publish_grades(made, effective_from=date(2026, 3, 2), by=chief, at=world.at)


def approve(world: World, **changes: Any) -> int:
    entry = actions.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), content=content(**changes)
    )
    actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
    return int(entry.pk)


def levelled(*levels: str) -> Any:
    return tuple(
        msgspec.structs.replace(item, security_level=level)
        for item, level in zip(content().items, levels, strict=False)
    )


@covers("R-SEC-040")
def test_the_highest_item_governs_and_path_modes_and_masking_follow_the_level(world: World) -> None:
    locally_graded(world)
    with pytest.raises(RuleBroken, match="不得低于信息项“姓名”的分级"):
        approve(world, title="甲", security_level="general-2", items=levelled("general-1", "general-3"))
    with pytest.raises(RuleBroken, match="不在现行分级目录内，请改为：一般数据1级"):
        approve(world, title="乙", security_level="general")
    with pytest.raises(RuleBroken, match="不允许所选的开放属性"):
        approve(world, title="丙", security_level="general-3", open_type="conditional", open_conditions="实名")
    for missing in ("data_category", "security_level"):
        with pytest.raises(RuleBroken) as lacking:
            approve(world, title=f"丁{missing}", **{missing: ""})
        assert missing in lacking.value.remarks
    entry = approve(world, security_level="general-3", items=levelled("general-3", "general-2"))
    actions.submit(entry, by=world.actor("civil.officer"), at=world.at)
    reviewer, chief = world.actor("authority.reviewer"), world.actor("authority.chief")
    with pytest.raises(NotAllowed, match="由主管部门负责人审核"):
        actions.review(entry, by=reviewer, at=world.at)
    assert entry in actions.review_entries([entry], by=reviewer, at=world.at).refused
    actions.review(entry, by=chief, at=world.at)
    actions.publish(entry, by=reviewer, at=world.at)
    asked = queries.handling(entry, at=world.at)
    assert asked is not None
    assert (asked.label, asked.masked) == ("一般数据3级", {"公民身份号码"})
    grants_queries.check_offer(entry, ["online_query"], at=world.at)
    with pytest.raises(RuleBroken) as refused:
        grants_queries.check_offer(entry, ["online_query", "batch_download"], at=world.at)
    assert "“一般数据3级”，按现行分级目录不得以部门批量下载提供" in refused.value.sentence
    officer = world.actor("civil.officer")
    actions.revise(entry, by=officer, at=world.at)
    lower = content(security_level="general-2", items=levelled("general-2", "general-2"))
    with pytest.raises(RuleBroken, match="须说明理由"):
        actions.edit_entry(entry, by=officer, at=world.at, content=lower)
    actions.edit_entry(entry, by=officer, at=world.at, content=lower, note="已去掉敏感项")
    for early in (actions.submit, actions.publish):
        with pytest.raises(WrongState):
            early(entry, by=officer if early is actions.submit else reviewer, at=world.at)
    held = queries.published(entry)
    assert held is not None
    assert held.security_level == "general-3"
    changes = {(row.item, row.old, row.new, row.reason) for row in GradeChange.objects.all()}
    assert ("", "general-3", "general-2", "已去掉敏感项") in changes
    assert ("公民身份号码", "general-3", "general-2", "已去掉敏感项") in changes


def test_a_region_divides_general_data_and_tightens_but_never_loosens(world: World) -> None:
    chief = world.actor("authority.chief")
    for grades, said in (
        ((*LOCAL, Grade(code="general")), "要么不细分"),
        (LOCAL[:3], "重要数据、核心数据"),
        ((*LOCAL, Grade(code="secret")), "不在可选范围内"),
        ((*LOCAL[:4], msgspec.structs.replace(CORE, modes=("by_pigeon",))), "允许的取值"),
    ):
        with pytest.raises(RuleBroken, match=said):
            standards.draft_grades(region=world.region, title="甲", grades=grades, by=chief, at=world.at)
    loose = (
        *LOCAL[:3],
        msgspec.structs.replace(IMPORTANT, review_months=24),
        msgspec.structs.replace(CORE, masked=False),
    )
    draft = standards.draft_grades(region=world.region, title="甲", grades=loose, by=chief, at=world.at)
    with pytest.raises(RuleBroken) as refused:
        standards.publish_grades(draft, effective_from=date(2026, 3, 2), by=chief, at=world.at)
    assert set(refused.value.remarks) == {"important", "core"}
    with pytest.raises(NotAllowed):
        standards.draft_grades(
            region=world.region, title="甲", grades=LOCAL, by=world.actor("authority.reviewer"), at=world.at
        )
    with pytest.raises(RuleBroken, match="尚未登记共享主管部门"):
        standards.draft_grades(region="510000", title="甲", grades=LOCAL, by=chief, at=world.at)
    file = io.BytesIO()
    sheets.write(file, Scheme(reference="x", title="内江市数据分级目录", basis="内数发〔2026〕1号", grades=LOCAL))
    assert sheets.read(io.BytesIO(file.getvalue())).grades == LOCAL
    client = world.client("authority.chief")
    form = {"region": world.region, "file": SimpleUploadedFile("分级.xlsx", file.getvalue())}
    answer = client.post("/standards/grades/draft", form)
    assert answer.status_code == 303
    shown = client.get(answer["Location"]).content.decode()
    assert "与现行分级目录的差异" in shown
    assert client.post(answer["Location"], {"effective_from": "2099-01-01"}).status_code == 303
    assert standards_queries.grades_for(world.region, date(2026, 3, 2)) is NATIONAL
    later = standards_queries.grades_for("511002", date(2099, 1, 2))
    assert [grade.code for grade in later.grades][:3] == ["general-1", "general-2", "general-3"]
    levels = standards_queries.specification_for(world.region, date(2099, 1, 2)).element("security_level")
    assert levels is not None
    assert [value.code for value in levels.values] == [grade.code for grade in LOCAL]


def test_grades_are_proposed_with_reasons_taken_over_and_kept_with_history(world: World) -> None:
    locally_graded(world)
    items = (
        *ITEMS,
        msgspec.structs.replace(ITEMS[4], name="基因序列", column="gene", type="C"),
        msgspec.structs.replace(ITEMS[4], name="户主", column="id_card", type="C"),
    )
    made = actions.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"),
        content=content(security_level="general-1", items=items, records=20_000_000),
    ).pk  # fmt: skip
    client = world.client("civil.officer")
    seen = graded.grading(made, actor=world.actor("civil.officer"), at=world.at)
    proposed = {item.name: (item.proposed.level, item.proposed.why) for item in seen.items}
    assert proposed["公民身份号码"] == ("general-3", "名称表明是公民身份号码")
    assert proposed["户主"][0] == "general-3"
    assert proposed["基因序列"] == ("important", "名称含“基因”，可能属于重要数据，请对照重要数据目录核对")
    assert proposed["收入"] == ("", "")
    assert seen.proposed.why.startswith("涉及一千万人以上")
    page = client.get(f"/catalogue/{made}/grading/?proposed=1").content.decode()
    assert "已填入建议" in page
    form = {"level": "important", "category": "公共管理数据", "personal": "on", "reason": "按建议定级"}
    for place, item in enumerate(seen.items):
        form |= {f"item-{place}-level": item.proposed.level, f"item-{place}-sensitive": "on"}
    assert client.post(f"/catalogue/{made}/grading/", {**form, "reason": ""}).status_code == 422
    assert client.post(f"/catalogue/{made}/grading/", form).status_code == 303
    after = graded.grading(made, actor=world.actor("civil.officer"), at=world.at)
    assert (after.level, after.items[5].level) == ("important", "important")
    assert {(row.item, row.new) for row in after.changes} >= {("", "重要数据"), ("公民身份号码", "一般数据3级")}
    assert "按建议定级" in client.get(f"/catalogue/{made}/grading/").content.decode()
    assert world.client("market.officer").get(f"/catalogue/{made}/grading/").status_code == 404
    body = {"reason": "接口定级", "items": {"收入": {"level": "general-2", "sensitive": True}}}
    answer = client.post(f"/api/v1/catalogue/{made}/grading", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["items"][4]["level"] == "general-2"


def test_a_sheet_grades_many_and_only_bad_lines_come_back(world: World) -> None:
    first, second = published(world, title="甲"), published(world, title="乙")
    other = published(world, "police", title="丙")
    client = world.client("civil.officer")
    data = b"".join(client.get("/catalogue/grading/export/").streaming_content)  # type: ignore[attr-defined]
    book = openpyxl.load_workbook(io.BytesIO(data))
    page = book.worksheets[0]
    heads = {cell.value: cell.column for cell in page[1]}
    entries = {int(page.cell(row, 1).value) for row in range(2, page.max_row + 1)}
    assert entries == {first, second}
    for row in range(2, page.max_row + 1):
        own, item = int(page.cell(row, 1).value), page.cell(row, heads["信息项"]).value
        if own == first and item in (None, "收入"):
            page.cell(row, heads["新分级"]).value = "重要数据"
        if own == second and item == "收入":
            page.cell(row, heads["新分级"]).value = "绝密"
        if own == second and item == "姓名":
            page.cell(row, heads["含个人信息或敏感"]).value = "也许"
    page.append([str(other), "", "丙", "", "", "", "", "", "重要数据"])
    page.append([str(second), "", "乙", "没有的项", "", "", "", "", "重要数据"])
    page.append([str(second), "", "乙", "公民身份号码", "", "", "", "", "重要数据"])
    file = io.BytesIO()
    book.save(file)
    answer = client.post("/catalogue/grading/", {"file": SimpleUploadedFile("分级.xlsx", file.getvalue())})
    shown = answer.content.decode()
    assert "已更改分级的目录 1 条，无变化 0 条，退回 5 行" in shown, shown
    for said in ("“绝密”不在可选范围内", "应填“是”或“否”", "没有编号为", "没有信息项“没有的项”", "不得低于信息项"):
        assert said in shown, said
    returned = queries_file(client, shown)
    assert returned.max_row == 6
    entry = Entry.objects.get(pk=first)
    assert entry.state == "revising"
    assert Entry.objects.get(pk=second).state == "published"
    assert GradeChange.objects.filter(entry=first, item="", new="important").exists()


def queries_file(client: Any, shown: str) -> Any:
    address = shown.split('href="/catalogue/grading/returned/')[1].split('"', maxsplit=1)[0]
    data = b"".join(client.get(f"/catalogue/grading/returned/{address}").streaming_content)
    return openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]


def test_important_data_are_listed_reported_confirmed_and_their_protection_is_looked_at_again(world: World) -> None:
    made = published(world, security_level="important")
    world.drain()
    case = ImportantData.objects.get(entry=made)
    officer, reviewer = world.actor("civil.officer"), world.actor("authority.reviewer")
    assert case.state == "found"
    assert InboxItem.objects.filter(title__startswith="目录定为重要数据").exists()
    with pytest.raises(RuleBroken, match="保护措施"):
        actions.report_important(case, by=officer, at=world.at, protection="", responsible="王伟", body="数据科")
    client, authority = world.client("civil.officer"), world.client("authority.reviewer")
    deed = f"/catalogue/important/{case.pk}/do/"
    form = {"protection": "加密存储", "responsible": "王伟", "body": "数据科"}
    assert client.post(f"{deed}report/", form).status_code == 303
    assert "确认列入" in authority.get("/").content.decode()
    with pytest.raises(NotAllowed):
        actions.confirm_important(case, by=officer, at=world.at)
    actions.confirm_important(case, by=reviewer, at=world.at)
    listed = ImportantData.objects.get(pk=case.pk)
    assert (listed.state, listed.review_on) == ("listed", date(2027, 3, 2))
    later = world.at + timedelta(days=400)
    assert actions.remind_of_protection(at=later) == 1
    assert actions.remind_of_protection(at=later) == 0
    rows, _meta = listing.important_data(officer, at=later, state="late")
    assert [row.title for row in rows] == ["城乡低保对象信息"]
    actions.review_protection(case, by=officer, at=later, protection="加密存储、专人审批", note="措施有效")
    assert listing.important(case.pk, actor=officer, at=later).row.late is False
    assert world.client("market.officer").get(f"/catalogue/important/{case.pk}/").status_code == 404
    assert "加密存储" in str(list(openpyxl_rows(authority.get("/catalogue/important/export/"))))
    actions.revise(made, by=officer, at=world.at)
    lower = content(security_level="general")
    actions.edit_entry(made, by=officer, at=world.at, content=lower, note="经核对不属于重要数据")
    actions.assess(made, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(made, by=world.actor("civil.leader"), at=world.at)
    actions.submit(made, by=officer, at=world.at)
    actions.review(made, by=reviewer, at=world.at)
    actions.publish(made, by=reviewer, at=world.at)
    world.drain()
    assert ImportantData.objects.get(pk=case.pk).state == "removed"


def openpyxl_rows(answer: Any) -> Any:
    data = b"".join(answer.streaming_content)
    return openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].values


@covers("R-SEC-039")
def test_a_department_assesses_its_sharing_in_time_and_closes_no_assessment_with_an_open_finding(world: World) -> None:
    head, authority = world.actor("civil.head"), world.client("authority.reviewer")
    names = [row.department for row in secured.unassessed(world.actor("authority.reviewer"), at=world.at)]
    assert "内江市民政局" in names
    assert "市中区市场监督管理局" not in names  # another region's
    client = world.client("civil.head")
    plan = {"department_id": str(world.department("civil")), "scope": "全部对外共享", "planned_on": "2026-03-02"}
    assert client.post("/catalogue/security/plan/", {**plan, "scope": ""}).status_code == 422
    case = actions.plan_security_assessment(
        by=head, at=world.at, department_id=world.department("civil"), scope="全部对外共享", planned_on=date(2026, 3, 2)
    )
    done: dict[str, Any] = {"by": head, "at": world.at, "conductor": "数据安全科", "summary": "基本可控"}
    given = {**done, "done_on": date(2026, 3, 2)}
    for flawed in (("日志不足", "", date(2026, 6, 30)), ("日志不足", "王伟", None)):
        with pytest.raises(RuleBroken, match="整改责任人和整改期限"):
            actions.conclude_security_assessment(case.pk, findings=[actions.FindingGiven(*flawed)], **given)
    form = {"conductor": "数据安全科", "summary": "基本可控", "done_on": "2026-03-02"}
    address = f"/catalogue/security/{case.pk}/"
    assert client.post(f"{address}do/conclude/", {**form, "findings": "日志不足六个月；王伟"}).status_code == 422
    answer = client.post(f"{address}do/conclude/", {**form, "findings": "日志不足六个月；王伟；2026-06-30"})
    assert answer.status_code == 303
    with pytest.raises(WrongState, match="还有 1 个问题"):
        actions.close_security_assessment(case, by=head, at=world.at)
    finding = secured.security_assessment(case.pk, actor=head, at=world.at).findings[0]
    assert client.post(f"{address}findings/{finding.id}/", {"result": "已延长至一年"}).status_code == 303
    actions.close_security_assessment(case, by=head, at=world.at)
    seen = secured.security_assessment(case.pk, actor=head, at=world.at)
    assert (seen.row.state, seen.findings[0].result) == ("closed", "已延长至一年")
    assert "内江市民政局" not in [
        r.department for r in secured.unassessed(world.actor("authority.reviewer"), at=world.at)
    ]
    later = world.at + timedelta(days=400)
    assert "内江市民政局" in [r.department for r in secured.unassessed(world.actor("authority.reviewer"), at=later)]
    assert authority.get(address).status_code == 200
    assert world.client("market.head").get(address).status_code == 404
    exported = str(list(openpyxl_rows(authority.get("/catalogue/security/export/unassessed/"))))
    assert "内江市公安局" in exported


@pytest.fixture(autouse=True)
def _fresh_rules() -> None:
    jurisdiction._policy.cache_clear()
