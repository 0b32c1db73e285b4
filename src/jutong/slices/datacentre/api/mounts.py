"""The management API of mounted resources."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.datacentre import actions, queries
from jutong.slices.datacentre.rules import MOST_ITEMS, Mapped

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
Words = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class LineIn(Schema):
    """The column of one item; empty: not provided."""

    item: Words
    column: Words = ""
    key: bool = False
    masking: Words = "none"


class MountIn(Schema):
    """Where a resource lies."""

    source_id: Annotated[int, Field(ge=1, le=2**53)]
    place_schema: Words = Field(alias="schema")
    table: Words
    mapping: Annotated[list[LineIn], Field(max_length=MOST_ITEMS)]

    def form(self) -> dict[str, Any]:
        """Return the form as mounting and preparing take it."""
        lines = [Mapped(**line.model_dump()) for line in self.mapping]
        return {"source_id": self.source_id, "schema": self.place_schema, "table": self.table, "mapping": lines}


class MountedItemOut(Schema):
    """An item with its column."""

    item: str
    column: str
    kind: str
    key: bool
    masking: str


class MountOut(Schema):
    """A mounted resource."""

    resource_id: int
    title: str
    code: str
    provider_id: int
    provider_name: str
    source_id: int
    source_title: str
    place_schema: str = Field(alias="schema")
    table: str
    items: list[MountedItemOut]
    entry_version: int
    version: int
    active: bool
    remark: str
    changed_at: datetime


class Mounts(Schema):
    """A page of mounted resources."""

    total: int
    pages: int
    rows: list[MountOut]


class ProposalOut(Schema):
    """A proposed line; likeness in hundredths, 0 where nothing fits."""

    item: str
    column: str
    key: bool
    masking: str
    likeness: int


class UnmountedOut(Schema):
    """A published entry without resource; days: since it is in force."""

    resource_id: int
    code: str
    title: str
    provider_name: str
    since: date
    days: int


class Missing(Schema):
    """A page of published entries without resource."""

    total: int
    pages: int
    rows: list[UnmountedOut]


class Reason(Schema):
    """Why."""

    note: Words


class Preview(Schema):
    """The first rows of a resource, masked, in the order of its provided items."""

    items: list[str]
    rows: list[list[str]]


PageNumber = Annotated[int, Query(ge=1, le=100_000)]


@router.get("/", response=Mounts, by_alias=True, summary="已挂接资源")
def listed(request: HttpRequest, text: Words = "", page: PageNumber = 1) -> dict[str, Any]:
    """Return the mounts that the caller may know of."""
    rows, meta = queries.mounts(faces.actor_of(request), text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/missing", response=Missing, summary="已发布未挂接的目录")
def missing(request: HttpRequest, page: PageNumber = 1) -> dict[str, Any]:
    """Return published entries without resource, of the caller's departments and the area it watches (R-CAT-059)."""
    rows, meta = queries.without_resource(faces.actor_of(request), at=clock.now(), number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/entries/{entry_id}", response=MountOut, by_alias=True, summary="查看挂接")
def shown(request: HttpRequest, entry_id: Id) -> Any:
    """Return the mount of an entry."""
    return queries.mount(entry_id, faces.actor_of(request))


@router.get("/entries/{entry_id}/proposal", response=list[ProposalOut], summary="推荐对应关系")
def proposed(
    request: HttpRequest,
    entry_id: Id,
    source_id: Annotated[int, Query(ge=1, le=2**53)],
    place_schema: Annotated[Words, Query(alias="schema")],
    table: Words,
) -> Any:
    """Return which column is proposed for each item of an entry."""
    place = f"{place_schema}.{table}"
    return queries.draft(entry_id, faces.actor_of(request), at=clock.now(), source_id=source_id, place=place).lines


@router.put("/entries/{entry_id}", response=MountOut, by_alias=True, summary="挂接资源")
def mount(request: HttpRequest, entry_id: Id, body: MountIn) -> Any:
    """Mount an entry on a table, or change its mount."""
    actor = faces.actor_of(request)
    actions.mount(by=actor, at=clock.now(), resource_id=entry_id, **body.form())
    return queries.mount(entry_id, actor)


@router.put("/entries/{entry_id}/prepared", response={204: None}, summary="准备变更后的挂接")
def prepare(request: HttpRequest, entry_id: Id, body: MountIn) -> Status[Any]:
    """Keep the form in which a resource will be served once a filed change of its service comes into force (W15)."""
    actions.prepare_mount(by=faces.actor_of(request), at=clock.now(), resource_id=entry_id, **body.form())
    return Status(204, None)


@router.post("/entries/{entry_id}/unmount", response={204: None}, summary="取消挂接")
def unmount(request: HttpRequest, entry_id: Id, body: Reason) -> Status[Any]:
    """Take an entry off its table."""
    actions.unmount(by=faces.actor_of(request), at=clock.now(), resource_id=entry_id, note=body.note)
    return Status(204, None)


@router.post("/entries/{entry_id}/preview", response=Preview, summary="脱敏预览")
def preview(request: HttpRequest, entry_id: Id) -> dict[str, Any]:
    """Return the first rows of a resource to its own department, masked; the look is audited."""
    row, rows = actions.preview(entry_id, by=faces.actor_of(request), at=clock.now())
    return {"items": [column.item for column in row.columns], "rows": rows}
