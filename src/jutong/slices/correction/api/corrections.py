"""Corrections to fetch, and what a service desk asks and records while data is being verified."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.correction import actions, queries
from jutong.slices.correction.api.cases import PLAIN, Code, Id, Name, Number, PageNumber, Words

router = Router()


class CorrectionLineOut(Schema):
    """A correction of data that the caller's department had obtained."""

    id: int
    resource_id: int
    title: str
    version: int
    record: str
    note: str
    told_at: datetime
    fetched_at: datetime | None


class CorrectionLinesOut(Schema):
    """A page of corrections."""

    total: int
    pages: int
    rows: list[CorrectionLineOut]


class ItemChangeOut(Schema):
    """A corrected item; where it is not shown, `why` says how to come by it."""

    item: str
    old: str
    new: str
    shown: bool
    why: str


class CorrectionOut(Schema):
    """A correction with its values, as far as the department's grants give them."""

    line: CorrectionLineOut
    changes: list[ItemChangeOut]
    may_fetch: bool


class DeskIn(Schema):
    """A record that somebody at the desk is concerned with; proof_provided: lawful and valid proof was given."""

    resource_id: Number
    record: Annotated[str, StringConstraints(max_length=50, pattern=PLAIN)]
    proof_provided: bool = False


class DeskOut(Schema):
    """Whether the record is being verified, and that business is to be handled as usual."""

    under_verification: bool
    handle_as_usual: bool
    number: str
    text: str


class HandlingIn(Schema):
    """What the desk did."""

    number: Annotated[str, StringConstraints(max_length=24, pattern=PLAIN)]
    outcome: Code
    proof: Name
    text: Words = ""


class HandlingOut(Schema):
    """Business handled as usual."""

    id: int
    at: datetime


@router.get("/corrections", response=CorrectionLinesOut, summary="更正通知")
def listed(
    request: HttpRequest,
    *,
    waiting: bool = False,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    page: PageNumber = 1,
) -> dict[str, Any]:
    """Return the corrections told to the caller's departments, newest first; after: only later ones than this id."""
    rows, meta = queries.corrections(faces.actor_of(request), waiting=waiting, after=after, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/corrections/{receiver_id}", response=CorrectionOut, summary="更正内容")
def one(request: HttpRequest, receiver_id: Id) -> queries.CorrectionRow:
    """Return one correction; its values stand there once it was fetched."""
    return queries.correction(receiver_id, faces.actor_of(request))


@router.post("/corrections/{receiver_id}/fetch", response=CorrectionOut, summary="领取更正")
def fetch(request: HttpRequest, receiver_id: Id) -> queries.CorrectionRow:
    """Fetch a correction for the caller's department."""
    actor = faces.actor_of(request)
    actions.fetch_correction(receiver_id, by=actor, at=clock.now())
    return queries.correction(receiver_id, actor)


@router.post("/desk", response=DeskOut, summary="照常办理查询")
def desk(request: HttpRequest, body: DeskIn) -> queries.DeskAnswer:
    """Say whether a record is being verified; with proof provided the business is to be handled as usual (R-COR-007)."""
    return queries.desk(body.resource_id, body.record, faces.actor_of(request), proof_provided=body.proof_provided)


@router.post("/handlings", response=HandlingOut, summary="登记照常办理")
def handled(request: HttpRequest, body: HandlingIn) -> HandlingOut:
    """Record business handled as usual; any other outcome is refused and reported to the authority."""
    found = queries.verification_numbered(body.number)
    given = {"outcome": body.outcome, "proof": body.proof, "text": body.text}
    row = actions.record_handling(found, by=faces.actor_of(request), at=clock.now(), **given)
    return HandlingOut(id=row.pk, at=row.at)
