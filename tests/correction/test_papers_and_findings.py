"""Papers handed in with an application, and the authority's list of circumstances that may have to be rectified."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import openpyxl
from asking_world import posted
from django.core.files.uploadedfile import SimpleUploadedFile

from correction_world import ID_NUMBER, RECORD, citizen, entered, granted, reported, rules
from covers import covers
from jutong.kernel import outbox
from jutong.kernel.models import StoredFile
from jutong.slices.catalogue.models import Entry
from jutong.slices.correction.models import Complaint, Objection, ProposedFinding, Verification
from world import World

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj\n"
PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(60)


def papers(*given: tuple[str, bytes]) -> dict[str, Any]:
    return {"uploads": [SimpleUploadedFile(name, content) for name, content in given]}


def test_a_departments_papers_go_with_its_report_to_whoever_may_know_of_it(world: World) -> None:
    resource = granted(world)
    clerk, page = world.client("hr.clerk"), f"/correction/report/{resource}/"
    words = {"kind": "error", "items": ["姓名"], "record": RECORD, "text": "姓名与身份证件不一致"}
    refused = posted(clerk, page, **words, **papers(("户口簿.pdf", PDF), ("证明.pdf", PROGRAM)))
    assert refused.status_code == 422
    assert "“证明.pdf”不是 PDF、图片" in refused.content.decode()
    assert (Verification.objects.count(), StoredFile.objects.count()) == (0, 0)
    case = posted(clerk, page, **words, **papers(("户口簿.pdf", PDF)))["Location"]
    (link,) = re.findall(rf"{case}papers/\d+/", clerk.get(case).content.decode())
    got = world.client("civil.officer").get(link)
    assert (b"".join(got), got["X-Content-Type-Options"]) == (PDF, "nosniff")
    assert world.client("market.clerk").get(link).status_code == 404
    assert clerk.get(f"{case}papers/999999/").status_code == 404


@covers(partly=["R-SEC-025"])
def test_papers_of_the_public_are_for_the_handlers_and_go_along_when_a_case_is_converted(world: World) -> None:
    rules("neijiang-2020")
    resource = entered(world)
    citizen(world)
    words = {
        "about": Entry.objects.get(pk=resource).code, "text": "多次无故查询本人信息", "applicant_kind": "citizen",
        "applicant_name": "李小芳", "applicant_number": ID_NUMBER, "department_id": "内江市民政局", "act": "超范围查询",
        "right": "个人信息权益",
    }  # fmt: skip
    done = posted(world.signed_out(), "/correction/public/raise/complaint/", **words, **papers(("截图.pdf", PDF)))
    assert done.status_code == 200
    case = Complaint.objects.get()
    page, reviewer = f"/correction/complaint/{case.pk}/", world.client("authority.reviewer")
    link, handler = f"{page}papers/{case.attachments[0]}/", world.client("civil.officer")
    assert b"".join(handler.get(link)) == PDF
    assert "截图.pdf" not in reviewer.get(page).content.decode()
    assert reviewer.get(link).status_code == 404
    assert posted(handler, f"{page}convert/", page=page, to="objection:privacy").status_code == 303
    assert Objection.objects.get().attachments == case.attachments


@covers(partly=["R-COR-021"])
def test_what_may_have_to_be_rectified_stands_once_in_the_authoritys_list_and_nobody_elses(world: World) -> None:
    case = reported(world, granted(world))
    payload = {
        "kind": "third_party_without_consent", "department_id": world.department("hr"), "subject": "use_change:7",
        "authority_id": world.department("authority"), "words": "提供给某公司", "source": "条例第二十九条",
    }  # fmt: skip
    outbox.publish("sharing.finding_proposed", "use_change:7", payload, at=world.at)
    misuse = {
        **payload,
        "kind": "use_beyond_scope_or_purpose",
        "source": "WG-2026-000003",
        "article": "national-2025#40(2)",
    }
    outbox.publish("usage.finding_proposed", "misuse_case:3", misuse, at=world.at)
    world.drain(world.at + timedelta(days=15))
    reviewer = world.client("authority.reviewer")
    shown = reviewer.get("/correction/findings/").content.decode()
    assert f"/correction/verification/{case.pk}/" in shown
    assert case.number in shown
    assert "/sharing/changes/7/" in shown
    assert "/usage/misuse/3/" in shown
    assert "政务数据共享条例第四十条第（二）项" in shown
    before = ProposedFinding.objects.count()
    world.drain(world.at + timedelta(days=16))
    assert ProposedFinding.objects.count() == before == 3
    for stranger in ("hr.clerk", "civil.officer"):
        assert world.client(stranger).get("/correction/findings/").status_code == 403
    sheet = reviewer.get("/correction/findings/export.xlsx")
    book = openpyxl.load_workbook(BytesIO(b"".join(sheet)))
    assert [cell.value for cell in book.active["B"]].count("未按时核实、更正") == 1
    listed = reviewer.get("/api/v1/correction/findings").json()
    assert {row["kind"] for row in listed["rows"]} == {
        "not_verified_in_time", "third_party_without_consent", "use_beyond_scope_or_purpose",
    }  # fmt: skip
