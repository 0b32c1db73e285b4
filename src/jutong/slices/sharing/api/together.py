"""The management API of several requests at once: one for several resources, and one answer to like ones."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from jutong.kernel import clock, faces
from jutong.kernel.faces.sets import MovedOut
from jutong.kernel.workflow import Moved
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.api.requests import AskedIn, CaseOut, Id, Name, Number, asked_of

router = Router()


class SeveralIn(AskedIn):
    """A request, and the catalogue codes of other resources that are asked for in the same words."""

    codes: Annotated[list[Name], Field(min_length=1, max_length=50)]


class RequestIdsIn(Schema):
    """Which requests; template_id: a template of answers whose words go into each draft."""

    ids: Annotated[list[Number], Field(min_length=1, max_length=100)]
    template_id: Number | None = None


@router.post("/requests/several", response=list[CaseOut], summary="一次起草多个资源的申请")
def several(request: HttpRequest, body: SeveralIn) -> list[queries.RequestRow]:
    """Write one request for several resources; it splits into a case for each."""
    by = faces.actor_of(request)
    asked = asked_of(AskedIn(**body.model_dump(exclude={"codes"})))
    cases = actions.write_several(by=by, at=clock.now(), asked=asked, codes=body.codes)
    return [queries.request(case.pk, by, clock.now()) for case in cases]


@router.post("/requests/{request_id}/alike/{verb}", response=MovedOut, summary="同类申请一并办理")
def alike(request: HttpRequest, request_id: Id, verb: Literal["prepare", "decide"], body: RequestIdsIn) -> Moved:
    """Draft the same reply for like requests, or decide those with the same draft; each on its own case."""
    by = faces.signed(request)
    if verb == "decide":
        return actions.decide_alike(request_id, ids=body.ids, by=by, at=clock.now()).some()
    template = queries.answer_template(body.template_id, by) if body.template_id else None
    return actions.prepare_alike(request_id, ids=body.ids, by=by, at=clock.now(), template=template).some()
