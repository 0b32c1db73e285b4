"""Both real templates, damaged in every way the issue names, and all the portals' entries: good rows in, each bad cell explained."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from jutong.kernel import files
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import RuleBroken
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.formats.headings import entry_names, header_name, item_names
from jutong.slices.catalogue.formats.reading import read
from jutong.slices.catalogue.models import Entry, ImportRun
from jutong.slices.standards.rules.national import shipped
from realdata import realdata
from world import World

BY = system_actor("test")
TEMPLATES = ("数据资源目录导入模板.xlsx", "info_catalog.xlsx")
ENTRY = {
    "provider": "民政局", "source_department": "民政局", "update_cycle": "每日", "security_level": "一般数据",
    "abstract": "登记簿", "share_type": "无条件共享", "open_type": "不予开放", "share_mode_class": "共享平台方式",
}  # fmt: skip
ITEM = {"column": "col", "type": "字符型", "length": 28, "share_type": "无条件共享", "open_type": "不予开放",
        "sensitive": "非敏感", "classified": "非涉密", "key": "否"}  # fmt: skip


class Filled:
    """A real template with resources 甲0, 甲1 … of two items each."""

    def __init__(self, name: str, many: int = 4) -> None:
        self.book = openpyxl.load_workbook(realdata("templates", name))
        self.entries, self.items = self.book.worksheets[:2]
        self.names = (entry_names(shipped()[-1]), item_names(shipped()[-1]))
        self.heads = (self._head(self.entries, 0), self._head(self.items, 1))
        for number in range(many):
            self.put(self.entries, number + 1, {"title": f"甲{number}号登记", **ENTRY})
            for part in (0, 1):
                self.put(self.items, number * 2 + part + 1, {"title": f"甲{number}号登记", "name": f"项{part}", **ITEM})

    def _head(self, sheet: Any, which: int) -> int:
        names = self.names[which]
        return next(n for n in range(1, 9) if sum(header_name(c.value) in names for c in sheet[n]) > 5)

    def column(self, sheet: Any, element: str) -> int:
        """The column (from 1) of an element, 0 where the template has none."""
        which = 0 if sheet is self.entries else 1
        heads = [self.names[which].get(header_name(cell.value), "") for cell in sheet[self.heads[which]]]
        return heads.index(element) + 1 if element in heads else 0

    def put(self, sheet: Any, below: int, cells: dict[str, Any]) -> None:
        """Write cells into the so-many-th line below the heading."""
        head = self.heads[0 if sheet is self.entries else 1]
        for element, value in cells.items():
            if column := self.column(sheet, element):
                sheet.cell(head + below, column, value)

    def saved(self, path: Path) -> Path:
        self.book.save(path)
        return path


def merged_cells(given: Filled) -> str:
    """Two columns of one resource merged across; the cycle of two others merged downwards."""
    head, cycle = given.heads[0], given.column(given.entries, "update_cycle")
    given.entries.merge_cells(start_row=head + 1, end_row=head + 1, start_column=cycle, end_column=cycle + 1)
    given.entries.merge_cells(start_row=head + 3, end_row=head + 4, start_column=cycle, end_column=cycle)
    return "单元格与相邻的列合并"


def shifted_header(given: Filled) -> str:
    """Everything ten lines lower and two columns to the right; one cell is wrong."""
    given.put(given.entries, 1, {"update_cycle": "常常"})
    for sheet in (given.entries, given.items):
        for area in list(sheet.merged_cells.ranges):
            sheet.unmerge_cells(str(area))
        sheet.insert_rows(1, 10)
        sheet.insert_cols(1, 2)
    return "更新周期“常常”不在可选范围内"


def hidden_sheet(given: Filled) -> str:
    """A hidden copy of last year's entries before the sheet in use; one cell is wrong."""
    old = given.book.copy_worksheet(given.entries)
    old.title, old.sheet_state = "去年", "hidden"
    given.book.move_sheet(old, -9)
    given.put(given.entries, 1, {"share_type": "半共享"})
    return "共享类型“半共享”不在可选范围内"


def formulas(given: Filled) -> str:
    """A formula that was never calculated, and an error value."""
    given.put(given.entries, 1, {"abstract": '=CONCATENATE("登记","簿")'})
    head, column = given.heads[1], given.column(given.items, "name")
    given.items.cell(head + 3, column, "#REF!").data_type = "e"
    return "单元格是公式且没有保存结果"


