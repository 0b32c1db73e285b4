"""Examples of addresses about the rules of regions: purposes of use, drafts of local rules, trying limits out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jutong.kernel.models import Clock
from jutong.slices.standards import actions

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

V1 = "api/v1/standards"
PURPOSE: dict[str, Any] = {"code": "emergency", "name": "应急处置", "meaning": "突发事件应急处置中核验人员身份"}

DRAFT: dict[str, Any] = {
    "region": "511000", "profile": "national-2025", "overrides": {"request_reply_days": 5},
    "targets": {"verification_feedback_days": 5}, "basis": "内数发〔2026〕3号",
}  # fmt: skip


def prepare(scene: Scene) -> None:
    """Give the scene an added purpose."""
    world, at = scene.world, scene.world.at
    chief = world.actor("authority.chief")
    made = actions.add_purpose(code="statistics", name="统计分析", meaning="汇总统计", by=chief, at=at)
    draft = actions.draft_profile(**DRAFT, by=chief, at=at)
    limit = Clock.objects.exclude(parameter="").order_by("pk").first()
    scene.ids |= {"purpose": made.pk, "profile_draft": draft.pk, "limit": limit.pk if limit else 0}


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    book.add("POST", "standards/purposes", form=PURPOSE)
    book.deed("standards/purposes/<int:pk>/retire", scene["purpose"])
    book.add("POST", "standards/policy-edit", form={"own-request_reply_days": "6", "basis": "内数发〔2026〕4号"})
    book.page("standards/policy-drafts/<int:pk>", scene["profile_draft"], effective_from="2099-01-01")
    book.deed("standards/policy-drafts/<int:pk>/discard", scene["profile_draft"])


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    book.add("POST", f"{V1}/purposes", body=PURPOSE)
    book.add("POST", f"{V1}/purposes/<pk>/retire", scene["purpose"])
    made_up = {"procedure": "request", "under": "national-2025", "start": "2026-03-02", "extend": 5}
    book.add("POST", f"{V1}/simulation", body=made_up)
    book.add("GET", f"{V1}/simulation/clocks/<clock_id>", scene["limit"])
    book.add("POST", f"{V1}/policy-drafts", body=DRAFT)
    book.add("GET", f"{V1}/policy-drafts/<pk>", scene["profile_draft"])
    book.add("POST", f"{V1}/policy-drafts/<pk>/issue", scene["profile_draft"], body={"effective_from": "2099-01-01"})
    book.add("POST", f"{V1}/policy-drafts/<pk>/discard", scene["profile_draft"])
