"""Back-flow in the management API; an arrangement knows duty, area, items, schedule and security, and refuses other words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.exchange import actions, queries

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Words = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Strict(Schema):
    """Words of an arrangement; any other, such as a quota, a fee or an approval, is a validation error (R-CAS-015)."""

    model_config = ConfigDict(extra="forbid")


class NeedIn(Strict):
    """What a lower department needs, for which duty; division_item selects the rows of its area."""

    resource_id: Number
    duty: Words
    items: Annotated[list[Words], Field(max_length=1000)]
    division_item: Words


class ArrangeIn(Strict):
    """Schedule (five fields, Beijing time) and security measures."""

    cron: Words
    security: Words


class StartIn(Strict):
    """The table of the lower department."""

    source_id: Number
    place_schema: Words = Field("", alias="schema")
    table: Words


class ReportIn(Strict):
    """A further condition that was demanded, and from what it is seen."""

    condition: Words
    evidence: Words


class BackflowEndIn(Strict):
    """Why the upper department has to end it, and the first day without it (W15)."""

    cause: Words
    stop_on: date


class BackflowChangeIn(BackflowEndIn):
    """Schedule and security measures from that day on."""

    cron: Words
    security: Words


class BackflowSourceIn(Schema):
    """The entry that offers the returned data on."""

    entry_id: Number


class BackflowOut(Schema):
    """A back-flow in a list; area: the division codes it selects by."""

    id: int
    number: str
    state: str
    resource_id: int
    title: str
    entry_code: str
    provider_name: str
    consumer_name: str
    duty: str
    items: list[str]
    division_item: str
    area: list[str]
    moved_away: list[str]
    when: str
    security: str
    grant_id: int | None
    task_id: int | None
    condition: str
    late_since: datetime | None
    unanswered_since: date | None
    change_id: int | None


class DivisionOut(Schema):
    """Both ends of one division."""

    code: str
    name: str
    sent: int
    arrived: int
    sent_checksum: str
    arrived_checksum: str
    agrees: bool


class AccountOut(Schema):
    """What the newest run accounts for; unassigned: source rows without a division."""

    run_id: int
    state: str
    at: datetime
    divisions: list[DivisionOut]
    unassigned: int


class ReturnOut(Schema):
    """The run of one period; phase: selected, sent, received, reconciled, gap_reported, repaired, rejected."""

    run_id: int
    since: datetime | None
    until: datetime
    phase: str
    sent: int | None
    arrived: int | None
    divisions: int | None
    unassigned: int | None


class BackflowDetailOut(Schema):
    """A back-flow with its newest account and its newest runs."""

    row: BackflowOut
    account: AccountOut | None
    returns: list[ReturnOut]


class BackflowPage(Schema):
    """A page of back-flows."""

    total: int
    pages: int
    rows: list[BackflowOut]


@router.get("/backflows", response=BackflowPage, summary="数据回流列表")
def listed(request: HttpRequest, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> dict[str, Any]:
    """Return the back-flows that concern the caller's departments, newest first."""
    rows, meta = queries.backflows(faces.actor_of(request), clock.now(), number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/backflows", response={201: BackflowDetailOut}, summary="提出回流需求")
def need(request: HttpRequest, body: NeedIn) -> Status[Any]:
    """State what a lower department needs of an upper one's data about its area."""
    actor = faces.actor_of(request)
    made = actions.need_backflow(by=actor, at=clock.now(), **body.dict())
    return Status(201, queries.backflow(made.pk, actor, clock.now()))


@router.get("/backflows/{backflow_id}", response=BackflowDetailOut, summary="查看数据回流")
def shown(request: HttpRequest, backflow_id: Id) -> Any:
    """Return one back-flow with both ends of every division in its newest run."""
    return queries.backflow(backflow_id, faces.actor_of(request), clock.now())


@router.post("/backflows/{backflow_id}/arrange", response=BackflowDetailOut, summary="安排回流")
def arrange(request: HttpRequest, backflow_id: Id, body: ArrangeIn) -> Any:
    """Arrange it: the grant of the area's rows is opened."""
    actor = faces.actor_of(request)
    actions.arrange_backflow(backflow_id, by=actor, at=clock.now(), cron=body.cron, security=body.security)
    return queries.backflow(backflow_id, actor, clock.now())


@router.post("/backflows/{backflow_id}/start", response=BackflowDetailOut, summary="开始回流")
def start(request: HttpRequest, backflow_id: Id, body: StartIn) -> Any:
    """Let it run by its schedule into a table of the own department, and once at once."""
    actor = faces.actor_of(request)
    actions.start_backflow(
        backflow_id, by=actor, at=clock.now(), source_id=body.source_id, schema=body.place_schema, table=body.table
    )
    return queries.backflow(backflow_id, actor, clock.now())


@router.post("/backflows/{backflow_id}/source", response=BackflowDetailOut, summary="登记回流数据目录")
def register(request: HttpRequest, backflow_id: Id, body: BackflowSourceIn) -> Any:
    """Register an entry of the own department as obtained by this back-flow."""
    actor = faces.actor_of(request)
    actions.register_source(backflow_id, by=actor, at=clock.now(), entry_id=body.entry_id)
    return queries.backflow(backflow_id, actor, clock.now())


@router.post("/backflows/{backflow_id}/conditions", response=BackflowDetailOut, summary="报告附加限制条件")
def report(request: HttpRequest, backflow_id: Id, body: ReportIn) -> Any:
    """Report a further condition with evidence."""
    actor = faces.actor_of(request)
    actions.report_condition(backflow_id, by=actor, at=clock.now(), condition=body.condition, evidence=body.evidence)
    return queries.backflow(backflow_id, actor, clock.now())


@router.post("/backflows/{backflow_id}/propose_change", response=BackflowDetailOut, summary="提出变更回流安排")
def propose_change(request: HttpRequest, backflow_id: Id, body: BackflowChangeIn) -> Any:
    """Open the change of the arrangement (W15): it is heard, filed and announced before its day."""
    actor = faces.actor_of(request)
    actions.propose_change(backflow_id, by=actor, at=clock.now(), **body.dict())
    return queries.backflow(backflow_id, actor, clock.now())


@router.post("/backflows/{backflow_id}/propose_end", response=BackflowDetailOut, summary="提出停止回流")
def propose_end(request: HttpRequest, backflow_id: Id, body: BackflowEndIn) -> Any:
    """Open the end of the arrangement (W15): it is heard, filed and announced before its day."""
    actor = faces.actor_of(request)
    actions.propose_end(backflow_id, by=actor, at=clock.now(), **body.dict())
    return queries.backflow(backflow_id, actor, clock.now())


@router.post("/backflows/{backflow_id}/end", response=BackflowDetailOut, summary="结束回流")
def end(request: HttpRequest, backflow_id: Id) -> Any:
    """The lower department needs it no longer."""
    actor = faces.actor_of(request)
    actions.end_backflow(backflow_id, by=actor, at=clock.now())
    return queries.backflow(backflow_id, actor, clock.now())
