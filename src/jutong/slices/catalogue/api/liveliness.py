"""Endpoints of the catalogue's liveliness: figures per department, and the entries that ail."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from jutong.kernel import clock, faces
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
