"""Endpoints of sources: the register, an entry against it, designations with opinions, and tasks to support a source."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.api.deciding import Id, Number, Words

router = Router()

Name = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
Names = Annotated[list[Name], Field(min_length=1, max_length=500)]
State = Annotated[str, Query(max_length=24, pattern=r"^\w*$")]
Text = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
Size = Annotated[int, Query(ge=1, le=100)]


class ItemSourceOut(Schema):
    """The authoritative source of an item; entry_id 0 while its department has not published it. days_late: past its cycle."""

    id: int
    name: str
    region: str
    provider_id: int
    provider_name: str
    entry_id: int
    title: str
    code: str
    designation_id: int
    since: date
    days_late: int


class ItemSourcesOut(Schema):
    """A page of sources."""

    total: int
    pages: int
    rows: list[ItemSourceOut]


class ItemStandOut(Schema):
    """An item of an entry against the register; conflict: its claim meets another department's."""

    name: str
    conflict: bool
    refers: str
    source: ItemSourceOut | None


class SourceItemsIn(Schema):
    """Names of items."""

    items: Names


class SettlementIn(SourceItemsIn):
    """Items that clash, and why the own department ought to be the source."""

    reason: Words


class OverlapIn(SettlementIn):
    """Items that departments of a region collect."""

    region: Annotated[str, StringConstraints(max_length=12)]
    authority_id: Number
    departments: Annotated[list[Number], Field(min_length=2, max_length=300)]


class AuthorityIn(Schema):
    """For which competent authority."""

    authority_id: Number


class FoundCountOut(Schema):
    """How many tasks were opened."""

    opened: int


class DesignationOut(Schema):
    """A designation; items: at most six of `count`. late: open beyond its internal target."""

    id: int
    region: str
    state: str
    items: list[str]
    count: int
    departments: list[str]
    source: str
    document: str
    effective_on: date | None
    target_on: date
    late: bool


class DesignationsOut(Schema):
    """A page of designations."""

    total: int
    pages: int
    rows: list[DesignationOut]


class DesignateIn(Schema):
    """Who is the source from when on, by which decision, in place of which designation."""

    source_id: Number
    document: Annotated[str, StringConstraints(max_length=100)]
    effective_on: date | None = None
    replaces: Number | None = None


class SourceReasonIn(Schema):
    """Why."""

    reason: Words


class SourceOpinionIn(Schema):
    """What a department thinks."""

    opinion: Words


class SourceTaskIn(SourceItemsIn):
    """What another department has to correct or supplement, by when."""

    holder_id: Number
    text: Annotated[str, StringConstraints(max_length=1000)]
    due_on: date | None = None


class SourceTaskOut(Schema):
    """A task of a source department."""

    id: int
    designation_id: int
    source: str
    holder: str
    items: list[str]
    text: str
    due_on: date
    done_on: date | None
    note: str
    late: bool
    state: str


class SourceTasksOut(Schema):
    """A page of tasks."""

    total: int
    pages: int
    rows: list[SourceTaskOut]


class DoneIn(Schema):
    """What was done."""

    note: Annotated[str, StringConstraints(max_length=1000)]


def paged(rows: Any, meta: Any) -> dict[str, Any]:
    """Return a page as the schemas of lists want it."""
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/sources", response=ItemSourcesOut, summary="数源目录")
def sources(
    request: HttpRequest, text: Text = "", stale: bool = False, page: PageNumber = 1, size: Size = 20
) -> dict[str, Any]:
    """List the authoritative sources in force; `stale`: those of the caller's departments and area past their cycle."""
    actor = faces.actor_of(request)
    return paged(*queries.sources(actor, at=clock.now(), text=text, stale=stale, number=page, size=size))


@router.get("/sources/designations", response=DesignationsOut, summary="数源认定")
def designations(
    request: HttpRequest, state: State = "", text: Text = "", page: PageNumber = 1, size: Size = 20
) -> dict[str, Any]:
    """List overlaps and designations."""
    actor = faces.actor_of(request)
    return paged(*queries.designations(actor, at=clock.now(), state=state, text=text, number=page, size=size))


@router.post("/sources/designations/find", response=FoundCountOut, summary="检查多部门收集")
def find(request: HttpRequest, body: AuthorityIn) -> dict[str, int]:
    """Look for items that several departments of the authority's area collect."""
    opened = actions.find_overlaps(by=faces.signed(request), at=clock.now(), authority_id=body.authority_id)
    return {"opened": opened}


