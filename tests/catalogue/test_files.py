"""Files of every kind, good and bad: templates, dumps, encodings, bombs; and imports that leave nothing half done."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from jutong.kernel import workbooks
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import NotThere, RuleBroken, TooLarge
from jutong.kernel.models import AuditEntry
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.formats.elements import Manner
from jutong.slices.catalogue.formats.mapping import as_mapping, propose_mapping
from jutong.slices.catalogue.formats.raw import mapped
from jutong.slices.catalogue.formats.reading import read
from jutong.slices.catalogue.formats.templates import GUIDE_HEADERS
from jutong.slices.catalogue.formats.text import decode
from jutong.slices.catalogue.formats.understanding import understand
from jutong.slices.catalogue.models import Entry, ImportRun, Listing
from world import World

BY = system_actor("test")


def workbook(path: Path, *sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    for place, rows in enumerate(sheets):
        sheet = book.active if place == 0 else book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def guide_row(**cells: Any) -> list[Any]:
    return [cells.get(header, "") for header in GUIDE_HEADERS] + [cells.get("信息资源提供方", "")]


GUIDE = [*GUIDE_HEADERS, "信息资源提供方"]


def test_the_26_column_sheet_is_read_with_merged_and_with_repeated_columns(tmp_path: Path) -> None:
    first = {
        "信息资源名称": "低保对象",
        "信息资源提供方": "民政局",
        "共享类型": "2",
        "更新周期": "3",
        "信息资源格式分类": "3",
        "信息资源格式类型": "MySQL",
    }
    rows = [
        ["政务信息资源目录"],
        GUIDE,
        guide_row(**first, 信息项名称="姓名", 数据类型="字符型C", 数据长度="５０"),
        guide_row(信息项名称="身份证号", 数据类型="C", 数据长度=18),
        guide_row(信息资源名称="救助记录", 信息资源提供方="民政局", 信息项名称="日期", 数据类型="日期型"),
        guide_row(信息资源名称="救助记录", 信息资源提供方="民政局", 信息项名称="金额", 数据类型="货币型"),
    ]
    source = read(workbook(tmp_path / "g.xlsx", rows))
    assert source.kind == "guide"
    drafts = [understand(raw, Manner(guide=True, strict=True)) for raw in source.entries]
    assert [draft.raw.number for draft in drafts] == [3, 5]
    one, two = (draft.content for draft in drafts)
    assert one
    assert two
    assert (one.share_type, one.share_confirmed, one.update_cycle, one.format_class, one.format_types) == (
        "conditional", True, "weekly", "database", ("mysql",),
    )  # fmt: skip
    assert [(item.name, item.type, item.length) for item in one.items] == [("姓名", "C", 50), ("身份证号", "C", 18)]
    assert [(item.name, item.type) for item in two.items] == [("日期", "D"), ("金额", "Y")]
    assert two.share_confirmed is False


def test_the_two_sheet_template_joins_items_by_title_and_returns_orphans(tmp_path: Path) -> None:
    entries = [
        ["填表说明"],
        ["", "基本属性"],
        ["*数据资源目录名称", "*目录提供方", "*更新周期", "*数据分级", "*共享属性", "共享方式"],
        ["人口　信息", "公安局", "每日", "一般数据", "无条件共享", "共享平台方式"],
    ]
    items = [
        ["填表说明"],
        [
            "*数据资源目录名称",
            "*信息项业务名称",
            "*信息项技术名称",
            "*数据类型",
            "*共享属性",
            "*敏感属性",
            "*涉密属性",
            "是否主键",
        ],
        ["人口信息", "姓名", "xm", "字符型", "无条件共享", "敏感", "非涉密", "否"],
        ["没有的目录", "金额", "je", "高精度型", "无条件共享", "非敏感", "非涉密", "否"],
        ["人口信息", "证号", "zh", "字符型", "无条件共享", "敏感", "非涉密", "是"],
    ]
    source = read(workbook(tmp_path / "t.xlsx", entries, items))
    assert source.kind == "two_sheet"
    one, orphan = (understand(raw, Manner(strict=True)) for raw in source.entries)
    assert one.content
    assert [(item.column, item.key, item.sensitive) for item in one.content.items] == [
        ("xm", False, True),
        ("zh", True, True),
    ]
    assert (one.content.security_level, one.content.share_mode_class) == ("general", "platform")
    assert orphan.content is None
    assert "在目录表中没有对应的目录" in orphan.findings[0].text


def test_every_kind_of_json_becomes_a_table(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    cases = {
        '[{"标题": "甲"}, {"标题": "乙"}]': 2,
        '[{"标题": "甲"}]\n[{"标题": "乙"}]': 2,
        '{"标题": "甲"}\n{"标题": "乙"}\n{"标题": "丙"}': 3,
        '{"dataset": [{"title": "a", "publisher": {"name": "p"}}], "conformsTo": "x"}': 1,
        '{"result": {"results": [{"title": "a"}, {"title": "b"}]}}': 2,
        '\ufeff[{"标题": "甲"}]': 1,
    }
    for text, count in cases.items():
        file.write_text(text, encoding="utf-8")
        table = read(file).table
        assert table
        assert len(table.lines) == count
    file.write_text(list(cases)[3], encoding="utf-8")
    assert "publisher.name" in read(file).headers
    for text in ("[]", "[1, 2]", '{"a": [1]} {'):
        file.write_text(text)
        with pytest.raises(RuleBroken):
            read(file)


CSV = "资源名称,提供单位,更新周期\n城市绿地信息,园林局,每年\n公共厕所分布,城管局,每月\n"
BIG5 = "資料集名稱,提供機關\n臺北市公廁資訊,環保局的資料在這裡\n臺北市政府行政區域界線,都發局\n"


@pytest.mark.parametrize(
    ("text", "encoding", "detected"),
    [
        (CSV, "utf-8", "utf-8-sig"), (CSV, "utf-8-sig", "utf-8-sig"), (CSV, "gbk", "gb18030"), (CSV, "utf-16", "utf-16"),
        (BIG5, "big5hkscs", "big5hkscs"),
    ],
)  # fmt: skip
def test_the_encoding_of_a_csv_is_found(tmp_path: Path, text: str, encoding: str, detected: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(text.encode(encoding))
    source = read(file)
    assert source.encoding == detected
    assert source.headers == tuple(text.split("\n", maxsplit=1)[0].split(","))
    assert decode(text.encode(encoding), detected)[0].lstrip("\ufeff") == text


def test_a_wrong_encoding_is_named_with_the_choices(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(CSV.encode("gbk"))
    with pytest.raises(RuleBroken, match="指定正确的编码"):
        read(file, encoding="utf-8-sig")
    with pytest.raises(RuleBroken, match="不支持的编码"):
        read(file, encoding="latin-1")


def test_zip_bombs_and_giant_grids_are_refused_before_they_are_opened(tmp_path: Path) -> None:
    good = workbook(tmp_path / "g.xlsx", [["资源名称", "提供单位"], ["甲", "局"]])
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            target.writestr(part.filename, source.read(part))
        target.writestr("xl/media/zeros.bin", b"\0" * (40 * 1024 * 1024))
    with pytest.raises(TooLarge, match="压缩炸弹"):
        read(bomb)
    many = tmp_path / "many.xlsx"
    with zipfile.ZipFile(many, "w") as target:
        for number in range(workbooks.MOST_PARTS + 1):
            target.writestr(f"xl/{number}", b"")
    with pytest.raises(TooLarge, match="部件过多"):
        read(many)
    wide = tmp_path / "wide.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["资源名称", "提供单位"])
    book.active["XFD1048576"] = "x"
    book.save(wide)
    with pytest.raises(TooLarge, match="范围过大"):
        read(wide)
    plain = tmp_path / "plain.xlsx"
    with zipfile.ZipFile(plain, "w") as target:
        target.writestr("readme.txt", b"no workbook")
    with pytest.raises(RuleBroken, match="不是有效的 Excel"):
        read(plain)
    with (tmp_path / "huge.json").open("wb") as huge:
        huge.truncate(workbooks.MOST_BYTES + 1)
    with pytest.raises(TooLarge, match="64 MB"):
        read(tmp_path / "huge.json")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(RuleBroken, match="空的"):
        read(tmp_path / "empty.csv")


def test_a_mapping_is_proposed_from_words_and_content() -> None:
    headers = ["数据目录名称：", "*数源单位", "更新时间", "更新时限", "社会开放", "开放等级", "不相干的列"]
    rows = [
        ["甲", "局", "2020-01-01", "每年", "x", "登录开放", "?"],
        ["乙", "局", "2020/2/2", "实时", "y", "可开放", "?"],
    ]
    found = {p.target: (p.source, p.confidence) for p in propose_mapping(headers, rows)}
    assert {target: source for target, (source, _c) in found.items()} == {
        "title": "数据目录名称：", "provider": "*数源单位", "updated_on": "更新时间", "update_cycle": "更新时限", "open_type": "开放等级",
    }  # fmt: skip
    assert all(0.3 <= confidence <= 1 for _source, confidence in found.values())


def dump(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return path


ROWS = [
    {"标题": "城市绿地", "提供单位": "园林局", "更新频率": "每年", "摘要": "绿地"},
    {"标题": "公共厕所", "提供单位": "城管局", "更新频率": "每月", "摘要": "公厕"},
    {"标题": "城市 绿地。", "提供单位": "园林局", "更新频率": "每年", "摘要": "重复"},
    {"标题": "", "提供单位": "城管局", "更新频率": "每月", "摘要": "无名"},
    {"标题": "没有部门", "提供单位": "", "更新频率": "其他", "摘要": ""},
]


def load(world: World, path: Path, at: datetime | None = None) -> ImportRun:
    return actions.import_file(path, region="511000", by=BY, at=at or world.at)


def test_good_rows_enter_bad_rows_come_back_and_again_nothing_changes(world: World, tmp_path: Path) -> None:
    file = dump(tmp_path / "d.json", ROWS)
    run = load(world, file)
    assert (run.total, run.accepted, run.refused) == (5, 2, 3)
    reasons = dict(tuple(pair) for pair in run.reasons)
    assert set(reasons) == {
        "信息资源名称不能为空",
        "缺少信息资源提供方，请填写提供部门的全称",
        "与第 1 行重复：同一提供方的名称相同（标点、空格、全半角不同也算相同），请保留一行",
    }
    assert set(Entry.objects.values_list("state", flat=True)) == {"draft"}
    assert Listing.objects.filter(in_force=True).count() == 0
    again = load(world, file)
    assert (again.accepted, again.updated, again.unchanged) == (0, 0, 2)
    verbs = list(AuditEntry.objects.filter(verb__startswith="catalogue.").order_by("id").values_list("verb", flat=True))
    assert verbs == ["catalogue.upload", "catalogue.start_import_now", "catalogue.finish_import"] * 2


def test_a_changed_row_updates_its_draft_and_keeps_what_people_added(world: World, tmp_path: Path) -> None:
    load(world, dump(tmp_path / "d.json", ROWS[:2]))
    entry = Entry.objects.get(title="城市绿地")
    changed = [{**ROWS[0], "摘要": "绿地（2026年版）"}, ROWS[1]]
    run = load(world, dump(tmp_path / "e.json", changed))
    assert (run.updated, run.unchanged) == (1, 1)
    entry.refresh_from_db()
    content = queries.entry(entry.pk, actor=BY, at=world.at).content
    assert (entry.version, content.abstract, content.update_cycle) == (2, "绿地（2026年版）", "yearly")
    assert [row.number for row in queries.versions(entry.pk, actor=BY)] == [2, 1]


def test_codes_of_a_file_are_kept_counted_past_and_never_given_twice(world: World, tmp_path: Path) -> None:
    def rows(name: str, code: str) -> list[list[Any]]:
        return [GUIDE, guide_row(信息资源名称=name, 信息资源提供方="民政局", 信息资源代码=code)]

    run = load(world, workbook(tmp_path / "a.xlsx", rows("甲", "3070990001/000007")))
    assert run.accepted == 1, run.reasons
    assert load(world, workbook(tmp_path / "b.xlsx", rows("甲改名", "3070990001/000007"))).updated == 1
    other = rows("乙", "3070990001/000007")
    other[1][-1] = "别的局"
    refused = load(world, workbook(tmp_path / "c.xlsx", other))
    assert refused.refused == 1
    assert "已被“甲改名”使用" in refused.reasons[0][0]
    odd = load(world, workbook(tmp_path / "d.xlsx", rows("丙", "307/1")))
    assert "信息资源代码应为" in odd.reasons[0][0]


def test_an_import_that_is_refused_leaves_no_trace_of_its_rows(world: World, tmp_path: Path) -> None:
    with pytest.raises(RuleBroken, match="999999"):
        actions.import_file(dump(tmp_path / "d.json", ROWS), region="999999", by=BY, at=world.at)
    assert not Entry.objects.exists()
    with pytest.raises(NotThere):
        load(world, tmp_path / "no.json")
    header_only = tmp_path / "h.csv"
    header_only.write_text("标题,提供单位\n")
    with pytest.raises(RuleBroken, match="没有数据行"):
        load(world, header_only)
    nameless = dump(tmp_path / "n.json", [{"列甲": 1, "列乙": 2}])
    with pytest.raises(RuleBroken, match="哪一列是信息资源名称"):
        load(world, nameless)


@pytest.mark.parametrize(
    "mapping", [{"nothing": "标题"}, {"title": "没有的列"}, {"title": "标题", "abstract": "标题"}, {"abstract": "摘要"}]
)
def test_a_mapping_that_cannot_be_is_refused(world: World, tmp_path: Path, mapping: dict[str, str]) -> None:
    with pytest.raises(RuleBroken):
        actions.import_file(dump(tmp_path / "d.json", ROWS), region="511000", by=BY, at=world.at, mapping=mapping)


def test_control_characters_and_odd_types_in_cells_do_no_harm(world: World, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"标题": "甲\x00乙\u202e", "提供单位": "民\u200b政局", "摘要": {"深": [1]}, "标签": [["x"], None, "好"]},
        {"标题": 12345, "提供单位": "民政局", "摘要": None, "标签": True},
        {"标题": "长" * 300, "提供单位": "民政局"},
        {"标题": "丙", "提供单位": "局" * 200},
    ]
    run = load(world, dump(tmp_path / "d.json", rows))
    assert (run.accepted, run.refused) == (2, 2)
    assert set(Entry.objects.values_list("title", flat=True)) == {"甲乙", "12345"}


def test_a_file_of_one_department_holds_no_other(tmp_path: Path, world: World) -> None:
    officer = world.actor("civil.officer")
    rows = [
        {"标题": "甲", "提供单位": "内江市民政局"},
        {"标题": "乙", "提供单位": "内江市公安局"},
        {"标题": "丙", "提供单位": ""},
    ]
    with dump(tmp_path / "d.json", rows).open("rb") as file:
        run = actions.upload(file, "d.json", by=officer, at=world.at)
    actions.choose_mapping(run.pk, by=officer, at=world.at)
    world.drain()
    run.refresh_from_db()
    assert (run.accepted, run.refused) == (2, 1)
    assert "只能导入本部门的目录" in run.reasons[0][0]
    assert set(Entry.objects.values_list("provider_id", flat=True)) == {world.department("civil")}


def test_a_table_read_in_pieces_is_mapped_by_header() -> None:
    table = read_table()
    assert as_mapping(propose_mapping(table.headers, table.sample()))["title"] == "标题"
    assert [raw.values["title"] for raw in mapped(table, {"title": "标题"})] == ["甲", "乙"]


def read_table() -> Any:
    from jutong.slices.catalogue.formats.raw import Line, Table

    return Table(("标题", "提供单位"), [Line(2, ["甲", "局"]), Line(3, ["乙"])])


def test_exports_neutralise_formulas(world: World) -> None:
    from jutong.slices.catalogue.formats.exports import ExportEntry, write_guide, write_own, write_two_sheet
    from jutong.slices.standards.rules.national import shipped
    from published import content

    entry = ExportEntry("3070010001/000001", "=民政局", "", content(title="+危险", abstract="@SUM(A1)"))
    for writer in (write_guide, write_two_sheet, write_own):
        file = io.BytesIO()
        writer(file, [entry], shipped()[-1])
        cells = [cell for sheet in openpyxl.load_workbook(file) for row in sheet.iter_rows() for cell in row]
        assert not any(cell.data_type == "f" for cell in cells)
        texts = [str(cell.value) for cell in cells if cell.value]
        assert "'+危险" in texts
        assert not any(text.startswith(("=", "+", "@")) for text in texts)


def test_what_comes_back_from_two_sheets_can_be_corrected_and_imported_again(world: World, tmp_path: Path) -> None:
    from jutong.kernel import files

    entries = [
        ["数据资源目录名称", "目录提供方", "更新周期"],
        ["甲资源", "民政局", "常常"],
        ["乙资源", "民政局", "每日"],
    ]
    items = [
        ["数据资源目录名称", "信息项业务名称", "数据类型"],
        ["甲资源", "姓名", "字符型"],
        ["乙资源", "金额", "高精度型"],
    ]
    run = load(world, workbook(tmp_path / "t.xlsx", entries, items))
    assert (run.accepted, run.refused) == (1, 1)
    book = openpyxl.load_workbook(io.BytesIO(files.path(run.error_file_id).read_bytes()))
    assert book.worksheets[0]["C2"].value == "常常"
    assert [cell.value for cell in book.worksheets[1][2]] == ["甲资源", "姓名", "字符型"]
    book.worksheets[0]["C2"].value = "每月"
    book.save(tmp_path / "corrected.xlsx")
    again = load(world, tmp_path / "corrected.xlsx")
    assert (again.accepted, again.refused) == (1, 0), again.reasons
    assert Entry.objects.get(title="甲资源").working.items.get().name == "姓名"
