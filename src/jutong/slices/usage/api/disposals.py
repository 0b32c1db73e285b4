"""Disposals: the list by grant, one grant's copies, and their moves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import File, Form, Router, Schema, UploadedFile
from pydantic import Field

from jutong.kernel import clock, faces
from jutong.slices.usage import actions, queries
from jutong.slices.usage.api.ledger import Code, Id, Name, Number, PageNumber, Words

router = Router()
Copies = Annotated[list[Number], Field(max_length=500)]


class DisposalLineOut(Schema):
    """The disposals of one grant in a list."""

    grant_id: int
    reference: str
    title: str
    consumer: str
    provider: str
    ground_label: str
    began: int
    instructed: int
    reported: int
    over: int
    due_on: date | None
    overdue: bool


class DisposalLinesOut(Schema):
    """A page of them."""

    total: int
    pages: int
    rows: list[DisposalLineOut]


class DisposalRowOut(Schema):
    """The disposal of one copy; verbs: what the caller may do now."""

    copy_id: int
    state: str
    state_label: str
    instruction: str
    due_on: date | None
    words: str
    method_label: str
    executed_on: date | None
    executor: str
    proof_id: int | None
    note: str
    returned_for: str
    accepted_at: datetime | None
    late: bool
    verbs: list[str]


class DisposingOut(Schema):
    """The disposals of one grant."""

    grant_id: int
    reference: str
    title: str
    done: bool
    rows: list[DisposalRowOut]


class InstructionIn(Schema):
    """What is to become of copies. instruction: destroy, return, seal, keep."""

    copies: Copies
    instruction: Code
    due_on: date | None = None
    duty: Words = ""


class DisposalReportIn(Schema):
    """How copies were disposed of. method: destroyed, returned, sealed, kept, not_stored."""

    copies: Copies
    method: Code
    executed_on: date | None = None
    executor: Name = ""
    note: Words = ""


class DisposalAcceptIn(Schema):
    """Whose proof is accepted."""

    copies: Copies


class DisposalReturnIn(Schema):
    """Why a proof is not accepted, and until when the consumer has time."""

    copies: Copies
    reason: Words
    due_on: date | None = None


@router.get("/disposals", response=DisposalLinesOut, summary="数据处置列表")
def listed(
    request: HttpRequest, side: Code = "", fold: Code = "", text: Code = "", page: PageNumber = 1
) -> dict[str, Any]:
    """Return the grants with disposals that the caller may know. fold: open, overdue, over."""
    rows, meta = queries.groups(faces.actor_of(request), clock.now(), side=side, fold=fold, text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/disposals/{grant_id}", response=DisposingOut, summary="数据处置")
def one(request: HttpRequest, grant_id: Id) -> queries.Disposing:
    """Return the disposals of one grant."""
    return queries.disposing(grant_id, faces.actor_of(request), clock.now())


def _moved(request: HttpRequest, grant_id: int, deed: Any, **words: Any) -> queries.Disposing:
    now = clock.now()
    deed(grant_id, by=faces.signed(request), at=now, **words)
    return queries.disposing(grant_id, faces.actor_of(request), now)


@router.post("/disposals/{grant_id}/instruct", response=DisposingOut, summary="提出处置要求")
def instruct(request: HttpRequest, grant_id: Id, body: InstructionIn) -> queries.Disposing:
    """Say what is to become of copies, and by which day."""
    return _moved(request, grant_id, actions.instruct, **body.dict())


@router.post("/disposals/{grant_id}/report", response=DisposingOut, summary="登记处置情况")
def report(
    request: HttpRequest, grant_id: Id, body: Form[DisposalReportIn], proof: File[UploadedFile | None] = None
) -> queries.Disposing:
    """Report how copies were disposed of, as a form with the proof as its file."""
    said = actions.Report(body.method, body.executed_on, body.executor, body.note)
    shown = (proof, proof.name or "") if proof else None
    return _moved(request, grant_id, actions.report, copies=body.copies, report=said, proof=shown)


@router.post("/disposals/{grant_id}/accept", response=DisposingOut, summary="认可处置证明")
def accept(request: HttpRequest, grant_id: Id, body: DisposalAcceptIn) -> queries.Disposing:
    """Accept the proof of copies."""
    return _moved(request, grant_id, actions.accept, **body.dict())


@router.post("/disposals/{grant_id}/send-back", response=DisposingOut, summary="退回处置证明")
def send_back(request: HttpRequest, grant_id: Id, body: DisposalReturnIn) -> queries.Disposing:
    """Send the proof of copies back, with a reason and a new day."""
    return _moved(request, grant_id, actions.send_back, **body.dict())
