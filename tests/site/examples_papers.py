"""Papers of a case, possible findings and the service desk: what the scene needs for them, and examples of their addresses."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile

from jutong.slices.correction import actions as correction
from jutong.slices.sharing import actions as sharing
from jutong.slices.sharing.rules.servicedesk import Listed

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

TEMPLATE: dict[str, Any] = {"kind": "supplement", "name": "常缺的材料"}
CODE = "e30.MEUCIQ.0000000000000000"
"""A proof code of the right shape that says nothing."""
WHY: dict[str, Any] = {"reason": "须核对原件", "unmet": "共享数据按月更新，不能反映当日状况"}


def build(scene: Scene) -> None:
    """Add a case with a paper, and a service item with a paper of every kind."""
    world, at = scene.world, scene.world.at
    clerk = world.actor("hr.clerk")
    paper = SimpleUploadedFile("户口簿.txt", "户口簿".encode())
    words: dict[str, Any] = {"resource_id": scene["resource"], "kind": "doubt", "text": "姓名与身份证件不一致"}
    case = correction.report_with_papers(by=clerk, at=at, uploads=[paper], **words)
    code = scene.code("published")
    listed = [Listed("低保证明", code), Listed("低保告知书", code), Listed("亲笔申请书")]
    item = sharing.list_service_item(by=clerk, at=at, name="临时救助", papers=listed)
    papers = dict(item.papers.values_list("name", "pk"))
    sharing.ask_anyway(papers["低保告知书"], by=clerk, at=at, **WHY)
    words = {"scope": "限社会救助科经办人员使用", "remarks": "到期前一个月提醒"}
    kept = sharing.keep_answer_template(by=world.actor("civil.officer"), at=at, kind="agree", name="救助", words=words)
    scene.ids |= {
        "answer_template": kept.pk, "v_papers": case.pk, "v_paper": case.attachments[0], "service": item.pk, "paper_shared": papers["低保证明"],
        "paper_asked": papers["低保告知书"], "paper_unknown": papers["亲笔申请书"],
    }  # fmt: skip


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    route = "correction/<slug:kind>/<int:case_id>/papers/<int:file_id>/"
    book.add("GET", route, "verification", scene["v_papers"], scene["v_paper"])
    book.seen("correction/certificates/<int:verification_id>/certificate.pdf", to=(scene["v_pending"],))
    book.deed("sharing/templates/new/", **TEMPLATE, papers="单位证明")
    book.page("sharing/templates/<int:template_id>/", scene["answer_template"], **TEMPLATE, papers="单位证明")
    book.deed("sharing/templates/<int:template_id>/drop/", scene["answer_template"])
    book.deed("grants/proofs/", code=CODE)
    book.deed("grants/proofs/cover/", code=CODE)
    base = "sharing/desk/"
    words = {"name": "参保登记", "papers": f"低保证明，{scene.code('published')}\n申请书"}
    book.deed(f"{base}new/", **words)
    book.add("POST", f"{base}import/", files={"file": ("清单.xlsx", _workbook())})
    book.add("GET", f"{base}<int:item_id>/", scene["service"])
    book.page(f"{base}<int:item_id>/change/", scene["service"], **words)
    book.deed(f"{base}<int:item_id>/end/", scene["service"])
    for verb, name, form in (
        ("ask", "paper_shared", WHY),
        ("fetch", "paper_asked", {}),
        ("identify", "paper_unknown", {"code": scene.code("published")}),
    ):
        deed = f"{base}<int:item_id>/papers/<int:paper_id>/<slug:verb>/"
        book.deed(deed, scene["service"], scene[name], verb, case=verb, **form)


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    book.add("POST", "api/v1/grants/proofs/verify", body={"code": CODE})
    book.add("POST", "api/v1/sharing/templates", body={**TEMPLATE, "papers": ["单位证明"]})
    for method in ("PUT", "DELETE"):
        changed = {**TEMPLATE, "papers": ["单位证明"]} if method == "PUT" else None
        book.add(method, "api/v1/sharing/templates/<template_id>", scene["answer_template"], body=changed)
    base = "api/v1/sharing/desk"
    papers = [{"name": "低保证明", "code": scene.code("published")}, {"name": "申请书"}]
    book.add("POST", f"{base}/check", body={"papers": papers})
    book.add("POST", f"{base}/items", body={"name": "参保登记", "papers": papers})
    for method in ("GET", "PUT", "DELETE"):
        body = {"name": "参保登记", "papers": papers} if method == "PUT" else None
        book.add(method, f"{base}/items/<item_id>", scene["service"], body=body)
    identify = f"{base}/papers/<paper_id>/identify"
    book.add("POST", identify, scene["paper_unknown"], query=f"?code={scene.code('published')}")
    book.add("POST", f"{base}/papers/<paper_id>/ask", scene["paper_shared"], body=WHY)
    book.add("DELETE", f"{base}/papers/<paper_id>/ask", scene["paper_asked"])


def _workbook() -> bytes:
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    sheet: Any = book.active
    sheet.append(["事项名称", "材料名称"])
    sheet.append(["失业登记", "申请书"])
    book.save(buffer)
    return buffer.getvalue()
