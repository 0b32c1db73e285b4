"""The management API of grants: reading, changing within what was agreed, suspending, restoring, ending them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.kernel.actors import Actor
from jutong.kernel.faces import client_address, limits
from jutong.kernel.settings import settings
from jutong.slices.grants import actions, queries
from jutong.wire.grants import Masking, Operator

router = Router()

PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Id = Annotated[int, Path(ge=1, le=2**53)]
Name = Annotated[str, StringConstraints(max_length=100, pattern=PLAIN)]
Term = Annotated[str, StringConstraints(max_length=128, pattern=PLAIN)]
Terms = Annotated[list[Term], Field(max_length=1000)]
Limit = Annotated[int, Field(ge=0, le=10_000_000_000)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class GrantReasonIn(Schema):
    """Why; the other side reads it."""

    reason: Annotated[str, Field(max_length=1000, pattern=PLAIN)]


class GrantFinishIn(GrantReasonIn):
    """Why the consumer ends its use. ground: purpose_reached, purpose_unreachable, no_longer_necessary."""

    ground: Annotated[str, Field(max_length=32, pattern=PLAIN)]


class KeptIn(Schema):
    """An item that stays granted, with its masking."""

    item: Term
    masking: Masking = Masking.NONE


class OnlyRowsIn(Schema):
    """One row condition."""

    item: Term
    operator: Operator
    values: Annotated[list[Annotated[str, StringConstraints(max_length=200)]], Field(max_length=1000)] = []


class LimitsIn(Schema):
    """Limits; 0 for none."""

    calls_per_day: Limit = 0
    rows_per_batch: Limit = 0
    batches_per_day: Limit = 0


class AdjustmentIn(Schema):
    """New terms within what was agreed, and why."""

    items: Annotated[list[KeptIn], Field(min_length=1, max_length=1000)]
    modes: Terms
    purposes: Terms
    use_until: date
    conditions: Annotated[list[OnlyRowsIn], Field(max_length=20)] = []
    key_items: Terms = []
    confirm_items: Terms = []
    quota: LimitsIn = LimitsIn()
    remarks: Annotated[str, Field(max_length=2000, pattern=PLAIN)] = ""
    reason: Annotated[str, Field(max_length=1000, pattern=PLAIN)]


class InterfaceRulesIn(Schema):
    """How the interface may be used; endpoints: names of the calls that are passed through."""

    listing: bool = False
    portal: bool = False
    endpoints: Annotated[list[Term], Field(max_length=50)] = []


class MarksIn(Schema):
    """Marks of batch files."""

    marked: bool = False
    notice: Annotated[str, Field(max_length=200, pattern=PLAIN)] = ""


class ReceiverIn(Schema):
    """The consumer's SM2 public key, hex; empty for none."""

    receiver_key: Annotated[str, Field(max_length=130, pattern=PLAIN)] = ""


class GrantOut(Schema):
    """A grant; items with their masking."""

    id: int
    reference: str
    version: int
    state: str
    state_label: str
    reason: str
    resource_id: int
    resource_title: str
    entry_code: str
    provider_id: int
    provider_name: str
    consumer_id: int
    consumer_name: str
    items: list[dict[str, Any]]
    key_items: list[str]
    confirm_items: list[str]
    conditions: list[dict[str, Any]]
    modes: list[str]
    purposes: list[str]
    basis: str
    scope: str
    remarks: str
    quota: dict[str, int]
    valid_from: datetime
    valid_until: datetime
    case_ref: str
    origin: str
    calls: int
    rows: int
    last_used_at: datetime | None
    listing: bool
    portal: bool
    endpoints: list[str]
    marked: bool
    notice: str
    receiver_key: str


class VersionOut(Schema):
    """The terms of a grant under one version."""

    version: int
    at: datetime
    by_name: str
    content: dict[str, Any]


class Grants(Schema):
    """A page of grants."""

    total: int
    pages: int
    rows: list[GrantOut]


