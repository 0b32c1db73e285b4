"""Endpoints of finding beside the search itself: the directory tree, the data map, a person's kept searches."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from jutong.kernel import clock, faces
from jutong.kernel.paging import Page
from jutong.slices.catalogue import actions, queries, search
from jutong.slices.catalogue.api.asking import FacetsIn, Short
from jutong.slices.catalogue.api.entries import Id, PageNumber

router = Router()

Size = Annotated[int, Query(ge=1, le=100)]


class TwigOut(Schema):
    """A place in the tree, in the order of the tree: depth from 0, entries in force in it and below.

    parameter, value: the facet of the search that shows its entries; empty for a place that only holds others.
    """

    label: str
    depth: int
    entries: int
    parameter: str
    value: str


class FlowOut(Schema):
    """What one department gives another: entries under living grants, grants, and when one was last called."""

    provider_id: int
    provider: str
    consumer_id: int
    consumer: str
    entries: int
    grants: int
    used_on: date | None


class FlowsOut(Schema):
    """A page of flows, the largest first."""

    total: int
    pages: int
    rows: list[FlowOut]


class GivenOut(Schema):
    """An entry that one department gives another, since when."""

    entry_id: int
    title: str
    code: str
    since: date
    used_on: date | None


class GivensOut(Schema):
    """A page of entries, the latest first."""

    total: int
    pages: int
    rows: list[GivenOut]


class SavedOut(Schema):
    """A kept search. address: the query string that asks anew; fresh: entries that are new since it was last looked at."""

    id: int
    name: str
    text: str
    chosen: dict[str, list[str]]
    address: str
    subscribed: bool
    fresh: int
    at: datetime
    told_at: datetime | None


class SaveIn(FacetsIn):
    """A search to keep: words and facets as the search takes them, under a name."""

    name: Annotated[Short, Field(min_length=1, max_length=100)]
    q: Short = ""
    subscribed: bool = True


class SubscribeIn(Schema):
    """Whether its owner is told of what matches."""

    subscribed: bool


@router.get("/tree", response=list[TwigOut], summary="目录树")
def tree(request: HttpRequest, by: Literal["class", "domain", "department", "region"] = "class") -> list[search.Twig]:
    """Return what is in force by class, domain, department or region."""
    faces.actor_of(request)
    return search.directory(by)


@router.get("/map", response=FlowsOut, summary="数据地图")
def data_map(
    request: HttpRequest,
    region: Annotated[str, Query(max_length=12)] = "",
    department: Annotated[int, Query(ge=0, le=2**53)] = 0,
    page: PageNumber = 1,
    size: Size = 20,
) -> dict[str, Any]:
    """Return who provides what to whom under living grants; of one region's providers, or to and from a department."""
    faces.actor_of(request)
    rows = queries.flows(region=region, department=department)
    meta = Page(page, size, len(rows))
    return {"total": meta.total, "pages": meta.pages, "rows": rows[meta.first : meta.first + size]}


@router.get("/map/{provider_id}/{consumer_id}", response=GivensOut, summary="部门之间提供的目录")
def given(request: HttpRequest, provider_id: Id, consumer_id: Id, page: PageNumber = 1, size: Size = 20) -> Any:
    """Return the entries that one department gives another."""
    faces.actor_of(request)
    rows, meta = queries.given(provider_id, consumer_id, number=page, size=size)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/saved", response=list[SavedOut], summary="我的检索与订阅")
def saved_searches(request: HttpRequest) -> list[queries.SavedRow]:
    """Return the caller's kept searches, the newest first."""
    return queries.saved_searches(faces.actor_of(request))


@router.post("/saved", response={201: SavedOut}, summary="保存检索")
def save(request: HttpRequest, body: SaveIn) -> Status[Any]:
    """Keep a search; whoever subscribes is told of new and changed entries that match."""
    actor = faces.actor_of(request)
    row = actions.save_search(
        by=actor, at=clock.now(), name=body.name, text=body.q, chosen=body.chosen(), subscribed=body.subscribed
    )
    return Status(201, queries.saved_search(row.pk, actor=actor))


@router.get("/saved/{saved_id}", response=SavedOut, summary="查看保存的检索")
def saved_search(request: HttpRequest, saved_id: Id) -> Any:
    """Return one kept search of the caller."""
    return queries.saved_search(saved_id, actor=faces.actor_of(request))


@router.put("/saved/{saved_id}", response=SavedOut, summary="订阅或取消订阅检索")
def subscribe(request: HttpRequest, saved_id: Id, body: SubscribeIn) -> Any:
    """Begin or stop being told of what matches a kept search."""
    actor = faces.actor_of(request)
    actions.subscribe(saved_id, by=actor, at=clock.now(), subscribed=body.subscribed)
    return queries.saved_search(saved_id, actor=actor)


@router.post("/saved/{saved_id}/seen", response=SavedOut, summary="检索结果已看过")
def seen(request: HttpRequest, saved_id: Id) -> Any:
    """Note that the caller looked at what a kept search finds: nothing of it is new any more."""
    actor = faces.actor_of(request)
    actions.note_looked_at(saved_id, by=actor)
    return queries.saved_search(saved_id, actor=actor)


@router.delete("/saved/{saved_id}", response={204: None}, summary="删除保存的检索")
def forget(request: HttpRequest, saved_id: Id) -> Status[None]:
    """Keep a search no longer."""
    actions.forget_search(saved_id, by=faces.actor_of(request), at=clock.now())
    return Status(204, None)
