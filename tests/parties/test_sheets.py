"""Departments and people from workbooks: good rows in, bad rows back with reasons."""

import io
import zipfile

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from jutong.kernel import files
from jutong.kernel.errors import NotAllowed, RuleBroken, TooLarge
from jutong.slices.parties import actions, queries
from jutong.slices.parties.formats import sheets
from jutong.slices.parties.models import Department, Person

HEAD = ["机构名称*", "机构简称", "统一社会信用代码", "机构类型*", "行政区划代码*", "上级机构名称"]


def workbook(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def cells(content):
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)]


def test_good_rows_come_in_and_bad_ones_come_back_with_a_reason(world):
    content = workbook(
        HEAD,
        ["甲局", "甲", "91350100M000100Y43", "政府部门", 511000, ""],
        ["", "", "", "政府部门", "511000", ""],
        ["乙局", "", "91350100M000100Y44", "政府部门", "511000", ""],
        ["甲局二科", "", "", "政府部门", "511000", "甲局"],
        ["丙局", "", "", "俱乐部", "511000", ""],
        ["丁局", "", "", "受委托组织", "511000", ""],
        [None, None, None, None, None, None],
        ["=cmd|' /C calc'!A0", "", "", "政府部门", "999999", ""],
    )
    by = world.actor("authority.operator")
    result = actions.import_departments(io.BytesIO(content), by=by, at=world.at)
    assert (result.taken, result.refused) == (2, 5)
    assert Department.objects.get(name="甲局二科").parent.name == "甲局"
    back = cells(b"".join(files.chunks(result.file_id)))
    assert back[0][-1] == "原因"
    assert [row[-1].partition("：")[0] for row in back[1:]] == ["第 3 行", "第 4 行", "第 6 行", "第 7 行", "第 9 行"]
    assert back[-1][0].startswith("'=cmd") or not back[-1][0]


def test_an_export_can_be_imported_again_elsewhere_and_the_template_is_empty(world):
    full = cells(queries.departments_sheet(empty=False))
    assert len(full) == 1 + Department.objects.count()
    assert [column.rstrip("*") for column in full[0]] == [column.label for column in sheets.DEPARTMENTS]
    assert cells(queries.departments_sheet(empty=True)) == [full[0]]
    rows = list(sheets.read(io.BytesIO(queries.departments_sheet(empty=False)), sheets.DEPARTMENTS))
    assert {row.values["name"] for row in rows} == {d.name for d in Department.objects.all()}


def test_people_are_reported_from_a_workbook_by_their_own_department_only(world):
    content = workbook(
        ["部门名称*", "姓名*", "职务", "联系电话", "电子邮箱"],
        ["内江市公安局", "新警", "科员", "0832-1234567", "a@b.gov.cn"],
        ["内江市民政局", "外人", "", "", ""],
        ["内江市公安局", "新警", "", "0832-1234567", ""],
        ["内江市公安局", "坏话", "", "电话", ""],
    )
    own = {"department_id": world.department("police")}
    result = actions.import_people(io.BytesIO(content), **own, by=world.actor("police.liaison"), at=world.at)
    assert (result.taken, result.refused) == (1, 3)
    assert Person.objects.get(name="新警").state == "reported"
    with pytest.raises(NotAllowed):
        actions.import_people(io.BytesIO(content), **own, by=world.actor("civil.liaison"), at=world.at)
    with pytest.raises(NotAllowed):
        actions.import_people(io.BytesIO(content), by=world.actor("police.liaison"), at=world.at)


def bomb():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<a/>" + b" " * (90 * 1024 * 1024))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", RuleBroken),
        (b"PK\x03\x04rubbish", RuleBroken),
        ("机构名称,类型\n甲,乙".encode("gbk"), RuleBroken),
        (workbook(["别的", "表"]), RuleBroken),
        (workbook(HEAD), RuleBroken),
        (b"x" * (8 * 1024 * 1024 + 1), TooLarge),
    ],
    ids=["empty", "broken", "csv", "headings", "no-rows", "large"],
)
def test_what_is_no_filled_in_workbook_is_refused(world, content, refusal):
    with pytest.raises(refusal):
        actions.import_departments(io.BytesIO(content), by=world.actor("authority.operator"), at=world.at)


def test_a_zip_bomb_is_not_opened(world):
    with pytest.raises(TooLarge, match="压缩炸弹"):
        actions.import_departments(io.BytesIO(bomb()), by=world.actor("authority.operator"), at=world.at)


def test_too_many_rows_take_nothing_in(world):
    content = workbook(HEAD, *([f"局{n}", "", "", "政府部门", "511000", ""] for n in range(sheets.MOST_ROWS + 1)))
    with pytest.raises(TooLarge, match="拆分"):
        list(sheets.read(io.BytesIO(content), sheets.DEPARTMENTS))


def test_a_cell_far_away_does_not_fill_the_memory():
    book = openpyxl.Workbook()
    book.active.append(HEAD)
    book.active.cell(row=1_048_576, column=16_384, value="x")
    buffer = io.BytesIO()
    book.save(buffer)
    with pytest.raises(TooLarge):
        list(sheets.read(io.BytesIO(buffer.getvalue()), sheets.DEPARTMENTS))


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20), min_size=2, max_size=2
    )
)
def test_what_is_written_is_read_again(values):
    columns = sheets.PEOPLE[:2]
    rows = list(sheets.read(io.BytesIO(sheets.template(columns, [values])), columns))
    expected = [value.strip() for value in values]
    if any(expected):
        assert [row.values[c.field].removeprefix("'") for row in rows for c in columns] == [
            e.removeprefix("'") for e in expected
        ]
    else:
        assert rows == []


def test_the_page_imports_and_gives_the_refused_rows_back_to_the_importer_only(world):
    content = workbook(
        HEAD,
        ["甲局", "", "", "政府部门", "511000", ""],
        ["", "", "", "", "", ""],
        ["乙局", "", "错", "政府部门", "511000", ""],
    )
    client = world.client("authority.operator")
    upload = SimpleUploadedFile("机构.xlsx", content)
    answer = client.post("/parties/departments/import", {"file": upload})
    assert answer.status_code == 200
    result = answer.context["result"]
    assert (result.taken, result.refused) == (1, 1)
    mine = client.get(f"/parties/imports/{result.file_id}")
    assert b"".join(mine.streaming_content)[:2] == b"PK"
    assert world.client("authority.chief").get(f"/parties/imports/{result.file_id}").status_code == 404