@router.get("/", response=Grants, summary="授权列表")
def listed(
    request: HttpRequest, side: Name = "", state: Name = "", text: Name = "", page: PageNumber = 1
) -> dict[str, Any]:
    """Return the grants the caller may know, newest first."""
    rows, meta = queries.grants(faces.actor_of(request), side=side, state=state, text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/{grant_id}", response=GrantOut, summary="授权")
def one(request: HttpRequest, grant_id: Id) -> queries.GrantRow:
    """Return one grant."""
    return queries.grant(grant_id, faces.actor_of(request))


@router.get("/{grant_id}/versions", response=list[VersionOut], summary="授权的各个版本")
def versions(request: HttpRequest, grant_id: Id) -> list[queries.VersionRow]:
    """Return every version, newest first."""
    return queries.versions(grant_id, faces.actor_of(request))


def _moved(request: HttpRequest, grant_id: int, deed: Any, body: GrantReasonIn) -> queries.GrantRow:
    deed(grant_id, by=faces.actor_of(request), at=clock.now(), **body.dict())
    return queries.grant(grant_id, faces.actor_of(request))


@router.post("/{grant_id}/amend", response=GrantOut, summary="调整授权")
def amend(request: HttpRequest, grant_id: Id, body: AdjustmentIn) -> queries.GrantRow:
    """Change the terms within what was agreed; a new version, and the consumer is told."""
    actor = faces.actor_of(request)
    plain = body.model_dump(mode="json", exclude={"reason"})
    adjustment = msgspec.convert(plain, actions.Adjustment)
    actions.amend_grant(grant_id, by=actor, at=clock.now(), adjustment=adjustment, reason=body.reason)
    return queries.grant(grant_id, actor)


@router.post("/{grant_id}/suspend", response=GrantOut, summary="暂停授权")
def suspend(request: HttpRequest, grant_id: Id, body: GrantReasonIn) -> queries.GrantRow:
    """Stop the service for a while; misuse is suspended in a case of its own (W25)."""
    return _moved(request, grant_id, actions.suspend_grant, body)


@router.post("/{grant_id}/restore", response=GrantOut, summary="恢复授权")
def restore(request: HttpRequest, grant_id: Id, body: GrantReasonIn) -> queries.GrantRow:
    """Let it work again."""
    return _moved(request, grant_id, actions.restore_grant, body)


@router.post("/{grant_id}/revoke", response=GrantOut, summary="撤销授权")
def revoke(request: HttpRequest, grant_id: Id, body: GrantReasonIn) -> queries.GrantRow:
    """End it because its basis ended."""
    return _moved(request, grant_id, actions.revoke_grant, body)


@router.post("/{grant_id}/finish", response=GrantOut, summary="结束使用")
def finish(request: HttpRequest, grant_id: Id, body: GrantFinishIn) -> queries.GrantRow:
    """The consumer needs it no longer."""
    return _moved(request, grant_id, actions.finish_grant, body)


@router.post("/{grant_id}/interface", response=GrantOut, summary="设置接口使用方式")
def interface(request: HttpRequest, grant_id: Id, body: InterfaceRulesIn) -> queries.GrantRow:
    """Say how the interface may be used, and which calls are passed through."""
    actor = faces.actor_of(request)
    actions.set_interface(grant_id, by=actor, at=clock.now(), **body.dict())
    return queries.grant(grant_id, actor)


@router.post("/{grant_id}/marks", response=GrantOut, summary="设置批量文件标记")
def marks(request: HttpRequest, grant_id: Id, body: MarksIn) -> queries.GrantRow:
    """Say how batch files are marked."""
    actor = faces.actor_of(request)
    actions.set_marks(grant_id, by=actor, at=clock.now(), **body.dict())
    return queries.grant(grant_id, actor)


@router.post("/{grant_id}/receiver", response=GrantOut, summary="设置批量文件接收公钥")
def receiver(request: HttpRequest, grant_id: Id, body: ReceiverIn) -> queries.GrantRow:
    """Name the key to which batch files are sealed."""
    actor = faces.actor_of(request)
    actions.set_receiver(grant_id, by=actor, at=clock.now(), **body.dict())
    return queries.grant(grant_id, actor)


class EndingIn(Schema):
    """Why a service ends, from which Beijing day on, and the code of the entry it is merged into."""

    cause: Annotated[str, Field(max_length=1000, pattern=PLAIN)]
    stop_on: date | None = None
    successor: Annotated[str, StringConstraints(max_length=64, pattern=PLAIN)] = ""


class ServiceChangeIn(Schema):
    """Why and how a service changes, and the first Beijing day in the new form."""

    cause: Annotated[str, Field(max_length=1000, pattern=PLAIN)]
    what: Annotated[str, Field(max_length=1000, pattern=PLAIN)]
    stop_on: date | None = None


class HeardIn(Schema):
    """What came of the negotiation: agreed or disagreed, and what was said."""

    result: Annotated[str, StringConstraints(max_length=12)]
    text: Annotated[str, Field(max_length=1000, pattern=PLAIN)] = ""


class HeardOut(Schema):
    """A consumer and the result of the negotiation with it."""

    id: int
    consumer_id: int
    consumer: str
    result: str
    text: str


class EndingOut(Schema):
    """The end or change of a resource's service. what: the new form; case_ref: the one arrangement it concerns, or empty."""

    id: int
    kind: str
    what: str
    case_ref: str
    resource_id: int
    title: str
    code: str
    provider_id: int
    state: str
    cause: str
    stop_on: date
    filed_on: date | None
    number: str
    consumers: list[HeardOut]


def _ending(change_id: int, actor: Actor) -> dict[str, Any]:
    seen = queries.ending(change_id, actor=actor)
    names = [name for name in EndingOut.model_fields if name != "consumers"]
    return {**{name: getattr(seen.row, name) for name in names}, "consumers": list(seen.consumers)}


@router.post("/endings/of/{resource_id}", response={201: EndingOut}, summary="提出停止提供")
def propose_ending(request: HttpRequest, resource_id: Id, body: EndingIn) -> Status[dict[str, Any]]:
    """Propose the end of a published resource's service (W15)."""
    actor = faces.signed(request)
    made = actions.end_resource(by=actor, at=clock.now(), resource_id=resource_id, **body.dict())
    return Status(201, _ending(made.pk, actor))


@router.post("/endings/of/{resource_id}/change", response={201: EndingOut}, summary="提出变更服务")
def propose_change(request: HttpRequest, resource_id: Id, body: ServiceChangeIn) -> Status[dict[str, Any]]:
    """Propose that a published resource be served in another form (W15)."""
    made = actions.change_resource(by=faces.signed(request), at=clock.now(), resource_id=resource_id, **body.dict())
    return Status(201, _ending(made.pk, faces.actor_of(request)))


@router.get("/endings/{change_id}", response=EndingOut, summary="停止提供或者变更服务详情")
def ending(request: HttpRequest, change_id: Id) -> dict[str, Any]:
    """Return one ending with the consumers the caller may know of."""
    return _ending(change_id, faces.actor_of(request))


@router.post("/endings/heard/{consumer_id}", response={204: None}, summary="登记协商结果")
def heard(request: HttpRequest, consumer_id: Id, body: HeardIn) -> Status[None]:
    """Record the result of the negotiation with one consumer, by the id of its line."""
    actions.record_heard(consumer_id, by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(204, None)


@router.post("/endings/{change_id}/file", response={204: None}, summary="报主管部门备案")
def file_ending(request: HttpRequest, change_id: Id) -> Status[None]:
    """File the end with the authority, before its day."""
    actions.file_ending(change_id, by=faces.signed(request), at=clock.now())
    return Status(204, None)


@router.post("/endings/{change_id}/acknowledge", response={204: None}, summary="确认收到备案")
def acknowledge_ending(request: HttpRequest, change_id: Id) -> Status[None]:
    """Take note of the filing as the authority."""
    actions.acknowledge_ending(change_id, by=faces.signed(request), at=clock.now())
    return Status(204, None)


@router.post("/endings/{change_id}/cancel", response={204: None}, summary="取消停止或者变更")
def cancel_ending(request: HttpRequest, change_id: Id, body: GrantReasonIn) -> Status[None]:
    """Go on with the service after all."""
    actions.cancel_ending(change_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)


class ProofIn(Schema):
    """A proof code, and what it is said to belong to: a record, or the SM3 of a file."""

    code: Annotated[str, StringConstraints(max_length=65_536, pattern=PLAIN)]
    record: dict[str, str | None] | None = None
    digest: Annotated[str, StringConstraints(max_length=64, pattern=r"^([0-9A-Fa-f]{64})?$")] = ""


class ProvenOut(Schema):
    """What a proof came to; matches: null where nothing was given to compare."""

    good: bool
    matches: bool | None
    node: str
    trace: str
    code: str
    title: str
    kind: str
    provider: str
    consumer: str
    at: datetime
    digests: list[str]
    equal: bool
    effect: str


@router.post("/proofs/verify", response=ProvenOut, summary="电子凭证核验", auth=None)
def verify_proof(request: HttpRequest, body: ProofIn) -> queries.Proven:
    """Verify the proof of a document, licence or contract; open to everybody, at the rate of sign-ins from one address."""
    limits.check("proofs", client_address(request), most=settings().sign_in_rate_per_minute, at=clock.now())
    content = None if body.record is None else msgspec.json.encode(body.record)
    return queries.proven(body.code, content=content, digest=body.digest)