@router.post("/sources/designations", response={201: DesignationOut}, summary="登记多部门收集")
def report(request: HttpRequest, body: OverlapIn) -> Status[Any]:
    """Report an overlap as the authority of a region."""
    actor, at = faces.signed(request), clock.now()
    case = actions.report_overlap(by=actor, at=at, **body.dict())
    return Status(201, queries.designation(case.pk, actor=actor, at=at).row)


@router.get("/sources/designations/{designation_id}", response=DesignationOut, summary="数源认定详情")
def designation(request: HttpRequest, designation_id: Id) -> Any:
    """Return one designation."""
    return queries.designation(designation_id, actor=faces.actor_of(request), at=clock.now()).row


@router.post("/sources/designations/{designation_id}/ask_opinions", response={204: None}, summary="征求部门意见")
def ask_opinions(request: HttpRequest, designation_id: Id) -> Status[None]:
    """Ask the departments concerned."""
    actions.ask_opinions(designation_id, by=faces.signed(request), at=clock.now())
    return Status(204, None)


@router.post("/sources/opinions/{party_id}", response={204: None}, summary="回复数源意见")
def opinion(request: HttpRequest, party_id: Id, body: SourceOpinionIn) -> Status[None]:
    """Give a department's opinion."""
    actions.give_source_opinion(party_id, by=faces.signed(request), at=clock.now(), opinion=body.opinion)
    return Status(204, None)


@router.post("/sources/designations/{designation_id}/designate", response={204: None}, summary="明确数源部门")
def designate(request: HttpRequest, designation_id: Id, body: DesignateIn) -> Status[None]:
    """Name the source department as the authority."""
    actions.designate(designation_id, by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(204, None)


@router.post("/sources/designations/{designation_id}/distinguish", response={204: None}, summary="认定为同名异义")
def distinguish(request: HttpRequest, designation_id: Id, body: SourceReasonIn) -> Status[None]:
    """Settle that the departments mean different things."""
    actions.distinguish(designation_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)


@router.post("/sources/designations/{designation_id}/end", response={204: None}, summary="终止认定")
def end(request: HttpRequest, designation_id: Id, body: SourceReasonIn) -> Status[None]:
    """End a designation."""
    actions.end_designation(designation_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)


@router.post("/sources/designations/{designation_id}/tasks", response={201: SourceTaskOut}, summary="要求补充更正")
def ask(request: HttpRequest, designation_id: Id, body: SourceTaskIn) -> Status[Any]:
    """Ask another department for corrections or supplements, as the source."""
    actor = faces.signed(request)
    task = actions.ask_support(by=actor, at=clock.now(), designation_id=designation_id, **body.dict())
    return Status(201, queries.source_task(task.pk, actor=actor).row)


@router.get("/sources/tasks", response=SourceTasksOut, summary="数源更新任务")
def tasks(request: HttpRequest, state: State = "", page: PageNumber = 1, size: Size = 20) -> dict[str, Any]:
    """List the tasks that concern the caller."""
    return paged(*queries.source_tasks(faces.actor_of(request), state=state, number=page, size=size))


@router.post("/sources/tasks/{task_id}/do", response={204: None}, summary="登记办理结果")
def do(request: HttpRequest, task_id: Id, body: DoneIn) -> Status[None]:
    """Record what was corrected or supplemented."""
    actions.do_task(task_id, by=faces.signed(request), at=clock.now(), note=body.note)
    return Status(204, None)


@router.get("/{entry_id}/sources", response=list[ItemStandOut], summary="数源核对")
def stands(request: HttpRequest, entry_id: Id) -> Any:
    """Return an entry's items against the register."""
    return queries.stands(entry_id, actor=faces.actor_of(request), at=clock.now()).items


@router.post("/{entry_id}/sources/refer", response={204: None}, summary="改为引用权威来源")
def refer(request: HttpRequest, entry_id: Id, body: SourceItemsIn) -> Status[None]:
    """Turn claims into references to the authoritative source."""
    actions.refer_items(entry_id, by=faces.signed(request), at=clock.now(), items=body.items)
    return Status(204, None)


@router.post("/{entry_id}/sources/settle", response={204: None}, summary="提请裁定数源")
def settle(request: HttpRequest, entry_id: Id, body: SettlementIn) -> Status[None]:
    """Ask the authority to settle who is the source."""
    actions.ask_settlement(entry_id, by=faces.signed(request), at=clock.now(), items=body.items, reason=body.reason)
    return Status(204, None)
