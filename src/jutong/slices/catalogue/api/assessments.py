"""Endpoints of assessments before submission: the list, recording one with its questionnaire, the leader's decision."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.api.deciding import Code, Id, NoteIn, Words
from jutong.slices.catalogue.api.sources import PageNumber, Size, SourceReasonIn, paged
from jutong.slices.catalogue.queries import assessments as assessed

router = Router()

Kind = Annotated[str, StringConstraints(max_length=32, pattern=r"^[a-z_]*$")]
Short = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]


class AssessmentIn(Schema):
    """An assessment of an entry's present version; answers: {question: yes, no or none}."""

    kind: Kind
    answers: Annotated[dict[Code, Code], Field(max_length=20)] = {}
    result: Code
    conclusion: Words
    measures: Words = ""
    responsible: Short = ""
    valid_until: date | None = None
    number: Annotated[str, StringConstraints(max_length=64)] = ""


class AssessmentOut(Schema):
    """An assessment."""

    id: int
    entry_id: int
    title: str
    provider_name: str
    kind: str
    result: str
    state: str
    version: int
    responsible: str
    assessor: str
    number: str
    at: datetime
    valid_until: date | None


class AssessmentsOut(Schema):
    """A page of assessments."""

    total: int
    pages: int
    rows: list[AssessmentOut]


class AssessmentDetailOut(Schema):
    """An assessment with its questionnaire in words, conclusion and approval."""

    row: AssessmentOut
    answers: list[tuple[str, str]]
    conclusion: str
    measures: str
    remark: str
    approved_by: str
    approved_at: datetime | None


@router.get("/assessments", response=AssessmentsOut, summary="目录评估")
def assessments(
    request: HttpRequest,
    state: Annotated[str, Query(max_length=24)] = "",
    kind: Annotated[str, Query(max_length=32)] = "",
    entry_id: Annotated[int, Query(ge=0, le=2**53)] = 0,
    page: PageNumber = 1,
    size: Size = 20,
) -> dict[str, Any]:
    """List the assessments of the caller's departments and of what the authority reviews."""
    actor, at = faces.actor_of(request), clock.now()
    return paged(*assessed.assessments(actor, at=at, state=state, kind=kind, entry_id=entry_id, number=page, size=size))


@router.get("/assessments/{assessment_id}", response=AssessmentDetailOut, summary="目录评估详情")
def assessment(request: HttpRequest, assessment_id: Id) -> Any:
    """Return one assessment."""
    return assessed.assessment(assessment_id, actor=faces.actor_of(request))


@router.post("/{entry_id}/assessments", response={201: AssessmentOut}, summary="登记评估记录")
def record(request: HttpRequest, entry_id: Id, body: AssessmentIn) -> Status[Any]:
    """Record an assessment of the present version (R-SEC-038); it replaces the earlier one of its kind."""
    actor = faces.signed(request)
    made = actions.record_assessment(by=actor, at=clock.now(), entry_id=entry_id, **body.dict())
    return Status(201, assessed.assessment(made.pk, actor=actor).row)


@router.post("/assessments/{assessment_id}/approve", response={204: None}, summary="批准评估")
def approve(request: HttpRequest, assessment_id: Id, body: NoteIn) -> Status[None]:
    """Approve an assessment as the department's leader."""
    actions.approve_assessment(assessment_id, by=faces.signed(request), at=clock.now(), note=body.note)
    return Status(204, None)


@router.post("/assessments/{assessment_id}/send_back", response={204: None}, summary="退回评估")
def send_back(request: HttpRequest, assessment_id: Id, body: SourceReasonIn) -> Status[None]:
    """Send an assessment back with the reason."""
    actions.send_back_assessment(assessment_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)
