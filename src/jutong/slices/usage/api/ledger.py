"""Ledgers and use records: lists, one ledger, and what the consumer enters."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.usage import actions, queries
from jutong.slices.usage.rules.records import FIELDS

router = Router()

PLAIN: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Id = Annotated[int, Path(ge=1, le=2**53)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Code = Annotated[str, StringConstraints(max_length=64, pattern=PLAIN)]
Name = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]
Place = Annotated[str, StringConstraints(max_length=300, pattern=PLAIN)]
Words = Annotated[str, StringConstraints(max_length=2000, pattern=PLAIN)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class UseRecordLineOut(Schema):
    """A use record with its ledger in a list."""

    grant_id: int
    reference: str
    title: str
    consumer: str
    provider: str
    state: str
    state_label: str
    lacking: list[str]
    copies: int
    unplaced: int
    undisposed: int
    period_until: date | None
    ended_at: datetime | None
    kept_until: date | None


class UseRecordLinesOut(Schema):
    """A page of use records."""

    total: int
    pages: int
    rows: list[UseRecordLineOut]


class LedgerCopyOut(Schema):
    """A copy in the ledger."""

    id: int
    kind: str
    title: str
    obtained_at: datetime
    rows: int
    deliveries: int
    storage: str
    disposed_on: date | None
    how: str
    open: bool


class LedgerHolderOut(Schema):
    """A system or person that uses the data."""

    id: int
    kind_label: str
    name: str
    duty: str
    known: bool
    since: date
    until: date | None


class UsePeriodOut(Schema):
    """A reporting period."""

    number: int
    first_day: date
    last_day: date
    closed: bool
    lacking: list[str]
    version: int
    raw: dict[str, str]


class InspectionOut(Schema):
    """Who read the record, for which side, when."""

    side: str
    department: str
    by_name: str
    at: datetime


class LedgerOut(Schema):
    """A ledger with its use record."""

    row: UseRecordLineOut
    items: list[str]
    personal_basis: str
    copies: list[LedgerCopyOut]
    holders: list[LedgerHolderOut]
    periods: list[UsePeriodOut]
    inspections: list[InspectionOut]


class OwnCopyIn(Schema):
    """A copy that the consumer made itself; of: id of the copy it was made of."""

    title: Name
    storage: Place
    of: Number | None = None


class CopyPlaceIn(Schema):
    """Where a copy lies."""

    copy_id: Number
    storage: Place


class HolderIn(Schema):
    """Who uses the data. kind: system, person."""

    kind: Code
    name: Name
    duty: Place = ""


class UseContentIn(Schema):
    """What the consumer says of a period. status: in_use, not_used, paused, finished."""

    scene: Words = ""
    process: Words = ""
    effect: Words = ""
    storage: Words = ""
    destruction: Words = ""
    status: Code = ""


class LongerRetentionIn(Schema):
    """A longer retention by law."""

    years: Annotated[int, Field(ge=0, le=1000)]
    basis: Name


class StandingInstructionIn(Schema):
    """How copies are to be disposed of, said in advance. instruction: destroy, return, seal, keep; days after the end."""

    instruction: Code
    days: Annotated[int, Field(ge=0, le=10_000)]
    duty: Words = ""


class GiveUpIn(Schema):
    """Copies whose use ends while the grant runs. ground: purpose_reached, purpose_unreachable, no_longer_necessary."""

    copies: Annotated[list[Number], Field(max_length=500)]
    ground: Code


@router.get("/ledger", response=UseRecordLinesOut, summary="使用台账列表")
def listed(
    request: HttpRequest, side: Code = "", fold: Code = "", text: Code = "", page: PageNumber = 1
) -> dict[str, Any]:
    """Return the use records that the caller may know. side: consumer, provider, authority; fold: incomplete, undisposed, kept."""
    rows, meta = queries.records(faces.actor_of(request), side=side, fold=fold, text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/ledger/{grant_id}", response=LedgerOut, summary="使用台账")
def one(request: HttpRequest, grant_id: Id) -> queries.Ledger:
    """Return a ledger with its use record; whoever is not of the consumer inspects it, which is logged."""
    actor, now = faces.actor_of(request), clock.now()
    actions.read_record(grant_id, by=actor, at=now)
    return queries.ledger(grant_id, actor, now)


def _entered(request: HttpRequest, grant_id: int, deed: Any, **words: Any) -> queries.Ledger:
    actor, now = faces.actor_of(request), clock.now()
    deed(queries.ledger(grant_id, actor, now).row.id, by=actor, at=now, **words)
    return queries.ledger(grant_id, actor, now)


@router.post("/ledger/{grant_id}/copies", response=LedgerOut, summary="登记副本")
def add_copy(request: HttpRequest, grant_id: Id, body: OwnCopyIn) -> queries.Ledger:
    """Enter a copy that the consumer made itself."""
    return _entered(request, grant_id, actions.add_copy, **body.dict())


@router.post("/ledger/{grant_id}/places", response=LedgerOut, summary="登记存放位置")
def place_copy(request: HttpRequest, grant_id: Id, body: CopyPlaceIn) -> queries.Ledger:
    """Say where a copy lies."""
    return _entered(request, grant_id, actions.place_copy, **body.dict())


@router.post("/ledger/{grant_id}/holders", response=LedgerOut, summary="登记使用系统和人员")
def add_holder(request: HttpRequest, grant_id: Id, body: HolderIn) -> queries.Ledger:
    """Enter a system or person that uses the data."""
    return _entered(request, grant_id, actions.add_holder, **body.dict())


@router.post("/ledger/{grant_id}/holders/{holder_id}/end", response=LedgerOut, summary="登记停止使用")
def end_holder(request: HttpRequest, grant_id: Id, holder_id: Id) -> queries.Ledger:
    """Enter that a system or person uses the data no longer."""
    return _entered(request, grant_id, actions.end_holder, holder_id=holder_id)


@router.post("/ledger/{grant_id}/periods/{number}", response=LedgerOut, summary="填写使用记录")
def fill(request: HttpRequest, grant_id: Id, number: Id, body: UseContentIn) -> queries.Ledger:
    """Write the use record of one reporting period; earlier versions stay."""
    said = actions.Content(**{name: getattr(body, name) for name in FIELDS})
    return _entered(request, grant_id, actions.fill_record, number=number, content=said)


@router.post("/ledger/{grant_id}/retention", response=LedgerOut, summary="登记更长的保存期限")
def lengthen(request: HttpRequest, grant_id: Id, body: LongerRetentionIn) -> queries.Ledger:
    """Record a longer retention by law."""
    return _entered(request, grant_id, actions.lengthen_retention, **body.dict())


@router.post("/ledger/{grant_id}/instruction", response=LedgerOut, summary="预先提出处置要求")
def say(request: HttpRequest, grant_id: Id, body: StandingInstructionIn) -> queries.Ledger:
    """Say in advance how copies are to be disposed of."""
    return _entered(request, grant_id, actions.say_in_advance, **body.dict())


@router.post("/ledger/{grant_id}/give-up", response=LedgerOut, summary="提前处置副本")
def give_up(request: HttpRequest, grant_id: Id, body: GiveUpIn) -> queries.Ledger:
    """End the use of single copies while the grant runs."""
    actor, now = faces.actor_of(request), clock.now()
    actions.give_up(grant_id, by=actor, at=now, **body.dict())
    return queries.ledger(grant_id, actor, now)
