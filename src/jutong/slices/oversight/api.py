"""The management API of this slice: the state of sharing, and the records behind its figures."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from jutong.kernel import clock, faces
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.oversight import queries

router = Router()

PageNumber = Annotated[int, Query(ge=1, le=100_000)]
Word = Annotated[str, Query(max_length=32, pattern=r"^[a-z_]*$")]


class InTimeOut(Schema):
    """How the cases of a kind stand, by all their limits or by one. in_time, overdue: now or when they ended."""

    workflow: str
    kind: str
    limit: str
    limit_label: str
    total: int
    in_time: int
    overdue: int
    open: int


class TypeFigureOut(Schema):
    """Published entries of a sharing type."""

    share_type: str
    label: str
    entries: int


class VolumeOut(Schema):
    """What was provided by, or used in, the area. side: provided or used."""

    side: str
    label: str
    grants: int
    calls: int
    called_rows: int
    deliveries: int
    delivered_rows: int


class StateOut(Schema):
    """The state of sharing over a period."""

    first: date
    last: date
    types: list[TypeFigureOut]
    cases: list[InTimeOut]
    volumes: list[VolumeOut]


class StandingLimitOut(Schema):
    """A limit of a case."""

    name: str
    label: str
    state: str
    due_day: date
    text: str


class StandingCaseOut(Schema):
    """A case behind a figure."""

    workflow: str
    id: int
    number: str
    title: str
    who: str
    state: str
    state_label: str
    started_on: date
    url: str
    overdue: bool
    clocks: list[StandingLimitOut]


class StandingCasesOut(Schema):
    """A page of cases."""

    total: int
    pages: int
    rows: list[StandingCaseOut]


class CountedEntryOut(Schema):
    """A published entry behind a figure."""

    id: int
    code: str
    title: str
    provider_id: int
    provider_name: str
    share_type: str


class CountedEntriesOut(Schema):
    """A page of entries."""

    total: int
    pages: int
    rows: list[CountedEntryOut]


class MovedGrantOut(Schema):
    """A grant behind a volume."""

    grant_id: int
    reference: str
    title: str
    provider: str
    consumer: str
    calls: int
    called_rows: int
    deliveries: int
    delivered_rows: int


class MovedGrantsOut(Schema):
    """A page of grants."""

    total: int
    pages: int
    rows: list[MovedGrantOut]


def _check(first: date, last: date) -> None:
    if last < first:
        raise RuleBroken(N_("截止日期不得早于起始日期，请修改。"), field="last")


def _page(found: tuple[list[Any], Any]) -> dict[str, Any]:
    rows, meta = found
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/state", response=StateOut, summary="共享态势")
def state(request: HttpRequest, first: date, last: date) -> queries.State:
    """Return the state of sharing in the caller's area from first to last (Beijing days)."""
    _check(first, last)
    return queries.state(faces.actor_of(request), first, last, at=clock.now())


@router.get("/cases/{workflow}", response=StandingCasesOut, summary="态势数字背后的事项")
def cases(
    request: HttpRequest,
    workflow: Annotated[str, Path(max_length=64)],
    first: date,
    last: date,
    limit: Word = "",
    how: Word = "",
    page: PageNumber = 1,
) -> dict[str, Any]:
    """Return the cases behind a figure; limit: one of its limits; how: in_time, overdue, open, or all."""
    _check(first, last)
    actor = faces.actor_of(request)
    return _page(queries.cases(actor, workflow, first, last, at=clock.now(), limit=limit, how=how, number=page))


@router.get("/entries", response=CountedEntriesOut, summary="态势数字背后的目录")
def entries(request: HttpRequest, share_type: Word = "", page: PageNumber = 1) -> dict[str, Any]:
    """Return the published entries of the caller's area, of a sharing type or of all."""
    return _page(queries.entries(faces.actor_of(request), share_type, number=page))


@router.get("/grants", response=MovedGrantsOut, summary="提供与使用量背后的授权")
def grants(
    request: HttpRequest, first: date, last: date, side: Word = "provided", page: PageNumber = 1
) -> dict[str, Any]:
    """Return the grants behind a volume; side: provided or used."""
    _check(first, last)
    return _page(queries.moved_grants(faces.actor_of(request), side, first, last, number=page))
