"""Submitted batches, late entries and deliveries outside the platform in the management API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponseBase
from ninja import File, Form, Path, Query, Router, Schema, Status, UploadedFile
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.formats import returned as formats

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Words = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]


class SubmissionOut(Schema):
    """A submitted batch; refused: rows at fault; ok: no item was missing and a row was left.

    unbound: no item is bound to a standard; unchecked: items bound to a code list whose codes the entry does not give.
    """

    id: int
    number: str
    resource_id: int
    title: str
    entry_version: int
    file_name: str
    digest: str
    ok: bool
    rows: int
    accepted: int
    refused: int
    faults: int
    remark: str
    unbound: bool
    unchecked: list[str]
    at: datetime


class SubmissionPage(Schema):
    """A page of batches."""

    total: int
    pages: int
    rows: list[SubmissionOut]


class FaultOut(Schema):
    """A value that breaks a rule: its row in the file, item, value (masked where sensitive), rule and reason."""

    number: int
    item: str
    value: str
    rule: str
    reason: str


class LateOut(Schema):
    """An entry whose update limit has passed without a batch."""

    resource_id: int
    title: str
    provider_name: str
    cycle: str
    due_at: datetime
    last_at: datetime | None


class OffPlatformIn(Schema):
    """A delivery outside the platform: under which grant, on which Beijing day, why."""

    grant_id: Number
    delivered_on: date
    reason: Words


class OffPlatformOut(Schema):
    """A recorded exception; profile: the policy that let it be."""

    id: int
    title: str
    provider_name: str
    consumer_name: str
    delivered_on: date
    reason: str
    profile: str


@router.get("/submissions", response=SubmissionPage, summary="报送批次列表")
def listed(request: HttpRequest, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> dict[str, Any]:
    """Return the batches of the caller's departments, newest first."""
    rows, meta = queries.submissions(faces.actor_of(request), number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/submissions", response={201: SubmissionOut}, summary="报送数据")
def submit(request: HttpRequest, resource_id: Form[Number], file: File[UploadedFile]) -> Status[Any]:
    """Submit a CSV, JSON lines or Excel file for an entry; what is wrong with its rows is in the answer, no refusal."""
    actor = faces.actor_of(request)
    made = actions.submit_batch(by=actor, at=clock.now(), resource_id=resource_id, source=file, name=file.name or "")
    return Status(201, queries.submission(made.pk, actor))


@router.get("/submissions/{submission_id}/faults", response=list[FaultOut], summary="报送检查报告")
def faults(request: HttpRequest, submission_id: Id) -> Any:
    """Return what is wrong with a batch by row, at most 500; the sheet has all."""
    return list(queries.faults(submission_id, faces.actor_of(request), most=queries.MOST_SHOWN))


@router.post("/submissions/{submission_id}/returned", response=None, summary="取回退回行")
def returned(request: HttpRequest, submission_id: Id) -> HttpResponseBase:
    """Answer with the rows that came back, each with its reasons, as a file of the batch's own format.

    For the providing department only, and audited. NotThere when none came back.
    """
    actor, at = faces.actor_of(request), clock.now()
    return formats.handed_out(
        submission_id, lambda file: actions.return_rows(submission_id, by=actor, at=at, file=file)
    )


@router.get("/late", response=list[LateOut], summary="未按更新周期报送的目录")
def late(request: HttpRequest) -> Any:
    """Return the late entries of the caller's departments."""
    return queries.late(faces.actor_of(request))


@router.get("/off-platform", response=list[OffPlatformOut], summary="平台外提供登记列表")
def off_platform(request: HttpRequest) -> Any:
    """Return the newest recorded deliveries outside the platform, at most 500."""
    return queries.off_platform(faces.actor_of(request), size=500)[0]


@router.post("/off-platform", response={201: list[OffPlatformOut]}, summary="登记平台外提供")
def record_off_platform(request: HttpRequest, body: OffPlatformIn) -> Status[Any]:
    """Record a delivery outside the platform as an exception, where the policy of that day lets it be."""
    actor = faces.actor_of(request)
    actions.record_off_platform(
        by=actor, at=clock.now(), grant_id=body.grant_id, delivered_on=body.delivered_on, reason=body.reason
    )
    return Status(201, queries.off_platform(actor, size=500)[0])
