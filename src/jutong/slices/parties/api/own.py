"""Management endpoints of one's own: who acts for whom, and reminders outside the platform."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from jutong.kernel import clock
from jutong.kernel.faces import actor_of
from jutong.slices.parties import actions, queries

router = Router()

Id = Annotated[int, Field(ge=1, le=2**53)]
Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Hour = Annotated[int, Field(ge=0, le=23)]


class DelegationOut(Schema):
    """Who acts for whom, in which post, for which business (empty: all of it), from and until which day. given: by the caller."""

    id: int
    absent: str
    acting: str
    role_label: str
    department_name: str
    since: date
    until: date
    given: bool
    duties: list[str]
    reason: str


class DelegationIn(Schema):
    """A delegation of one of one's own posts. duties: workflows by identifier, empty for all."""

    post_id: Id
    to_id: Id
    since: date
    until: date
    duties: Annotated[list[Line], Field(max_length=100)] = []
    reason: Line = ""


class DelegationMade(Schema):
    """The id of what was made."""

    id: int


class SentOut(Schema):
    """One reminder outside the platform and what became of it."""

    id: int
    channel: str
    kind: str
    number: str
    title: str
    due_day: date | None
    link: str
    state: str
    state_label: str
    made_at: datetime
    send_at: datetime
    done_at: datetime | None
    attempts: int
    problem: str


class RemindersIn(Schema):
    """What one is reminded of and how; hours are Beijing's, equal ones mean no quiet hours."""

    kinds: Annotated[list[Literal["new", "due_soon", "overdue"]], Field(max_length=3)]
    email: bool = False
    webhook: bool = False
    daily: bool = False
    quiet_from: Hour = 0
    quiet_until: Hour = 0


class RemindersOut(RemindersIn):
    """One's reminders, the posting address and the newest ones that went or wait."""

    address: str
    url: str
    paused: bool
    problem: str
    sent: list[SentOut]


class HookIn(Schema):
    """The https address that reminders are posted to."""

    url: Annotated[str, Field(max_length=300)]


class HookOut(Schema):
    """The registered address and its key, shown once."""

    url: str
    secret: str


@router.get("/delegations", response=list[DelegationOut], summary="代办委托")
def delegations(request: HttpRequest) -> Any:
    """Return the delegations the caller gave or received that have not ended."""
    return queries.delegations(actor_of(request).account_id or 0, clock.now())


@router.post("/delegations", response={201: DelegationMade}, summary="委托代办")
def delegate(request: HttpRequest, body: DelegationIn) -> Status[Any]:
    """Let a colleague act in one of the caller's posts for some days."""
    given = body.dict()
    made = actions.delegate(given.pop("post_id"), **given, by=actor_of(request), at=clock.now())
    return Status(201, {"id": made.pk})


@router.post("/delegations/{delegation_id}/end", response={204: None}, summary="结束代办")
def end_delegation(request: HttpRequest, delegation_id: Id) -> Status[None]:
    """End a delegation before its day."""
    actions.end_delegation(delegation_id, by=actor_of(request), at=clock.now())
    return Status(204, None)


@router.get("/reminders", response=RemindersOut, summary="提醒设置")
def reminders(request: HttpRequest) -> Any:
    """Return the caller's reminders."""
    return queries.own_reminders(actor_of(request))


@router.put("/reminders", response={204: None}, summary="修改提醒设置")
def set_reminders(request: HttpRequest, body: RemindersIn) -> Status[None]:
    """Keep the caller's reminders."""
    actor = actor_of(request)
    actions.set_reminders(actor.account_id or 0, **body.dict(), by=actor, at=clock.now())
    return Status(204, None)


@router.put("/reminders/hook", response=HookOut, summary="登记提醒推送地址")
def register_hook(request: HttpRequest, body: HookIn) -> Any:
    """Register the caller's posting address; the key is in this answer only."""
    actor = actor_of(request)
    return actions.register_hook(actor.account_id or 0, url=body.url, by=actor, at=clock.now())


@router.post("/reminders/hook/resume", response={204: None}, summary="恢复提醒推送")
def resume_hook(request: HttpRequest) -> Status[None]:
    """Take the caller's paused posting address up again."""
    actor = actor_of(request)
    actions.resume_hook(actor.account_id or 0, by=actor, at=clock.now())
    return Status(204, None)


@router.delete("/reminders/hook", response={204: None}, summary="删除提醒推送地址")
def remove_hook(request: HttpRequest) -> Status[None]:
    """Forget the caller's posting address."""
    actor = actor_of(request)
    actions.remove_hook(actor.account_id or 0, by=actor, at=clock.now())
    return Status(204, None)
