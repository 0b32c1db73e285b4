"""Endpoints of the catalogue's liveliness: figures per department, and the entries that ail."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from jutong.kernel import clock, faces
from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue import queries

router = Router()


class LivelinessOut(Schema):
    """One department's published entries; completeness and timely in percent, timely empty without update cycles."""

    department_id: int
    department: str
    entries: int
    completeness: int
    timely: int | None
    stale: int
    never_refreshed: int
    unused: int
    source_gone: int
    no_resource: int


class UpdatesMetOut(Schema):
    """A department's changes of a period: how many, met in time, late, not at all, and still open."""

    triggers: int
    on_time: int
    late: int
    missed: int
    open: int


class ReviewsOut(Schema):
    """A department's submissions of a period; days: working days to the authority's word, on average and at most."""

    handed: int
    passed: int
    returned: int
    waiting: int
    days: float | None
    longest: int | None


class EntriesNowOut(LivelinessOut):
    """A department's published entries now; zombie: never used, never refreshed or without source, each once."""

    zombie: int
    thin: int


class SupervisedOut(Schema):
    """A department under supervision."""

    department_id: int
    department: str
    entries: EntriesNowOut
    updates: UpdatesMetOut
    reviews: ReviewsOut


class AilingOut(Schema):
    """A published entry that ails; days_late: days past its update cycle."""

    entry_id: int
    code: str
    title: str
    department: str
    ailments: list[str]
    refreshed_on: date | None
    days_late: int
    granted_at: datetime | None
    lost_on: date | None
    completeness: int


class AilingsOut(Schema):
    """A page of entries."""

    total: int
    pages: int
    rows: list[AilingOut]


@router.get("/health", response=list[LivelinessOut], summary="目录体检")
def figures(request: HttpRequest) -> list[queries.LivelinessFigure]:
    """Count per department what is complete, timely, unused and without source."""
    return queries.liveliness(faces.actor_of(request), at=clock.now())


@router.get("/supervision", response=list[SupervisedOut], summary="目录监督")
def supervision(request: HttpRequest, first: date | None = None, last: date | None = None) -> list[queries.Supervised]:
    """Show per department what is complete, timely and dead, how changes were met and how long reviews took."""
    at = clock.now()
    today = beijing_day(at)
    period = queries.Period(first or today.replace(month=1, day=1), last or today)
    return queries.supervision(faces.actor_of(request), period, at=at)


@router.get("/health/entries", response=AilingsOut, summary="需要关注的目录")
def ailing(
    request: HttpRequest,
    ailment: Annotated[str, Query(max_length=24)] = "",
    department: Annotated[int, Query(ge=0, le=2**53)] = 0,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """List published entries that ail: stale, never_refreshed, unused, source_gone or no_resource."""
    rows, meta = queries.ailing(
        faces.actor_of(request), at=clock.now(), ailment=ailment, department=department, number=page, size=size
    )
    return {"total": meta.total, "pages": meta.pages, "rows": rows}
