"""Ledgers, disposals and reports on pages and through the interface."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from asking_world import posted
from django.core.files.uploadedfile import SimpleUploadedFile

from covers import covers
from jutong.kernel import clock
from jutong.slices.exchange.models import Run
from jutong.slices.usage import queries
from jutong.slices.usage.models import Disposal, Inspection
from published import published
from sourceworld import civil_db, granted, mounted, node, probe, register
from usage_world import accepted, batch, copies, destroyed, finished, moment, record

if TYPE_CHECKING:
    from jutong.dataplane.identity import Identity
    from jutong.slices.grants.models import Grant
    from world import World

__all__ = ["civil_db", "node", "probe"]


@pytest.fixture
def grant(world: World, probe: object, civil_db: str) -> Grant:
    found = granted(world, mounted(world, register(world, "civil", civil_db)))
    world.drain()
    return found


def text(answer: Any) -> str:
    return re.sub(r"<[^>]+>", " ", answer.content.decode())


def test_the_ledgers_page_takes_what_the_consumer_enters_and_logs_who_else_reads(
    world: World, grant: Grant, node: Identity
) -> None:
    batch(world, grant, node)
    with clock.frozen(moment("2026-03-03")):
        clerk, page = world.client("hr.clerk"), f"/usage/ledger/{grant.pk}/"
        assert "未登记" in text(clerk.get(page))
        assert posted(clerk, f"{page}place/", page=page, copy_id=copies(grant)[0], storage=" ").status_code == 422
        assert posted(clerk, f"{page}place/", page=page, copy_id=copies(grant)[0], storage="专有云").status_code == 303
        filled = {"number": 1, "scene": "核验低保身份", "status": "in_use"}
        assert posted(clerk, f"{page}fill/", page=page, **filled).status_code == 303
        assert posted(clerk, f"{page}fill/", page=page, number=1).status_code == 422
        shown = text(clerk.get(page))
        assert "核验低保身份" in shown
        assert "正在使用" in shown
        officer = world.client("civil.officer")
        assert "本次查阅已登记" in text(officer.get(page))
        said = {"instruction": "destroy", "days": 10}
        assert posted(officer, f"{page}say/", page=page, **said).status_code == 303
        assert Inspection.objects.filter(side="provider").count() >= 1
        assert "提供方" in text(clerk.get(page))
        for stranger in ("market.officer", "admin.system"):
            assert world.client(stranger).get(page).status_code in {403, 404}
        assert text(clerk.get(f"/grants/{grant.pk}/")).count("现有副本 1 份") == 1
        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(clerk.get(f"{page}?format=xlsx"))))  # type: ignore[arg-type]
        assert sheet.active["C2"].value == "内江市人力资源和社会保障局"


def test_a_disposal_goes_from_page_to_page_and_ends_with_a_receipt(world: World, grant: Grant, node: Identity) -> None:
    batch(world, grant, node)
    finished(world, grant)
    with clock.frozen(moment("2026-03-03")):
        page, ids = f"/usage/disposals/{grant.pk}/", copies(grant)
        provider, consumer = world.client("civil.officer"), world.client("hr.officer")
        assert f"/usage/disposals/cases/{Disposal.objects.get().pk}/" in provider.get("/").content.decode()
        early = posted(consumer, f"{page}report/", page=f"/usage/ledger/{grant.pk}/", copies=ids, method="destroyed")
        assert early.status_code == 422  # a day and an executor are missing
        wanted = {"copies": ids, "instruction": "destroy", "due_on": "2026-03-20"}
        assert posted(provider, f"{page}instruct/", page=page, **{**wanted, "due_on": "2026-03-01"}).status_code == 422
        assert posted(provider, f"{page}instruct/", page=page, **wanted).status_code == 303
        report = {"copies": ids, "method": "destroyed", "executed_on": "2026-03-03", "executor": "王芳"}
        assert posted(consumer, f"{page}report/", page=page, **{**report, "copies": []}).status_code == 422
        assert posted(consumer, f"{page}report/", page=page, **report).status_code == 422
        proof = SimpleUploadedFile("销毁记录.pdf", b"%PDF-1.4 receipt")
        assert posted(consumer, f"{page}report/", page=page, **report, proof=proof).status_code == 303
        (link,) = re.findall(rf"{page}proofs/\d+/", provider.get(page).content.decode())
        assert b"".join(provider.get(link)) == b"%PDF-1.4 receipt"  # type: ignore[arg-type]
        assert world.client("market.officer").get(link).status_code == 404
        assert posted(provider, f"{page}accept/", page=page, copies=ids).status_code == 303
        assert "全部已认可" in text(provider.get(page))
        receipt = b"".join(consumer.get(f"{page}receipt.pdf"))  # type: ignore[arg-type]
        assert receipt.startswith(b"%PDF-")


@covers("R-SHR-024")
def test_the_utilisation_report_names_what_was_never_used_and_is_empty_without_data(
    world: World, grant: Grant, node: Identity
) -> None:
    batch(world, grant, node)
    idle = granted(world, grant.resource_id, case="test:idle")
    reviewer = world.client("authority.reviewer")
    page = "/usage/reports/utilisation/"
    asked = {"first": "2026-03-01", "last": "2026-03-31"}
    shown = text(reviewer.get(page, asked))
    assert f"G-{idle.pk:06d}" in shown
    assert f"G-{grant.pk:06d}" not in shown
    assert "内江市人力资源和社会保障局" in shown
    (row,) = queries.utilisation(world.actor("authority.reviewer"), date(2026, 3, 1), date(2026, 3, 31)).rows
    assert (row.granted, row.used, row.unused, row.deliveries, row.delivered_rows, row.available) == (2, 1, 1, 1, 25, 1)
    empty = reviewer.get(page, {"first": "2019-01-01", "last": "2019-12-31"})
    assert (empty.status_code, "没有有效的授权" in text(empty)) == (200, True)
    assert reviewer.get(page, {"first": "2026-03-31", "last": "2026-03-01"}).status_code == 422
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(reviewer.get(page, {**asked, "format": "xlsx"}))))  # type: ignore[arg-type]
    assert [cell.value for cell in sheet.active[2]][1:5] == [1, 2, 1, 1]
    assert queries.utilisation(world.actor("market.officer"), date(2026, 3, 1), date(2026, 3, 31)).rows == ()


@covers("R-SHR-034")
def test_the_participation_view_says_who_is_connected_providing_and_using_as_the_logs_count(
    world: World, grant: Grant, node: Identity
) -> None:
    published(world, provider="police", title="户籍信息")
    batch(world, grant, node)
    batch(world, grant, node)
    seen = queries.participation(world.actor("authority.reviewer"), date(2026, 3, 1), date(2026, 3, 31))
    rows = {row.department_id: row for row in seen.rows}
    police, civil, hr = (rows[world.department(name)] for name in ("police", "civil", "hr"))
    assert (police.published, police.connected, police.providing, police.using) == (1, False, False, False)
    assert (civil.connected, civil.providing, hr.connected, hr.using) == (True, True, True, True)
    released = Run.objects.filter(state="released")
    assert (civil.provided, civil.provided_deliveries) == (1, released.filter(provider=civil.department_id).count())
    assert (hr.obtained, hr.obtained_deliveries) == (1, released.filter(consumer=hr.department_id).count())
    page = world.client("authority.reviewer").get("/usage/reports/participation/", {"first": "2026-03-01"})
    assert "未联通" in text(page)


def test_the_interface_reads_ledgers_and_moves_disposals(world: World, grant: Grant, node: Identity) -> None:
    batch(world, grant, node)
    finished(world, grant)
    officer, clerk = world.client("civil.officer"), world.client("hr.clerk")
    with clock.frozen(moment("2026-03-03")):
        listed = clerk.get("/api/v1/usage/ledger").json()
        assert [row["grant_id"] for row in listed["rows"]] == [grant.pk]
        one = clerk.get(f"/api/v1/usage/ledger/{grant.pk}").json()
        assert [copy["kind"] for copy in one["copies"]] == ["batch"]

        def post(client: Any, path: str, **body: Any) -> Any:
            return client.post(f"/api/v1/usage/{path}", body, content_type="application/json")

        wanted = {"copies": copies(grant), "instruction": "destroy", "due_on": "2026-03-20"}
        assert post(clerk, f"disposals/{grant.pk}/instruct", **wanted).status_code == 403
        done = post(officer, f"disposals/{grant.pk}/instruct", **wanted).json()
        assert [row["state"] for row in done["rows"]] == ["instructed"]
        assert post(officer, f"disposals/{grant.pk}/instruct", **{**wanted, "copies": []}).status_code == 422
        placed = post(clerk, f"ledger/{grant.pk}/places", copy_id=copies(grant)[0], storage="专有云")
        assert placed.json()["copies"][0]["storage"] == "专有云"
        filled = post(clerk, f"ledger/{grant.pk}/periods/1", scene="核验", status="in_use")
        assert filled.json()["periods"][0]["version"] == 1
    assert Disposal.objects.get().state == "instructed"
    assert world.client("market.officer").get(f"/api/v1/usage/ledger/{grant.pk}").status_code == 404
    destroyed(world, grant)
    accepted(world, grant)
    assert record(grant).disposed_at == world.at
