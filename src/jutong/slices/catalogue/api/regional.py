"""Endpoints of regional catalogues: entries, pending changes, aggregating, conflicts, and reports from platforms below."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from jutong.kernel import clock, faces
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.api.deciding import Id, Number
from jutong.slices.catalogue.api.leading import InRegion, Region
from jutong.slices.catalogue.api.sources import PageNumber, Size, SourceReasonIn, Text, paged
from jutong.slices.catalogue.queries import regional as queries
from jutong.wire import catalogue as wire

router = Router()

Code = Annotated[str, Query(max_length=16)]


class RegionalOut(Schema):
    """An entry in a regional catalogue, once. kind: what the last aggregation did with it; standing: held, conflict, left_out."""

    id: int
    entry_id: int
    reported_id: int
    code: str
    title: str
    provider_name: str
    origin: str
    origin_name: str
    version: int
    standing: str
    kind: str


class RegionalsOut(Schema):
    """A page of a regional catalogue."""

    total: int
    pages: int
    rows: list[RegionalOut]


class PendingOut(Schema):
    """A change that the next aggregation would bring: added, changed, withdrawn or conflict."""

    kind: str
    entry_id: int
    reported_id: int
    code: str
    title: str
    provider_name: str
    origin_name: str
    version: int


class PendingsOut(Schema):
    """A page of pending changes."""

    total: int
    pages: int
    rows: list[PendingOut]


class AggregateIn(Schema):
    """Which region's catalogue, as which authority."""

    region: Region
    authority_id: Number


class AggregationOut(Schema):
    """An aggregation and what came of it."""

    number: int
    entries: int
    added: int
    changed: int
    withdrawn: int
    conflicts: int
    at: datetime


class AggregationsOut(Schema):
    """A page of aggregations."""

    total: int
    pages: int
    rows: list[AggregationOut]


class SettleIn(SourceReasonIn):
    """Why this entry stands for the code, as which authority."""

    authority_id: Number


class RegionalReportIn(AggregateIn):
    """The whole catalogue of a region, in the form that `/{entry_id}/machine` has."""

    entries: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=50_000)]


class ReportOut(Schema):
    """How many entries came, how many of them are new, how many went."""

    entries: int
    added: int
    withdrawn: int


class ReportedOut(Schema):
    """An entry that a government below reported from its own platform."""

    id: int
    region: str
    code: str
    title: str
    provider_name: str
    version: int
    gone: bool
    at: datetime


class ReportedsOut(Schema):
    """A page of reported entries."""

    total: int
    pages: int
    rows: list[ReportedOut]


def _region(request: HttpRequest, region: str) -> str:
    return queries.regional(faces.actor_of(request), region=region).region


@router.get("/regional", response=RegionalsOut, summary="地区目录")
def regional(
    request: HttpRequest,
    region: InRegion = "",
    text: Text = "",
    origin: InRegion = "",
    resource_class: Code = "",
    share_type: Code = "",
    change: Code = "",
    standing: Annotated[str, Query(max_length=16)] = "held",
    page: PageNumber = 1,
    size: Size = 20,
) -> dict[str, Any]:
    """List a region's catalogue, each entry once with origin and version; `standing=conflict` lists what clashes."""
    asked = queries.RegionalFilter(text, origin, resource_class, share_type, change, standing)
    return paged(*queries.regional_entries(_region(request, region), asked, number=page, size=size))


@router.get("/regional/pending", response=PendingsOut, summary="待汇总的变化")
def pending(
    request: HttpRequest, region: InRegion = "", kind: Code = "", page: PageNumber = 1, size: Size = 20
) -> dict[str, Any]:
    """List what changed below since the last aggregation."""
    return paged(*queries.pending(_region(request, region), kind=kind, number=page, size=size))


@router.get("/regional/aggregations", response=AggregationsOut, summary="汇总记录")
def aggregations(request: HttpRequest, region: InRegion = "", page: PageNumber = 1, size: Size = 20) -> dict[str, Any]:
    """List the aggregations of a region, newest first."""
    return paged(*queries.aggregations(_region(request, region), number=page, size=size))


@router.post("/regional/aggregations", response={201: AggregationOut}, summary="汇总地区目录")
def aggregate(request: HttpRequest, body: AggregateIn) -> Status[Any]:
    """Aggregate a region's catalogue as its authority (R-CAT-024)."""
    return Status(201, actions.aggregate(by=faces.signed(request), at=clock.now(), **body.dict()))


@router.post("/regional/entries/{row_id}/settle", response={204: None}, summary="裁定代码冲突")
def settle(request: HttpRequest, row_id: Id, body: SettleIn) -> Status[None]:
    """Let this one of several entries with one code stand in the catalogue."""
    actions.settle_code(by=faces.signed(request), at=clock.now(), row_id=row_id, **body.dict())
    return Status(204, None)


@router.get("/regional/reported", response=ReportedsOut, summary="下级报送的目录")
def reported(
    request: HttpRequest, region: InRegion = "", text: Text = "", page: PageNumber = 1, size: Size = 20
) -> dict[str, Any]:
    """List what governments below reported from platforms of their own."""
    faces.actor_of(request)
    return paged(*queries.reported_entries(region=region, text=text, number=page, size=size))


@router.post("/regional/reported", response=ReportOut, summary="报送地区目录")
def report(request: HttpRequest, body: RegionalReportIn) -> dict[str, int]:
    """Report the whole catalogue of a region that has a platform of its own; it replaces the report before (R-CAT-025)."""
    try:
        entries = msgspec.convert(body.entries, list[wire.Entry])
    except msgspec.ValidationError as wrong:
        raise RuleBroken(N_("目录条目不是机器可读形式，请按接口文档的结构报送。"), field="entries") from wrong
    return actions.report_catalogue(
        by=faces.signed(request), at=clock.now(), authority_id=body.authority_id, region=body.region, entries=entries
    )


@router.get("/regional/reported/{reported_id}", response=dict[str, Any], summary="下级报送的目录详情")
def reported_entry(request: HttpRequest, reported_id: Id) -> Any:
    """Return a reported entry as its own platform states it."""
    faces.actor_of(request)
    return msgspec.to_builtins(queries.reported_entry(reported_id)[1])
