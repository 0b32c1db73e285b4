"""The management API of grants: reading, and suspending, restoring, ending them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.grants import actions, queries

router = Router()

PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Id = Annotated[int, Path(ge=1, le=2**53)]
Name = Annotated[str, StringConstraints(max_length=100, pattern=PLAIN)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class GrantReasonIn(Schema):
    """Why; the other side reads it."""

    reason: Annotated[str, Field(max_length=1000, pattern=PLAIN)]


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
    calls: int
    rows: int
    last_used_at: datetime | None


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
    deed(grant_id, by=faces.actor_of(request), at=clock.now(), reason=body.reason)
    return queries.grant(grant_id, faces.actor_of(request))


@router.post("/{grant_id}/suspend", response=GrantOut, summary="暂停授权")
def suspend(request: HttpRequest, grant_id: Id, body: GrantReasonIn) -> queries.GrantRow:
    """Stop access until rectified."""
    return _moved(request, grant_id, actions.suspend_grant, body)


@router.post("/{grant_id}/restore", response=GrantOut, summary="恢复授权")
def restore(request: HttpRequest, grant_id: Id, body: GrantReasonIn) -> queries.GrantRow:
    """Let it work again."""
    return _moved(request, grant_id, actions.restore_grant, body)


@router.post("/{grant_id}/revoke", response=GrantOut, summary="撤销授权")
def revoke(request: HttpRequest, grant_id: Id, body: GrantReasonIn) -> queries.GrantRow:
    """End it because its basis ended."""
    return _moved(request, grant_id, actions.revoke_grant, body)


@router.post("/{grant_id}/terminate", response=GrantOut, summary="终止共享")
def terminate(request: HttpRequest, grant_id: Id, body: GrantReasonIn) -> queries.GrantRow:
    """End a suspended one."""
    return _moved(request, grant_id, actions.terminate_grant, body)


@router.post("/{grant_id}/finish", response=GrantOut, summary="结束使用")
def finish(request: HttpRequest, grant_id: Id, body: GrantReasonIn) -> queries.GrantRow:
    """The consumer needs it no longer."""
    return _moved(request, grant_id, actions.finish_grant, body)
