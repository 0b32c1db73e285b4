"""Examples of addresses that keep the catalogue up to date: duties to update, and how alive it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jutong.slices.catalogue.models import Entry

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

CHANGE = {"kind": "function_change", "event_on": "2026-03-02", "occasion": "内编发〔2026〕3号"}
DEEDS: dict[str, tuple[str, dict[str, Any]]] = {
    "ask_extension": ("duty", {"days": 5, "reason": "涉及系统改造"}),
    "extend": ("duty_asked", {"days": 5}),
    "refuse_extension": ("duty_asked", {"reason": "理由不充分"}),
    "report": ("duty", {"note": "已更新"}),
}
"""For each move: the duty of the scene that can make it, and its form."""


def _code(scene: Scene) -> str:
    return str(Entry.objects.values_list("code", flat=True).get(pk=scene["published"]))


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    book.add("GET", "catalogue/code/<path:code>", _code(scene))
    book.add("GET", "catalogue/health/export/<str:what>/", "figures")
    book.page("catalogue/updates/new/", **CHANGE, entries=[str(scene["published"])])
    book.add("GET", "catalogue/updates/export/<str:what>/", "tasks")
    book.add("GET", "catalogue/updates/<int:pk>/", scene["duty"])
    book.add("GET", "catalogue/updates/<int:pk>/do/<str:verb>/", scene["duty"], "ask_extension")
    for verb, (name, form) in DEEDS.items():
        book.deed("catalogue/updates/<int:pk>/do/<str:verb>/", scene[name], verb, case=verb, **form)


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    book.add("GET", "api/v1/catalogue/code", query=f"?code={_code(scene)}")
    base = "api/v1/catalogue/updates"
    body = {"department_id": scene["civil"], "entries": [scene["published"]], **CHANGE}
    book.add("POST", base, body=body)
    book.add("GET", f"{base}/figures", query="?first=2026-01-01&last=2026-12-31")
    book.add("GET", f"{base}/<update_id>", scene["duty"])
    for verb, (name, given) in DEEDS.items():
        book.add("POST", f"{base}/<update_id>/{verb}", scene[name], body=given)
