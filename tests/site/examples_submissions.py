"""Examples of the pages of submitted batches and of what went round the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene


def pages(book: Book, scene: Scene) -> None:
    """Add handing in, the template, one batch with its report and returned rows, and recording an exception."""
    book.add("GET", "exchange/submissions/new/")
    book.add("POST", "exchange/submissions/new/", form={"resource_id": scene["published"]}, case="without a file")
    book.add("GET", "exchange/submissions/template/", query=f"?resource={scene['published']}")
    batch = "exchange/submissions/<int:submission_id>/"
    book.seen(batch, f"{batch}faults/", to=(scene["submission"],))
    book.deed(f"{batch}returned/", scene["submission"])
    book.add("GET", "exchange/off-platform/new/")
    book.deed("exchange/off-platform/new/", grant_id=scene["grant"], delivered_on="2025-07-31", reason="网络中断")
