"""The management API of sharing requests: reading, and one endpoint per move of the table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.sharing import actions, queries
from jutong.wire.grants import Masking, Operator

router = Router()

PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Id = Annotated[int, Path(ge=1, le=2**53)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Name = Annotated[str, StringConstraints(max_length=128, pattern=PLAIN)]
Words = Annotated[str, StringConstraints(max_length=2000, pattern=PLAIN)]
Days = Annotated[int, Field(ge=1, le=60)]
Limit = Annotated[int, Field(ge=0, le=10_000_000_000)]
Names = Annotated[list[Name], Field(max_length=1000)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class ConditionIn(Schema):
    """One row condition."""

    item: Name
    operator: Operator
    values: Annotated[list[Annotated[str, StringConstraints(max_length=200)]], Field(max_length=1000)] = []


class AskedIn(Schema):
    """Everything a request says (national-2025#20); agreement: number of the one that it is made under and keeps to."""

    resource_id: Number
    items: Names
    conditions: Annotated[list[ConditionIn], Field(max_length=20)] = []
    key_items: Names = []
    modes: Names
    purposes: Names
    use_basis: Words
    use_scene: Words
    use_scope: Words
    duty: Words
    use_from: date
    use_until: date
    personal_basis: Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)] = ""
    declared: bool = False
    commercial: bool = False
    agreement: Annotated[str, StringConstraints(max_length=40, pattern=PLAIN)] = ""


class GivenIn(Schema):
    """An item that is granted, with its masking."""

    item: Name
    masking: Masking = Masking.NONE


class QuotaIn(Schema):
    """Limits; 0 for none."""

    calls_per_day: Limit = 0
    rows_per_batch: Limit = 0
    batches_per_day: Limit = 0


class ReplyIn(Schema):
    """A drafted reply."""

    agree: bool
    items: Annotated[list[GivenIn], Field(max_length=1000)] = []
    conditions: Annotated[list[ConditionIn], Field(max_length=20)] = []
    key_items: Names = []
    confirm_items: Names = []
    modes: Names = []
    purposes: Names = []
    use_until: date | None = None
    scope: Words = ""
    remarks: Words = ""
    quota: QuotaIn = QuotaIn()
    reason: Words = ""
    basis: Words = ""
    terms: Annotated[list[Words], Field(max_length=50)] = []
    fee: Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)] = ""
    fee_basis: Words = ""


class RequestReasonIn(Schema):
    """A reason in words."""

    reason: Words = ""


class RemarkIn(Schema):
    """A remark in words."""

    remark: Words = ""


class PapersIn(Schema):
    """Everything that is missing, and the working days to hand it in."""

    papers: Annotated[list[Words], Field(max_length=50)]
    days: Days = 10


class SupplementIn(Schema):
    """What is handed in later; attachments go by the pages."""

    text: Words


class ExtensionIn(Schema):
    """How much more time, and why."""

    days: Days
    reason: Words


class VerdictIn(Schema):
    """Whether the reason of a non-acceptance holds, and the authority's words."""

    justified: bool
    words: Words


class DaysIn(Schema):
    """Working days."""

    days: Days


class ClockOut(Schema):
    """A limit and how it stands."""

    name: str
    label: str
    state: str
    due_day: date
    provisional: bool
    left: int
    text: str
    explanation: str
    target: bool = False


class ButtonOut(Schema):
    """A move that is open to the caller now."""

    verb: str
    label: str
    to: str


class RequestLineOut(Schema):
    """A request in a list."""

    id: int
    number: str
    title: str
    state: str
    state_label: str
    share_type: str
    consumer_name: str
    provider_name: str
    created_at: datetime
    received_at: datetime | None
    clocks: list[ClockOut]
    buttons: list[ButtonOut]


