"""Endpoints of grades, the catalogue of important data, and security assessments of sharing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.api.deciding import Id, NoteIn, Number, Words
from jutong.slices.catalogue.api.sources import PageNumber, Size, SourceReasonIn, paged
from jutong.slices.catalogue.queries import grading as graded
from jutong.slices.catalogue.queries import important as listing
from jutong.slices.catalogue.queries import security as secured

router = Router()

Level = Annotated[str, StringConstraints(max_length=16, pattern=r"^[a-z0-9-]*$")]
Short = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
State = Annotated[str, Query(max_length=24)]


class ItemGradeIn(Schema):
    """How one item is graded; level empty: its entry's."""

    level: Level = ""
    sensitive: bool = False
    not_personal: Short = ""


class EntryGradeIn(Schema):
    """Grades of an entry and of its items by name, with the reason."""

    reason: Words
    level: Level = ""
    category: Short = ""
    personal: bool | None = None
    items: Annotated[dict[Short, ItemGradeIn], Field(max_length=2000)] = {}


class ProposedOut(Schema):
    """A proposed grade and why; level empty where nothing is proposed."""

    level: str
    label: str
    why: str


class GradedItemOut(Schema):
    """An item with its grade."""

    name: str
    column: str
    level: str
    sensitive: bool
    not_personal: str
    proposed: ProposedOut


class GradeChangeOut(Schema):
    """A change of a grade; item empty: the entry's."""

    item: str
    old: str
    new: str
    version: int
    reason: str
    name: str
    at: datetime


class GradingOut(Schema):
    """An entry's grades with proposals and history."""

    entry_id: int
    title: str
    version: int
    level: str
    category: str
    personal: bool
    proposed: ProposedOut
    items: list[GradedItemOut]
    levels: list[tuple[str, str]]
    changes: list[GradeChangeOut]


class ImportantOut(Schema):
    """An entry in the catalogue of important data."""

    id: int
    entry_id: int
    code: str
    title: str
    provider_name: str
    level: str
    state: str
    responsible: str
    body: str
    protection: str
    reported_at: datetime | None
    review_on: date | None
    late: bool


class ImportantsOut(Schema):
    """A page of important data."""

    total: int
    pages: int
    rows: list[ImportantOut]


class ProtectionIn(Schema):
    """How important data are protected, and who answers for it."""

    protection: Words
    responsible: Short
    body: Short


class LookAgainIn(Schema):
    """What protects the data now, and what the review found."""

    protection: Words
    note: Words


class AssessmentPlanIn(Schema):
    """A security assessment to plan."""

    department_id: Number
    scope: Words
    planned_on: date


class FindingIn(Schema):
    """A finding with who puts it right by when."""

    text: Words
    owner: Short = ""
    due_on: date | None = None


class ConcludeIn(Schema):
    """What a security assessment found."""

    conductor: Short
    summary: Words
    done_on: date
    findings: Annotated[list[FindingIn], Field(max_length=200)] = []


class ResultIn(Schema):
    """How a finding was put right."""

    result: Words


class SecurityOut(Schema):
    """A security assessment; left: findings that are not put right."""

    id: int
    department_id: int
    department: str
    scope: str
    state: str
    planned_on: date
    done_on: date | None
    findings: int
    left: int


class SecuritiesOut(Schema):
    """A page of security assessments."""

    total: int
    pages: int
    rows: list[SecurityOut]


class UnassessedOut(Schema):
    """A department without a security assessment in the interval."""

    department_id: int
    department: str
    last: date | None


@router.get("/{entry_id}/grading", response=GradingOut, summary="目录和信息项的分级")
def grading(request: HttpRequest, entry_id: Id) -> Any:
    """Return an entry's grades with what is proposed for each item, and every change."""
    return graded.grading(entry_id, actor=faces.actor_of(request), at=clock.now())


@router.post("/{entry_id}/grading", response=GradingOut, summary="定级")
def grade(request: HttpRequest, entry_id: Id, body: EntryGradeIn) -> Any:
    """Grade an entry and its items (R-SEC-040); a published one is taken into revision."""
    actor, at = faces.actor_of(request), clock.now()
    items = {name: actions.ItemGrade(**one.dict()) for name, one in body.items.items()}
    given = body.dict(exclude={"items"})
    actions.grade_entry(entry_id, by=actor, at=at, items=items, **given)
    return graded.grading(entry_id, actor=actor, at=at)


