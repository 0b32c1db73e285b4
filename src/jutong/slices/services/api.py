"""The management API of interfaces: what a department's systems may call, its OpenAPI and its use."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.services import queries

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
Words = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class InterfaceOut(Schema):
    """A granted interface with its calls of the last 30 days."""

    grant_id: int
    reference: str
    title: str
    state: str
    calls: int
    refused: int


class Interfaces(Schema):
    """A page of interfaces."""

    total: int
    pages: int
    rows: list[InterfaceOut]


class StopOut(Schema):
    """A service that stopped without an end that was filed; cause: unmounted, source, suspended, failing."""

    id: int
    resource_id: int
    title: str
    provider_name: str
    cause: str
    words: str
    since: datetime
    ended_at: datetime | None
    proposed_at: datetime | None
    consumers: int
    state: str


class Stops(Schema):
    """A page of stops."""

    total: int
    pages: int
    rows: list[StopOut]


class DayUseOut(Schema):
    """Calls of one day."""

    day: date
    calls: int
    refused: int
    rows: int


class SystemUseOut(Schema):
    """Calls of one system."""

    system: str
    calls: int
    refused: int
    rows: int


class UseOut(Schema):
    """Use over 30 days."""

    grant_id: int
    days: list[DayUseOut]
    systems: list[SystemUseOut]


@router.get("/", response=Interfaces, summary="可调用的接口")
def listed(request: HttpRequest, text: Words = "", page: PageNumber = 1) -> dict[str, Any]:
    """Return what the caller's departments may call."""
    rows, meta = queries.services(faces.actor_of(request), clock.now(), text=text, number=page)
    shown = [
        {
            "grant_id": row.grant.id,
            "reference": row.grant.reference,
            "title": row.grant.resource_title,
            "state": row.grant.state,
            "calls": row.calls,
            "refused": row.refused,
        }
        for row in rows
    ]
    return {"total": meta.total, "pages": meta.pages, "rows": shown}


@router.get("/stops", response=Stops, summary="服务中断")
def stops(request: HttpRequest, page: PageNumber = 1) -> dict[str, Any]:
    """Return the services that stopped without an end that was filed, of the caller's departments."""
    rows, meta = queries.stops(faces.actor_of(request), number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/{grant_id}/openapi", response=dict[str, Any], summary="一项授权的接口说明（OpenAPI）")
def openapi(request: HttpRequest, grant_id: Id) -> dict[str, Any]:
    """Return the OpenAPI document of one grant."""
    return queries.service(grant_id, faces.actor_of(request), clock.now()).openapi


@router.get("/{grant_id}/use", response=UseOut, summary="近三十天使用")
def use(request: HttpRequest, grant_id: Id) -> queries.Use:
    """Return the use of a grant over 30 days."""
    return queries.use(grant_id, faces.actor_of(request), clock.now())
