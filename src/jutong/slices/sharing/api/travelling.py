"""Disputes between instances through the management API: files out, answers in, disputes taken in, authorities elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Path, Router, Schema, Status

from jutong.kernel import clock, faces
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.formats.travelling import MOST_BYTES

router = Router()

Id = Annotated[int, Path(ge=1, le=2**62)]
Plain = r"^[^\x00-\x1f\x7f]*$"
JSON = "application/json"


class FileIn(Schema):
    """A signed file as its JSON text."""

    file: Annotated[str, Field(min_length=2, max_length=MOST_BYTES)]


class TravelledOut(Schema):
    """Where a dispute stands now."""

    id: int
    number: str
    state: str


class ElsewhereIn(Schema):
    """An authority of another instance; public: its instance's SM2 key in hex."""

    region: Annotated[str, Field(pattern="^[0-9]{6}$")]
    name: Annotated[str, Field(max_length=120, pattern=Plain)]
    public: Annotated[str, Field(max_length=130, pattern="^[0-9a-fA-F]*$")]


class ElsewhereOut(ElsewhereIn):
    """A registered authority of another instance."""

    id: int
    region_name: str
    named_at: datetime


class TakenOut(Schema):
    """A dispute of another instance that an authority here coordinates."""

    id: int
    number: str
    sender: str
    kind_label: str
    taken_at: datetime
    outcome: dict[str, Any]
    answered_at: datetime | None


class DecisionElsewhereIn(Schema):
    """What is decided; number and day where the people's government decided."""

    result: Annotated[str, Field(max_length=30, pattern="^[a-z_]+$")]
    text: Annotated[str, Field(max_length=2000)]
    conditions: Annotated[str, Field(max_length=2000)] = ""
    decision_number: Annotated[str, Field(max_length=80, pattern=Plain)] = ""
    decided_on: date | None = None


@router.get("/authorities-elsewhere", response=list[ElsewhereOut], summary="其他平台上的主管部门")
def elsewhere(request: HttpRequest) -> Any:
    """Return the authorities that work on other instances."""
    faces.actor_of(request)
    return queries.authorities_elsewhere()


@router.post("/authorities-elsewhere", response=list[ElsewhereOut], summary="登记其他平台上的主管部门")
def name_elsewhere(request: HttpRequest, body: ElsewhereIn) -> Any:
    """Register the authority of a region that works on another instance."""
    actions.name_authority_elsewhere(**body.dict(), by=faces.signed(request), at=clock.now())
    return queries.authorities_elsewhere()


@router.post("/disputes/{dispute_id}/send_out", response=TravelledOut, summary="导出争议给上级主管部门")
def send_out(request: HttpRequest, dispute_id: Id) -> Any:
    """Export a dispute as a signed file; it stays open here."""
    return actions.send_out(dispute_id, by=faces.signed(request), at=clock.now())


@router.get("/disputes/{dispute_id}/file", summary="争议的签名文件")
def file(request: HttpRequest, dispute_id: Id) -> HttpResponse:
    """Return the signed file of an exported dispute."""
    _number, content = queries.sent_file(dispute_id, faces.actor_of(request))
    return HttpResponse(content, content_type=JSON)


@router.post("/disputes/{dispute_id}/receive_decision", response=TravelledOut, summary="导入上级主管部门的决定")
def receive_decision(request: HttpRequest, dispute_id: Id, body: FileIn) -> Any:
    """Take in the signed answer; its outcome is carried out."""
    return actions.receive_decision(dispute_id, file=body.file.encode(), by=faces.signed(request), at=clock.now())


@router.get("/taken-disputes", response=list[TakenOut], summary="其他平台报来的争议")
def taken(request: HttpRequest) -> Any:
    """Return the disputes of other instances that the caller may know."""
    return queries.taken_disputes(faces.actor_of(request))


@router.post("/taken-disputes", response={201: TakenOut}, summary="接收其他平台的争议")
def take(request: HttpRequest, body: FileIn) -> Any:
    """Take in a dispute that another instance handed over."""
    by = faces.signed(request)
    made = actions.take_dispute(file=body.file.encode(), by=by, at=clock.now())
    return Status(201, queries.taken_dispute(made.pk, by))


@router.post("/taken-disputes/{pk}/answer", response=TakenOut, summary="答复其他平台的争议")
def answer(request: HttpRequest, pk: Id, body: DecisionElsewhereIn) -> Any:
    """Decide a dispute of another instance."""
    by = faces.signed(request)
    outcome = actions.Outcome(result=body.result, text=body.text, conditions=body.conditions)
    actions.answer_dispute(
        pk, outcome=outcome, decision_number=body.decision_number, decided_on=body.decided_on, by=by, at=clock.now()
    )
    return queries.taken_dispute(pk, by)


@router.get("/taken-disputes/{pk}/answer", summary="争议答复的签名文件")
def answer_file(request: HttpRequest, pk: Id) -> HttpResponse:
    """Return the signed answer."""
    _number, content = queries.answer_file(pk, faces.actor_of(request))
    return HttpResponse(content, content_type=JSON)
