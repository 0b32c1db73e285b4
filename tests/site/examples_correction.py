"""Verification, objection, correction of the open catalogue and complaints: cases in every state, and examples of their addresses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import examples_papers as papers

from correction_world import BASIS, ID_NUMBER, OPENED, RECORD, citizen
from jutong.kernel.models import PolicyAssignment
from jutong.slices.catalogue.models import Entry
from jutong.slices.correction import actions
from jutong.slices.correction.models import Receiver
from jutong.slices.parties import actions as parties
from published import published

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

REASON: dict[str, Any] = {"reason": "与底册核对后的结论"}
DECISION: dict[str, Any] = {"decision": "not_correct", **REASON}
ROWS = [actions.Corrected("姓名", "李晓芳", "李小芳")]
MOVES: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "verification": {
        "ask_extension": ("v_public", {"days": 5, "reason": "须外调档案"}), "extend": ("v_public", {"days": 5}),
        "confirm": ("v_pending", REASON), "find_unfounded": ("v_pending", REASON),
        "correct": ("v_confirmed", {"note": "已在源库更正", "old-0": "李晓芳", "new-0": "李小芳"}),
        "close": ("v_unfounded", {}), "urge": ("v_pending", {}), "convert": ("v_public", {"to": "objection:privacy"}),
    },
    "objection": {
        "mark": ("o_received", {}), "take": ("o_marked", {}), "transfer": ("o_marked", {"department_id": "内江市民政局"}),
        "decide_department": ("o_transferred", DECISION), "decide": ("o_own", DECISION), "record_result": ("o_answered", {}),
        "correct": ("o_upheld", {"note": "已在源库更正", "old-0": "李晓芳", "new-0": "李小芳"}), "notify": ("o_decided", {}),
        "close": ("o_notified", {}), "urge": ("o_transferred", {}), "convert": ("o_received", {"to": "verification:error"}),
    },
    "open_correction": {
        "ask_extension": ("g_received", {"days": 5, "reason": "须外调档案"}), "extend": ("g_received", {"days": 5}),
        "agree": ("g_received", {"value": "全市婚姻登记机关名录"}),
        "refuse": ("g_received", {**REASON, "basis": "编目规范第三条"}), "request_change": ("g_agreed", {}),
        "change": ("g_requested", {}), "urge": ("g_received", {}), "convert": ("g_received", {"to": "verification:doubt"}),
    },
    "complaint": {
        "transfer": ("t_received", {"department_id": "内江市人力资源和社会保障局"}), "examine": ("t_received", {}),
        "resolve": ("t_examining", {"finding": "founded", "examined": "已查网关日志", **REASON}),
        "link": ("t_resolved", {"no_link": "已当场改正"}), "notify": ("t_resolved", {}), "close": ("t_notified", {}),
        "convert": ("t_about", {"to": "objection:privacy"}),
    },
}  # fmt: skip
"""For each move of a procedure: the case of the scene that can make it, and its form."""


def build(scene: Scene) -> None:
    """Add the cases, those of the public under the profile that knows all three procedures."""
    world, at = scene.world, scene.world.at
    scene.ids["opened"] = published(world, title="婚姻登记机关名录", **BASIS, **OPENED)
    clerk = world.actor("hr.clerk")
    officer = world.actor("civil.officer")
    for name in ("v_pending", "v_confirmed", "v_unfounded", "v_closed"):
        case = actions.report(
            by=clerk, at=at, asker=actions.department_asks(clerk, at), resource_id=scene["resource"], kind="error",
            text="姓名与身份证件不一致", items=["姓名"], record=RECORD,
        )  # fmt: skip
        scene.ids[name] = case.pk
        if name in {"v_confirmed", "v_closed"}:
            actions.confirm_error(case, by=officer, at=at, **REASON)
        if name == "v_unfounded":
            actions.find_unfounded(case, by=officer, at=at, **REASON)
        if name == "v_closed":
            actions.correct_verified(case, by=officer, at=at, rows=ROWS, note="已在源库更正")
            actions.close_verification(case, by=officer, at=at)
    scene.ids["received_correction"] = Receiver.objects.get().pk
    parties.set_correction_channel(
        scene["civil"], channel="民政数据窗口", open_to_public=True, by=world.actor("civil.head"), at=at
    )
    start = datetime(2025, 9, 1, tzinfo=UTC)
    held = PolicyAssignment.objects.create(
        region=world.region, profile="neijiang-2020", effective_from=date(2025, 9, 1), assigned_at=start
    )
    for part in (_objections, _open_corrections, _complaints):
        part(scene)
    asked: dict[str, Any] = {"resource_id": scene["resource"], "kind": "doubt", "text": "本人姓名登记有误"}
    scene.ids["v_public"] = _raised(scene, actions.report, **asked)
    held.delete()
    papers.build(scene)


def _raised(scene: Scene, deed: Any, /, **words: Any) -> int:
    by, at = actions.at_the_window("127.0.0.1", "scene"), scene.world.at
    asker, _code = actions.public_asks(citizen(scene.world), by=by, at=at)
    return int(deed(by=by, at=at, asker=asker, **words).pk)


def _objections(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    reviewer, officer = world.actor("authority.reviewer"), world.actor("civil.officer")
    words = {
        "ground": "error",
        "text": "本人婚姻状况有误",
        "evidence": "离婚证复印件一份",
        "resource_id": scene["published"],
    }
    for name in ("received", "marked", "transferred", "answered", "own", "upheld", "decided", "notified"):
        pk = scene.ids[f"o_{name}"] = _raised(scene, actions.raise_objection, **words)
        if name == "received":
            continue
        actions.mark_objection(pk, by=reviewer, at=at)
        if name in {"transferred", "answered"}:
            actions.transfer_objection(pk, by=reviewer, at=at, department_id=scene["civil"])
        if name == "answered":
            actions.decide_department(pk, by=officer, at=at, **DECISION)
        if name in {"own", "upheld", "decided", "notified"}:
            actions.take_objection(pk, by=reviewer, at=at)
        if name in {"upheld", "decided", "notified"}:
            decision = "correct" if name == "upheld" else "not_correct"
            actions.decide_objection(pk, by=reviewer, at=at, decision=decision, **REASON)
        if name == "notified":
            actions.notify_objector(pk, by=reviewer, at=at)


def _open_corrections(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    words = {"resource_id": scene["opened"], "field": "abstract", "text": "摘要与内容不符"}
    for name in ("received", "agreed", "requested"):
        pk = scene.ids[f"g_{name}"] = _raised(scene, actions.apply_for_correction, **words)
        if name == "requested":
            actions.agree_to_correction(pk, by=world.actor("civil.officer"), at=at, value="名录")
            world.drain()
    actions.agree_to_correction(scene["g_agreed"], by=world.actor("civil.officer"), at=at, value="名录")


def _complaints(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    clerk = world.actor("civil.clerk")
    words: dict[str, Any] = {
        "department_id": scene["civil"], "act": "超范围查询", "right": "个人信息权益", "text": "多次无故查询本人信息",
    }  # fmt: skip
    for name in ("received", "about", "examining", "resolved", "notified"):
        about = {"resource_id": scene["resource"]} if name == "about" else {}
        pk = scene.ids[f"t_{name}"] = _raised(scene, actions.complain, **words, **about)
        if name in {"examining", "resolved", "notified"}:
            actions.examine_complaint(pk, by=clerk, at=at)
        if name in {"resolved", "notified"}:
            actions.resolve_complaint(pk, by=clerk, at=at, finding="unfounded", examined="已查网关日志", **REASON)
        if name == "notified":
            actions.notify_complainant(pk, by=clerk, at=at)


def pages(book: Book, scene: Scene) -> None:
    """Add the pages, those of papers and of the service desk as well."""
    papers.pages(book, scene)
    base = "correction/"
    book.page("parties/departments/<int:pk>/correction-channel", scene["civil"], channel="数据科")
    handled = {"outcome": "as_usual", "proof": "居民户口簿"}
    book.page(f"{base}certificates/<int:verification_id>/", scene["v_pending"], **handled)
    book.page(f"{base}report/<int:entry_id>/", scene["resource"], kind="doubt", text="收入与实际不符", record=RECORD)
    book.deed(f"{base}desk/identities/", kind="citizen", lines=f"王小明，{ID_NUMBER}")
    book.seen(f"{base}corrected/<int:receiver_id>/", to=(scene["received_correction"],))
    book.deed(f"{base}corrected/<int:receiver_id>/fetch/", scene["received_correction"])
    book.seen(f"{base}public/catalogue/<int:entry_id>/", to=(scene["opened"],))
    book.deed(f"{base}public/follow/", number="XH-2026-000001", code="ABCDEFGHJKMN")
    for kind, form in _public(scene).items():
        book.add("GET", f"{base}public/raise/<slug:kind>/", kind, case=kind)
        book.add("POST", f"{base}public/raise/<slug:kind>/", kind, case=kind, form=form)
    for kind, name in (("verification", "v_pending"), ("objection", "o_marked"), ("open_correction", "g_received"), ("complaint", "t_received")):  # fmt: skip
        book.seen(f"{base}{kind}/<int:case_id>/", to=(scene[name],))
    look = {"reason": "电话核实有关情况"}
    book.deed(f"{base}<slug:kind>/<int:case_id>/applicant/", "complaint", scene["t_received"], **look)
    for kind, verbs in MOVES.items():
        for verb, (name, form) in verbs.items():
            route = f"{base}<slug:kind>/<int:case_id>/<slug:verb>/"
            book.deed(route, kind, scene[name], verb, case=f"{kind}.{verb}", **form)


def _public(scene: Scene) -> dict[str, dict[str, Any]]:
    code = Entry.objects.values_list("code", flat=True).get(pk=scene["opened"])
    who = {
        "about": code, "text": "本人信息登记有误", "applicant_kind": "citizen", "applicant_name": "李小芳",
        "applicant_number": ID_NUMBER,
    }  # fmt: skip
    return {
        "verification": {**who, "kind": "error"},
        "objection": {**who, "ground": "error", "evidence": "户口簿复印件"},
        "open_correction": {**who, "field": "abstract"},
        "complaint": {**who, "department_id": "内江市民政局", "act": "超范围查询", "right": "个人信息权益"},
    }


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    papers.endpoints(book, scene)
    base = "api/v1/correction"
    book.add("GET", f"{base}/corrections")
    book.add("GET", f"{base}/corrections/<receiver_id>", scene["received_correction"])
    book.add("POST", f"{base}/corrections/<receiver_id>/fetch", scene["received_correction"])
    book.add("POST", f"{base}/desk", body={"resource_id": scene["resource"], "record": RECORD, "proof_provided": True})
    handled = {"number": "XH-2026-000001", "outcome": "as_usual", "proof": "居民户口簿"}
    book.add("POST", f"{base}/handlings", body=handled)
    reported = {"resource_id": scene["resource"], "kind": "doubt", "text": "收入与实际不符", "record": RECORD}
    book.add("POST", f"{base}/doubts", body=reported)
    book.add("GET", f"{base}/<kind>", "verification")
    book.add("GET", f"{base}/<kind>/<case_id>", "verification", scene["v_pending"])
    for kind, verbs in MOVES.items():
        for verb, (name, form) in verbs.items():
            route = f"{base}/<kind>/<case_id>/<verb>"
            book.add("POST", route, kind, scene[name], verb, case=f"{kind}.{verb}", body=_body(scene, verb, form))


def _body(scene: Scene, verb: str, form: dict[str, Any]) -> dict[str, Any]:
    if verb == "correct":
        return {"note": "已在源库更正", "rows": [{"item": "姓名", "old": "李晓芳", "new": "李小芳"}]}
    if verb == "transfer":
        return {"department_id": scene["hr" if "人力" in form["department_id"] else "civil"]}
    if verb == "convert":
        to, _colon, detail = form["to"].partition(":")
        return {"to": to, "detail": detail}
    return form
