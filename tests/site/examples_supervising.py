"""The census, supervision and sets decided together: one of each in the scene, and examples of their addresses."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import openpyxl

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.models import Progress
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.catalogue.formats.census import headings
from jutong.slices.catalogue.models import Census, CensusGap, CensusLine, Declaration, ReviewBatch

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

FIGURES = {"stored_volume": "1", "stored_records": "2"}


def build(scene: Scene) -> None:
    """Add a census with a declaration, as rows: the scene's profile does not offer one; and a set that was decided."""
    world, at = scene.world, scene.world.at
    today = beijing_day(clock.now())
    common: dict[str, Any] = {"region": world.region, "profile": "national-2025@1", "started_on": today}
    census = Census.objects.create(
        **common, state="open", authority_id=scene["authority"], number=1, title="普查", counted_on=today,
        due_on=today + timedelta(days=30), filled_at=at, at=at,
    )  # fmt: skip
    tasks = {
        state: Declaration.objects.create(
            **common, state=state, census=census, department_id=scene[who], authority_id=scene["authority"]
        )
        for state, who in (("assigned", "civil"), ("declared", "hr"))
    }
    line = CensusLine.objects.create(
        declaration=tasks["assigned"], entry_id=scene["published"], title="甲", title_key="甲", kind="confirmed"
    )
    missing = CensusLine.objects.create(declaration=tasks["assigned"], title="乙", title_key="乙", kind="missing")
    gap = CensusGap.objects.create(
        **common, state="open", line=missing, census=census, department_id=scene["civil"],
        authority_id=scene["authority"], title="乙", title_key="乙", at=at,
    )  # fmt: skip
    reviewer = world.actor("authority.reviewer")
    batch = catalogue.decide_batch("review", by=reviewer, at=at, ids=[scene["draft"]])
    work = Progress.objects.create(
        task="catalogue.decide_batch", title="批量", account_id=reviewer.account_id, state="done", at=at, arguments={}
    )
    ReviewBatch.objects.filter(pk=batch.pk).update(progress_id=work.pk)
    scene.ids |= {
        "census": census.pk, "declaration": tasks["assigned"].pk, "declared": tasks["declared"].pk,
        "census_line": line.pk, "census_missing": missing.pk, "census_gap": gap.pk, "review_batch": batch.pk,
    }  # fmt: skip


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    later = beijing_day(clock.now()) + timedelta(days=60)
    base = "catalogue/census/"
    opened = {"region": scene.world.region, "title": "第二次普查", "counted_on": "2026-03-02", "due_on": str(later)}
    book.deed(f"{base}new/", **opened)
    book.page(f"{base}gaps/<int:pk>/waive/", scene["census_gap"], reason="不属于政务数据")
    book.seen(f"{base}<int:pk>/", f"{base}<int:pk>/export/", to=(scene["census"],))
    deed = f"{base}<int:pk>/do/<str:verb>/"
    book.page(deed, scene["census"], "prolong", due_on=str(later))
    book.deed(deed, scene["census"], "close", case="close")
    one = f"{base}declarations/<int:pk>/"
    book.seen(one, f"{one}export/", to=(scene["declaration"],))
    book.add("POST", f"{one}upload/", scene["declaration"], files={"file": ("普查表.xlsx", _sheet())})
    book.add("GET", f"{one}do/<str:verb>/", scene["declaration"], "declare")
    for verb, form in {"declare": {}, "confirm": {}, "missing": {"title": "丙", **FIGURES}}.items():
        book.deed(f"{one}do/<str:verb>/", scene["declaration"], verb, case=verb, **form)
    book.deed(f"{one}do/<str:verb>/", scene["declared"], "send_back", case="send_back", reason="请核对")
    book.page(f"{one}lines/<int:line_id>/", scene["declaration"], scene["census_line"], **FIGURES)
    book.deed(f"{one}lines/<int:line_id>/take-out/", scene["declaration"], scene["census_missing"])
    book.add("GET", "catalogue/supervision/<int:pk>/", scene["civil"])
    book.add("GET", "catalogue/supervision/export/<str:what>/", "departments")
    batch = "catalogue/review/batches/<int:pk>/"
    book.seen(batch, f"{batch}progress/", f"{batch}export/", to=(scene["review_batch"],))
    book.add("GET", "oversight/", query="?format=xlsx", case="as Excel")
    for how in ("in_time", "overdue", "open"):
        query = f"?how={how}&first=2026-01-01&last=2026-12-31"
        book.add("GET", "oversight/cases/<slug:workflow>/", "sharing_request", query=query, case=how)


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints of the census."""
    later = str(beijing_day(clock.now()) + timedelta(days=60))
    base, reason = "api/v1/catalogue/censuses", {"reason": "请核对"}
    opened = {"region": scene.world.region, "title": "第二次普查", "counted_on": "2026-03-02", "due_on": later}
    book.add("POST", base, body=opened)
    book.add("POST", f"{base}/gaps/<gap_id>/waive", scene["census_gap"], body=reason)
    one = f"{base}/<census_id>"
    book.add("GET", one, scene["census"])
    book.add("POST", f"{one}/prolong", scene["census"], body={"due_on": later})
    book.add("POST", f"{one}/close", scene["census"])
    task, mine = f"{base}/declarations/<declaration_id>", scene["declaration"]
    book.seen(task, f"{task}/lines", to=(mine,))
    book.add("PUT", f"{task}/lines/<line_id>", mine, scene["census_line"], body=FIGURES)
    book.add("DELETE", f"{task}/lines/<line_id>", mine, scene["census_missing"])
    book.add("POST", f"{task}/missing", mine, body={"title": "丁", **FIGURES})
    book.add("POST", f"{task}/sheet", mine, files={"file": ("普查表.xlsx", _sheet())})
    for verb in ("confirm", "declare"):
        book.add("POST", f"{task}/{verb}", mine)
    book.add("POST", f"{task}/send_back", scene["declared"], body=reason)
    days = "?first=2026-03-01&last=2026-03-31"
    for path in ("state", "grants"):
        book.add("GET", f"api/v1/oversight/{path}", query=days)
    book.add("GET", "api/v1/oversight/cases/<workflow>", "sharing_request", query=days)


def _sheet() -> bytes:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(headings())
    sheet.append(["", "甲", "", "1", "2"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
