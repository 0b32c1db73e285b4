"""The management API of agreements: reading, writing, and one endpoint per move of the table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.agreements import actions, queries
from jutong.slices.agreements.rules import LONGEST_TEXT, MOST_LINES, MOST_PARTIES
from jutong.wire.grants import Masking, Operator

router = Router()

PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Id = Annotated[int, Path(ge=1, le=2**53)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Name = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]
Words = Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=PLAIN)]
Names = Annotated[list[Name], Field(max_length=200)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
ReasonedVerb = Literal["send_back", "withdraw", "abandon", "suspend", "resume", "terminate"]
VersionNumber = Annotated[int | None, Query(ge=1, le=1_000_000)]


class AgreedElementsIn(Schema):
    """The ten elements of an agreement; the term runs from `since` to `until`."""

    name: Name = ""
    content: Words = ""
    quality: Words = ""
    quantity: Words = ""
    frequency: Words = ""
    scope: Words = ""
    manner: Words = ""
    since: date | None = None
    until: date | None = None
    basis: Words = ""
    schedule: Words = ""


class SideIn(Schema):
    """A party, the person responsible there, and its terms of secrecy."""

    department_id: Number
    responsible: Name = ""
    confidentiality: Words = ""


class GivenItemIn(Schema):
    """An information item with its masking."""

    item: Name
    masking: Masking = Masking.NONE


class AgreedConditionIn(Schema):
    """A row condition; rows are shared that keep to all of them."""

    item: Name
    operator: Operator
    values: Annotated[list[Name], Field(max_length=1000)] = []


class AgreementLineIn(Schema):
    """What a party may have of an entry.

    It becomes a grant when the agreement is in force; under the decree, requests keep to it.
    """

    resource_id: Number
    consumer_id: Number
    items: Annotated[list[GivenItemIn], Field(max_length=1000)]
    key_items: Names = []
    modes: Names
    purposes: Names
    conditions: Annotated[list[AgreedConditionIn], Field(max_length=20)] = []


class AgreementIn(Schema):
    """The text of an agreement; joint documents are handed in by the pages."""

    stated: AgreedElementsIn
    sides: Annotated[list[SideIn], Field(max_length=MOST_PARTIES)]
    lines: Annotated[list[AgreementLineIn], Field(max_length=MOST_LINES)] = []
    grants: Annotated[list[Number], Field(max_length=200)] = []


class NewAgreementIn(AgreementIn):
    """A draft: kind sharing or confidentiality."""

    kind: Name = "sharing"


class AmendmentIn(AgreementIn):
    """The whole new text, and why."""

    why: Words


class SignatureIn(Schema):
    """The digest of the text that was read."""

    digest: Annotated[str, StringConstraints(max_length=64, pattern=PLAIN)]


class AgreementReasonIn(Schema):
    """A reason in words."""

    reason: Words = ""


class AgreementMoveOut(Schema):
    """A move open to the caller."""

    verb: str
    label: str
    to: str


class AgreementLineOut(Schema):
    """An agreement in a list; left: days to the end of its term."""

    id: int
    number: str
    kind: str
    kind_label: str
    name: str
    state: str
    state_label: str
    parties: list[str]
    unsigned: list[str]
    version: int
    since: date | None
    until: date | None
    left: int | None
    created_at: datetime
    buttons: list[AgreementMoveOut]


class AgreementLines(Schema):
    """A page of agreements."""

    total: int
    pages: int
    rows: list[AgreementLineOut]


class AgreementSignatureOut(Schema):
    """A party and its signature; name empty as long as it has not signed."""

    department: str
    name: str
    post_label: str
    at: datetime | None
    own: bool


class AgreementVersionOut(Schema):
    """A version; standing: in_force, pending, past or dropped; content: elements, sides, lines, grants."""

    number: int
    standing: str
    content: dict[str, Any]
    digest: str
    why: str
    drafted_by: str
    drafted_at: datetime
    in_force_at: datetime | None
    attested_by: str
    signatures: list[AgreementSignatureOut]

    @staticmethod
    def resolve_content(one: Any) -> Any:
        """Return the content as plain data."""
        return msgspec.to_builtins(one.content, builtin_types=(date,))


class AgreementGrantOut(Schema):
    """The grant that a line became, or that was granted under it; may_ask: the caller can ask for the data under it."""

    resource_id: int
    consumer_id: int
    grant_id: int | None
    grant_reference: str
    grant_state: str
    may_ask: bool


class AgreementOut(Schema):
    """An agreement with all its versions; direct: its lines become grants by themselves, else requests name it."""

    row: AgreementLineOut
    shown: AgreementVersionOut
    versions: list[AgreementVersionOut]
    grants: list[AgreementGrantOut]
    direct: bool
    reason: str
    profile: str


class ProofLineOut(Schema):
    """A signature and whether it holds."""

    department: str
    name: str
    at: datetime
    statement: str
    signature: str
    public_key: str
    holds: bool
    own_holds: bool | None


class AgreementProofOut(Schema):
    """What a check of a version's signatures found."""

    number: str
    version: int
    digest: str
    recomputed: str
    intact: bool
    holds: bool
    lines: list[ProofLineOut]
    missing: list[str]
    attested_by: str


