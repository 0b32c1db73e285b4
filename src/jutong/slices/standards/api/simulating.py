"""Trying limits out through the management API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Router, Schema

from jutong.kernel.faces import actor_of
from jutong.slices.standards import queries

router = Router()

Id = Annotated[int, Path(ge=1, le=2**62)]


class SupposedIn(Schema):
    """A made-up case: its procedure, a profile or region, its first day, and what happens to its first limit."""

    procedure: Annotated[str, Field(max_length=40, pattern="^[a-z_]+$")]
    under: Annotated[str, Field(max_length=64, pattern="^[a-z0-9-]+$")]
    start: date
    supplement_on: date | None = None
    supplied_on: date | None = None
    extend: Annotated[int, Field(ge=0, le=366)] = 0


class LegOut(Schema):
    """A limit with its days. days and due: none where there is no limit, due also while it waits for papers."""

    label: str
    start: date
    days: int | None
    due: date | None
    provisional: bool
    target: bool
    rule: str
    notes: list[str]


class SimulatedUnderOut(Schema):
    """A case's days under one profile; own: the one asked for."""

    reference: str
    title: str
    own: bool
    legs: list[LegOut]


class SimulatedOut(Schema):
    """Days under the profile asked for, first, and under every shipped one."""

    about: str
    start: date
    columns: list[SimulatedUnderOut]


@router.post("/simulation", response=SimulatedOut, summary="期限测算")
def simulate(request: HttpRequest, body: SupposedIn) -> Any:
    """Work out the days of a made-up case; nothing is stored."""
    actor_of(request)
    return queries.simulation(queries.Supposed(**body.dict()))


@router.get("/simulation/clocks/{clock_id}", response=SimulatedOut, summary="在办事项的期限在各规则下的比较")
def simulate_case(request: HttpRequest, clock_id: Id) -> Any:
    """Work out the limits of a case under way under every profile."""
    return queries.case_simulation(clock_id, actor_of(request))
