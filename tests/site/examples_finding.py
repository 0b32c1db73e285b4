"""Examples of addresses that find entries: tree, map, synonyms, kept searches, and entries for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    book.add("GET", "catalogue/finding/export/<str:what>/", "tree")
    book.add("GET", "catalogue/finding/lists/<str:what>/", "imports")
    flow = (scene["civil"], scene["hr"])
    book.seen("catalogue/map/<int:provider>/<int:consumer>/", to=flow)
    book.seen("catalogue/map/<int:provider>/<int:consumer>/export/", to=flow)
    book.deed("catalogue/synonyms/", sets="低保=最低生活保障")
    book.deed("catalogue/saved/", q="低保", name="低保", subscribed="1")
    book.add("GET", "catalogue/saved/<int:pk>/", scene["saved"])
    for verb in ("unsubscribe", "forget"):
        book.deed("catalogue/saved/<int:pk>/do/<str:verb>/", scene["saved"], verb, case=verb)
    for route in ("dcat", "items", "related"):
        book.add("GET", f"catalogue/<int:pk>/{route}/", scene["published"])


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    book.add("GET", "api/v1/catalogue/<entry_id>/dcat", scene["published"])
    base = "api/v1/catalogue"
    book.seen(f"{base}/map/<provider_id>/<consumer_id>", to=(scene["civil"], scene["hr"]))
    book.add("POST", f"{base}/saved", body={"name": "低保", "q": "低保", "share_type": ["conditional"]})
    book.add("GET", f"{base}/saved/<saved_id>", scene["saved"])
    book.add("PUT", f"{base}/saved/<saved_id>", scene["saved"], body={"subscribed": False})
    book.add("POST", f"{base}/saved/<saved_id>/seen", scene["saved"])
    book.add("DELETE", f"{base}/saved/<saved_id>", scene["saved"])
