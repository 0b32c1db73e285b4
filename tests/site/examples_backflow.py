"""Examples of the pages of back-flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene


def pages(book: Book, scene: Scene) -> None:
    """Add the list, a need, one back-flow and its moves."""
    flow = "exchange/backflows/<int:backflow_id>/"
    book.seen("exchange/backflows/sheet/", "exchange/backflows/new/", to=())
    asked = {"items": ["户籍行政区划"], "division_item": "户籍行政区划", "duty": "低保复核"}
    book.add("POST", "exchange/backflows/new/", query=f"?resource={scene['resource_2']}", form=asked)
    book.seen(flow, f"{flow}divisions/", to=(scene["backflow"],))
    book.deed(f"{flow}<slug:verb>/", scene["backflow"], "arrange", cron="30 2 * * *", security="加密传输")
    book.deed(f"{flow}unassigned/", scene["backflow"])
    book.deed(f"{flow}<slug:verb>/", scene["backflow"], "end", case="end", note="不再需要")