DAMAGE: list[tuple[Callable[[Filled], str], int]] = [
    (merged_cells, 1),
    (shifted_header, 1),
    (hidden_sheet, 1),
    (formulas, 2),
]


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize(("damage", "bad"), DAMAGE, ids=[damage.__name__ for damage, _bad in DAMAGE])
def test_a_damaged_real_template_gives_its_good_rows_and_explains_the_others(
    world: World, tmp_path: Path, name: str, damage: Callable[[Filled], str], bad: int
) -> None:
    given = Filled(name)
    said = damage(given)
    path = given.saved(tmp_path / name)
    source = read(path, specification=shipped()[-1])
    assert source.kind == "two_sheet"
    assert bool(source.notes) == (damage is hidden_sheet)
    run = actions.import_file(path, region="511000", by=BY, at=world.at)
    assert (run.total, run.accepted, run.refused) == (4, 4 - bad, bad), run.reasons
    assert any(said in reason for reason, _times in run.reasons), run.reasons
    marked = comments(run)
    assert len(marked) >= bad
    assert any(said in text for text in marked)
    assert all(entry.working.items.count() == 2 for entry in Entry.objects.all())
    again = actions.import_file(path, region="511000", by=BY, at=world.at)
    assert (again.accepted, again.updated, again.unchanged, again.refused) == (0, 0, 4 - bad, bad)


def comments(run: ImportRun) -> list[str]:
    """The comments at the marked cells of the file of returned rows."""
    book = openpyxl.load_workbook(io.BytesIO(files.path(run.error_file_id or 0).read_bytes()))
    return [cell.comment.text for sheet in book for row in sheet.iter_rows() for cell in row if cell.comment]


@pytest.mark.parametrize("name", TEMPLATES)
def test_half_a_workbook_is_refused_with_the_remedy_and_leaves_nothing(world: World, tmp_path: Path, name: str) -> None:
    path = Filled(name).saved(tmp_path / name)
    whole = path.read_bytes()
    for part in (whole[: len(whole) // 2], whole[: len(whole) - 30]):
        path.write_bytes(part)
        with pytest.raises(RuleBroken, match="另存为"):
            actions.import_file(path, region="511000", by=BY, at=world.at)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", whole[:400])
    with pytest.raises(RuleBroken, match="另存为"):
        actions.import_file(path, region="511000", by=BY, at=world.at)
    assert not Entry.objects.exists()


@pytest.mark.slow(seconds=35)
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_hundred_thousand_rows_enter_and_the_bad_ones_come_back(world: World, tmp_path: Path, name: str) -> None:
    given, many = Filled(name, 1), 100_000
    path = tmp_path / name
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        for sheet, head in zip((given.entries, given.items), given.heads, strict=True):
            page = book.add_worksheet(sheet.title)
            lines = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=head, max_row=head + 1)]
            page.write_row(0, 0, [str(value or "") for value in lines[0]])
            title, cycle = given.column(sheet, "title") - 1, given.column(sheet, "update_cycle") - 1
            for row in range(1, many + 1 if sheet is given.entries else 1001):
                cells = list(lines[1])
                cells[title] = f"第{row}项登记"
                if row % 1000 == 0 and sheet is given.entries:
                    cells[cycle] = "常常"
                page.write_row(row, 0, ["" if value is None else value for value in cells])
    run = actions.import_file(path, region="511000", by=BY, at=world.at)
    assert (run.total, run.accepted, run.refused) == (many, many - 100, 100), run.reasons
    assert len(comments(run)) == 100


@pytest.mark.slow(seconds=25)
def test_all_entries_of_the_real_portals_enter_once_and_every_other_row_has_its_reason(world: World) -> None:
    total = 0
    for path in sorted(realdata("catalogues", "cn-portals").glob("*.json")):
        run = actions.import_file(path, region="511000", by=BY, at=world.at)
        total += run.total
        assert run.accepted + run.updated + run.unchanged + run.refused == run.total, path.name
        assert run.refused == 0 or (run.error_file_id and sum(times for _r, times in run.reasons) >= 1), path.name
    assert total == 48_533
    held = Entry.objects.count()
    for name in ("hainan_hainan", "jiangsu_huaian"):
        again = actions.import_file(
            realdata("catalogues", "cn-portals", f"{name}.json"), region="511000", by=BY, at=world.at
        )
        assert again.accepted == 0
        assert Entry.objects.count() == held


@pytest.mark.parametrize("name", ["hainan_hainan", "anhui_chizhou"])
def test_half_a_portals_dump_is_refused_with_the_line(world: World, tmp_path: Path, name: str) -> None:
    data = realdata("catalogues", "cn-portals", f"{name}.json").read_bytes()
    path = tmp_path / "half.json"
    path.write_bytes(data[: len(data) // 2].decode("utf-8", "ignore").encode())
    with pytest.raises(RuleBroken, match=r"JSON 第 \d+ 行附近格式有误"):
        actions.import_file(path, region="511000", by=BY, at=world.at)
    assert not ImportRun.objects.exists()
