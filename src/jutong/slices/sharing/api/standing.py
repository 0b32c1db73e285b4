"""The management API of standing consents."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema, Status

from jutong.kernel import clock, faces
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.api.requests import Id, Number

router = Router()


class StandingIn(Schema):
    """The resource consented to."""

    resource_id: Number


class StandingOut(Schema):
    """A standing consent in force."""

    id: int
    resource_id: int
    resource_title: str
    given_by: str
    given_at: datetime


@router.get("/standing", response=list[StandingOut], summary="常设同意")
def standing(request: HttpRequest) -> list[queries.StandingRow]:
    """Return the standing consents of the caller's departments."""
    return queries.standing_consents(faces.actor_of(request))


@router.post("/standing", response={204: None}, summary="作出常设同意")
def give_standing(request: HttpRequest, body: StandingIn) -> Status[None]:
    """Consent once to every request for an unconditional resource."""
    actions.give_standing_consent(by=faces.actor_of(request), at=clock.now(), resource_id=body.resource_id)
    return Status(204, None)


@router.delete("/standing/{consent_id}", response={204: None}, summary="终止常设同意")
def end_standing(request: HttpRequest, consent_id: Id) -> Status[None]:
    """End a standing consent."""
    actions.end_standing_consent(consent_id, by=faces.actor_of(request), at=clock.now())
    return Status(204, None)
