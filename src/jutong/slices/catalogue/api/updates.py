"""Endpoints of duties to update the catalogue: register a change, follow it, ask for more time, answer, report."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.api.deciding import Id, NoteIn, Number, Words

router = Router()

Short = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
Days = Annotated[int, Field(ge=1, le=366)]


class CatalogChangeIn(Schema):
    """What changed, on which Beijing day, by which document, and the ids of the affected entries."""

    department_id: Number
    kind: Annotated[str, StringConstraints(max_length=32)]
    event_on: date
    occasion: Short
    entries: Annotated[list[Number], Field(min_length=1, max_length=1000)]


class CatalogUpdateOut(Schema):
    """A duty to update. late: submitted after the limit; affected, done: how many entries, how many in force again."""

    id: int
    occasion: str
    kind: str
    event_on: date
    provider_id: int
    provider_name: str
    state: str
    submitted_on: date | None
    completed_on: date | None
    late: bool
    affected: int
    done: int
    due: dict[str, date]


class CatalogUpdatesOut(Schema):
    """A page of duties."""

    total: int
    pages: int
    rows: list[CatalogUpdateOut]


class CatalogUpdateFigureOut(Schema):
    """One department's changes: answered in time, late, missed, still open."""

    department_id: int
    department: str
    triggers: int
    on_time: int
    late: int
    missed: int
    open: int


class UpdateDaysIn(Schema):
    """Working days."""

    days: Days


class UpdateDaysAskedIn(UpdateDaysIn):
    """Working days and the special reasons."""

    reason: Words


class UpdateRefusedIn(Schema):
    """Why."""

    reason: Words


def _out(row: queries.UpdateRow) -> dict[str, Any]:
    names = [name for name in CatalogUpdateOut.model_fields if name != "due"]
    return {**{name: getattr(row, name) for name in names}, "due": {one.name: one.due_day for one in row.clocks}}


@router.get("/updates", response=CatalogUpdatesOut, summary="目录更新任务")
def updates(
    request: HttpRequest,
    state: Annotated[str, Query(max_length=24)] = "",
    text: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """List the duties of the caller's departments and those their authority watches."""
    rows, meta = queries.catalog_updates(
        faces.actor_of(request), at=clock.now(), state=state, text=text, number=page, size=size
    )
    return {"total": meta.total, "pages": meta.pages, "rows": [_out(row) for row in rows]}


@router.get("/updates/figures", response=list[CatalogUpdateFigureOut], summary="目录更新及时率")
def figures(request: HttpRequest, first: date, last: date) -> list[queries.UpdateFigure]:
    """Count per department the changes between two days that were answered in time, late or not at all (R-CAT-026)."""
    return queries.update_figures(faces.actor_of(request), first=first, last=last, at=clock.now())


@router.post("/updates", response={201: CatalogUpdateOut}, summary="登记变化")
def register(request: HttpRequest, body: CatalogChangeIn) -> Status[dict[str, Any]]:
    """Register a change; the limit counts from the day it happened."""
    given = body.dict()
    actor, at = faces.signed(request), clock.now()
    made = actions.register_change(by=actor, at=at, provider_id=given.pop("department_id"), **given)
    return Status(201, _out(queries.catalog_update(made.pk, actor=actor, at=at).row))


@router.get("/updates/{update_id}", response=CatalogUpdateOut, summary="目录更新任务详情")
def update(request: HttpRequest, update_id: Id) -> dict[str, Any]:
    """Return one duty with its limits."""
    return _out(queries.catalog_update(update_id, actor=faces.actor_of(request), at=clock.now()).row)


@router.post("/updates/{update_id}/ask_extension", response={204: None}, summary="申请延长更新期限")
def ask_extension(request: HttpRequest, update_id: Id, body: UpdateDaysAskedIn) -> Status[None]:
    """Ask the authority for more time before the limit passes (national-2025#17)."""
    actions.ask_extension(update_id, by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(204, None)


@router.post("/updates/{update_id}/extend", response={204: None}, summary="同意延长更新期限")
def extend(request: HttpRequest, update_id: Id, body: UpdateDaysIn) -> Status[None]:
    """Consent to more time as the authority."""
    actions.extend_update(update_id, by=faces.signed(request), at=clock.now(), days=body.days)
    return Status(204, None)


@router.post("/updates/{update_id}/refuse_extension", response={204: None}, summary="不同意延长更新期限")
def refuse_extension(request: HttpRequest, update_id: Id, body: UpdateRefusedIn) -> Status[None]:
    """Refuse more time as the authority, saying why."""
    actions.refuse_extension(update_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)


@router.post("/updates/{update_id}/report", response={204: None}, summary="报告更新情况")
def report(request: HttpRequest, update_id: Id, body: NoteIn) -> Status[None]:
    """Report the finished update to the authority, where the local text asks for it (R-CAT-021)."""
    actions.report_update(update_id, by=faces.signed(request), at=clock.now(), note=body.note)
    return Status(204, None)
