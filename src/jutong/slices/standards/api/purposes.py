"""Management endpoints of the purposes of use."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Router, Schema, Status

from jutong.kernel import clock
from jutong.kernel.faces import actor_of
from jutong.slices.standards import actions, queries

router = Router()

Id = Annotated[int, Path(ge=1, le=2**62)]
Plain = r"^[^\x00-\x1f\x7f]*$"


class PurposeOut(Schema):
    """A purpose of use. shipped: one of the four of every profile; retired_at: nothing new can name it since."""

    id: int | None
    code: str
    name: str
    meaning: str
    shipped: bool
    retired_at: datetime | None


class PurposeIn(Schema):
    """A purpose to add; its code is never given again."""

    code: Annotated[str, Field(max_length=40, pattern=Plain)]
    name: Annotated[str, Field(max_length=20, pattern=Plain)]
    meaning: Annotated[str, Field(max_length=200, pattern=Plain)]


class AddedOut(Schema):
    """What was added."""

    id: int
    code: str
    name: str
    meaning: str


@router.get("/purposes", response=list[PurposeOut], summary="使用用途清单")
def purposes(request: HttpRequest) -> Any:
    """Return every purpose there ever was."""
    actor_of(request)
    return queries.purposes()


@router.post("/purposes", response={201: AddedOut}, summary="增加使用用途")
def add(request: HttpRequest, body: PurposeIn) -> Any:
    """Add a purpose to the list."""
    return Status(201, actions.add_purpose(**body.dict(), by=actor_of(request), at=clock.now()))


@router.post("/purposes/{pk}/retire", response={204: None}, summary="停用使用用途")
def retire(request: HttpRequest, pk: Id) -> Any:
    """Take an added purpose off the list; grants that name it go on."""
    actions.retire_purpose(pk, by=actor_of(request), at=clock.now())
    return Status(204, None)
