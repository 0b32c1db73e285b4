"""Examples for the workbench: moves for several cases, one's own delegations and reminders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

V1 = "api/v1"
WISH = {"kinds": ["new", "overdue"], "quiet_from": 22, "quiet_until": 7}
HOOK = "https://oa.example.gov.cn/hooks/jutong"
"""A host that no setting names: registering it is refused beside its field."""


def pages(book: Book, scene: Scene) -> None:
    """Add what the workbench posts."""
    book.deed("todo/<slug:workflow>/<slug:verb>/", "sharing_request", "consent", ids=str(scene["written"]))
    book.deed("parties/me/reminders", kinds=["new"], daily="1", quiet_from="22", quiet_until="7")
    book.deed("parties/me/reminders/hook", url=HOOK)
    for verb in ("resume", "remove"):
        book.deed(f"parties/me/reminders/<int:pk>/{verb}", scene["account"])


def endpoints(book: Book, scene: Scene) -> None:
    """Add the same for the API."""
    book.add(
        "POST", f"{V1}/workbench/todo/<workflow>/<verb>", "sharing_request", "consent", body={"ids": [scene["written"]]}
    )
    base = f"{V1}/parties/me"
    given = {"post_id": scene["head_post"], "to_id": scene["person"], "since": "2026-05-01", "until": "2026-05-02"}
    book.add("POST", f"{base}/delegations", body=given)
    book.add("POST", f"{base}/delegations/<delegation_id>/end", scene["delegation"])
    book.add("PUT", f"{base}/reminders", body=WISH)
    book.add("PUT", f"{base}/reminders/hook", body={"url": HOOK})
    book.add("POST", f"{base}/reminders/hook/resume")
    book.add("DELETE", f"{base}/reminders/hook")
