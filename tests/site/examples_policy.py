"""Examples of addresses about the rules of regions: purposes of use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jutong.slices.standards import actions

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

V1 = "api/v1/standards"
PURPOSE: dict[str, Any] = {"code": "emergency", "name": "应急处置", "meaning": "突发事件应急处置中核验人员身份"}


def prepare(scene: Scene) -> None:
    """Give the scene an added purpose."""
    world, at = scene.world, scene.world.at
    chief = world.actor("authority.chief")
    made = actions.add_purpose(code="statistics", name="统计分析", meaning="汇总统计", by=chief, at=at)
    scene.ids |= {"purpose": made.pk}


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    book.add("POST", "standards/purposes", form=PURPOSE)
    book.deed("standards/purposes/<int:pk>/retire", scene["purpose"])


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    book.add("POST", f"{V1}/purposes", body=PURPOSE)
    book.add("POST", f"{V1}/purposes/<pk>/retire", scene["purpose"])
