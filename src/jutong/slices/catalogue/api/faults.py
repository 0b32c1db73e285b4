"""Endpoints of findings about catalogues: the list, recording, reporting, checking, and what follows until it is put right."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.api.deciding import Id, NoteIn, Number, Words
from jutong.slices.catalogue.api.sources import FoundCountOut, PageNumber, Size, SourceReasonIn, Text, paged

router = Router()

Code = Annotated[str, Query(max_length=24)]


class CatalogFindingOut(Schema):
    """A finding about a department's catalogue; article: what it rests on, in words."""

    id: int
    department: str
    kind: str
    wilful: bool
    article: str
    text: str
    entry_id: int
    state: str
    due_on: date | None
    done_on: date | None
    at: datetime


class CatalogFindingsOut(Schema):
    """A page of findings."""

    total: int
    pages: int
    rows: list[CatalogFindingOut]


class CatalogFindingIn(Schema):
    """What an inspection found, of which kind (untrue, inaccurate, incomplete), on which evidence."""

    department_id: Number
    kind: Annotated[str, StringConstraints(max_length=24)]
    text: Words
    evidence: Words = ""
    wilful: bool = False
    entry_id: Number | None = None


class UnlistedConditionIn(Schema):
    """Which unlisted condition the provider applies, on which evidence, for which own department."""

    reporter_id: Number
    text: Words
    evidence: Words = ""


class ProvisionIn(Schema):
    """For which competent authority departments without a catalogue are looked for."""

    authority_id: Number


class RectificationIn(Schema):
    """What has to be put right, and by when."""

    demand: Words
    due_on: date | None = None


class RectifyAgainIn(SourceReasonIn):
    """Why it is not put right yet, and the new day."""

    due_on: date | None = None


class RectifiedIn(Schema):
    """What was put right."""

    note: Words


@router.get("/faults", response=CatalogFindingsOut, summary="目录问题与整改")
def faults(
    request: HttpRequest, state: Code = "", kind: Code = "", text: Text = "", page: PageNumber = 1, size: Size = 20
) -> dict[str, Any]:
    """List the findings that concern the caller."""
    return paged(*queries.faults(faces.actor_of(request), state=state, kind=kind, text=text, number=page, size=size))


@router.post("/faults", response={201: CatalogFindingOut}, summary="登记目录问题")
def record(request: HttpRequest, body: CatalogFindingIn) -> Status[Any]:
    """Record a finding of an inspection as the authority; without evidence it is refused (R-CAT-047)."""
    actor = faces.signed(request)
    made = actions.record_finding(by=actor, at=clock.now(), **body.dict())
    return Status(201, queries.fault(made.pk, actor=actor).row)


@router.post("/faults/check", response=FoundCountOut, summary="检查目录提供情况")
def check(request: HttpRequest, body: ProvisionIn) -> dict[str, int]:
    """Propose a finding for every department of the area without a published catalogue (R-CAT-048)."""
    return {"opened": actions.check_provision(by=faces.signed(request), at=clock.now(), **body.dict())}


@router.post("/{entry_id}/condition", response={201: CatalogFindingOut}, summary="反映目录外条件")
def report(request: HttpRequest, entry_id: Id, body: UnlistedConditionIn) -> Status[Any]:
    """Report a condition that the published entry does not list (R-CAT-055)."""
    actor = faces.signed(request)
    made = actions.report_condition(by=actor, at=clock.now(), entry_id=entry_id, **body.dict())
    return Status(201, queries.fault(made.pk, actor=actor).row)


@router.get("/faults/{fault_id}", response=CatalogFindingOut, summary="目录问题详情")
def fault(request: HttpRequest, fault_id: Id) -> Any:
    """Return one finding."""
    return queries.fault(fault_id, actor=faces.actor_of(request)).row


@router.post("/faults/{fault_id}/confirm", response={204: None}, summary="认定目录问题")
def confirm(request: HttpRequest, fault_id: Id, body: NoteIn) -> Status[None]:
    """Confirm a finding."""
    actions.confirm_finding(fault_id, by=faces.signed(request), at=clock.now(), note=body.note)
    return Status(204, None)


@router.post("/faults/{fault_id}/reject", response={204: None}, summary="不予认定目录问题")
def reject(request: HttpRequest, fault_id: Id, body: SourceReasonIn) -> Status[None]:
    """Reject a proposed finding with the reason."""
    actions.reject_finding(fault_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)


@router.post("/faults/{fault_id}/order", response={204: None}, summary="责令限期整改")
def order(request: HttpRequest, fault_id: Id, body: RectificationIn) -> Status[None]:
    """Order rectification by a day."""
    actions.order_rectification(fault_id, by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(204, None)


@router.post("/faults/{fault_id}/put_right", response={204: None}, summary="报告整改情况")
def put_right(request: HttpRequest, fault_id: Id, body: RectifiedIn) -> Status[None]:
    """Say what was put right, as the department."""
    actions.put_right(fault_id, by=faces.signed(request), at=clock.now(), note=body.note)
    return Status(204, None)


@router.post("/faults/{fault_id}/verify", response={204: None}, summary="核实整改")
def verify(request: HttpRequest, fault_id: Id, body: NoteIn) -> Status[None]:
    """Verify that it was put right; the case is closed."""
    actions.verify_rectification(fault_id, by=faces.signed(request), at=clock.now(), note=body.note)
    return Status(204, None)


@router.post("/faults/{fault_id}/demand_again", response={204: None}, summary="退回继续整改")
def demand_again(request: HttpRequest, fault_id: Id, body: RectifyAgainIn) -> Status[None]:
    """Send a report back with the reason and a new day."""
    actions.demand_again(fault_id, by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(204, None)
