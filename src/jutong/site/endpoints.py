"""Endpoints that join slices: what waits for the caller, what is overdue, notices."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from jutong.kernel import agenda, clock, faces, inbox
from jutong.kernel.faces.sets import MovedOut
from jutong.kernel.workflow import Moved
from jutong.site.pages import due

router = Router()


class LimitOut(Schema):
    """A limit: day, working days left (negative: overdue), words and source."""

    label: str
    due_day: date
    left: int
    text: str
    provisional: bool
    explanation: str
    target: bool = False


class WaitingOut(Schema):
    """A case that waits for the caller."""

    workflow: str
    kind: str
    id: int
    title: str
    who: str
    state: str
    state_label: str
    verbs: list[str]
    url: str
    clock: LimitOut | None


class OverdueOut(Schema):
    """A limit that is past."""

    kind: str
    title: str
    url: str
    clock: LimitOut


class DueOut(Schema):
    """A limit on its day."""

    kind: str
    workflow: str
    id: int
    number: str
    title: str
    url: str
    clock: LimitOut


class DayOut(Schema):
    """A day of the calendar: worked or not, exchanged (a weekend day that is worked), its name, what falls due."""

    day: date
    workday: bool
    exchanged: bool
    name: str
    announced: bool
    count: int
    due: list[DueOut]


class ConsentMoveOut(Schema):
    """A move that can be made."""

    verb: str
    label: str


class GistOut(Schema):
    """A case that awaits the caller's consent, in a few words. like: (id, name) of cases that say the same.

    agree: null where the decision is made on the case's own page, by `opens`. says: agreeing needs a remark. read: to be
    handed back with the move: what the caller read.
    """

    workflow: str
    kind: str
    id: int
    title: str
    facts: list[tuple[str, str]]
    url: str
    clock: LimitOut | None
    agree: ConsentMoveOut | None
    back: ConsentMoveOut | None
    like: list[tuple[int, str]]
    says: bool
    read: str
    opens: ConsentMoveOut | None


class TogetherIn(Schema):
    """The cases to move, the remark that goes with each, and what was read of the one where the move takes that over."""

    ids: Annotated[list[Annotated[int, Field(ge=1, le=2**53)]], Field(min_length=1, max_length=100)]
    remark: Annotated[str, Field(max_length=1000)] = ""
    read: Annotated[str, Field(max_length=200)] = ""


class NoticeOut(Schema):
    """A notice to the caller."""

    id: int
    title: str
    text: str
    link: str
    at: datetime
    read: bool


class KindOut(Schema):
    """How many cases of a kind wait; `more` names the counts that ended at `counted_to` and are at least so many."""

    workflow: str
    label: str
    total: int
    late: int
    today: int
    soon: int
    more: list[str]


class ToDoOut(Schema):
    """What waits, most urgent first, and how much of each kind there is.

    Each kind is counted up to `counted_to`; `more` names the counts that are at least so many. The Excel list is complete.
    """

    total: int
    today: int
    late: int
    soon: int
    more: list[str]
    counted_to: int
    capped: bool
    kinds: list[KindOut]
    rows: list[WaitingOut]


@router.get("/todo", response=ToDoOut, summary="待办")
def todo(request: HttpRequest, limit: Annotated[int, Query(50, ge=1, le=agenda.MOST)]) -> agenda.ToDo:
    """Return what waits for the caller, the most urgent `limit` cases."""
    return agenda.todo(faces.actor_of(request), clock.now(), limit=limit)


@router.get("/overdue", response=list[OverdueOut], summary="超期")
def overdue(request: HttpRequest) -> list[agenda.DueCase]:
    """Return limits of the caller's departments that are past."""
    return list(agenda.overdue(faces.actor_of(request), clock.now()).rows)


@router.get("/notices", response=list[NoticeOut], summary="消息")
def notices(request: HttpRequest) -> list[Any]:
    """Return the newest notices of the caller."""
    return inbox.notices(faces.actor_of(request))


@router.get("/calendar", response=list[DayOut], summary="期限日历")
def calendar(request: HttpRequest, month: Annotated[str, Query("", max_length=10)]) -> list[agenda.Day]:
    """Return the days of a month (2026-03; by default the present one) with the limits of the caller's departments."""
    actor, now = faces.actor_of(request), clock.now()
    first = due.first_day(month, clock.beijing_day(now))
    return [day for week in agenda.month(actor, first.year, first.month, now) for day in week if day.in_month]


@router.get("/awaiting", response=list[GistOut], summary="待我同意")
def awaiting(request: HttpRequest) -> list[agenda.Gist]:
    """Return what awaits the caller's consent, most urgent first."""
    return agenda.awaiting(faces.actor_of(request), clock.now())


@router.post("/todo/{workflow}/{verb}", response=MovedOut, summary="批量办理")
def move(request: HttpRequest, workflow: str, verb: str, body: TogetherIn) -> Moved:
    """Make one move on several cases, each by its own act; refusals are told case by case, and refused where none moved."""
    return agenda.decide(
        workflow, verb, body.ids, by=faces.signed(request), at=clock.now(), remark=body.remark.strip(), read=body.read
    )
