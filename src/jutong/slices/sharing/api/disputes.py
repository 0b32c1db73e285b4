"""The management API of disputes: reading, raising, and one endpoint per move of the table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.api.requests import (
    PLAIN,
    ButtonOut,
    ClockOut,
    Id,
    Name,
    Number,
    PageNumber,
    ReplyIn,
    RequestReasonIn,
    Words,
)

router = Router()


class OutcomeIn(Schema):
    """What is proposed or decided; terms where no request says what is granted."""

    result: Name
    text: Words
    conditions: Words = ""
    terms: ReplyIn | None = None


class DisputeIn(Schema):
    """A dispute and what it is about: one of resource, request or grant."""

    kind: Name
    duty: Words
    statement: Words
    resource_id: Number | None = None
    request_id: Number | None = None
    grant_id: Number | None = None


class ObjectionIn(Schema):
    """An objection about sharing, brought straight to the authority where the profile has it so."""

    duty: Words
    statement: Words
    resource_id: Number | None = None
    request_id: Number | None = None


class StatementIn(Schema):
    """What a party says."""

    text: Words


class EscalationIn(Schema):
    """What is recorded of a party that made no statement; the body where the applicant names one."""

    absence: Words = ""
    body_id: Number | None = None


class RecordIn(Schema):
    """A coordination record."""

    sort: Name
    text: Words
    side: Name = ""
    source: Annotated[str, StringConstraints(max_length=120, pattern=PLAIN)] = ""


class OpinionIn(Schema):
    """The coordinating authority's own opinion."""

    opinion: Words


class GovernmentIn(Schema):
    """The government's decision."""

    number: Annotated[str, StringConstraints(max_length=80, pattern=PLAIN)]
    decided_on: date
    outcome: OutcomeIn


class BodyIn(Schema):
    """Which department stands for a government or leading group."""

    sort: Literal["government", "leading_group"]
    department_id: Number


class DisputeLineOut(Schema):
    """A dispute."""

    id: int
    number: str
    kind: str
    kind_label: str
    title: str
    resource_id: int
    state: str
    state_label: str
    consumer_id: int
    consumer_name: str
    provider_id: int
    provider_name: str
    authority_id: int | None
    request_id: int | None
    grant_id: int | None
    created_at: datetime
    duty: str
    statement: str
    failure: str
    opinion: str
    result: str
    result_label: str
    result_text: str
    conditions: str
    outcome_grant_id: int | None
    decision_number: str
    decided_on: date | None
    clocks: list[ClockOut]
    buttons: list[ButtonOut]


class NoteOut(Schema):
    """Something said or recorded in a dispute."""

    sort: str
    label: str
    side: str
    source: str
    text: str
    at: datetime
    by_name: str
    department_name: str


class DisputeOut(Schema):
    """A dispute with what was said in it."""

    row: DisputeLineOut
    side: str
    notes: list[NoteOut]
    proposal: dict[str, Any]
    authority_name: str
    government_name: str
    profile: str


class DisputeLines(Schema):
    """A page of disputes."""

    total: int
    pages: int
    rows: Annotated[list[DisputeLineOut], Field()]


class BodyOut(Schema):
    """A registered government or leading group."""

    sort: str
    label: str
    region: str
    department_name: str


def _outcome(body: OutcomeIn) -> actions.Outcome:
    return msgspec.convert(body.model_dump(mode="json"), actions.Outcome)


def _seen(request: HttpRequest, dispute_id: int) -> queries.DisputeView:
    return queries.dispute(dispute_id, faces.actor_of(request), clock.now())


def _moved(request: HttpRequest, dispute_id: int, deed: Any, **values: Any) -> queries.DisputeView:
    deed(dispute_id, by=faces.signed(request), at=clock.now(), **values)
    return _seen(request, dispute_id)


