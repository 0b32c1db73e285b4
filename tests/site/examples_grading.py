"""Examples of addresses about grades of data, assessments, important data and security assessments of sharing."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from jutong.slices.catalogue import actions as catalogue
from jutong.slices.catalogue.formats import grading as lines
from jutong.slices.catalogue.models import ImportantData, SecurityFinding
from jutong.slices.catalogue.rules.assessments import PERSONAL, QUESTIONS, SECRECY
from jutong.slices.standards import actions as standards
from jutong.slices.standards.formats import grades as sheets
from jutong.slices.standards.rules.grades import NATIONAL
from published import published

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

PLAN = {"scope": "2026 年对外共享的全部目录", "planned_on": "2026-03-20"}
DONE = {"conductor": "数据安全科", "summary": "总体可控", "done_on": "2026-03-01"}
ANSWERS = dict.fromkeys(QUESTIONS[PERSONAL], "yes")
RECORD = {"result": "acceptable", "conclusion": "影响可控", "responsible": "张伟", "valid_until": "2099-01-01"}
PROTECTION = {"protection": "加密存储，专人管理", "responsible": "王伟", "body": "数据安全科"}
IMPORTANT: dict[str, tuple[str, dict[str, str]]] = {
    "report": ("important_found", PROTECTION),
    "confirm": ("important_reported", {"note": "同意"}),
    "send_back": ("important_reported", {"reason": "措施不具体"}),
    "look_again": ("important_listed", {"protection": "加密存储", "note": "措施有效"}),
}
"""For each move of important data: the case of the scene that can make it, and its form."""


def prepare(scene: Scene) -> None:
    """Give the scene a draft of grades, assessments, important data in each state and security assessments."""
    world, at = scene.world, scene.world.at
    scheme = standards.draft_grades(
        region=world.region,
        title="内江市数据分级目录",
        grades=NATIONAL.grades,
        by=world.actor("authority.chief"),
        at=at,
    )
    secrecy = world.actor("civil.secrecy")
    report = {"attachment": io.BytesIO(b"report"), "file_name": "报告.txt"}
    recorded = catalogue.record_assessment(
        by=secrecy, at=at, entry_id=scene["draft"], kind=SECRECY, result="acceptable", conclusion="不涉密", **report
    )
    scene.ids |= {"grades": scheme.pk, "assessment": recorded.pk}
    for name in ("important_found", "important_reported", "important_listed"):
        entry = published(world, title=f"重要目录{name}", security_level="important")
        world.drain()
        case = ImportantData.objects.get(entry=entry)
        if name != "important_found":
            catalogue.report_important(case, by=world.actor("civil.officer"), at=at, **PROTECTION)
        if name == "important_listed":
            catalogue.confirm_important(case, by=world.actor("authority.reviewer"), at=at)
        scene.ids[name] = case.pk
    _securing(scene)


def _securing(scene: Scene) -> None:
    at, head = scene.world.at, scene.world.actor("civil.head")
    made = [
        catalogue.plan_security_assessment(
            by=head, at=at, department_id=scene["civil"], scope="全部", planned_on=date(2026, 3, 1)
        )
        for _n in range(2)
    ]
    finding = catalogue.FindingGiven("日志不足六个月", "王伟", date(2026, 6, 30))
    catalogue.conclude_security_assessment(
        made[1].pk, by=head, at=at, conductor="数据安全科", summary="有问题", done_on=date(2026, 3, 1), findings=[finding],
        report=io.BytesIO(b"report"), file_name="报告.txt",
    )  # fmt: skip
    finding_id = SecurityFinding.objects.get().pk
    scene.ids |= {"security": made[0].pk, "security_open": made[1].pk, "finding": finding_id}


def _workbook() -> bytes:
    file = io.BytesIO()
    sheets.write(file, NATIONAL)
    return file.getvalue()


def _sheet(entry: int) -> bytes:
    file = io.BytesIO()
    lines.write(file, [lines.Line(entry, item="姓名", level="general", reason="核对")])
    return file.getvalue()


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    book.add("POST", "standards/grades/draft", form={"region": "511000"}, files={"file": ("分级.xlsx", _workbook())})
    book.page("standards/grades/<int:pk>", scene["grades"], effective_from="2099-01-01")
    book.deed("standards/grades/<int:pk>/discard", scene["grades"])
    book.seen("catalogue/assessments/<int:pk>/", "catalogue/assessments/<int:pk>/report/", to=(scene["assessment"],))
    answers = {f"answer_{name}": "yes" for name in QUESTIONS[PERSONAL]}
    book.page("catalogue/<int:pk>/assessments/new/<str:kind>/", scene["draft"], PERSONAL, **RECORD, **answers)
    for verb, form in (("approve", {"note": "同意"}), ("send_back", {"reason": "不完整"})):
        book.add("GET", "catalogue/assessments/<int:pk>/do/<str:verb>/", scene["assessment"], verb, case=verb)
        book.deed("catalogue/assessments/<int:pk>/do/<str:verb>/", scene["assessment"], verb, case=verb, **form)
    book.page("catalogue/<int:pk>/grading/", scene["draft"], level="general", reason="核对")
    book.add("POST", "catalogue/grading/", files={"file": ("分级.xlsx", _sheet(scene["draft"]))})
    book.add("GET", "catalogue/grading/returned/<int:pk>/", scene["bad_rows"])
    book.add("GET", "catalogue/important/<int:pk>/", scene["important_found"])
    for verb, (name, form) in IMPORTANT.items():
        book.add("GET", "catalogue/important/<int:pk>/do/<str:verb>/", scene[name], verb, case=verb)
        book.deed("catalogue/important/<int:pk>/do/<str:verb>/", scene[name], verb, case=verb, **form)
    book.add("GET", "catalogue/security/export/<str:what>/", "unassessed")
    book.page("catalogue/security/plan/", department_id=str(scene["civil"]), **PLAN)
    opened = scene["security_open"]
    book.seen("catalogue/security/<int:pk>/", "catalogue/security/<int:pk>/report/", to=(opened,))
    book.add("GET", "catalogue/security/<int:pk>/do/<str:verb>/", scene["security"], "conclude")
    book.deed("catalogue/security/<int:pk>/do/<str:verb>/", scene["security"], "conclude", case="conclude", **DONE)
    book.deed("catalogue/security/<int:pk>/do/<str:verb>/", opened, "close", case="close")
    book.page("catalogue/security/<int:pk>/findings/<int:finding>/", opened, scene["finding"], result="已补齐")


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    base = "api/v1/catalogue"
    grades: list[dict[str, Any]] = [msgspec.structs.asdict(one) for one in NATIONAL.grades]
    given = {"region": "511000", "title": "内江市数据分级目录", "grades": grades}
    book.add("POST", "api/v1/standards/grades", body=given)
    book.add("POST", "api/v1/standards/grades/<pk>/publish", scene["grades"], body={"effective_from": "2099-01-01"})
    book.add("GET", f"{base}/assessments/<assessment_id>", scene["assessment"])
    body = {"kind": PERSONAL, "answers": ANSWERS, **RECORD}
    book.add("POST", f"{base}/<entry_id>/assessments", scene["draft"], body=body)
    book.add("POST", f"{base}/assessments/<assessment_id>/approve", scene["assessment"], body={})
    book.add("POST", f"{base}/assessments/<assessment_id>/send_back", scene["assessment"], body={"reason": "不完整"})
    book.add(
        "POST", f"{base}/<entry_id>/take_out", scene["draft"], body={"kind": "work_secret", "document": "密〔2026〕1号"}
    )
    book.add("GET", f"{base}/<entry_id>/grading", scene["draft"])
    book.add("POST", f"{base}/<entry_id>/grading", scene["draft"], body={"level": "general", "reason": "核对"})
    book.add("GET", f"{base}/important/<case_id>", scene["important_found"])
    for verb, (name, form) in IMPORTANT.items():
        book.add("POST", f"{base}/important/<case_id>/{verb}", scene[name], body=form)
    book.add("POST", f"{base}/security", body={"department_id": scene["civil"], **PLAN})
    book.add("POST", f"{base}/security/<case_id>/conclude", scene["security"], body=DONE)
    book.add("POST", f"{base}/security/findings/<finding_id>", scene["finding"], body={"result": "已补齐"})
    book.add("POST", f"{base}/security/<case_id>/close", scene["security_open"], body={})
