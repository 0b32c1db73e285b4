"""Examples of disputes and changes of use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scene_disputes import SAYS

from jutong.slices.catalogue.models import Entry

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

NO = {"result": "not_share", "text": "理由成立，不予共享"}
DECISION = {"number": "内府函〔2026〕7号", "decided_on": "2026-03-02"}
DISPUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "state": ("negotiating", {"text": "请依法提供"}),
    "propose": ("negotiating", NO),
    "settle": ("negotiating", {}),
    "fail": ("negotiating", {"reason": "双方意见不一致"}),
    "escalate": ("talks_failed", {"absence": "经催告未陈述"}),
    "record": ("coordinating", {"sort": "minutes", "text": "召开协调会"}),
    "decide": ("coordinating", NO),
    "close_without": ("coordinating", {"opinion": "建议提供"}),
    "submit": ("no_agreement", {}),
    "government_decide": ("before_government", DECISION | NO),
}
"""For each move of a dispute: the dispute of the scene that can make it, and its form."""
RELEASE = {"recipient": "内江市慈善总会", "items": ["姓名"], "rows": 12, "released_on": "2026-03-02"}
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "consent": ("change_applied", {"remark": "同意"}),
    "refuse": ("change_applied", {"reason": "没有必要"}),
    "close": ("permit", {}),
}


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    book.deed("sharing/requests/<int:request_id>/preview/", scene["refusing"])
    for verb, name in (("prepare", "received"), ("decide", "agreeing")):
        route = "sharing/requests/<int:request_id>/alike/<slug:verb>/"
        book.deed(route, scene["agreeing"], verb, case=verb, ids=[str(scene[name])])
    base = "sharing/disputes/"
    book.deed(f"{base}bodies/", sort="government", department_id=str(scene["civil"]))
    for about, name, kind in (
        ("request", "not_accepted", "condition"),
        ("grant", "grant", "quality"),
        ("entry", "withheld", "sharing_type"),
    ):
        route = f"{base}new/<slug:about>/<int:pk>/"
        book.add("GET", route, about, scene[name], case=about)
        book.add("POST", route, about, scene[name], case=about, form={"kind": kind, **SAYS})
    book.add("GET", f"{base}<int:dispute_id>/", scene["coordinating"])
    book.add("GET", f"{base}<int:dispute_id>/files/<int:file_id>/", scene["coordinating"], scene["dispute_paper"])
    for verb, (name, form) in DISPUTES.items():
        book.deed(f"{base}<int:dispute_id>/<slug:verb>/", scene[name], verb, case=verb, **form)
    base = "sharing/changes/"
    book.page(
        f"{base}new/<int:grant_id>/", scene["grant"], kind="scope", why="办理社保稽核确需使用", scope="扩大到稽核科"
    )
    book.add("GET", f"{base}<int:change_id>/", scene["permit"])
    book.add("GET", f"{base}<int:change_id>/files/<int:file_id>/", scene["permit"], scene["change_paper"])
    for verb, (name, form) in CHANGES.items():
        book.deed(f"{base}<int:change_id>/<slug:verb>/", scene[name], verb, case=verb, **form)
    book.deed(f"{base}<int:change_id>/<slug:verb>/", scene["permit"], "release", case="release", **RELEASE)


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    book.add("POST", "api/v1/sharing/requests/several", body={"resource_id": scene["published"], "items": ["姓名"],
             "modes": ["batch_download"], "purposes": ["administrative_basis"], "use_basis": "《社会救助暂行办法》",
             "use_scene": "办理养老保险代缴", "use_scope": "经办人员使用", "duty": "养老保险经办", "use_from": "2026-03-02",
             "use_until": "2027-03-01", "personal_basis": "为履行法定职责所必需", "declared": True,
             "codes": [str(Entry.objects.values_list("code", flat=True).get(pk=scene["free"]))]})  # fmt: skip
    for verb, name in (("prepare", "received"), ("decide", "agreeing")):
        route = "api/v1/sharing/requests/<request_id>/alike/<verb>"
        book.add("POST", route, scene["agreeing"], verb, case=verb, body={"ids": [scene[name]]})
    base = "api/v1/sharing/disputes"
    about = {"request_id": scene["not_accepted"]}
    book.add("POST", base, body={"kind": "service_change", **SAYS, **about})
    book.add("POST", f"{base}/objections", body=SAYS | about)
    book.add("GET", f"{base}/<dispute_id>", scene["coordinating"])
    for verb, (name, form) in DISPUTES.items():
        body: Any = form | {"outcome": NO} if verb == "government_decide" else form
        book.add("POST", f"{base}/<dispute_id>/{verb}", scene[name], body=body or None)
    bodies = {"sort": "government", "department_id": scene["civil"]}
    book.add("POST", "api/v1/sharing/dispute-bodies", body=bodies)
    base = "api/v1/sharing/changes"
    wanted = {"grant_id": scene["grant"], "kind": "scope", "why": "办理社保稽核确需使用", "scope": "扩大到稽核科"}
    book.add("POST", base, body=wanted)
    book.add("GET", f"{base}/<change_id>", scene["permit"])
    for verb, (name, form) in CHANGES.items():
        book.add("POST", f"{base}/<change_id>/{verb}", scene[name], body=form or None)
    logged = RELEASE | {"grant_id": scene["grant"], "change_id": scene["permit"]}
    book.add("POST", "api/v1/sharing/releases", body=logged)
