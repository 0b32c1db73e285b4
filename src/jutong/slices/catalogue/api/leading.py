"""Endpoints of who answers for what: lead departments of libraries and themes, catalogue offices and what they submit."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.api.deciding import Id, Number, OwnsOut
from jutong.slices.catalogue.api.sources import PageNumber, Size, SourceReasonIn, Text, paged

router = Router()

Region = Annotated[str, StringConstraints(max_length=12)]
Category = Annotated[str, StringConstraints(max_length=60)]
Document = Annotated[str, StringConstraints(max_length=100)]
InRegion = Annotated[str, Query(max_length=12)]


class LeadOut(Schema):
    """A base library or theme with its lead department; id 0 while none is named. until: set for one that ended."""

    id: int
    region: str
    resource_class: str
    category: str
    label: str
    department_id: int
    department: str
    document: str
    since: date | None
    until: date | None
    ended_for: str
    entries: int


class LeadsOut(Schema):
    """The leads of a region and those before; demanded: nothing is compiled without one."""

    region: str
    demanded: bool
    rows: list[LeadOut]
    former: list[LeadOut]


class LeadsIn(Schema):
    """Which department leads which libraries or themes of one class."""

    authority_id: Number
    region: Region
    resource_class: Annotated[str, StringConstraints(max_length=12)]
    categories: Annotated[list[Category], Field(min_length=1, max_length=100)]
    department_id: Number
    document: Document


class OfficeOut(Schema):
    """A catalogue office; department empty where it serves all departments of its region."""

    id: int
    region: str
    department: str
    unit_id: int
    unit: str
    document: str
    since: date
    until: date | None
    ended_for: str


class OfficesOut(Schema):
    """A page of catalogue offices."""

    total: int
    pages: int
    rows: list[OfficeOut]


class OfficeIn(Schema):
    """Which unit is the office of a city's or county's departments, or of one provincial department."""

    region: Region = ""
    department_id: Number | None = None
    named_by_id: Number
    unit_id: Number
    document: Document


class NamedOut(Schema):
    """Ids of what was named."""

    ids: list[int]


@router.get("/leads", response=LeadsOut, summary="牵头部门")
def leads(request: HttpRequest, region: InRegion = "") -> Any:
    """Return who leads each base library and theme of a region, of the caller's own without one."""
    return queries.lead_table(faces.actor_of(request), at=clock.now(), region=region)


@router.post("/leads", response={201: NamedOut}, summary="指定牵头部门")
def name_leads(request: HttpRequest, body: LeadsIn) -> Status[dict[str, Any]]:
    """Name the lead of libraries or themes as the region's authority; earlier leads end (R-CAT-013)."""
    named = actions.name_leads(by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(201, {"ids": [lead.pk for lead in named]})


@router.post("/leads/{lead_id}/end", response={204: None}, summary="终止牵头")
def end_lead(request: HttpRequest, lead_id: Id, body: SourceReasonIn) -> Status[None]:
    """End a lead with its reason."""
    actions.end_lead(lead_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)


@router.get("/offices", response=OfficesOut, summary="目录管理部门")
def offices(
    request: HttpRequest, region: InRegion = "", ended: bool = False, page: PageNumber = 1, size: Size = 20
) -> dict[str, Any]:
    """List the designated catalogue offices."""
    return paged(*queries.offices(faces.actor_of(request), region=region, ended=ended, number=page, size=size))


@router.post("/offices", response={201: NamedOut}, summary="指定目录管理部门")
def name_office(request: HttpRequest, body: OfficeIn) -> Status[dict[str, Any]]:
    """Designate a catalogue office; Conflict while there is another (R-CAT-009)."""
    office = actions.name_office(by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(201, {"ids": [office.pk]})


@router.get("/offices/waiting", response=OwnsOut, summary="待登记提交的目录")
def waiting(request: HttpRequest, text: Text = "", page: PageNumber = 1, size: Size = 20) -> dict[str, Any]:
    """List the entries of other departments that the caller's office has to check and submit (then `POST /submit`)."""
    return paged(*queries.to_register(faces.actor_of(request), text=text, number=page, size=size))


@router.post("/offices/{office_id}/end", response={204: None}, summary="终止目录管理部门")
def end_office(request: HttpRequest, office_id: Id, body: SourceReasonIn) -> Status[None]:
    """End a designation with its reason; departments submit themselves again."""
    actions.end_office(office_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)