@router.get("/disputes", response=DisputeLines, summary="共享争议列表")
def disputes(
    request: HttpRequest, side: Name = "", state: Name = "", text: Name = "", page: PageNumber = 1
) -> dict[str, Any]:
    """Return the disputes the caller may know, newest first."""
    rows, meta = queries.disputes(faces.actor_of(request), clock.now(), side=side, state=state, text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/disputes", response=DisputeOut, summary="提出争议协商")
def open_dispute(request: HttpRequest, body: DisputeIn) -> queries.DisputeView:
    """Raise a dispute: it is negotiated first."""
    given = body.model_dump() | {"resource_id": body.resource_id or 0}
    return _seen(request, actions.open_dispute(by=faces.actor_of(request), at=clock.now(), **given).pk)


@router.post("/disputes/objections", response=DisputeOut, summary="提出共享异议")
def object_sharing(request: HttpRequest, body: ObjectionIn) -> queries.DisputeView:
    """Bring an objection to the authority at once, where the profile has no negotiation."""
    given = body.model_dump() | {"resource_id": body.resource_id or 0}
    return _seen(request, actions.object_sharing(by=faces.actor_of(request), at=clock.now(), **given).pk)


@router.get("/disputes/{dispute_id}", response=DisputeOut, summary="共享争议")
def dispute(request: HttpRequest, dispute_id: Id) -> queries.DisputeView:
    """Return one dispute."""
    return _seen(request, dispute_id)


@router.post("/disputes/{dispute_id}/state", response=DisputeOut, summary="陈述意见")
def state(request: HttpRequest, dispute_id: Id, body: StatementIn) -> queries.DisputeView:
    """Make a statement for one's side."""
    return _moved(request, dispute_id, actions.state_opinion, text=body.text)


@router.post("/disputes/{dispute_id}/propose", response=DisputeOut, summary="提出处理方案")
def propose(request: HttpRequest, dispute_id: Id, body: OutcomeIn) -> queries.DisputeView:
    """Put an outcome forward."""
    return _moved(request, dispute_id, actions.propose, outcome=_outcome(body))


@router.post("/disputes/{dispute_id}/settle", response=DisputeOut, summary="同意处理方案")
def settle(request: HttpRequest, dispute_id: Id) -> queries.DisputeView:
    """Agree to what the other party proposed."""
    return _moved(request, dispute_id, actions.settle)


@router.post("/disputes/{dispute_id}/fail", response=DisputeOut, summary="宣告协商不成")
def fail(request: HttpRequest, dispute_id: Id, body: RequestReasonIn) -> queries.DisputeView:
    """Declare that the negotiation failed."""
    return _moved(request, dispute_id, actions.fail, reason=body.reason)


@router.post("/disputes/{dispute_id}/escalate", response=DisputeOut, summary="申请协调")
def escalate(request: HttpRequest, dispute_id: Id, body: EscalationIn) -> queries.DisputeView:
    """Apply for coordination."""
    return _moved(request, dispute_id, actions.escalate, absence=body.absence, body_id=body.body_id)


@router.post("/disputes/{dispute_id}/record", response=DisputeOut, summary="登记协调记录")
def record(request: HttpRequest, dispute_id: Id, body: RecordIn) -> queries.DisputeView:
    """Record minutes, opinions, or that a side made no statement."""
    return _moved(request, dispute_id, actions.record, **body.model_dump())


@router.post("/disputes/{dispute_id}/decide", response=DisputeOut, summary="作出协调决定")
def decide(request: HttpRequest, dispute_id: Id, body: OutcomeIn) -> queries.DisputeView:
    """Decide; the outcome is carried out."""
    return _moved(request, dispute_id, actions.decide, outcome=_outcome(body))


@router.post("/disputes/{dispute_id}/close_without", response=DisputeOut, summary="协调未达成一致")
def close_without(request: HttpRequest, dispute_id: Id, body: OpinionIn) -> queries.DisputeView:
    """Close the coordination without agreement."""
    return _moved(request, dispute_id, actions.close_without, opinion=body.opinion)


@router.post("/disputes/{dispute_id}/submit", response=DisputeOut, summary="报本级人民政府决定")
def submit(request: HttpRequest, dispute_id: Id) -> queries.DisputeView:
    """Submit to the people's government."""
    return _moved(request, dispute_id, actions.submit_to_government)


@router.post("/disputes/{dispute_id}/government_decide", response=DisputeOut, summary="登记政府决定")
def government_decide(request: HttpRequest, dispute_id: Id, body: GovernmentIn) -> queries.DisputeView:
    """Record the government's decision; it is carried out."""
    return _moved(
        request,
        dispute_id,
        actions.record_government_decision,
        number=body.number,
        decided_on=body.decided_on,
        outcome=_outcome(body.outcome),
    )


@router.get("/dispute-bodies", response=list[BodyOut], summary="争议决定机构")
def bodies(request: HttpRequest) -> list[Any]:
    """Return the registered governments and leading groups."""
    faces.actor_of(request)
    return list(queries.dispute_bodies())


@router.post("/dispute-bodies", response=list[BodyOut], summary="登记争议决定机构")
def name_body(request: HttpRequest, body: BodyIn) -> list[Any]:
    """Name which department stands for the government or leading group of its region."""
    actions.name_dispute_body(by=faces.signed(request), at=clock.now(), **body.model_dump())
    return list(queries.dispute_bodies())
