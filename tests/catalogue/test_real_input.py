"""The portals' dumps, the real templates and the US catalogues: every entry is accepted or comes back with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from covers import covers
from jutong.kernel.actors import system_actor
from jutong.slices.catalogue import actions, search
from jutong.slices.catalogue.formats.mapping import as_mapping, propose_mapping
from jutong.slices.catalogue.formats.raw import mapped
from jutong.slices.catalogue.formats.reading import read
from jutong.slices.catalogue.formats.understanding import understand
from jutong.slices.catalogue.models import Entry, Listing
from realdata import realdata
from world import World

BY = system_actor("test")
ORACLE = {
    "title": "title", "description": "abstract", "department": "provider", "category": "domain", "industry": "industry",
    "is_open": "open_type", "publish_time": "released_on", "update_time": "updated_on", "update_frequency": "update_cycle",
    "data_formats": "format", "tags": "keywords", "url": "link", "data_volume": "records", "telephone": "telephone",
    "email": "email",
}  # fmt: skip


def portals() -> list[Path]:
    return sorted(realdata("catalogues", "cn-portals").glob("*.json"))


def test_the_proposed_mapping_agrees_with_the_crawlers_own() -> None:
    agreed, asked, odd = 0, 0, []
    for file in portals():
        table = read(file).table
        assert table
        ours = {header: target for target, header in as_mapping(propose_mapping(table.headers, table.sample())).items()}
        oracle = realdata("catalogues", "cn-portals-mapping") / file.name
        for header, concept in json.loads(oracle.read_text(encoding="utf-8")).items():
            if header in table.headers:
                asked += 1
                agreed += ours.get(header) == ORACLE[concept]
                odd += [] if ours.get(header) == ORACLE[concept] else [(file.stem, header)]
        assert {"title", "provider"} <= set(ours.values()), file.name
    assert asked >= 240
    assert agreed / asked >= 0.96, odd


def test_every_entry_of_24_portals_is_understood_or_refused_with_a_sentence() -> None:
    total = refused = 0
    for file in portals():
        table = read(file).table
        assert table
        for raw in mapped(table, as_mapping(propose_mapping(table.headers, table.sample()))):
            draft = understand(raw)
            total += 1
            if draft.content is None:
                refused += 1
                assert any(finding.grave and finding.text for finding in draft.findings)
            else:
                assert draft.content.title
                assert draft.provider
    assert total == 48_533
    assert refused < total / 200


@covers(partly=["R-CAT-050"])
def test_portal_entries_enter_and_every_row_is_accounted_for(world: World) -> None:
    counts = dict.fromkeys(("total", "accepted", "refused"), 0)
    for name in ("hainan_hainan", "jiangsu_huaian", "anhui_chizhou"):
        run = actions.import_file(
            realdata("catalogues", "cn-portals", f"{name}.json"), region="511000", by=BY, at=world.at
        )
        assert run.accepted + run.updated + run.unchanged + run.refused == run.total
        counts = {key: counts[key] + getattr(run, key) for key in counts}
    assert counts["total"] == 3947 + 2577 + 1648
    assert counts["accepted"] == Entry.objects.count() == Listing.objects.count()
    assert set(Entry.objects.values_list("working__content__specification", flat=True)) == {"national-decree-2025"}
    found = search.search("化妆品", actor=BY, scope="all")
    assert found.page.total > 0
    assert all("化妆品" in row.title + row.abstract for row in found.found)
    assert {facet.name for facet in found.facets} >= {"update_cycle", "provider_id"}


def test_us_catalogues_are_read_as_dcat() -> None:
    for name, count in (("cms", 139), ("dol", 465), ("fda", 86)):
        table = read(realdata("catalogues", "us-data-json", f"{name}.json")).table
        assert table
        assert len(table.lines) == count
        mapping = as_mapping(propose_mapping(table.headers, table.sample()))
        assert mapping["provider"] == "publisher.name"
        drafts = [understand(raw) for raw in mapped(table, mapping)]
        assert sum(draft.content is not None for draft in drafts) > count * 0.85


@pytest.mark.parametrize(
    ("cells", "refused"),
    [
        ({}, 0),
        ({"*更新周期": "常常"}, 1),
        ({"*数据资源目录名称": ""}, 1),
        ({"*共享属性": "不予共享", "共享条件/不予共享依据": "某法第一条"}, 0),
    ],
)
def test_the_real_two_sheet_template_filled_in_is_imported(
    world: World, tmp_path: Path, cells: dict[str, Any], refused: int
) -> None:
    book = openpyxl.load_workbook(realdata("templates", "数据资源目录导入模板.xlsx"))
    good = {
        "*数据资源目录名称": "不动产登记信息", "*目录提供方": "自然资源局", "*更新周期": "每日", "*数据分级": "一般数据",
        "*数据资源目录描述": "登记簿", "*共享属性": "有条件共享", "共享条件/不予共享依据": "因履职需要", "共享方式": "共享平台方式",
        "*开放属性": "不予开放", "*所属业务对象": "地/不动产",
    }  # fmt: skip
    fill(book.worksheets[0], 3, {**good, **cells})
    item = {
        "*数据资源目录名称": "不动产登记信息", "*信息项业务名称": "不动产单元号", "*信息项技术名称": "bdcdyh", "*数据类型": "字符型",
        "数据长度": "28", "*共享属性": "有条件共享", "*开放属性": "不予开放", "*敏感属性": "非敏感", "*涉密属性": "非涉密", "是否主键": "是",
    }  # fmt: skip
    if cells.get("*数据资源目录名称") != "":
        fill(book.worksheets[1], 2, item)
    file = tmp_path / "filled.xlsx"
    book.save(file)
    assert read(file).kind == "two_sheet"
    run = actions.import_file(file, region="511000", by=BY, at=world.at)
    assert (run.accepted, run.refused) == (1 - refused, refused), run.reasons
    if not refused:
        entry = Entry.objects.get()
        assert entry.working.items.get().detail["key"] is True


def fill(sheet: Any, head: int, cells: dict[str, Any]) -> None:
    headers = [cell.value for cell in sheet[head]]
    for header, value in cells.items():
        sheet.cell(head + 1, headers.index(header) + 1, value)