class CaseOut(Schema):
    """A request with all its elements, its reply where the caller may see one, and its grant."""

    line: RequestLineOut
    resource_id: int
    entry_version: int
    consumer_id: int
    provider_id: int
    authority_id: int
    items: list[str]
    conditions: list[dict[str, Any]]
    key_items: list[str]
    modes: list[str]
    purposes: list[str]
    use_basis: str
    use_scene: str
    use_scope: str
    duty: str
    personal_basis: str
    use_from: date
    use_until: date
    attachments: list[int]
    digest: str
    profile: str
    consented_by: str
    consented_at: datetime | None
    supplement: dict[str, Any]
    supplement_until: date | None
    supplied: str
    extension_asked: dict[str, Any]
    reply: dict[str, Any]
    reply_digest: str
    replied_at: datetime | None
    reply_reason: str
    remark: str
    commercial: bool
    verdict: dict[str, Any]
    delivered_at: datetime | None
    grant_id: int | None


class RequestLines(Schema):
    """A page of requests."""

    total: int
    pages: int
    rows: list[RequestLineOut]


def asked_of(body: AskedIn) -> actions.Asked:
    """Return a request as the action takes it."""
    return msgspec.convert(body.model_dump(mode="json"), actions.Asked)


def reply_of(body: ReplyIn) -> actions.Reply:
    """Return a reply as the action takes it."""
    return msgspec.convert(body.model_dump(mode="json"), actions.Reply)


def _case(request: HttpRequest, request_id: int) -> queries.RequestRow:
    return queries.request(request_id, faces.actor_of(request), clock.now())


def _moved(request: HttpRequest, request_id: int, deed: Any, **values: Any) -> queries.RequestRow:
    deed(request_id, by=faces.signed(request), at=clock.now(), **values)
    return _case(request, request_id)


