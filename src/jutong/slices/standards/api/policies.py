"""Management endpoints of calendar and policy."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema, Status

from jutong.kernel import clock
from jutong.kernel.faces import actor_of
from jutong.slices.standards import actions, queries

router = Router()

Name = Annotated[str, Path(max_length=64, pattern="^[a-z0-9-]+$")]
Region = Annotated[str, Query(max_length=12, pattern="^[0-9]*$", description="行政区划代码")]
Plain = r"^[^\x00-\x1f\x7f]*$"


class SpecialDay(Schema):
    """A day that breaks the weekly rhythm."""

    day: date
    works: bool
    name: str


class YearOut(Schema):
    """A year of the calendar."""

    year: int
    announced: bool
    workdays: int
    days: list[SpecialDay]


class CalendarRow(Schema):
    """A day off (休) or a make-up workday (班)."""

    day: date
    kind: Annotated[str, Field(max_length=4, pattern="^(休|班)$")]
    name: Annotated[str, Field(max_length=40, pattern=Plain)] = ""


class CalendarIn(Schema):
    """The days of later years as their notices name them."""

    days: Annotated[list[CalendarRow], Field(max_length=1000)]


class LoadedOut(Schema):
    """What an import brought."""

    years: list[int]
    days: int
    clocks: int


class ProfileOut(Schema):
    """A shipped profile."""

    name: str
    title: str
    version: int
    effective_from: date | None


class ParameterOut(Schema):
    """A parameter with value, origin and source, worded."""

    parameter: str
    kind: str
    label: str
    value: str
    origin: str
    articles: str


class InForceOut(Schema):
    """The rules in force in a region today."""

    region: str
    region_name: str
    reference: str
    title: str
    rows: list[ParameterOut]


class AssignmentIn(Schema):
    """A profile for a region; `confirm` must be true."""

    region: Annotated[str, Field(max_length=12, pattern="^[0-9]{6,12}$")]
    profile: Annotated[str, Field(max_length=64, pattern="^[a-z0-9-]+$")]
    effective_from: date
    overrides: Annotated[dict[str, Any], Field(max_length=100)] = {}
    confirm: bool = False


class AssignmentOut(Schema):
    """A profile assigned to a region."""

    region: str
    profile: str
    version: int
    effective_from: date
    assigned_at: datetime


@router.get("/calendar/{year}", response=YearOut, summary="某年工作日历")
def calendar(request: HttpRequest, year: Annotated[int, Path(ge=1900, le=2200)]) -> Any:
    """Return the days of a year that break the weekly rhythm."""
    actor_of(request)
    seen = queries.calendar_year(year, clock.now())
    marked = [day for month in seen.months for week in month.weeks for day in week if day.mark]
    return {"year": seen.year, "announced": seen.announced, "workdays": seen.workdays, "days": marked}


@router.post("/calendar", response=LoadedOut, summary="导入工作日历")
def load_calendar(request: HttpRequest, body: CalendarIn) -> Any:
    """Load later years of the calendar; all or nothing."""
    rows = [(row.day, row.kind, row.name) for row in body.days]
    return actions.load_calendar(rows, by=actor_of(request), at=clock.now())


@router.get("/profiles", response=list[ProfileOut], summary="政策规则列表")
def profiles(request: HttpRequest) -> Any:
    """Return the shipped profiles."""
    actor_of(request)
    return queries.profiles()


@router.get("/profiles/{name}", response=list[ParameterOut], summary="政策规则")
def profile(request: HttpRequest, name: Name, effective: bool = True, day: date | None = None) -> Any:
    """Return a profile's parameters, in force on a day (today) or as the text has them."""
    actor_of(request)
    return queries.profile_table(name, effective=effective, day=day or clock.beijing_day(clock.now()))


@router.get("/policy", response=InForceOut, summary="区划现行规则")
def in_force(request: HttpRequest, region: Region = "") -> Any:
    """Return the rules in force in a region (the caller's own by default)."""
    actor = actor_of(request)
    return queries.policy_in_force(region or actor.region, clock.now())


@router.get("/assignments", response=list[AssignmentOut], summary="区划规则的历次确定")
def assignments(request: HttpRequest) -> Any:
    """Return which profile was assigned to which region since when."""
    actor_of(request)
    return queries.assignments(clock.now())


@router.post("/assignments", response={201: AssignmentOut}, summary="确定区划的政策规则")
def assign(request: HttpRequest, body: AssignmentIn) -> Any:
    """Say which profile holds in a region from a day on."""
    return Status(201, actions.assign_profile(**body.dict(), by=actor_of(request), at=clock.now()))
