"""Examples of misuse, trace and aggregation review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scene_usage import ORDER, SAID

from jutong.slices.catalogue.models import Entry

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

MOVES: dict[str, tuple[str, dict[str, Any]]] = {
    "dismiss": ("misuse", {"reason": "经核实并无违规"}),
    "add": ("misuse", {"text": "补充调用日志"}),
    "report": ("misuse_suspended", {"text": "已经整改完毕"}),
    "send_back": ("misuse_suspended", {"text": "名单尚未删除"}),
    "refuse": ("misuse_suspended", {"text": "明确表示不整改"}),
    "verify": ("misuse_suspended", {"text": "现场核实到位"}),
    "find_insufficient": ("misuse_suspended", {"text": "整改不够"}),
    "restore": ("misuse_rectified", {"decision": "准予恢复共享"}),
    "terminate": ("misuse_insufficient", {"decision": "终止共享"}),
}
"""For each move: the case of the scene that can make it, and its form."""
PRODUCT = {"product": "困难群众画像库", "use": "主动发现困难群众", "safeguards": "政务云专区，脱敏存储"}
REVIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "admit": ("review", {"opinion": "用途明确，可以提供"}),
    "register": ("review", PRODUCT),
    "clear": ("review_locked", {"opinion": "不涉密，可以使用"}),
    "withhold": ("review_locked", {"opinion": "须去除住址"}),
    "release": ("review_cleared", {}),
}
PERIOD = "first=2026-03-01&last=2026-03-31"


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    base = "usage/misuse/"
    form = {**SAID, "source": "inspection", "grant_ids": str(scene["grant"])}
    book.page(f"{base}new/<int:grant_id>/", scene["grant"], **form)
    book.add("GET", f"{base}<int:case_id>/", scene["misuse_suspended"])
    book.add("GET", f"{base}<int:case_id>/files/<int:file_id>/", scene["misuse"], scene["misuse_paper"])
    suspend = ("misuse", {**ORDER, "category": "abuse", "grant_ids": str(scene["grant"])})
    for verb, (name, words) in {**MOVES, "suspend": suspend}.items():
        book.deed(f"{base}<int:case_id>/<slug:verb>/", scene[name], verb, case=verb, **words)
    code = Entry.objects.values_list("code", flat=True).get(pk=scene["resource"])
    for route in ("usage/trace/", "usage/trace/export.xlsx"):
        book.add("GET", route, query=f"?code={code}&{PERIOD}", case="a resource")
    base = "usage/aggregations/"
    book.add("GET", f"{base}<int:review_id>/", scene["review"])
    for verb, (name, words) in REVIEWS.items():
        book.deed(f"{base}<int:review_id>/<slug:verb>/", scene[name], verb, case=verb, **words)


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    base = "api/v1/usage/misuse"
    book.add("POST", base, body={**SAID, "grant_ids": [scene["grant"]]})
    book.add("GET", f"{base}/<case_id>", scene["misuse_suspended"])
    suspend = ("misuse", {**ORDER, "grant_ids": [scene["grant"]]})
    for verb, (name, words) in {**MOVES, "suspend": suspend}.items():
        book.add("POST", f"{base}/<case_id>/<verb>", scene[name], verb, case=verb, body=words)
    for end in ("", "/calls", "/deliveries"):
        book.add("GET", f"api/v1/usage/trace/<resource_id>{end}", scene["resource"], query=f"?{PERIOD}")
    base = "api/v1/usage/aggregations"
    book.add("GET", f"{base}/<review_id>", scene["review"])
    for verb, (name, words) in REVIEWS.items():
        book.add("POST", f"{base}/<review_id>/{verb}", scene[name], body=words or None)