def _written(body: AgreementIn) -> actions.Draft:
    return msgspec.convert(body.model_dump(mode="json", exclude={"kind", "why"}), actions.Draft)


def _seen(request: HttpRequest, agreement_id: int, version: int | None = None) -> dict[str, Any]:
    seen = queries.agreement(agreement_id, faces.actor_of(request), clock.now(), version=version)
    grants = [
        {
            "resource_id": row.line.resource_id,
            "consumer_id": row.line.consumer_id,
            "grant_id": row.grant_id,
            "grant_reference": row.grant_reference,
            "grant_state": row.grant_state,
            "may_ask": row.may_ask,
        }
        for row in seen.lines
    ]
    return {
        "row": seen.row,
        "shown": seen.shown,
        "versions": seen.versions,
        "grants": grants,
        "direct": seen.direct,
        "reason": seen.reason,
        "profile": seen.profile,
    }


@router.get("", response=AgreementLines, summary="共享协议列表")
def agreements(
    request: HttpRequest, kind: Name = "", state: Name = "", text: Name = "", side: Name = "", page: PageNumber = 1
) -> dict[str, Any]:
    """Return the agreements the caller may know, newest first."""
    asked: dict[str, Any] = {"kind": kind, "state": state, "text": text, "side": side}
    rows, meta = queries.agreements(faces.actor_of(request), clock.now(), **asked, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("", response=AgreementOut, summary="起草协议")
def draft(request: HttpRequest, body: NewAgreementIn) -> dict[str, Any]:
    """Draft an agreement between two parties or more."""
    case = actions.draft(by=faces.actor_of(request), at=clock.now(), kind=body.kind, written=_written(body))
    return _seen(request, case.pk)


@router.get("/{agreement_id}", response=AgreementOut, summary="共享协议")
def agreement(request: HttpRequest, agreement_id: Id, version: VersionNumber = None) -> dict[str, Any]:
    """Return an agreement; version: the one to show, else the pending, else the one in force."""
    return _seen(request, agreement_id, version)


@router.get("/{agreement_id}/proof", response=AgreementProofOut, summary="核验签署")
def proof(request: HttpRequest, agreement_id: Id, version: VersionNumber = None) -> queries.Proof:
    """Check the signatures under a version."""
    return queries.proof(agreement_id, version, faces.actor_of(request))


@router.post("/{agreement_id}/revise", response=AgreementOut, summary="修改协议草案")
def revise(request: HttpRequest, agreement_id: Id, body: AgreementIn) -> dict[str, Any]:
    """Change the text of a draft, or of an amendment that nobody has signed yet."""
    actions.revise(agreement_id, by=faces.actor_of(request), at=clock.now(), written=_written(body))
    return _seen(request, agreement_id)


@router.post("/{agreement_id}/amend", response=AgreementOut, summary="修订或续签协议")
def amend(request: HttpRequest, agreement_id: Id, body: AmendmentIn) -> dict[str, Any]:
    """Propose a new version; the one in force holds until all parties have signed."""
    by = faces.actor_of(request)
    actions.amend(agreement_id, by=by, at=clock.now(), written=_written(body), why=body.why)
    return _seen(request, agreement_id)


@router.post("/{agreement_id}/send", response=AgreementOut, summary="交各方签署")
def send(request: HttpRequest, agreement_id: Id) -> dict[str, Any]:
    """Send the draft out for signature."""
    actions.send(agreement_id, by=faces.actor_of(request), at=clock.now())
    return _seen(request, agreement_id)


@router.post("/{agreement_id}/sign", response=AgreementOut, summary="签署协议")
def sign(request: HttpRequest, agreement_id: Id, body: SignatureIn) -> dict[str, Any]:
    """Sign for one's party; the signature of the person goes into the header X-Act-Signature where it is demanded."""
    actions.sign(agreement_id, by=faces.signed(request), at=clock.now(), digest=body.digest)
    return _seen(request, agreement_id)


@router.post("/{agreement_id}/attest", response=AgreementOut, summary="确认联合发文")
def attest(request: HttpRequest, agreement_id: Id) -> dict[str, Any]:
    """The authority confirms the joint document."""
    actions.attest(agreement_id, by=faces.actor_of(request), at=clock.now())
    return _seen(request, agreement_id)


WITH_REASON: Final[dict[str, Callable[..., Any]]] = {
    "send_back": actions.send_back,
    "withdraw": actions.withdraw,
    "abandon": actions.abandon,
    "suspend": actions.suspend,
    "resume": actions.resume,
    "terminate": actions.terminate,
}
"""The moves that take nothing but a reason."""


@router.post("/{agreement_id}/{verb}", response=AgreementOut, summary="退回、撤回、放弃修订、暂停、恢复、终止协议")
def deed(request: HttpRequest, agreement_id: Id, verb: ReasonedVerb, body: AgreementReasonIn) -> dict[str, Any]:
    """Make a move that takes nothing but a reason; suspended agreements are resumed without one if there is none."""
    WITH_REASON[verb](agreement_id, by=faces.actor_of(request), at=clock.now(), reason=body.reason)
    return _seen(request, agreement_id)
