"""Management endpoints of systems' access (W21): the life of a system, the registers, trainings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from jutong.kernel import clock
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.kernel.faces import actor_of, signed
from jutong.kernel.terms import N_
from jutong.slices.parties import actions, queries

router = Router()

PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Id = Annotated[int, Field(ge=1, le=2**53)]
Line = Annotated[str, Field(max_length=200, pattern=PLAIN)]
Words = Annotated[str, Field(max_length=4000, pattern=PLAIN)]
Code = Annotated[str, Field(max_length=20, pattern=PLAIN)]
Number = Annotated[int, Query(1, ge=1, le=100_000)]
Name = Literal["legacy", "networks", "support", "direct", "incidents"]


class StepOut(Schema):
    """A milestone or task."""

    id: int
    title: str
    due_on: date
    done_on: date | None
    late: bool


class AccessOut(Schema):
    """A case in a register."""

    id: int
    title: str
    department_id: int
    department_name: str
    other: str
    state: str
    state_label: str
    opened_at: datetime
    late: bool
    unplanned: bool


class AccessPage(Schema):
    """A page of a register."""

    total: int
    pages: int
    rows: list[AccessOut]


class AccessCaseOut(Schema):
    """A case with everything said about it."""

    row: AccessOut
    text: str
    account_name: str
    facts: list[tuple[str, str]]
    steps: list[StepOut]


class OpeningIn(Schema):
    """What a new case says; which fields a register knows stands in the manual."""

    department_id: Id
    title: Line
    text: Words = ""
    counterpart_id: Id | None = None
    receiver_id: Id | None = None
    kind: Code | None = None
    existing: bool | None = None


class AccessMoveIn(Schema):
    """What a move asks for."""

    title: Line | None = None
    text: Words | None = None
    due_on: date | None = None
    step_id: Id | None = None
    side: Code | None = None


class SystemMoveIn(Schema):
    """What a move of a business system asks for."""

    record: Line | None = None
    transport: Code | None = None
    protection: Line | None = None


class TrainingIn(Schema):
    """A training. people: number of participants by department id."""

    title: Line
    kind: Code
    held_on: date
    people: dict[int, Annotated[int, Field(ge=1, le=10_000)]] = Field(max_length=2000)


class Made(Schema):
    """The id of what was made."""

    id: int


Call = tuple[Callable[..., Any], tuple[str, ...]]
OPENINGS: Final[dict[str, Call]] = {
    "legacy": (actions.list_legacy, ("department_id", "title")),
    "networks": (actions.list_network, ("department_id", "title")),
    "support": (actions.ask_support, ("department_id", "title", "kind")),
    "direct": (actions.report_direct, ("department_id", "title", "text", "receiver_id")),
    "incidents": (actions.open_incident, ("department_id", "title", "text")),
}
EXTRA: Final = {"legacy": ("text", "counterpart_id"), "networks": ("text", "existing"), "support": ("text",)}
STEP, WORDS = ("title", "due_on"), ("text",)
MOVES: Final[dict[tuple[str, str], Call]] = {
    ("legacy", "plan"): (actions.plan_legacy, STEP),
    ("legacy", "reach"): (actions.reach_legacy, ("step_id",)),
    ("legacy", "start"): (actions.start_legacy, ()),
    ("legacy", "finish"): (actions.finish_legacy, ()),
    ("networks", "except"): (actions.except_network, WORDS),
    ("networks", "plan"): (actions.plan_network, STEP),
    ("networks", "reach"): (actions.reach_network, ("step_id",)),
    ("networks", "start"): (actions.start_network, ()),
    ("networks", "finish"): (actions.finish_network, ()),
    ("support", "answer"): (actions.answer_support, WORDS),
    ("support", "reask"): (actions.reask_support, WORDS),
    ("support", "close"): (actions.close_support, ()),
    ("direct", "confirm"): (actions.confirm_direct, WORDS),
    ("direct", "dismiss"): (actions.dismiss_direct, WORDS),
    ("incidents", "classify"): (actions.classify_incident, ("side",)),
    ("incidents", "plan"): (actions.plan_incident, STEP),
    ("incidents", "reach"): (actions.reach_incident, ("step_id",)),
    ("incidents", "close"): (actions.close_incident, WORDS),
}
SYSTEM_MOVES: Final[dict[str, Call]] = {
    "test": (actions.note_test, ("record",)),
    "connect": (actions.connect_system, ("transport", "protection", "record")),
    "operate": (actions.operate_system, ()),
    "retire": (actions.retire_system, ()),
}


def _given(body: Schema, needed: tuple[str, ...], more: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what a call takes of a body; RuleBroken for a field that is needed and missing, or that it does not know."""
    said = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    for name in needed:
        if name not in said:
            raise RuleBroken(N_("请填写“%(name)s”。"), field=name, name=name)
    for name in said:
        if name not in (*needed, *more):
            raise RuleBroken(N_("该操作没有“%(name)s”这一项，请删去。"), field=name, name=name)
    return said


