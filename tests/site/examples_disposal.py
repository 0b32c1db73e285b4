"""Examples for ledgers with use records, disposals and the two reports; and the scene they need."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, Any

from test_requests import asked, reply

from jutong.slices.grants import actions as grants
from jutong.slices.sharing import actions as sharing
from jutong.slices.usage import actions
from jutong.slices.usage.models import Disposal, UseRecord

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

DUE = "2026-03-20"


def build(scene: Scene) -> None:
    """Let hr keep a ledger of a grant that runs, and dispose of what it has of one that ended."""
    world, at = scene.world, scene.world.at
    clerk, officer = world.actor("hr.clerk"), world.actor("civil.officer")
    request = sharing.write_request(by=clerk, at=at, asked=asked(scene["resource_3"]))
    sharing.consent(request, by=world.actor("hr.head"), at=at)
    sharing.file_request(request, by=clerk, at=at)
    sharing.prepare_reply(request, by=officer, at=at, reply=reply())
    ended = sharing.agree(request, by=world.actor("civil.head"), at=at).grant_id or 0
    world.drain()
    copies = [_copy(scene, ended, name) for name in ("甲盘", "乙盘", "丙盘")]
    grants.finish_grant(ended, by=world.actor("hr.head"), at=at, reason="清查结束", ground="purpose_reached")
    world.drain()
    given: dict[str, Any] = {"by": officer, "at": at, "instruction": "destroy", "due_on": date(2026, 3, 20)}
    actions.instruct(ended, copies=copies[1:], **given)
    actions.report(
        ended, by=world.actor("hr.officer"), at=at, copies=copies[2:], proof=(io.BytesIO(b"proof"), "销毁记录.txt"),
        report=actions.Report("destroyed", at.date(), "王芳"),
    )  # fmt: skip
    live = UseRecord.objects.get(grant_id=scene["grant"])
    holder = actions.add_holder(live, by=clerk, at=at, kind="person", name="张静", duty="待遇核验")
    reported = Disposal.objects.get(state="reported")
    scene.ids |= {
        "ended_grant": ended, "copy_ended": copies[0], "copy_instructed": copies[1], "copy_reported": copies[2],
        "own_copy": _copy(scene, scene["grant"], "备份盘"), "holder": holder.pk, "use_record": live.pk,
        "disposal": reported.pk, "disposal_proof": reported.proof_id or 0,
    }  # fmt: skip


def _copy(scene: Scene, grant_id: int, title: str) -> int:
    record = UseRecord.objects.get(grant_id=grant_id)
    by = scene.world.actor("hr.clerk")
    return actions.add_copy(record, by=by, at=scene.world.at, title=title, storage="机要室").pk


ENTERED: dict[str, dict[str, Any]] = {
    "fill": {"number": 1, "scene": "核验低保身份", "status": "in_use"},
    "copy": {"title": "统计中间表", "storage": "统计库"},
    "holder": {"kind": "system", "name": "待遇核验系统"},
    "lengthen": {"years": 10, "basis": "会计档案管理办法第十四条"},
    "say": {"instruction": "destroy", "days": 10},
}
"""What is entered on a ledger's page, by verb; what names a copy or holder is added."""


def _moves(scene: Scene) -> dict[str, dict[str, Any]]:
    done = {"method": "destroyed", "executed_on": "2026-03-02", "executor": "王芳"}
    return {
        "instruct": {"copies": [scene["copy_ended"]], "instruction": "destroy", "due_on": DUE},
        "report": {"copies": [scene["copy_instructed"]], **done},
        "accept": {"copies": [scene["copy_reported"]]},
        "send_back": {"copies": [scene["copy_reported"]], "reason": "看不清编号", "due_on": DUE},
    }


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    live, ended = scene["grant"], scene["ended_grant"]
    book.seen("usage/ledger/<int:grant_id>/", to=(live,))
    book.add("GET", "usage/ledger/<int:grant_id>/", live, query="?format=xlsx", case="as Excel")
    book.seen("usage/ledger/departments/<int:department_id>/", to=(scene["hr"],))
    book.seen("usage/records/<int:record_id>/", to=(scene["use_record"],))
    more = {
        "place": {"copy_id": scene["own_copy"], "storage": "专有云"},
        "end_holder": {"holder_id": scene["holder"]},
        "give_up": {"copies": [scene["own_copy"]], "ground": "no_longer_necessary"},
    }
    for verb, form in {**ENTERED, **more}.items():
        book.deed("usage/ledger/<int:grant_id>/<slug:verb>/", live, verb, case=verb, **form)
    book.seen("usage/disposals/cases/<int:disposal_id>/", to=(scene["disposal"],))
    book.seen("usage/disposals/<int:grant_id>/", "usage/disposals/<int:grant_id>/receipt.pdf", to=(ended,))
    book.add("GET", "usage/disposals/<int:grant_id>/proofs/<int:file_id>/", ended, scene["disposal_proof"])
    for verb, form in _moves(scene).items():
        proof = {"files": {"proof": ("销毁记录.txt", b"proof")}} if verb == "report" else {}
        book.add("POST", "usage/disposals/<int:grant_id>/<slug:verb>/", ended, verb, case=verb, form=form, **proof)
    for report in ("utilisation", "participation"):
        book.add("GET", f"usage/reports/{report}/", query="?format=xlsx", case="as Excel")


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    base, live, ended = "api/v1/usage", scene["grant"], scene["ended_grant"]
    book.seen(f"{base}/ledger/<grant_id>", to=(live,))
    one = f"{base}/ledger/<grant_id>"
    book.add("POST", f"{one}/copies", live, body=ENTERED["copy"])
    book.add("POST", f"{one}/places", live, body={"copy_id": scene["own_copy"], "storage": "专有云"})
    book.add("POST", f"{one}/holders", live, body=ENTERED["holder"])
    book.add("POST", f"{one}/holders/<holder_id>/end", live, scene["holder"])
    book.add("POST", f"{one}/periods/<number>", live, 1, body={"scene": "核验低保身份", "status": "in_use"})
    book.add("POST", f"{one}/retention", live, body=ENTERED["lengthen"])
    book.add("POST", f"{one}/instruction", live, body=ENTERED["say"])
    book.add("POST", f"{one}/give-up", live, body={"copies": [scene["own_copy"]], "ground": "no_longer_necessary"})
    book.seen(f"{base}/disposals/<grant_id>", to=(ended,))
    for verb, form in _moves(scene).items():
        route = f"{base}/disposals/<grant_id>/{verb.replace('_', '-')}"
        if verb == "report":
            book.add("POST", route, ended, form=form, files={"proof": ("销毁记录.txt", b"proof")})
        else:
            book.add("POST", route, ended, body=form)
    for report in ("utilisation", "participation"):
        book.add("GET", f"{base}/reports/{report}", query="?first=2026-03-01&last=2026-03-31")