@router.get("/requests", response=RequestLines, summary="共享申请列表")
def listed(
    request: HttpRequest, side: Name = "", state: Name = "", text: Name = "", page: PageNumber = 1
) -> dict[str, Any]:
    """Return the requests the caller may know, newest first."""
    rows, meta = queries.requests(faces.actor_of(request), clock.now(), side=side, state=state, text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/requests", response=CaseOut, summary="起草共享申请")
def write(request: HttpRequest, body: AskedIn) -> queries.RequestRow:
    """Write a request as a draft."""
    case = actions.write_request(by=faces.actor_of(request), at=clock.now(), asked=asked_of(body))
    return _case(request, case.pk)


@router.post("/requests/obtain", response=CaseOut, summary="直接获取无条件共享数据")
def obtain(request: HttpRequest, body: AskedIn) -> queries.RequestRow:
    """Obtain unconditional data directly, where the profile has it so."""
    case = actions.obtain(by=faces.actor_of(request), at=clock.now(), asked=asked_of(body))
    return _case(request, case.pk)


@router.get("/requests/{request_id}", response=CaseOut, summary="共享申请")
def one(request: HttpRequest, request_id: Id) -> queries.RequestRow:
    """Return one request."""
    return _case(request, request_id)


@router.put("/requests/{request_id}", response=CaseOut, summary="修改申请")
def change(request: HttpRequest, request_id: Id, body: AskedIn) -> queries.RequestRow:
    """Change a request that is not filed yet."""
    return _moved(request, request_id, actions.change_request, asked=asked_of(body))


@router.post("/requests/{request_id}/consent", response=CaseOut, summary="同意提出申请")
def consent(request: HttpRequest, request_id: Id) -> queries.RequestRow:
    """The consumer's sharing-unit head consents."""
    return _moved(request, request_id, actions.consent)


@router.post("/requests/{request_id}/file", response=CaseOut, summary="提交申请")
def file(request: HttpRequest, request_id: Id) -> queries.RequestRow:
    """File the request with the provider."""
    return _moved(request, request_id, actions.file_request)


@router.post("/requests/{request_id}/file_directly", response=CaseOut, summary="提交申请（无须负责人同意）")
def file_directly(request: HttpRequest, request_id: Id) -> queries.RequestRow:
    """File the request where the profile asks for no head's consent."""
    return _moved(request, request_id, actions.file_directly)


@router.post("/requests/{request_id}/ask_supplement", response=CaseOut, summary="一次性告知补正")
def ask_supplement(request: HttpRequest, request_id: Id, body: PapersIn) -> queries.RequestRow:
    """Name everything that is missing, once."""
    return _moved(request, request_id, actions.ask_supplement, papers=body.papers, days=body.days)


@router.post("/requests/{request_id}/supplement", response=CaseOut, summary="提交补正材料")
def supplement(request: HttpRequest, request_id: Id, body: SupplementIn) -> queries.RequestRow:
    """Hand in what was missing."""
    return _moved(request, request_id, actions.supplement, text=body.text)


@router.post("/requests/{request_id}/ask_extension", response=CaseOut, summary="申请延期")
def ask_extension(request: HttpRequest, request_id: Id, body: ExtensionIn) -> queries.RequestRow:
    """Ask the authority for more time."""
    return _moved(request, request_id, actions.ask_extension, days=body.days, reason=body.reason)


@router.post("/requests/{request_id}/extend", response=CaseOut, summary="同意延期")
def extend(request: HttpRequest, request_id: Id, body: DaysIn) -> queries.RequestRow:
    """The authority gives more time."""
    return _moved(request, request_id, actions.extend, days=body.days)


@router.post("/requests/{request_id}/decline", response=CaseOut, summary="不予受理")
def decline(request: HttpRequest, request_id: Id, body: RequestReasonIn) -> queries.RequestRow:
    """Decline to accept."""
    return _moved(request, request_id, actions.decline, reason=body.reason)


@router.post("/requests/{request_id}/prepare_reply", response=CaseOut, summary="拟定答复")
def prepare_reply(request: HttpRequest, request_id: Id, body: ReplyIn) -> queries.RequestRow:
    """Draft the reply."""
    return _moved(request, request_id, actions.prepare_reply, reply=reply_of(body))


@router.post("/requests/{request_id}/withhold_consent", response=CaseOut, summary="退回重拟")
def withhold_consent(request: HttpRequest, request_id: Id, body: RemarkIn) -> queries.RequestRow:
    """The provider's head sends the draft back."""
    return _moved(request, request_id, actions.withhold_consent, remark=body.remark)


@router.post("/requests/{request_id}/agree", response=CaseOut, summary="同意共享")
def agree(request: HttpRequest, request_id: Id) -> queries.RequestRow:
    """The provider's head agrees; the grant opens."""
    return _moved(request, request_id, actions.agree)


@router.post("/requests/{request_id}/refuse", response=CaseOut, summary="不同意共享")
def refuse(request: HttpRequest, request_id: Id) -> queries.RequestRow:
    """The provider's head refuses as drafted."""
    return _moved(request, request_id, actions.refuse)


@router.post("/requests/{request_id}/agree_directly", response=CaseOut, summary="答复同意共享（无须负责人同意）")
def agree_directly(request: HttpRequest, request_id: Id, body: ReplyIn) -> queries.RequestRow:
    """The provider's officer agrees, where the profile asks for no head's consent."""
    return _moved(request, request_id, actions.agree_directly, reply=reply_of(body))


@router.post("/requests/{request_id}/refuse_directly", response=CaseOut, summary="答复不同意共享（无须负责人同意）")
def refuse_directly(request: HttpRequest, request_id: Id, body: ReplyIn) -> queries.RequestRow:
    """The provider's officer refuses, where the profile asks for no head's consent."""
    return _moved(request, request_id, actions.refuse_directly, reply=reply_of(body))


@router.post("/requests/{request_id}/judge", response=CaseOut, summary="审查不予受理的理由")
def judge(request: HttpRequest, request_id: Id, body: VerdictIn) -> queries.RequestRow:
    """The authority says whether the reason of a non-acceptance holds."""
    return _moved(request, request_id, actions.judge, justified=body.justified, words=body.words)


@router.post("/requests/{request_id}/withdraw", response=CaseOut, summary="撤回申请")
def withdraw(request: HttpRequest, request_id: Id, body: RequestReasonIn) -> queries.RequestRow:
    """Take the request back."""
    return _moved(request, request_id, actions.withdraw, reason=body.reason)
