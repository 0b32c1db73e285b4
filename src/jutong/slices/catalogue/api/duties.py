"""Endpoints of the duty list, of collections checked against it, of referrals and of changes of published entries."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.api.deciding import Id, Number, Words
from jutong.slices.catalogue.api.sources import Names, PageNumber, Size, SourceOpinionIn, SourceReasonIn, Text, paged

router = Router()

Document = Annotated[str, StringConstraints(max_length=100)]
Short = Annotated[str, StringConstraints(max_length=300)]


class RegionIn(Schema):
    """A region."""

    region: Annotated[str, StringConstraints(max_length=12)]


class DutyListOut(Schema):
    """A duty list; conflicts: items that lie with several departments."""

    id: int
    region: str
    number: int
    state: str
    catalogue_version: int
    lines: int
    conflicts: int
    document: str
    effective_on: date | None


class DutyListsOut(Schema):
    """A page of duty lists."""

    total: int
    pages: int
    rows: list[DutyListOut]


class DutyOut(Schema):
    """A line: who collects an item, how, how often, for which entry; fulfilment: open, fulfilled or late."""

    name: str
    department_id: int
    department: str
    entry_id: int
    title: str
    code: str
    how: str
    fulfilment: str
    due_on: date | None
    rivals: list[str]


class DutiesOut(Schema):
    """A page of lines."""

    total: int
    pages: int
    rows: list[DutyOut]


class DutyFigureOut(Schema):
    """One department's lines by fulfilment."""

    department_id: int
    department: str
    lines: int
    fulfilled: int
    late: int
    open: int


class IssueIn(Schema):
    """By which decision a list is issued, and from when on it holds."""

    document: Document
    effective_on: date | None = None


class CollectionIn(Schema):
    """What a department is going to collect."""

    department_id: Number
    items: Names
    purpose: Words
    basis: Short


class CollectionOut(Schema):
    """A registered collection."""

    id: int


class ReferralIn(Schema):
    """What is unclear (share_type, security_level), and why."""

    asked: Annotated[list[Annotated[str, StringConstraints(max_length=24)]], Field(max_length=2)]
    reason: Words


class ReferralOut(Schema):
    """A referral and its decision."""

    id: int
    entry_id: int
    title: str
    state: str
    document: str
    at: datetime
    decided_on: date | None


class ReferralsOut(Schema):
    """A page of referrals."""

    total: int
    pages: int
    rows: list[ReferralOut]


class ConsultIn(Schema):
    """Which departments are asked."""

    departments: Annotated[list[Number], Field(min_length=1, max_length=300)]


class DecideIn(Schema):
    """Type and grade as decided."""

    document: Document
    share_type: Annotated[str, StringConstraints(max_length=16)] = ""
    security_level: Annotated[str, StringConstraints(max_length=16)] = ""
    grounds: Words = ""


class RevisionOut(Schema):
    """A change of a published entry, from one version to another; done_at: in force since."""

    id: int
    entry_id: int
    title: str
    code: str
    number: int
    reason: str
    state: str
    old: int
    new: int
    begun_at: datetime
    done_at: datetime | None


class RevisionsOut(Schema):
    """A page of changes."""

    total: int
    pages: int
    rows: list[RevisionOut]


@router.get("/duties", response=DutyListsOut, summary="采集责任清单")
def lists(request: HttpRequest, page: PageNumber = 1, size: Size = 20) -> dict[str, Any]:
    """List the duty lists."""
    return paged(*queries.duty_lists(faces.actor_of(request), number=page, size=size))


@router.post("/duties", response={201: DutyListOut}, summary="分解责任清单")
def derive(request: HttpRequest, body: RegionIn) -> Status[Any]:
    """Derive the duty list of a region as its authority."""
    actor, at = faces.signed(request), clock.now()
    made = actions.derive_duties(by=actor, at=at, region=body.region)
    return Status(201, queries.duty_list(made.pk, actor=actor, at=at).row)


@router.get("/duties/{list_id}", response=DutyListOut, summary="采集责任清单详情")
def duty_list(request: HttpRequest, list_id: Id) -> Any:
    """Return one duty list."""
    return queries.duty_list(list_id, actor=faces.actor_of(request), at=clock.now()).row


@router.get("/duties/{list_id}/figures", response=list[DutyFigureOut], summary="责任清单落实情况")
def figures(request: HttpRequest, list_id: Id) -> Any:
    """Count per department the lines fulfilled, late and open (R-OVR-019)."""
    return queries.duty_list(list_id, actor=faces.actor_of(request), at=clock.now()).figures


