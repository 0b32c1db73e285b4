"""Utilisation and participation of a period."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest
from ninja import Router, Schema

from jutong.kernel import faces
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.usage import queries

router = Router()


class UtilisationRowOut(Schema):
    """One department over a period."""

    department_id: int
    department: str
    available: int
    granted: int
    used: int
    unused: int
    calls: int
    called_rows: int
    deliveries: int
    delivered_rows: int


class UnusedGrantOut(Schema):
    """A grant that was never used in the period."""

    grant_id: int
    reference: str
    title: str
    department: str


class UtilisationOut(Schema):
    """The utilisation report."""

    first: date
    last: date
    rows: list[UtilisationRowOut]
    unused: list[UnusedGrantOut]


class ParticipationRowOut(Schema):
    """How one department takes part."""

    department_id: int
    department: str
    published: int
    connected: bool
    providing: bool
    using: bool
    provided: int
    provided_deliveries: int
    provided_calls: int
    obtained: int
    obtained_deliveries: int
    obtained_calls: int


class ParticipationOut(Schema):
    """The participation view."""

    first: date
    last: date
    rows: list[ParticipationRowOut]


def _check(first: date, last: date) -> None:
    if last < first:
        raise RuleBroken(N_("截止日期不得早于起始日期，且不超过十年，请修改。"), field="last")


@router.get("/reports/utilisation", response=UtilisationOut, summary="利用情况")
def utilisation(request: HttpRequest, first: date, last: date) -> queries.Utilisation:
    """Return what departments were granted and used from first to last (Beijing days)."""
    _check(first, last)
    return queries.utilisation(faces.actor_of(request), first, last)


@router.get("/reports/participation", response=ParticipationOut, summary="参与情况")
def participation(request: HttpRequest, first: date, last: date) -> queries.Participation:
    """Return who is connected, providing and using from first to last (Beijing days)."""
    _check(first, last)
    return queries.participation(faces.actor_of(request), first, last)