def _known(call: Call | None) -> Call:
    if call is None:
        raise NotThere(_("没有这项操作，请对照接口说明。"))
    return call


@router.get("/trainings", response=list[dict[str, Any]], summary="培训记录")
def trainings(request: HttpRequest, page: Number = 1) -> Any:
    """Return a page of trainings with their participants by department."""
    rows, _meta = queries.trainings(actor_of(request), number=page)
    return [
        {"id": r.id, "title": r.title, "kind": r.kind_label, "held_on": r.held_on, "people": dict(r.people)}
        for r in rows
    ]


@router.post("/trainings", response={201: Made}, summary="登记培训")
def record_training(request: HttpRequest, body: TrainingIn) -> Any:
    """Record a training of the support group."""
    made = actions.record_training(**body.dict(), by=actor_of(request), at=clock.now())
    return Status(201, {"id": made.pk})


@router.get("/migration-report", response=list[AccessOut], summary="迁移报告")
def migration_report(request: HttpRequest) -> Any:
    """Return the legacy exchange systems that are late or unplanned (R-EXC-013)."""
    return queries.migration_report(actor_of(request), clock.now())


@router.post("/systems/{system_id}/{verb}", response={204: None}, summary="业务系统接入办理")
def move_system(request: HttpRequest, system_id: Id, verb: str, body: SystemMoveIn) -> Any:
    """Record a test, connect, put into operation or retire a business system."""
    call, needed = _known(SYSTEM_MOVES.get(verb))
    call(system_id, **_given(body, needed), by=signed(request), at=clock.now())
    return Status(204, None)


@router.get("/{book}", response=AccessPage, summary="接入登记簿")
def listed(request: HttpRequest, book: Name, q: Annotated[str, Query("", max_length=60)] = "", page: Number = 1) -> Any:
    """Return a page of a register."""
    rows, meta = queries.access_page(book, actor_of(request), clock.now(), text=q, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/{book}", response={201: AccessCaseOut}, summary="登记接入事项")
def opened(request: HttpRequest, book: Name, body: OpeningIn) -> Any:
    """Open a case of a register."""
    call, needed = OPENINGS[book]
    actor = actor_of(request)
    made = call(**_given(body, needed, EXTRA.get(book, ())), by=actor, at=clock.now())
    return Status(201, queries.access_case(book, made.pk, actor, clock.now()))


@router.get("/{book}/{case_id}", response=AccessCaseOut, summary="接入事项")
def shown(request: HttpRequest, book: Name, case_id: Id) -> Any:
    """Return a case with its steps."""
    return queries.access_case(book, case_id, actor_of(request), clock.now())


@router.post("/{book}/{case_id}/{verb}", response=AccessCaseOut, summary="办理接入事项")
def moved(request: HttpRequest, book: Name, case_id: Id, verb: str, body: AccessMoveIn) -> Any:
    """Make a move of a case."""
    call, needed = _known(MOVES.get((book, verb)))
    call(case_id, **_given(body, needed), by=signed(request), at=clock.now())
    return queries.access_case(book, case_id, actor_of(request), clock.now())
