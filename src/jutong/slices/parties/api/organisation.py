"""Management endpoints of organisations, people and business systems; each parses, makes one call, answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from jutong.kernel import clock
from jutong.kernel.faces import actor_of
from jutong.slices.parties import actions, queries

router = Router()

Number = Annotated[int, Query(1, ge=1, le=100_000, description="页码，从 1 起")]
Size = Annotated[int, Query(20, ge=1, le=200, description="每页条数")]
PLAIN = r"^[^\x00-\x1f\x7f]*$"
Text = Annotated[str, Query("", max_length=60, pattern=PLAIN, description="检索文字")]
Words = Annotated[str, Field(pattern=PLAIN)]
Id = Annotated[int, Field(ge=1, le=2**53)]


class Paged(Schema):
    """Where in a list the answer is."""

    number: int
    size: int
    total: int
    pages: int


class DepartmentOut(Schema):
    """A department."""

    id: int
    name: str
    short_name: str
    uscc: str
    region: str
    level: str
    parent_id: int | None
    org_type: str
    by_reference: bool
    active: bool
    confirmed: bool


class Departments(Schema):
    """One page of departments."""

    items: list[DepartmentOut]
    page: Paged


class GapOut(Schema):
    """Something a department still has to register."""

    code: str
    sentence: str
    source: str


class PersonOut(Schema):
    """A person whom a department has reported."""

    id: int
    name: str
    title: str
    phone: str
    email: str
    department_id: int
    department_name: str
    state: str
    state_label: str
    roles: list[str]


class People(Schema):
    """One page of people."""

    items: list[PersonOut]
    page: Paged


class PersonIn(Schema):
    """What a department reports of a person."""

    department_id: Id
    name: Words = Field(max_length=60)
    title: Words = Field("", max_length=60)
    phone: Words = Field("", max_length=20)
    email: Words = Field("", max_length=120)


class SystemOut(Schema):
    """A registered business system."""

    id: int
    name: str
    purpose: str
    department_id: int
    department_name: str
    zone: str
    addresses: list[str]
    active: bool
    state: str
    state_label: str
    network: str
    signing: str
    cross_department: bool
    transport: str
    protection: str
    connected_on: date | None
    operating_since: date | None
    key_id: str
    key_made_at: datetime


class Systems(Schema):
    """One page of business systems."""

    items: list[SystemOut]
    page: Paged


class SystemIn(Schema):
    """A business system to register."""

    department_id: Id
    name: Words = Field(max_length=80)
    purpose: Words = Field("", max_length=200)
    zone: Words = Field("outer", max_length=8)
    addresses: list[Annotated[str, Field(max_length=50)]] = Field([], max_length=20)
    network: Words = Field("", max_length=10)
    network_exception: Words = Field("", max_length=300)
    hosting: Words = Field("", max_length=100)
    cross_department: bool = True
    signing: Words = Field("own", max_length=12)


class KeyOut(Schema):
    """A call key, shown once."""

    system_id: int
    key_id: str
    secret: str


class PostOut(Schema):
    """A post held; acting_for is the absent person's account."""

    role: str
    department_id: int | None
    acting_for: int | None
    acting_for_name: str


class Me(Schema):
    """Who calls."""

    account_id: int
    name: str
    department_id: int | None
    department_name: str
    region: str
    posts: list[PostOut]


def _paged(meta: Any) -> dict[str, int]:
    return {"number": meta.number, "size": meta.size, "total": meta.total, "pages": meta.pages}


@router.get("/me", response=Me, summary="当前账号")
def me(request: HttpRequest) -> Any:
    """Return who calls and with which posts."""
    return actor_of(request)


@router.get("/departments", response=Departments, summary="机构列表")
def departments(
    request: HttpRequest,
    q: Text = "",
    region: Annotated[str, Query("", max_length=12, pattern="^[0-9]*$", description="行政区划代码，含下级")] = "",
    page: Number = 1,
    size: Size = 20,
) -> Any:
    """Return one page of departments."""
    actor_of(request)
    rows, meta = queries.departments_page(text=q, region=region, number=page, size=size)
    return {"items": rows, "page": _paged(meta)}


@router.get("/departments/{department_id}", response=DepartmentOut, summary="机构")
def department(request: HttpRequest, department_id: Id) -> Any:
    """Return a department."""
    actor_of(request)
    return queries.department(department_id)


@router.get("/departments/{department_id}/gaps", response=list[GapOut], summary="机构登记缺项")
def department_gaps(request: HttpRequest, department_id: Id) -> Any:
    """Return what a department still has to register."""
    actor_of(request)
    return queries.gaps(department_id, clock.now())


@router.get("/people", response=People, summary="人员列表")
def people(
    request: HttpRequest, q: Text = "", department_id: Id | None = None, page: Number = 1, size: Size = 20
) -> Any:
    """Return one page of the people the caller may see."""
    rows, meta = queries.people_page(actor_of(request), text=q, department_id=department_id, number=page, size=size)
    return {"items": rows, "page": _paged(meta)}


@router.get("/people/{person_id}", response=PersonOut, summary="人员")
def person(request: HttpRequest, person_id: Id) -> Any:
    """Return a person."""
    return queries.person(person_id, actor_of(request))


@router.post("/people", response={201: PersonOut}, summary="报送人员")
def report(request: HttpRequest, body: PersonIn) -> Any:
    """Report a person to the platform's operator."""
    actor = actor_of(request)
    made = actions.report(**body.dict(), by=actor, at=clock.now())
    return Status(201, queries.person(made.pk, actor))


@router.get("/systems", response=Systems, summary="业务系统列表")
def systems(
    request: HttpRequest, q: Text = "", department_id: Id | None = None, page: Number = 1, size: Size = 20
) -> Any:
    """Return one page of the business systems the caller may see."""
    rows, meta = queries.systems_page(actor_of(request), text=q, department_id=department_id, number=page, size=size)
    return {"items": rows, "page": _paged(meta)}


@router.get("/systems/{system_id}", response=SystemOut, summary="业务系统")
def system(request: HttpRequest, system_id: Id) -> Any:
    """Return a business system."""
    return queries.system(system_id, actor_of(request))


@router.post("/systems", response={201: KeyOut}, summary="登记业务系统")
def register(request: HttpRequest, body: SystemIn) -> Any:
    """Register a business system; its call key is in the answer and nowhere else."""
    return Status(201, actions.register_system(**body.dict(), by=actor_of(request), at=clock.now()))


@router.post("/systems/{system_id}/key", response=KeyOut, summary="更换调用密钥")
def rotate(request: HttpRequest, system_id: Id) -> Any:
    """Give a business system a new call key; the old one stops within seconds."""
    return actions.rotate_key(system_id, by=actor_of(request), at=clock.now())


@router.post("/systems/{system_id}/disable", response={204: None}, summary="停用业务系统")
def disable(request: HttpRequest, system_id: Id) -> Any:
    """Switch a business system off."""
    actions.disable_system(system_id, by=actor_of(request), at=clock.now())
    return Status(204, None)
