"""Agreements of the scene, each in the state in which its moves can be made, and the examples of their addresses."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import msgspec
from agreement_world import STATED, TERMS, drafted, line, signed, written

from jutong.slices.agreements import actions
from jutong.slices.agreements.models import Agreement
from published import published

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

STATES = ("draft", "signing", "active", "amending", "suspended")
REASON = {"reason": "业务调整，双方商定"}
MOVES: dict[str, tuple[str, dict[str, Any]]] = {
    "send": ("draft", {}),
    "send_back": ("signing", REASON),
    "withdraw": ("signing", REASON),
    "attest": ("signing", {}),
    "abandon": ("amending", REASON),
    "suspend": ("active", REASON),
    "resume": ("suspended", REASON),
    "terminate": ("active", REASON),
}
"""For each move: the agreement of the scene that can make it, and its form."""


def build(scene: Scene) -> None:
    """An agreement of civil and hr in every state with moves; the one to be signed stands on a joint document."""
    world, at = scene.world, scene.world.at
    resource = published(world, title="低保资金发放信息")
    scene.ids["agreed_entry"] = resource
    for state in STATES:
        case = drafted(world, lines=(line(world, resource),) if state in {"draft", "active"} else ())
        scene.ids[f"agreement_{state}"] = case.pk
        if state == "draft":
            continue
        if state == "signing":
            text = msgspec.structs.replace(written(world), joint_number="内民发〔2026〕3号")
            actions.revise(case, by=world.actor("civil.officer"), at=at, written=text, joint=io.BytesIO(b"paper"))
        actions.send(case, by=world.actor("civil.officer"), at=at)
        if state == "signing":
            continue
        signed(world, case, "civil.head", "hr.head")
        if state == "amending":
            text = written(world, scope="扩大到稽核科")
            actions.amend(case.pk, by=world.actor("hr.officer"), at=at, written=text, why="增加稽核业务")
        if state == "suspended":
            actions.suspend(case.pk, by=world.actor("civil.head"), at=at, reason="发现超范围查询")


def form(scene: Scene, **more: Any) -> dict[str, Any]:
    """What a browser posts for a whole text."""
    days = {name: STATED[name].isoformat() for name in ("since", "until")}
    sides = {
        "party-0": "内江市民政局", "responsible-0": "王伟", "secrecy-0": TERMS,
        "party-1": "内江市人力资源和社会保障局", "responsible-1": "李娜", "secrecy-1": TERMS,
    }  # fmt: skip
    return {**STATED, **days, **sides, **more}


def body(scene: Scene, **more: Any) -> dict[str, Any]:
    """The same as JSON."""
    sides = [{"department_id": scene[key], "responsible": "王伟", "confidentiality": TERMS} for key in ("civil", "hr")]
    days = {name: STATED[name].isoformat() for name in ("since", "until")}
    return {"stated": {**STATED, **days}, "sides": sides, **more}


def _digest(scene: Scene, state: str) -> str:
    case = Agreement.objects.get(pk=scene[f"agreement_{state}"])
    return str(case.versions.values_list("digest", flat=True).get(number=case.pending))


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    base = "agreements/"
    one = f"{base}<int:agreement_id>/"
    book.page(f"{base}new/<slug:kind>/", "sharing", **form(scene))
    book.add("GET", one, scene["agreement_active"])
    book.add("GET", f"{one}proof/", scene["agreement_active"])
    for kind in ("pdf", "docx"):
        book.add("GET", f"{one}paper.<slug:kind>", scene["agreement_active"], kind, case=kind)
    book.add("GET", f"{one}versions/<int:version>/joint/", scene["agreement_signing"], 1)
    book.page(f"{one}edit/", scene["agreement_draft"], **form(scene, quantity="约 15 万条"))
    from jutong.slices.catalogue.models import Entry

    code = Entry.objects.values_list("code", flat=True).get(pk=scene["agreed_entry"])
    where = f"?code={code}&consumer={scene['hr']}"
    chosen = {
        "item-0": "none",
        "key_items": ["公民身份号码"],
        "modes": ["online_query"],
        "purposes": ["administrative_basis"],
    }
    book.add("GET", f"{one}lines/", scene["agreement_draft"], query=where)
    book.add("POST", f"{one}lines/", scene["agreement_draft"], query=where, form=chosen)
    key = f"{scene['agreed_entry']}-{scene['hr']}"
    book.deed(f"{one}lines/<slug:key>/remove/", scene["agreement_draft"], key)
    for verb, (state, given) in MOVES.items():
        book.deed(f"{one}<slug:verb>/", scene[f"agreement_{state}"], verb, case=verb, **given)
    for state in ("signing", "amending"):
        book.deed(
            f"{one}<slug:verb>/",
            scene[f"agreement_{state}"],
            "sign",
            case=f"sign {state}",
            digest=_digest(scene, state),
        )


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    base = "api/v1/agreements"
    one = f"{base}/<agreement_id>"
    book.add("POST", base, body=body(scene, kind="sharing"))
    book.add("GET", one, scene["agreement_active"])
    book.add("GET", f"{one}/proof", scene["agreement_active"])
    book.add("POST", f"{one}/revise", scene["agreement_draft"], body=body(scene))
    book.add("POST", f"{one}/amend", scene["agreement_active"], body=body(scene, why="增加稽核业务"))
    book.add("POST", f"{one}/sign", scene["agreement_signing"], body={"digest": _digest(scene, "signing")})
    for verb, (state, given) in MOVES.items():
        if given:
            book.add("POST", f"{one}/<verb>", scene[f"agreement_{state}"], verb, case=verb, body=given)
        else:
            book.add("POST", f"{one}/{verb}", scene[f"agreement_{state}"])