@router.get("/duties/{list_id}/lines", response=DutiesOut, summary="责任清单明细")
def lines(
    request: HttpRequest,
    list_id: Id,
    department: Annotated[int, Query(ge=0, le=2**53)] = 0,
    text: Text = "",
    conflicts: bool = False,
    page: PageNumber = 1,
    size: Size = 50,
) -> dict[str, Any]:
    """List the lines of a duty list."""
    actor, at = faces.actor_of(request), clock.now()
    found = queries.duties(
        list_id, actor=actor, at=at, department=department, text=text, conflicts=conflicts, number=page, size=size
    )
    return paged(*found)


@router.post("/duties/{list_id}/rederive", response={204: None}, summary="重新分解")
def rederive(request: HttpRequest, list_id: Id) -> Status[None]:
    """Derive a list that was not issued yet anew."""
    actions.rederive(list_id, by=faces.signed(request), at=clock.now())
    return Status(204, None)


@router.post("/duties/{list_id}/issue", response={204: None}, summary="印发责任清单")
def issue(request: HttpRequest, list_id: Id, body: IssueIn) -> Status[None]:
    """Issue a duty list."""
    actions.issue_duties(list_id, by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(204, None)


@router.post("/collections", response={201: CollectionOut}, summary="登记采集")
def collect(request: HttpRequest, body: CollectionIn) -> Status[dict[str, int]]:
    """Register a collection; Conflict names the source of items that are another department's (R-CEN-005)."""
    made = actions.register_collection(by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(201, {"id": made.pk})


@router.get("/referrals", response=ReferralsOut, summary="属性定级提请")
def referrals(
    request: HttpRequest,
    state: Annotated[str, Query(max_length=24)] = "",
    text: Text = "",
    page: PageNumber = 1,
    size: Size = 20,
) -> dict[str, Any]:
    """List the referrals that concern the caller."""
    return paged(*queries.referrals(faces.actor_of(request), state=state, text=text, number=page, size=size))


@router.post("/{entry_id}/refer", response={201: ReferralOut}, summary="提请确定属性定级")
def refer(request: HttpRequest, entry_id: Id, body: ReferralIn) -> Status[Any]:
    """Refer an entry's type or grade to the city authority, where the profile offers it (R-CAT-040)."""
    actor = faces.signed(request)
    made = actions.refer_attribute(by=actor, at=clock.now(), entry_id=entry_id, **body.dict())
    return Status(201, queries.referral(made.pk, actor=actor).row)


@router.get("/referrals/{referral_id}", response=ReferralOut, summary="属性定级提请详情")
def referral(request: HttpRequest, referral_id: Id) -> Any:
    """Return one referral."""
    return queries.referral(referral_id, actor=faces.actor_of(request)).row


@router.post("/referrals/{referral_id}/consult", response={204: None}, summary="征求有关部门意见")
def consult(request: HttpRequest, referral_id: Id, body: ConsultIn) -> Status[None]:
    """Ask departments for their opinions."""
    actions.consult(referral_id, by=faces.signed(request), at=clock.now(), departments=body.departments)
    return Status(204, None)


@router.post("/referrals/opinions/{consulted_id}", response={204: None}, summary="回复属性定级意见")
def opinion(request: HttpRequest, consulted_id: Id, body: SourceOpinionIn) -> Status[None]:
    """Give a consulted department's opinion."""
    actions.give_referral_opinion(consulted_id, by=faces.signed(request), at=clock.now(), opinion=body.opinion)
    return Status(204, None)


@router.post("/referrals/{referral_id}/decide", response={204: None}, summary="确定属性和定级")
def decide(request: HttpRequest, referral_id: Id, body: DecideIn) -> Status[None]:
    """Fix type and grade."""
    actions.decide_referral(referral_id, by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(204, None)


@router.post("/referrals/{referral_id}/take_back", response={204: None}, summary="撤回提请")
def take_back(request: HttpRequest, referral_id: Id, body: SourceReasonIn) -> Status[None]:
    """Withdraw a referral."""
    actions.take_back_referral(referral_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)


@router.get("/revisions", response=RevisionsOut, summary="目录变更")
def revisions(
    request: HttpRequest, open_only: bool = False, text: Text = "", page: PageNumber = 1, size: Size = 20
) -> dict[str, Any]:
    """List changes of published entries."""
    return paged(*queries.revisions(faces.actor_of(request), open_only=open_only, text=text, number=page, size=size))


@router.get("/revisions/{revision_id}", response=RevisionOut, summary="目录变更详情")
def revision(request: HttpRequest, revision_id: Id) -> Any:
    """Return one change."""
    return queries.revision(revision_id, actor=faces.actor_of(request)).row
