"""The management API of changes of use and external provision."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.api.requests import (
    PLAIN,
    ButtonOut,
    Id,
    Limit,
    Name,
    Names,
    Number,
    PageNumber,
    RemarkIn,
    RequestReasonIn,
    Words,
)

router = Router()
Title = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]


class ChangeIn(Schema):
    """What is asked beside a grant; written papers go by the pages."""

    grant_id: Number
    kind: Name
    why: Words
    items: Names = []
    purposes: Names = []
    scope: Words = ""
    recipient: Title = ""
    content: Words = ""
    until: date | None = None
    commercial: bool = False


class ReleaseIn(Schema):
    """One provision to a third party; change_id: the permit it is logged against."""

    grant_id: Number
    change_id: Number | None = None
    recipient: Title
    items: Names
    rows: Limit = 0
    released_on: date


class ReleaseOut(Schema):
    """A release that was logged."""

    id: int
    recipient: str
    items: list[str]
    rows: int
    released_on: date
    fault: str
    by_name: str
    at: datetime


class ChangeLineOut(Schema):
    """A change of use."""

    id: int
    number: str
    kind: str
    kind_label: str
    title: str
    grant_id: int
    grant_reference: str
    state: str
    state_label: str
    consumer_id: int
    consumer_name: str
    provider_id: int
    provider_name: str
    items: list[str]
    purposes: list[str]
    scope: str
    recipient: str
    content: str
    why: str
    until: date | None
    commercial: bool
    created_at: datetime
    reply_reason: str
    permit: str
    version: int | None
    releases: int
    buttons: list[ButtonOut]


class UseChangeOut(Schema):
    """A change of use with its releases."""

    row: ChangeLineOut
    releases: list[ReleaseOut]
    profile: str


class ChangeLines(Schema):
    """A page of changes of use."""

    total: int
    pages: int
    rows: Annotated[list[ChangeLineOut], Field()]


def _seen(request: HttpRequest, change_id: int) -> queries.ChangeView:
    return queries.change(change_id, faces.actor_of(request))


@router.get("/changes", response=ChangeLines, summary="变更使用列表")
def changes(
    request: HttpRequest, side: Name = "", state: Name = "", text: Name = "", page: PageNumber = 1
) -> dict[str, Any]:
    """Return the changes of use the caller may know, newest first."""
    rows, meta = queries.changes(faces.actor_of(request), side=side, state=state, text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/changes", response=UseChangeOut, summary="申请变更使用")
def apply_change(request: HttpRequest, body: ChangeIn) -> queries.ChangeView:
    """Apply for a wider scope, another purpose, or provision to a third party."""
    wanted = msgspec.convert(body.model_dump(mode="json", exclude={"grant_id"}), actions.Wanted)
    by = faces.actor_of(request)
    return _seen(request, actions.apply_change(by=by, at=clock.now(), grant_id=body.grant_id, wanted=wanted).pk)


@router.get("/changes/{change_id}", response=UseChangeOut, summary="变更使用")
def change(request: HttpRequest, change_id: Id) -> queries.ChangeView:
    """Return one change of use."""
    return _seen(request, change_id)


@router.post("/changes/{change_id}/consent", response=UseChangeOut, summary="同意变更")
def consent_change(request: HttpRequest, change_id: Id, body: RemarkIn) -> queries.ChangeView:
    """The provider consents: a new version of the grant, or a permit."""
    actions.consent_change(change_id, by=faces.signed(request), at=clock.now(), remark=body.remark)
    return _seen(request, change_id)


@router.post("/changes/{change_id}/refuse", response=UseChangeOut, summary="不同意变更")
def refuse_change(request: HttpRequest, change_id: Id, body: RequestReasonIn) -> queries.ChangeView:
    """The provider does not consent."""
    actions.refuse_change(change_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return _seen(request, change_id)


@router.post("/changes/{change_id}/close", response=UseChangeOut, summary="结束对外提供")
def close_change(request: HttpRequest, change_id: Id) -> queries.ChangeView:
    """The external provision is over."""
    actions.close_change(change_id, by=faces.signed(request), at=clock.now())
    return _seen(request, change_id)


@router.post("/releases", response=ReleaseOut, summary="登记对外提供")
def release(request: HttpRequest, body: ReleaseIn) -> Any:
    """Log a provision to a third party; one outside every permit is kept, told as a finding, and refused."""
    return actions.release(by=faces.actor_of(request), at=clock.now(), **body.model_dump())
