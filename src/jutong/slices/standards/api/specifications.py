"""Management endpoints of compilation specifications."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema, Status

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.kernel.faces import actor_of
from jutong.slices.standards import actions, queries
from jutong.slices.standards.api.policies import Plain, Region
from jutong.wire.specification import Element, Specification

router = Router()
Id = Annotated[int, Path(ge=1, le=2**53)]
Text = Annotated[str, Field(max_length=300, pattern=Plain)]


class ValueIn(Schema):
    """One value of a list."""

    code: Annotated[str, Field(max_length=60, pattern=Plain)]
    label: Annotated[str, Field(max_length=40, pattern=Plain)]


class ElementIn(Schema):
    """One element: see the specification in force for those that must not be left out."""

    name: Annotated[str, Field(max_length=40, pattern=Plain)]
    label: Annotated[str, Field(max_length=40, pattern=Plain)]
    of: Literal["entry", "item"] = "entry"
    kind: Literal["text", "lines", "code", "codes", "date", "number", "flag", "items"] = "text"
    obligation: Literal["M", "C", "O"] = "O"
    when: Text = ""
    length: Annotated[int, Field(ge=1, le=2000)] | None = None
    values: Annotated[list[ValueIn], Field(max_length=500)] = []
    pattern: Annotated[str, Field(max_length=200, pattern=Plain)] = ""
    rule: Text = ""
    example: Text = ""
    system: bool = False


class DraftIn(Schema):
    """A specification to draft; region empty for the national one."""

    region: Annotated[str, Field(max_length=12, pattern="^[0-9]*$")] = ""
    title: Annotated[str, Field(max_length=100, pattern=Plain)]
    basis: Annotated[str, Field(max_length=200, pattern=Plain)] = ""
    serial_digits: Annotated[int, Field(ge=1, le=12)] = 6
    elements: Annotated[list[ElementIn], Field(max_length=200)]


class PublicationIn(Schema):
    """From when it is in force."""

    effective_from: date


class RowOut(Schema):
    """A version in the list; id is empty for a shipped one."""

    id: int | None
    reference: str
    region: str
    number: int
    title: str
    basis: str
    state: str
    effective_from: date | None


class SpecificationOut(Schema):
    """A specification with its elements."""

    reference: str
    title: str
    basis: str
    region: str
    effective_from: date | None
    serial_digits: int
    own: list[str]
    elements: list[ElementIn]


def _out(found: Specification) -> dict[str, Any]:
    shown = {
        name: getattr(found, name)
        for name in ("reference", "title", "basis", "region", "effective_from", "serial_digits")
    }
    return shown | {"own": list(found.own), "elements": [msgspec.to_builtins(one) for one in found.elements]}


@router.get("/specifications", response=list[RowOut], summary="目录编制规范列表")
def listed(request: HttpRequest) -> Any:
    """Return every version of every region with its state."""
    actor_of(request)
    return queries.specifications(clock.now())


@router.get("/specifications/in-force", response=SpecificationOut, summary="现行目录编制规范")
def in_force(request: HttpRequest, region: Region = "", day: Annotated[date | None, Query()] = None) -> Any:
    """Return what holds in a region (the caller's own by default) on a day (today), all levels together."""
    actor = actor_of(request)
    return _out(queries.specification_for(region or actor.region, day or beijing_day(clock.now())))


@router.get("/specifications/{pk}", response=SpecificationOut, summary="某一版目录编制规范")
def one(request: HttpRequest, pk: Id) -> Any:
    """Return one stored version alone."""
    actor_of(request)
    return _out(queries.version(pk, clock.now())[1])


@router.post("/specifications", response={201: RowOut}, summary="起草目录编制规范")
def draft(request: HttpRequest, body: DraftIn) -> Any:
    """Keep the draft of a region's next version."""
    given = body.dict()
    given["elements"] = [msgspec.convert(element, Element) for element in given["elements"]]
    made = actions.draft_specification(**given, by=actor_of(request), at=clock.now())
    return Status(201, queries.version(made.pk, clock.now())[0])


@router.post("/specifications/{pk}/publish", response=RowOut, summary="发布目录编制规范")
def publish(request: HttpRequest, pk: Id, body: PublicationIn) -> Any:
    """Publish a draft, in force from a day on; a local one never drops or loosens what is above it."""
    at = clock.now()
    made = actions.publish_specification(pk, effective_from=body.effective_from, by=actor_of(request), at=at)
    return queries.version(made.pk, at)[0]
