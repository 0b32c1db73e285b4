"""A region's own rules through the management API: the proposal, what it would change, issuing it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Router, Schema, Status

from jutong.kernel import clock
from jutong.kernel.faces import actor_of
from jutong.slices.standards import actions, queries

router = Router()

Id = Annotated[int, Path(ge=1, le=2**62)]
Plain = r"^[^\x00-\x1f\x7f]*$"


class RuleDraftIn(Schema):
    """Stricter values over a text, and internal targets in working days."""

    region: Annotated[str, Field(max_length=12, pattern="^[0-9]{6,12}$")]
    profile: Annotated[str, Field(max_length=64, pattern="^[a-z0-9-]+$")]
    overrides: Annotated[dict[str, Any], Field(max_length=200)] = {}
    targets: Annotated[dict[str, Any], Field(max_length=100)] = {}
    basis: Annotated[str, Field(max_length=200, pattern=Plain)] = ""


class DraftOut(Schema):
    """Proposed rules."""

    id: int
    region: str
    profile: str
    overrides: dict[str, Any]
    targets: dict[str, int]
    basis: str
    drafted_by: str
    drafted_at: datetime


class RuleChangeOut(Schema):
    """A value that would change, in words."""

    label: str
    before: str
    after: str


class RuleComparedOut(DraftOut):
    """Proposed rules with what they would change."""

    changes: list[RuleChangeOut]


class RuleIssueIn(Schema):
    """From when on; a day to come."""

    effective_from: date


class IssuedOut(Schema):
    """The rules as they are assigned to the region now."""

    region: str
    profile: str
    version: int
    effective_from: date
    overrides: dict[str, Any]
    targets: dict[str, int]
    basis: str


@router.get("/policy-drafts", response=list[DraftOut], summary="本地规则草案列表")
def drafts(request: HttpRequest) -> Any:
    """Return what is proposed and not issued."""
    actor_of(request)
    return queries.profile_drafts()


@router.post("/policy-drafts", response={201: DraftOut}, summary="起草本地规则")
def draft(request: HttpRequest, body: RuleDraftIn) -> Any:
    """Propose a region's own rules, in place of an earlier proposal."""
    return Status(201, actions.draft_profile(**body.dict(), by=actor_of(request), at=clock.now()))


@router.get("/policy-drafts/{pk}", response=RuleComparedOut, summary="本地规则草案与现行规则的差异")
def compare(request: HttpRequest, pk: Id) -> Any:
    """Return a proposal with what it would change."""
    actor_of(request)
    row, changes = queries.profile_draft(pk, clock.now())
    told = {name: getattr(row, name) for name in DraftOut.model_fields}
    return told | {"changes": [{"label": c.label, "before": c.old, "after": c.new} for c in changes]}


@router.post("/policy-drafts/{pk}/issue", response={201: IssuedOut}, summary="发布本地规则")
def issue(request: HttpRequest, pk: Id, body: RuleIssueIn) -> Any:
    """Issue proposed rules."""
    made = actions.issue_profile(pk, effective_from=body.effective_from, by=actor_of(request), at=clock.now())
    return Status(201, made)


@router.post("/policy-drafts/{pk}/discard", response={204: None}, summary="删除本地规则草案")
def discard(request: HttpRequest, pk: Id) -> Any:
    """Drop proposed rules."""
    actions.discard_profile(pk, by=actor_of(request), at=clock.now())
    return Status(204, None)
