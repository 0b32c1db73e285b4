"""Examples for the registers of access, pages and API; see `examples`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import examples_workbench as workbench

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

SYSTEM_MOVES: dict[str, tuple[str, dict[str, str]]] = {
    "test": ("system", {"record": "超时"}),
    "connect": ("system", {"record": "返回 200", "transport": "tls", "protection": "等级保护三级"}),
    "operate": ("system_alone", {}),
    "retire": ("system", {}),
}
STEP = {"title": "第二步", "due_on": "2026-12-31"}
ACCESS_MOVES: list[tuple[str, str, str, dict[str, str]]] = [
    ("legacy", "plan", "legacy", STEP),
    ("legacy", "reach", "legacy", {"step_id": "legacy_step"}),
    ("legacy", "start", "legacy", {}),
    ("legacy", "finish", "moving", {}),
    ("networks", "except", "network", {"text": "国家规定"}),
    ("networks", "plan", "network", STEP),
    ("networks", "reach", "network", {"step_id": "network_step"}),
    ("networks", "start", "network", {}),
    ("networks", "finish", "joining", {}),
    ("support", "answer", "asked", {"text": "见手册"}),
    ("support", "reask", "answered", {"text": "仍不通"}),
    ("support", "close", "answered", {}),
    ("direct", "confirm", "direct", {"text": "属实"}),
    ("direct", "dismiss", "direct", {"text": "不属实"}),
    ("incidents", "classify", "incident", {"side": "provider"}),
    ("incidents", "plan", "incident", STEP),
    ("incidents", "reach", "incident", {"step_id": "incident_step"}),
    ("incidents", "close", "classified", {"text": "已处置"}),
]
"""For each move of a register: the case of the scene that can make it, and its form."""


def access_form(scene: Scene, form: dict[str, str]) -> dict[str, Any]:
    """Return a move's form with the number of the step it names."""
    return {name: scene[value] if name == "step_id" else value for name, value in form.items()}


def pages(book: Book, scene: Scene) -> None:
    """Add the pages' addresses."""
    for verb, (name, form) in SYSTEM_MOVES.items():
        book.deed("parties/systems/<int:pk>/<slug:verb>", scene[name], verb, case=verb, **form)
        book.add("GET", "parties/systems/<int:pk>/<slug:verb>", scene[name], verb, case=verb)
    new = {"department_id": scene["civil"], "receiver_id": scene["hr"], "title": "新事项", "text": "说明", "kind": "access",
           "existing": "on"}  # fmt: skip
    for register, name in (("legacy", "legacy"), ("networks", "network"), ("support", "asked"), ("direct", "direct"),
                           ("incidents", "incident")):  # fmt: skip
        book.add("GET", "parties/access/<slug:register>", register, case=register)
        book.add("GET", "parties/access/<slug:register>/export", register, case=register)
        book.add("GET", "parties/access/<slug:register>/new", register, case=register)
        book.deed("parties/access/<slug:register>/new", register, case=register, **new)
        book.add("GET", "parties/access/<slug:register>/<int:pk>", register, scene[name], case=register)
    for register, verb, name, form in ACCESS_MOVES:
        route = "parties/access/<slug:register>/<int:pk>/<slug:verb>"
        book.deed(route, register, scene[name], verb, case=f"{register} {verb}", **access_form(scene, form))
    book.deed(
        "parties/access/trainings/new", title="接入培训", kind="access", held_on="2026-02-06", people="市民政局，3"
    )


def endpoints(book: Book, scene: Scene) -> None:
    """Add the management API's, and all of one's own workbench."""
    workbench.pages(book, scene)
    workbench.endpoints(book, scene)
    base = "api/v1/parties/access"
    for verb, (name, form) in SYSTEM_MOVES.items():
        book.add("POST", f"{base}/systems/<system_id>/<verb>", scene[name], verb, case=verb, body=form)
    for register, name, more in (
        ("legacy", "legacy", {}), ("networks", "network", {}), ("support", "asked", {"kind": "access"}),
        ("direct", "direct", {"receiver_id": scene["hr"], "text": "直连"}), ("incidents", "incident", {"text": "经过"}),
    ):  # fmt: skip
        book.add("GET", f"{base}/<book>", register, case=register)
        book.add("GET", f"{base}/<book>/<case_id>", register, scene[name], case=register)
        body = {"department_id": scene["civil"], "title": "新事项", **more}
        book.add("POST", f"{base}/<book>", register, case=register, body=body)
    for register, verb, name, form in ACCESS_MOVES:
        route = f"{base}/<book>/<case_id>/<verb>"
        book.add("POST", route, register, scene[name], verb, case=f"{register} {verb}", body=access_form(scene, form))
    people = {str(scene["civil"]): 3}
    training = {"title": "接入培训", "kind": "access", "held_on": "2026-02-06", "people": people}
    book.add("POST", f"{base}/trainings", body=training)
