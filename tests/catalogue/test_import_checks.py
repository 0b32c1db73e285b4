"""An import is looked at first: the reviewers' typical rejects with a remedy, repairs a person agrees to, changes to confirm."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import msgspec
import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from covers import covers
from jutong.kernel.errors import NotThere, RuleBroken, WrongState
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.formats.templates import GUIDE_EXTRA, GUIDE_HEADERS
from jutong.slices.catalogue.models import Entry, ImportRun
from jutong.slices.catalogue.rules.content import ItemContent
from jutong.slices.standards import actions as standards
from published import content, entry_form, published
from world import World

HEADERS = [*GUIDE_HEADERS, *GUIDE_EXTRA]
GOOD: dict[str, Any] = {
    "部门类信息资源分类": "部门信息资源", "信息资源名称": "低保对象信息", "信息资源摘要": "低保对象", "信息资源格式分类": "数据库",
    "信息资源格式类型": "mysql", "信息项名称": "姓名", "数据类型": "字符型", "数据长度": 50, "共享类型": "无条件共享",
    "共享方式分类": "共享平台方式", "共享方式类型": "数据库", "是否向社会开放": "不予开放", "更新周期": "每日",
    "发布日期": date(2026, 1, 5), "数据分类": "公共管理数据", "数据分级": "一般数据",
}  # fmt: skip


def guide(*rows: dict[str, Any], merge: str = "", headers: list[str] = HEADERS) -> SimpleUploadedFile:
    """A 26-column file of the civil affairs bureau, or one with columns of its own; each row is a good one with changes."""
    book = openpyxl.Workbook()
    book.active.append(headers)
    for row in rows:
        given = {**GOOD, **row}
        book.active.append([given.get(header, "") for header in headers])
    if merge:
        book.active.merge_cells(merge)
    file = io.BytesIO()
    book.save(file)
    return SimpleUploadedFile("目录.xlsx", file.getvalue())


def looked_at(world: World, file: SimpleUploadedFile, **more: Any) -> ImportRun:
    """Upload a file as the data officer and let it be looked at; what needs no eye is imported at once."""
    by = world.actor("civil.officer")
    run = actions.upload(file, file.name or "", by=by, at=world.at, **more)
    actions.choose_mapping(run.pk, by=by, at=world.at)
    world.drain()
    run.refresh_from_db()
    return run


def confirmed(world: World, run: ImportRun, **given: Any) -> ImportRun:
    actions.confirm_import(run.pk, by=world.actor("civil.officer"), at=world.at, **given)
    world.drain()
    run.refresh_from_db()
    return run


@pytest.mark.parametrize(
    ("changes", "said", "stops"),
    [
        ({"信息资源名称": "社会救助管理系统"}, "不能用信息系统、平台的名称代替", False),
        ({"信息资源代码": "307/1"}, "信息资源代码应为", True),
        ({"信息资源代码": "1010010001/000001"}, "代码与信息资源分类不一致", True),
        ({"信息资源提供方": "市公安局"}, "只能导入本部门的目录", True),
        ({"信息资源格式分类": "电子表格", "共享方式类型": "文件"}, "不属于电子表格", True),
        ({"共享方式类型": "文件"}, "共享方式与资源格式不符", False),
        ({"数据类型": "汉字型"}, "数据类型“汉字型”不在可选范围内", True),
        ({"更新周期": "常常"}, "更新周期“常常”不在可选范围内，请改为：实时、每日", True),
        ({"共享类型": "半共享"}, "共享类型“半共享”不在可选范围内", True),
        ({"数据长度": "五十"}, "数据长度“五十”不在可选范围内", True),
        ({"发布日期": "去年"}, "不是有效日期，请写成 2025-08-01 的形式", True),
        ({"信息资源名称": ""}, "信息资源名称不能为空", True),
    ],
)
def test_each_typical_reject_has_a_sentence_and_a_remedy(
    world: World, changes: dict[str, Any], said: str, stops: bool
) -> None:
    run = looked_at(world, guide(changes, {"信息资源名称": "好的一行"}))
    assert (run.accepted, run.refused) == ((1, 1) if stops else (2, 0)), (run.reasons, run.plan)
    sentences = [reason for reason, _times in run.reasons]
    sentences += [text for entry in Entry.objects.all() for _field, text in entry.warnings]
    assert any(said in sentence for sentence in sentences), sentences


def test_what_an_entry_lacks_for_submission_is_told_on_its_page(world: World) -> None:
    """Rejects 5 and 10: provider or abstract empty, withheld without basis, conditional without conditions."""
    looked_at(
        world,
        guide({"信息资源摘要": "", "共享类型": "有条件共享"}, {"信息资源名称": "统计底册", "共享类型": "不予共享"}),
    )
    actor = world.actor("civil.officer")
    conditional, withheld = (
        {field for field, _said in queries.entry(entry.pk, actor=actor, at=world.at).lacking}
        for entry in Entry.objects.order_by("pk")
    )
    assert {"abstract", "share_limit", "share_scope", "use_purposes"} <= conditional
    assert {"withheld_reason", "basis_rank", "basis_instrument", "basis_article"} <= withheld


REPAIRED = {
    "信息资源名称": "特困 人员 ２０２６", "信息资源摘要": "特困\u200b人员", "更新周期": "每月1", "发布日期": "2026年1月5日",
    "数据长度": "５０",
}  # fmt: skip


def test_repairs_are_seen_before_they_are_made_and_those_not_agreed_to_come_back(world: World) -> None:
    run = looked_at(world, guide({}, REPAIRED))
    assert not Entry.objects.exists()
    assert (run.finished_at, run.confirmed) == (None, False)
    seen = queries.import_run(run.pk, actor=world.actor("civil.officer"))
    assert seen.waits
    assert {repair.kind for repair in seen.plan.repairs} == {
        "width",
        "hidden",
        "spaces",
        "dates",
        "numbers",
        "drag_fill",
    }
    shown = world.client("civil.officer").get(f"/catalogue/import/{run.pk}/").content.decode()
    assert all(word in shown for word in ("尚未写入", "特困 人员 ２０２６", "特困人员 2026", "2026年1月5日", "每月1"))
    with pytest.raises(RuleBroken, match="没有“magic”这种修复"):
        confirmed(world, run, repairs=["magic"])
    confirmed(world, run, repairs=["width", "hidden", "spaces", "numbers", "drag_fill"])
    assert (run.accepted, run.refused) == (1, 1)
    assert "您没有选择该项修复" in run.reasons[0][0]
    with pytest.raises(WrongState):
        confirmed(world, run)
    again = confirmed(world, looked_at(world, guide({}, REPAIRED)), repairs=list(seen_kinds(seen)))
    assert (again.accepted, again.unchanged, again.refused) == (1, 1, 0), again.reasons
    assert again.repaired >= 6
    entry = Entry.objects.get(title="特困人员 2026")
    made = entry.working.content
    assert (made["abstract"], made["update_cycle"], made["released_on"]) == ("特困人员", "monthly", "2026-01-05")
    assert entry.working.items.get().detail["length"] == 50


def seen_kinds(seen: queries.ImportRow) -> set[str]:
    assert seen.plan
    return {repair.kind for repair in seen.plan.repairs}


def test_a_title_counted_up_by_drag_fill_is_one_resource_again_once_a_person_agrees(world: World) -> None:
    rows = [
        {"信息资源名称": f"低保对象{n}", "信息项名称": name}
        for n, name in enumerate(("姓名", "证号", "金额", "住址"), 1)
    ]
    run = looked_at(world, guide(*rows, {"信息资源名称": "救助记录"}))
    assert run.plan["repairs"]["drag_fill"][1][0][2:] == ["低保对象1 … 低保对象4", "低保对象"]
    kept = confirmed(world, run, repairs=["drag_fill"])
    assert (kept.accepted, kept.refused) == (2, 0)
    entry = Entry.objects.get(title="低保对象")
    assert list(entry.working.items.order_by("position").values_list("name", flat=True)) == [
        "姓名",
        "证号",
        "金额",
        "住址",
    ]
    others = [{**row, "信息资源名称": row["信息资源名称"].replace("低保", "特困")} for row in rows]
    declined = confirmed(world, looked_at(world, guide(*others)), repairs=[])
    assert (declined.accepted, declined.refused) == (4, 0)
    assert "疑似下拉填充" in str(Entry.objects.get(title="特困对象2").warnings)


def test_a_title_that_differs_in_empty_words_only_is_pointed_out(world: World) -> None:
    published(world)
    run = looked_at(world, guide({"信息资源名称": "2026年城乡低保对象名单"}, {"信息资源名称": "别的"}))
    assert (run.accepted, run.refused) == (2, 0), run.reasons
    warned = {entry.title: str(entry.warnings) for entry in Entry.objects.filter(import_run=run)}
    assert "与“城乡低保对象信息”疑似重复" in warned["2026年城乡低保对象名单"]
    assert "疑似" not in warned["别的"]


def test_the_very_same_items_under_another_name_are_pointed_out(world: World) -> None:
    published(world)
    names = [item.name for item in content().items]
    first, *others = [{"信息资源名称": "救助台账", "信息项名称": name} for name in names]
    run = looked_at(world, guide(first, *others))
    (entry,) = Entry.objects.filter(import_run=run)
    assert "疑似重复" in entry.warnings[0][1]


def test_a_second_import_shows_what_changes_and_touches_published_entries_only_when_confirmed(world: World) -> None:
    pk = published(world, share_type="unconditional", personal=False)
    file = {"信息资源名称": "城乡低保对象信息", "更新周期": "每月", "信息资源格式类型": "postgresql", "信息项名称": "姓名",
            "信息资源摘要": "全市城乡最低生活保障对象的基本情况。", "发布日期": ""}  # fmt: skip
    run = looked_at(world, guide(file))
    (change,) = queries.import_run(run.pk, actor=world.actor("civil.officer")).plan.changes
    assert (change.entry_id, change.published) == (pk, True)
    assert ("更新周期", "每日", "每月") in change.changes
    declined = confirmed(world, run, repairs=[], change_published=False)
    assert (declined.updated, declined.refused) == (0, 1)
    assert "您没有确认修改已发布的目录" in declined.reasons[0][0]
    assert Entry.objects.get(pk=pk).state == "published"
    client = world.client("civil.officer")
    again = looked_at(world, guide(file))
    shown = client.get(f"/catalogue/import/{again.pk}/").content.decode()
    assert "确认修改已发布的 1 条目录" in shown
    assert client.post(f"/catalogue/import/{again.pk}/confirm/", {"change_published": "on"}).status_code == 303
    world.drain()
    again.refresh_from_db()
    entry = Entry.objects.get(pk=pk)
    assert (again.updated, entry.state) == (1, "revising")
    assert queries.require_published(pk).update_cycle == "daily"
    assert queries.entry(pk, actor=world.actor("civil.officer"), at=world.at).content.update_cycle == "monthly"
    third = looked_at(world, guide(file))
    assert (third.unchanged, third.accepted, third.updated, third.refused) == (1, 0, 0, 0)
    assert Entry.objects.count() == 1


def test_codes_of_another_system_are_mapped_by_its_table_and_an_unmapped_one_comes_back(world: World) -> None:
    by = world.actor("authority.operator")
    rows = [("in", "共享类型", "1", "有条件共享"), ("in", "share_type", "2", "unconditional"), ("in", "update_cycle", "7", "每日"),
            ("out", "share_type", "unconditional", "2"), ("in", "format_class", "0100", "database")]  # fmt: skip
    assert standards.keep_peer_codes(peer="省目录系统", rows=rows, by=by, at=world.at) == 5
    good = {"共享类型": "2", "更新周期": "7", "信息资源格式分类": "0100"}
    run = looked_at(
        world,
        guide(
            good, {**good, "信息资源名称": "乙", "共享类型": "3"}, {**good, "信息资源名称": "丙", "更新周期": "每日"}
        ),
        peer="省目录系统",
    )
    assert (run.accepted, run.refused) == (1, 2)
    assert all("对照表中没有对应，请先补充对照，不作默认处理" in reason for reason, _n in run.reasons)
    made = Entry.objects.get().working.content
    assert (made.get("share_type", "unconditional"), made["update_cycle"], made["format_class"]) == (
        "unconditional", "daily", "database",
    )  # fmt: skip
    with pytest.raises(NotThere, match="没有“别的系统”的代码对照表"):
        looked_at(world, guide({}), peer="别的系统")


def test_whence_an_item_comes_travels_in_every_template_and_silence_about_it_is_pointed_out(world: World) -> None:
    address = ItemContent(name="居住地址", column="address", type="C", length=200, source="own")
    code = Entry.objects.get(pk=published(world, "police", title="人口住址信息", items=(address,))).code or ""
    items = (
        ItemContent(name="救助金额", column="je", type="N", length=10, source="own"),
        msgspec.structs.replace(address, source="reference", refers=code),
    )
    by, client = world.actor("civil.officer"), world.client("civil.officer")
    mine = world.department("civil")
    actions.compile_entry(by=by, at=world.at, provider_id=mine, content=content(title="低保住址", items=items))
    for kind in ("own", "guide", "two-sheet"):
        data = b"".join(client.get(f"/catalogue/export/{kind}/").streaming_content)  # type: ignore[attr-defined]
        book = openpyxl.load_workbook(io.BytesIO(data))
        sheet = next(one for one in book.worksheets[:2] if "数源属性" in [cell.value for cell in one[1]])
        place = [cell.value for cell in sheet[1]].index("数源属性")
        told = [[sheet.cell(row, place + more).value for more in (1, 2)] for row in (2, 3)]
        assert told == [["本部门为权威来源", None], ["引用其他部门", code]], kind
        assert sheet.data_validations.dataValidation, kind
        run = looked_at(world, SimpleUploadedFile("导出.xlsx", data))
        assert (run.unchanged, run.refused) == (1, 0), (kind, run.reasons)
    run = looked_at(world, guide({"信息资源名称": "救助住址", "信息项名称": "居住地址", "数据类型": "字符型"}))
    ((field, sentence),) = Entry.objects.get(import_run=run).warnings
    assert (field, f"内江市公安局（《人口住址信息》{code}）" in sentence) == ("items", True)
    assert "请在数源属性中标为引用" in sentence


@pytest.mark.parametrize("kind", ["own", "guide", "two-sheet"])
def test_templates_carry_drop_downs_comments_a_hidden_list_and_headings_that_are_locked(
    world: World, kind: str
) -> None:
    answer = world.client("civil.officer").get(f"/catalogue/import/template/{kind}/")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert book["选项"].sheet_state == "hidden"
    sheet = book.worksheets[0]
    heads = {str(cell.value).strip("*"): cell for cell in sheet[1]}
    cycle = heads["更新周期"]
    assert "必填" in cycle.comment.text
    assert "例：每日" in cycle.comment.text
    (rule,) = [v for v in sheet.data_validations.dataValidation if f"{cycle.column_letter}2" in v.sqref]
    listed = [cell.value for (cell,) in book["选项"][rule.formula1.split("!")[1].replace("$", "")]]
    assert listed[:3] == ["实时", "每日", "每周"]
    assert sheet.protection.sheet
    assert cycle.protection.locked
    (below,) = [d for d in sheet.column_dimensions.values() if d.min <= cycle.column <= d.max]
    assert not below.protection.locked
    assert world.client("civil.officer").get("/catalogue/import/template/nothing/").status_code == 404
    assert "目录编制模板（推荐）" in world.client("civil.officer").get("/catalogue/import/").content.decode()


EMERGENCY = {"code": "emergency_response", "name": "应急处置", "meaning": "突发事件应急处置中核验人员身份"}
CONDITIONAL = {"信息项": "姓名", "共享类型": "有条件共享", "共享范围": "市级部门"}
SENTENCE = "不在使用用途清单中，请从清单中选择：行政依据、工作参考、数据校核、业务协同"


@covers(partly=["R-SHR-010"])
def test_an_entry_names_added_purposes_by_code_and_name_and_keeps_a_retired_one(world: World) -> None:
    officer, chief = world.actor("civil.officer"), world.actor("authority.chief")
    civil = world.department("civil")
    wanted = content("灾害救助对象", use_purposes=("data_verification", "emergency_response"))
    with pytest.raises(RuleBroken, match=SENTENCE):
        actions.compile_entry(by=officer, at=world.at, provider_id=civil, content=wanted)
    made = standards.add_purpose(**EMERGENCY, by=chief, at=world.at)
    entry = actions.compile_entry(by=officer, at=world.at, provider_id=civil, content=wanted)
    rows = [{**CONDITIONAL, "信息资源名称": name, "使用用途": f"数据校核、{word}"} for name, word in WORDS.items()]
    run = looked_at(world, guide(*rows, headers=OWN))
    assert (run.accepted, run.refused) == (2, 0), run.reasons
    named = [one.use_purposes for one in _contents(world, entry.pk)]
    assert named == [("data_verification", "emergency_response")] * 2
    standards.retire_purpose(made, by=chief, at=world.at)
    refused = looked_at(world, guide({**rows[0], "信息资源名称": "第三批"}, headers=OWN))
    assert (refused.accepted, refused.refused) == (0, 1)
    assert f"“emergency_response”{SENTENCE}" in refused.reasons[0][0]
    client = world.client("civil.officer")
    page = client.get(f"/catalogue/{entry.pk}/edit/").content.decode()
    assert "应急处置（已停用）" in page
    changed = entry_form(title="灾害救助对象", abstract="改过", version="1", use_purposes=[*wanted.use_purposes])
    assert client.post(f"/catalogue/{entry.pk}/edit/", changed).status_code == 303
    seen = queries.entry(entry.pk, actor=officer, at=world.at)
    assert (seen.content.abstract, seen.content.use_purposes) == ("改过", wanted.use_purposes)
    assert "应急处置" in client.get(f"/catalogue/{entry.pk}/").content.decode()


OWN = ["信息资源名称", "信息资源摘要", "信息项", "共享类型", "共享范围", "使用用途", "更新周期"]
WORDS = {"第一批": "应急处置", "第二批": "emergency_response"}


def _contents(world: World, but: int) -> list[object]:
    entries = Entry.objects.exclude(pk=but).order_by("pk")
    return [queries.entry(one.pk, actor=world.actor("civil.officer"), at=world.at).content for one in entries]
