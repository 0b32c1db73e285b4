"""Management endpoints of catalogues of grades."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.faces import actor_of
from jutong.slices.standards import actions, queries
from jutong.slices.standards.api.policies import Plain, Region
from jutong.slices.standards.api.specifications import Id, PublicationIn
from jutong.wire.levels import Grade

router = Router()
Code = Annotated[str, Field(max_length=24, pattern=r"^[a-z0-9_-]*$")]
Codes = Annotated[list[Code], Field(max_length=10)]


class GradeIn(Schema):
    """A level and what follows from it; an empty list allows everything."""

    code: Code
    meaning: Annotated[str, Field(max_length=200, pattern=Plain)] = ""
    share_types: Codes = []
    open_types: Codes = []
    mode_classes: Codes = []
    modes: Codes = []
    masked: bool = False
    head_review: bool = False
    review_months: Annotated[int, Field(ge=0, le=120)] = 0


class GradesIn(Schema):
    """A catalogue of grades to draft."""

    region: Annotated[str, Field(max_length=12, pattern="^[0-9]+$")]
    title: Annotated[str, Field(max_length=100, pattern=Plain)]
    basis: Annotated[str, Field(max_length=200, pattern=Plain)] = ""
    grades: Annotated[list[GradeIn], Field(max_length=20)]


class GradesOut(Schema):
    """A catalogue of grades."""

    reference: str
    title: str
    basis: str
    region: str
    effective_from: date | None
    grades: list[GradeIn]


class GradesRowOut(Schema):
    """A version in the list; id is empty for the shipped one."""

    id: int | None
    reference: str
    region: str
    title: str
    state: str
    effective_from: date | None


@router.get("/grades", response=list[GradesRowOut], summary="数据分级目录列表")
def listed(request: HttpRequest, region: Region = "") -> Any:
    """Return the versions of a region (the caller's own by default) and of the levels above it."""
    return list(queries.grades_page(region or actor_of(request).region, clock.now()).rows)


@router.get("/grades/in-force", response=GradesOut, summary="现行数据分级目录")
def in_force(request: HttpRequest, region: Region = "", day: Annotated[date | None, Query()] = None) -> Any:
    """Return what holds in a region (the caller's own by default) on a day (today)."""
    actor = actor_of(request)
    found = queries.grades_for(region or actor.region, day or beijing_day(clock.now()))
    return msgspec.structs.asdict(found) | {"grades": [msgspec.structs.asdict(one) for one in found.grades]}


@router.post("/grades", response={201: GradesRowOut}, summary="起草数据分级目录")
def draft(request: HttpRequest, body: GradesIn) -> Any:
    """Keep the draft of a region's next catalogue of grades."""
    given = body.dict()
    given["grades"] = [msgspec.convert(one, Grade) for one in given["grades"]]
    at = clock.now()
    made = actions.draft_grades(**given, by=actor_of(request), at=at)
    return Status(201, queries.grade_scheme(made.pk, at)[0])


@router.post("/grades/{pk}/publish", response=GradesRowOut, summary="发布数据分级目录")
def publish(request: HttpRequest, pk: Id, body: PublicationIn) -> Any:
    """Publish a draft, in force from a day on; it never asks less than the level above."""
    at = clock.now()
    made = actions.publish_grades(pk, effective_from=body.effective_from, by=actor_of(request), at=at)
    return queries.grade_scheme(made.pk, at)[0]
