"""Who obtained a resource in a period (R-SHR-021)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from jutong.kernel import faces
from jutong.slices.usage import queries

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class TraceSumOut(Schema):
    """What one department obtained in the period; responsible: who answers for the data there."""

    consumer_id: int
    consumer_name: str
    responsible: list[str]
    calls: int
    call_rows: int
    runs: int
    run_rows: int


class TraceOut(Schema):
    """A resource and what each department obtained of it; responsible: who answers for it at the provider's."""

    resource_id: int
    title: str
    code: str
    provider_name: str
    responsible: list[str]
    sums: list[TraceSumOut]


class TraceCallOut(Schema):
    """Answered calls of one system on one Beijing day for one purpose."""

    day: date
    consumer_name: str
    system: str
    grant_id: int
    items: list[str]
    mode: str
    purpose: str
    calls: int
    rows: int


class TraceCallsOut(Schema):
    """A page of calls."""

    total: int
    pages: int
    rows: list[TraceCallOut]


class TraceDeliveryOut(Schema):
    """A released delivery; person: who ordered it; fetched: who downloaded the file."""

    number: str
    grant_id: int
    consumer_name: str
    person: str
    fetched: list[str]
    at: datetime
    kind: str
    place: str
    items: list[str]
    purposes: list[str]
    rows: int


class TraceDeliveriesOut(Schema):
    """A page of deliveries."""

    total: int
    pages: int
    rows: list[TraceDeliveryOut]


@router.get("/{resource_id}", response=TraceOut, summary="使用追溯")
def trace(request: HttpRequest, resource_id: Id, first: date, last: date) -> queries.Trace:
    """Return which departments obtained a resource between two Beijing days, for its provider, authority and auditors."""
    return queries.trace(resource_id, first, last, faces.actor_of(request))


@router.get("/{resource_id}/calls", response=TraceCallsOut, summary="使用追溯：接口调用")
def calls(request: HttpRequest, resource_id: Id, first: date, last: date, page: PageNumber = 1) -> dict[str, Any]:
    """Return the answered calls, day by day, newest first."""
    rows, meta = queries.calls(resource_id, first, last, faces.actor_of(request), number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/{resource_id}/deliveries", response=TraceDeliveriesOut, summary="使用追溯：库表和文件交付")
def deliveries(request: HttpRequest, resource_id: Id, first: date, last: date, page: PageNumber = 1) -> dict[str, Any]:
    """Return the released deliveries, newest first, with who ordered and who fetched them."""
    rows, meta = queries.deliveries(resource_id, first, last, faces.actor_of(request), number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}
