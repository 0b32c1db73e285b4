"""Endpoints of filings: the list, filing a set as its department, taking note of a set as the authority."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from jutong.kernel import clock, faces
from jutong.kernel.faces.sets import MovedOut
from jutong.kernel.workflow import Moved
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.api.deciding import IdsIn
from jutong.slices.catalogue.api.sources import PageNumber, Size, Text, paged

router = Router()


class FilingOut(Schema):
    """A filing of an entry, or a published entry without one (number empty)."""

    entry_id: int
    code: str
    title: str
    provider_name: str
    state: str
    published: bool
    number: str
    version: int
    filed_at: datetime | None
    acknowledged_at: datetime | None


class FilingsOut(Schema):
    """A page of filings."""

    total: int
    pages: int
    rows: list[FilingOut]


@router.get("/filings", response=FilingsOut, summary="目录备案")
def filings(
    request: HttpRequest,
    kind: Annotated[str, Query(max_length=16)] = "waiting",
    text: Text = "",
    page: PageNumber = 1,
    size: Size = 20,
) -> dict[str, Any]:
    """List filings that wait (`waiting`) or were taken note of (`acknowledged`), or published entries without (`missing`)."""
    actor = faces.actor_of(request)
    return paged(*queries.filings(actor, at=clock.now(), kind=kind, text=text, number=page, size=size))


@router.post("/filings", response=MovedOut, summary="批量备案")
def file(request: HttpRequest, body: IdsIn) -> Moved:
    """File compiled entries with the same-level authority (R-CAT-018)."""
    return actions.file_entries(body.ids, by=faces.signed(request), at=clock.now()).some()


@router.post("/filings/acknowledge", response=MovedOut, summary="批量确认备案")
def acknowledge(request: HttpRequest, body: IdsIn) -> Moved:
    """Take note of filings as the authority."""
    return actions.acknowledge_filings(body.ids, by=faces.signed(request), at=clock.now()).some()