@router.get("/important", response=ImportantsOut, summary="重要数据目录")
def important_data(request: HttpRequest, state: State = "", page: PageNumber = 1, size: Size = 20) -> dict[str, Any]:
    """List the important data of the caller's departments and of the area."""
    actor, at = faces.actor_of(request), clock.now()
    return paged(*listing.important_data(actor, at=at, state=state, number=page, size=size))


@router.get("/important/{case_id}", response=ImportantOut, summary="重要数据详情")
def important(request: HttpRequest, case_id: Id) -> Any:
    """Return one."""
    return listing.important(case_id, actor=faces.actor_of(request), at=clock.now()).row


@router.post("/important/{case_id}/report", response={204: None}, summary="报送重要数据")
def report(request: HttpRequest, case_id: Id, body: ProtectionIn) -> Status[None]:
    """Report important data with their protection to the authority."""
    actions.report_important(case_id, by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(204, None)


@router.post("/important/{case_id}/confirm", response={204: None}, summary="确认列入重要数据目录")
def confirm(request: HttpRequest, case_id: Id, body: NoteIn) -> Status[None]:
    """Take reported data into the catalogue of important data as the authority."""
    actions.confirm_important(case_id, by=faces.signed(request), at=clock.now(), note=body.note)
    return Status(204, None)


@router.post("/important/{case_id}/send_back", response={204: None}, summary="退回重要数据报送")
def send_back(request: HttpRequest, case_id: Id, body: SourceReasonIn) -> Status[None]:
    """Send a report back with the reason."""
    actions.send_back_important(case_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)


@router.post("/important/{case_id}/look_again", response={204: None}, summary="登记保护措施复核")
def look_again(request: HttpRequest, case_id: Id, body: LookAgainIn) -> Status[None]:
    """Record that the protection was looked at again."""
    actions.review_protection(case_id, by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(204, None)


@router.get("/security", response=SecuritiesOut, summary="共享安全性评估")
def assessments(request: HttpRequest, state: State = "", page: PageNumber = 1, size: Size = 20) -> dict[str, Any]:
    """List the security assessments of the caller's departments and of the area."""
    return paged(*secured.security_assessments(faces.actor_of(request), state=state, number=page, size=size))


@router.get("/security/unassessed", response=list[UnassessedOut], summary="未按期评估的部门")
def unassessed(request: HttpRequest) -> Any:
    """List the departments without a security assessment in the interval (R-SEC-039)."""
    return secured.unassessed(faces.actor_of(request), at=clock.now())


@router.post("/security", response={201: SecurityOut}, summary="计划安全性评估")
def plan(request: HttpRequest, body: AssessmentPlanIn) -> Status[Any]:
    """Plan a security assessment of a department's sharing."""
    actor, at = faces.signed(request), clock.now()
    made = actions.plan_security_assessment(by=actor, at=at, **body.dict())
    return Status(201, secured.security_assessment(made.pk, actor=actor, at=at).row)


@router.post("/security/{case_id}/conclude", response=SecurityOut, summary="登记安全性评估结果")
def conclude(request: HttpRequest, case_id: Id, body: ConcludeIn) -> Any:
    """Record what an assessment found; a finding needs owner and date."""
    actor, at = faces.signed(request), clock.now()
    given = body.dict() | {"findings": [actions.FindingGiven(**one.dict()) for one in body.findings]}
    actions.conclude_security_assessment(case_id, by=actor, at=at, **given)
    return secured.security_assessment(case_id, actor=actor, at=at).row


@router.post("/security/findings/{finding_id}", response={204: None}, summary="登记整改结果")
def settle(request: HttpRequest, finding_id: Id, body: ResultIn) -> Status[None]:
    """Record how a finding was put right."""
    actions.settle_security_finding(finding_id, by=faces.signed(request), at=clock.now(), result=body.result)
    return Status(204, None)


@router.post("/security/{case_id}/close", response={204: None}, summary="办结安全性评估")
def close(request: HttpRequest, case_id: Id, body: NoteIn) -> Status[None]:
    """Close an assessment; invalid_state while a finding is open."""
    actions.close_security_assessment(case_id, by=faces.signed(request), at=clock.now(), note=body.note)
    return Status(204, None)
