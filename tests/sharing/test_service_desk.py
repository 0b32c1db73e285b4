"""The service desk's list against the catalogue: fetch or may request, asking anyway with its reason, the report (R-SHR-023)."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from asking_world import posted
from django.core.files.uploadedfile import SimpleUploadedFile
from rules_world import under
from test_disputes import WITHHELD
from test_requests import answered

from covers import covers
from jutong.dataplane import identity
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.settings import settings
from jutong.slices.catalogue.models import Entry
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.models import ServiceItem, ServicePaper
from jutong.slices.sharing.rules.servicedesk import Listed
from published import published
from world import World

UNMET = "共享数据按月更新，不能反映当日婚姻状况"


def workbook(*rows: tuple[str, ...]) -> SimpleUploadedFile:
    book, buffer = openpyxl.Workbook(), BytesIO()
    sheet: Any = book.active
    sheet.append(["事项名称*", "事项编码", "材料名称*", "信息资源代码"])
    for row in rows:
        sheet.append(row)
    book.save(buffer)
    return SimpleUploadedFile("清单.xlsx", buffer.getvalue())


@covers("R-SHR-023")
def test_what_is_shared_is_fetched_and_asking_for_it_anyway_needs_its_reason_and_stands_in_the_report(
    world: World,
) -> None:
    published(world, title="婚姻登记信息")
    withheld = published(world, title="收养评估报告", **WITHHELD)
    clerk = world.client("hr.clerk")
    made = posted(
        clerk, "/sharing/desk/new/", name="城乡居民养老保险参保登记", code="511000-01",
        papers="婚姻登记（复印件）\n亲笔签名申请书\n收养评估报告",
    )  # fmt: skip
    page = made["Location"]
    shown = clerk.get(page).content.decode()
    item = ServiceItem.objects.get()
    view = queries.service_item(item.pk, world.actor("hr.clerk"), world.at)
    assert [paper.verdict for paper in view.papers] == ["fetch", "may", "may"]
    assert f'href="/catalogue/{withheld}/"' not in shown
    assert "不要求提交，共享获取" in shown
    assert "可以要求提交" in shown
    assert "申请共享" in shown
    d1, d2, _d3 = ServicePaper.objects.order_by("place")
    ask = f"{page}papers/{d1.pk}/ask/"
    bare = posted(clerk, ask, page=page, reason="须核对原件")
    assert (bare.status_code, "请写明共享为何不能满足" in bare.content.decode()) == (422, True)
    assert posted(clerk, ask, page=page, reason="须核对原件", unmet=UNMET).status_code == 303
    free = posted(clerk, f"{page}papers/{d2.pk}/ask/", page=page, reason="须核对原件", unmet=UNMET)
    assert (free.status_code, "无须登记理由" in free.content.decode()) == (409, True)
    for name, seen in (("authority.reviewer", True), ("hr.head", True), ("market.clerk", False)):
        report = world.client(name).get("/sharing/desk/duplicates/").content.decode()
        assert (UNMET in report) is seen, name
    sheet = world.client("authority.reviewer").get("/sharing/desk/duplicates/export.xlsx")
    rows = list(openpyxl.load_workbook(BytesIO(b"".join(sheet))).active.iter_rows(values_only=True))
    assert rows[1][1:4] == ("城乡居民养老保险参保登记", "婚姻登记（复印件）", "婚姻登记信息")
    assert world.client("market.clerk").get(page).status_code == 404
    posted(clerk, f"{page}papers/{d1.pk}/fetch/", page=page)
    assert queries.duplicates(world.actor("authority.reviewer"))[0] == []


def test_before_the_decree_a_reason_is_enough_and_what_is_granted_is_fetched_under_the_grant(world: World) -> None:
    identity.establish(settings().home / "nodes" / "local", at=world.at)
    resource = published(world, title="低保对象信息")
    answered(world, resource)
    clerk, before = world.actor("hr.clerk"), datetime(2025, 7, 31, 2, tzinfo=UTC)
    code = Entry.objects.get(pk=resource).code or ""
    item = actions.list_service_item(by=clerk, at=world.at, name="临时救助", papers=[Listed("低保证", code)])
    (paper,) = queries.service_item(item.pk, clerk, world.at).papers
    assert paper.source
    assert paper.source.reference.startswith("G-") or paper.source.grant_id
    under(world, "liyang-2020")
    with pytest.raises(RuleBroken) as told:
        actions.ask_anyway(paper.id, by=clerk, at=world.at, reason="须核对原件")
    assert told.value.field == "unmet"
    actions.ask_anyway(paper.id, by=clerk, at=before, reason="须核对原件")
    assert queries.service_item(item.pk, clerk, world.at).papers[0].verdict == "anyway"


def test_lists_come_in_and_go_out_as_a_workbook_all_or_nothing(world: World) -> None:
    resource = published(world, title="婚姻登记信息")
    code, clerk = Entry.objects.get(pk=resource).code or "", world.client("hr.clerk")
    desk = "/sharing/desk/"
    rows = (
        ("养老保险参保", "01", "结婚证", code),
        ("养老保险参保", "01", "申请书", ""),
        ("失业登记", "", "申请书", ""),
    )
    refused = posted(clerk, f"{desk}import/", page=desk, file=workbook(*rows, ("失业登记", "", "合同", "NO/1")))
    assert refused.status_code in {404, 422}
    assert "NO/1" in refused.content.decode()
    assert ServiceItem.objects.count() == 0
    refused = posted(clerk, f"{desk}import/", page=desk, file=workbook(*rows, ("失业登记", "", "", "")))
    assert "第 5 行缺少事项名称或材料名称" in refused.content.decode()
    assert posted(clerk, f"{desk}import/", page=desk, file=workbook(*rows)).status_code == 303
    paper = ServicePaper.objects.get(name="结婚证")
    by = world.actor("hr.clerk")
    actions.ask_anyway(paper.pk, by=by, at=world.at, reason="须核对原件", unmet=UNMET)
    assert posted(clerk, f"{desk}import/", page=desk, file=workbook(*rows[:1])).status_code == 303
    assert (ServicePaper.objects.count(), ServicePaper.objects.get(name="结婚证").reason) == (2, "须核对原件")
    out = openpyxl.load_workbook(BytesIO(b"".join(clerk.get(f"{desk}export.xlsx")))).active
    line = next(row for row in out.iter_rows(values_only=True) if row[2] == "结婚证")
    assert line[3:5] == (code, "已登记理由，仍要求提交")
    item = ServiceItem.objects.get(name="失业登记")
    actions.end_service_item(item.pk, by=by, at=world.at)
    with pytest.raises(WrongState):
        actions.end_service_item(item.pk, by=by, at=world.at)
    checked = clerk.post(
        "/api/v1/sharing/desk/check",
        {"papers": [{"name": "婚姻登记"}, {"name": "遗嘱"}]},
        content_type="application/json",
    )
    assert [row["verdict"] for row in checked.json()] == ["fetch", "may"]
