"""Endpoints of a region's demands together: its lists, what blocks the next one, figures, the matching procedure."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.api.deciding import Id
from jutong.slices.catalogue.api.demands import DemandsOut, Title
from jutong.slices.catalogue.api.duties import Document
from jutong.slices.catalogue.api.sources import PageNumber, Size, Text, paged

router = Router()

Region = Annotated[str, StringConstraints(max_length=12, pattern=r"^\w*$")]
RegionAsked = Annotated[str, Query(max_length=12, pattern=r"^\w*$")]


class DemandListIn(Schema):
    """By which document a region's list is issued."""

    region: Region
    document: Document


class DemandListOut(Schema):
    """An issued list; met: how many of its demands are met by now."""

    id: int
    region: str
    number: int
    document: str
    lines: int
    met: int
    at: datetime


class DemandListsOut(Schema):
    """A page of issued lists."""

    total: int
    pages: int
    rows: list[DemandListOut]


class DemandConflictOut(Schema):
    """What keeps a list from being issued."""

    demand_id: int
    wanted: str
    sentence: str


class AggregateOut(Schema):
    """What a region's next list takes up, and what blocks it."""

    region: str
    waiting: int
    unreviewed: int
    conflicts: list[DemandConflictOut]


class DemandFigureOut(Schema):
    """One department: what it wants and what it was given, with what became of them."""

    department_id: int
    department: str
    wanted: int
    met: int
    over: int
    given: int
    given_met: int
    given_open: int
    given_late: int


class ScopeFigureOut(Schema):
    """Demands of one scope."""

    scope: str
    wanted: int
    met: int
    open: int
    over: int


class StepIo(Schema):
    """A step of a procedure: what, by whom, within what time, on which form."""

    name: Title
    owner: Title
    limit: Title = ""
    form: Title = ""


class ProcedureIn(Schema):
    """A region's procedure; answer_days: working days of a provider's answer, none where it is left out."""

    region: Region
    steps: Annotated[list[StepIo], Field(min_length=1, max_length=12)]
    answer_days: Annotated[int, Field(ge=1, le=60)] | None = None
    note: Annotated[str, StringConstraints(max_length=1000)] = ""


class ProcedureOut(Schema):
    """A procedure; version 0: what the platform does where none was published."""

    region: str
    version: int
    steps: list[StepIo]
    answer_days: int | None
    note: str
    at: datetime | None
    current: bool


@router.get("/demands/lists", response=DemandListsOut, summary="已印发的需求清单")
def lists(request: HttpRequest, page: PageNumber = 1, size: Size = 20) -> dict[str, Any]:
    """List the issued lists."""
    return paged(*queries.demand_lists(number=page, size=size))


@router.post("/demands/lists", response={201: DemandListOut}, summary="印发需求清单")
def issue(request: HttpRequest, body: DemandListIn) -> Status[Any]:
    """Issue a region's next list; Conflict while something blocks it."""
    actor = faces.signed(request)
    made = actions.issue_demands(by=actor, at=clock.now(), authority_id=actor.department_id or 0, **body.dict())
    return Status(201, queries.demand_list(made.pk))


@router.get("/demands/lists/{list_id}/lines", response=DemandsOut, summary="需求清单明细")
def lines(request: HttpRequest, list_id: Id, text: Text = "", page: PageNumber = 1, size: Size = 50) -> dict[str, Any]:
    """List the demands of an issued list as they stand now."""
    queries.demand_list(list_id)
    return paged(*queries.listed_demands(at=clock.now(), list_id=list_id, text=text, number=page, size=size))


@router.get("/demands/aggregate", response=AggregateOut, summary="待印发的需求与冲突")
def aggregate(request: HttpRequest, region: RegionAsked) -> Any:
    """Say how many demands a region's next list takes up, and what blocks it."""
    return queries.aggregate(region, faces.actor_of(request))


@router.get("/demands/figures", response=list[DemandFigureOut], summary="各部门需求办理情况")
def figures(request: HttpRequest, region: RegionAsked) -> Any:
    """Count per department what it wants and what it was given."""
    return queries.demand_figures(region, at=clock.now())


@router.get("/demands/scopes", response=list[ScopeFigureOut], summary="按范围统计需求")
def scopes(request: HttpRequest, region: RegionAsked) -> Any:
    """Count a region's demands by scope (R-CAT-030)."""
    return queries.demand_scopes(region)


@router.get("/demands/procedure", response=ProcedureOut, summary="供需对接流程")
def procedure(
    request: HttpRequest,
    region: RegionAsked,
    version: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Any:
    """Return a region's published procedure, in force or an earlier version."""
    return queries.procedure(region, version=version)


@router.post("/demands/procedure", response={201: ProcedureOut}, summary="发布供需对接流程")
def publish(request: HttpRequest, body: ProcedureIn) -> Status[Any]:
    """Publish the next version of a region's procedure; running demands keep theirs."""
    actor = faces.signed(request)
    made = actions.publish_procedure(
        by=actor,
        at=clock.now(),
        authority_id=actor.department_id or 0,
        region=body.region,
        steps=[actions.Step(**step.dict()) for step in body.steps],
        answer_days=body.answer_days,
        note=body.note,
    )
    return Status(201, queries.procedure(body.region, version=made.version))
