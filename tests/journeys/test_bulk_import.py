"""A workbook with errors becomes a catalogue without any: repairs with one click, corrected rows until nothing is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page

from chromium import browsing_here, site_here
from jutong.slices.catalogue.formats.templates import GUIDE_EXTRA, GUIDE_HEADERS
from jutong.slices.catalogue.models import Entry
from windows import People, drained
from world import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

HEADERS = [*GUIDE_HEADERS, *GUIDE_EXTRA]
GOOD: dict[str, Any] = {
    "部门类信息资源分类": "部门信息资源", "信息资源摘要": "民政业务数据", "信息资源格式分类": "数据库",
    "信息资源格式类型": "mysql", "信息项名称": "姓名", "数据类型": "字符型", "数据长度": 50, "共享类型": "无条件共享",
    "共享方式分类": "共享平台方式", "共享方式类型": "数据库", "是否向社会开放": "不予开放", "更新周期": "每日",
    "发布日期": date(2026, 1, 5), "数据分类": "公共管理数据", "数据分级": "一般数据",
}  # fmt: skip
GOOD_ROWS = 30
REPAIRED = ({"信息资源名称": "特困 人员 ２０２６"}, {"信息资源名称": "孤儿保障对象", "发布日期": "2026年1月5日"},
            {"信息资源名称": "养老机构", "数据长度": "５０"})  # fmt: skip
WRONG: dict[str, tuple[str, Any, Any]] = {
    "殡葬服务机构": ("更新周期", "常常", "每月"),
    "婚姻登记": ("共享类型", "半共享", "无条件共享"),
    "社会组织登记": ("数据类型", "汉字型", "字符型"),
    "行政区划": ("发布日期", "去年", date(2026, 1, 5)),
    "慈善捐赠": ("数据长度", "五十", 50),
}
"""By name: which cell is wrong, what stands there, and what the officer corrects it to."""
LATER = {"行政区划", "慈善捐赠"}
"""What is overlooked in the first round of corrections."""


@pytest.fixture
def people(world: World, tmp_path: Path) -> Iterator[People]:
    with browsing_here("importing with errors was") as browser, site_here() as address:
        yield People(browser, address, world, tmp_path)


def workbook(folder: Path) -> Path:
    """A file of the civil affairs bureau as its officers type it."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(HEADERS)
    rows = [{"信息资源名称": f"救助项目{_counted(n)}"} for n in range(GOOD_ROWS)]
    rows += [*REPAIRED, *({"信息资源名称": name, cell: typed} for name, (cell, typed, _right) in WRONG.items())]
    for row in rows:
        given = {**GOOD, **row}
        sheet.append([given.get(header, "") for header in HEADERS])
    path = folder / "民政目录.xlsx"
    book.save(path)
    return path


def _counted(number: int) -> str:
    """A name's end that no drag-fill made."""
    return "甲乙丙丁戊己庚辛壬癸"[number % 10] + "东西南"[number // 10]


def corrected(path: Path, names: set[str]) -> Path:
    """Correct the marked cells of some of the rows that came back, as the file tells what is wrong."""
    book = openpyxl.load_workbook(path)
    sheet: Any = book.worksheets[0]
    heads = {cell.value: cell.column for cell in sheet[1]}
    for line in range(2, sheet.max_row + 1):
        name = sheet.cell(line, heads["信息资源名称"]).value
        cell, _typed, right = WRONG[name]
        wrong = sheet.cell(line, heads[cell])
        assert wrong.comment is not None, f"{name}: the wrong cell is not marked"
        if name in names:
            wrong.value = right
    book.save(path)
    return path


def imported(people: People, world: World, path: Path) -> Page:
    """Upload a file and start its import; return the officer's window at what came of it."""
    officer = people("civil.officer", "/catalogue/import/")
    officer.locator("input[type=file]").set_input_files(path)
    officer.get_by_role("button", name="上传").click()
    officer.get_by_role("button", name=re.compile("开始导入")).click()
    drained(world)
    officer.reload()
    return officer


def returned(officer: Page, folder: Path) -> Path:
    with officer.expect_download() as started:
        officer.get_by_role("link", name="下载退回行").click()
    path = folder / "退回行.xlsx"
    started.value.save_as(path)
    return path


def test_a_workbook_with_errors_is_repaired_and_corrected_until_nothing_is_wrong(
    people: People, world: World, tmp_path: Path
) -> None:
    officer = imported(people, world, workbook(tmp_path))
    assert officer.get_by_text("检查结果：尚未写入").is_visible()
    assert officer.get_by_text("特困 人员 ２０２６").first.is_visible()
    assert not Entry.objects.exists()
    people.look("civil.officer", "import-plan")
    officer.get_by_role("button", name="按以上确认导入").click()
    drained(world)
    officer.reload()
    assert officer.get_by_text(f"新增 {GOOD_ROWS + len(REPAIRED)}，").is_visible()
    people.look("civil.officer", "import-result")
    imported(people, world, corrected(returned(officer, tmp_path), set(WRONG) - LATER))
    assert officer.get_by_text(f"退回 {len(LATER)}；").is_visible()
    imported(people, world, corrected(returned(officer, tmp_path), LATER))
    assert officer.get_by_text(f"新增 {len(LATER)}，").is_visible()
    assert officer.get_by_text("退回 0；").is_visible()
    assert not officer.get_by_role("link", name="下载退回行").is_visible()
    names = set(Entry.objects.values_list("title", flat=True))
    assert {"特困人员 2026", *WRONG} <= names
    assert len(names) == GOOD_ROWS + len(REPAIRED) + len(WRONG)
    assert people.complaints == []
