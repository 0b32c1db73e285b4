"""Endpoints that join slices: what waits for the caller, what is overdue, notices."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from jutong.kernel import agenda, clock, faces, inbox

router = Router()


class LimitOut(Schema):
    """A limit: day, working days left (negative: overdue), words and source."""

    label: str
    due_day: date
    left: int
    text: str
    provisional: bool
    explanation: str


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


class NoticeOut(Schema):
    """A notice to the caller."""

    id: int
    title: str
    text: str
    link: str
    at: datetime
    read: bool


class ToDoOut(Schema):
    """Everything that waits, most urgent first."""

    today: int
    late: int
    capped: bool
    rows: list[WaitingOut]


@router.get("/todo", response=ToDoOut, summary="待办")
def todo(request: HttpRequest) -> agenda.ToDo:
    """Return what waits for the caller."""
    return agenda.todo(faces.actor_of(request), clock.now())


@router.get("/overdue", response=list[OverdueOut], summary="超期")
def overdue(request: HttpRequest) -> list[agenda.DueCase]:
    """Return limits of the caller's departments that are past."""
    return agenda.overdue(faces.actor_of(request), clock.now())


@router.get("/notices", response=list[NoticeOut], summary="消息")
def notices(request: HttpRequest) -> list[Any]:
    """Return the newest notices of the caller."""
    return inbox.notices(faces.actor_of(request))
