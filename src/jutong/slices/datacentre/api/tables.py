"""Endpoints of compiling entries from tables, and of the comparison of entries with resources."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.kernel.faces.sets import MovedOut
from jutong.kernel.workflow import Moved
from jutong.slices.datacentre import actions, queries

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Words = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class SourceTableOut(Schema):
    """A table that was found in a source. standing: new, read, compiled, changed, gone, left_out, trouble."""

    id: int
    source_id: int
    place: str
    comment: str
    rows: int
    columns: int
    standing: str
    trouble: str
    read_at: datetime | None
    entry_id: int | None
    moved: int


class SourceTablesOut(Schema):
    """A page of tables."""

    total: int
    pages: int
    rows: list[SourceTableOut]


class ProposedItemOut(Schema):
    """What is proposed for a column, with what a look over it found; `examples` are masked or only forms of values."""

    column: str
    native: str
    name: str
    why: str
    type: str
    length: int | None
    key: bool
    sensitive: bool
    meaning: str
    filled: str
    distinct: str
    range: str
    examples: list[str]
    left_out: bool


class ColumnChangeOut(Schema):
    """A change of a column since the entry was compiled: added, removed, type, comment, key."""

    kind: str
    column: str
    old: str
    new: str


class TableProposalOut(Schema):
    """A table with what is proposed for it and what changed."""

    id: int
    title: str
    personal: bool
    items: list[ProposedItemOut]
    changes: list[ColumnChangeOut]


class StockIn(Schema):
    """Which source."""

    source_id: Number


class StockOut(Schema):
    """How many tables are there."""

    tables: int


class TablesIn(Schema):
    """Which tables."""

    ids: Annotated[list[Number], Field(min_length=1, max_length=50)]


class ReadingOut(Schema):
    """The progress that can be watched."""

    progress_id: int


class EntryIdOut(Schema):
    """An entry."""

    entry_id: int | None


class LeaveOutIn(Schema):
    """Why a table is not catalogued."""

    note: Words


class ComparedDepartmentOut(Schema):
    """One department's published entries against its resources (R-CAT-059)."""

    department_id: int
    department: str
    entries: int
    with_resource: int
    without_resource: int
    stale: int
    shared: int
    without_entry: int


class LooseOut(Schema):
    """A resource without entry."""

    department: str
    source_title: str
    place: str
    comment: str
    why: str
    since: date


@router.get("/tables", response=SourceTablesOut, summary="数据源中的表")
def tables(
    request: HttpRequest,
    source_id: Annotated[int, Query(ge=0, le=2**53)] = 0,
    standing: Annotated[str, Query(max_length=16)] = "",
    text: Words = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> dict[str, Any]:
    """List the tables found in the sources of the caller's departments."""
    rows, meta = queries.stocked(
        faces.actor_of(request), source_id=source_id, standing=standing, text=text, number=page
    )
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/tables/stock", response=StockOut, summary="盘点数据源")
def stock(request: HttpRequest, body: StockIn) -> dict[str, int]:
    """Find the tables of a source; those that are gone are marked."""
    found = actions.take_stock(by=faces.actor_of(request), at=clock.now(), source_id=body.source_id)
    return {"tables": found}


@router.post("/tables/read", response={202: ReadingOut}, summary="读取表结构和样本概况")
def read(request: HttpRequest, body: TablesIn) -> Status[dict[str, int]]:
    """Read tables in the background."""
    started = actions.read_tables(by=faces.actor_of(request), at=clock.now(), ids=body.ids)
    return Status(202, {"progress_id": started})


@router.post("/tables/compile", response=MovedOut, summary="按建议生成目录草稿")
def compile_drafts(request: HttpRequest, body: TablesIn) -> Moved:
    """Draft entries as they are proposed; a draft is changed by PUT /catalogue/{id}."""
    return actions.compile_tables(body.ids, by=faces.actor_of(request), at=clock.now()).some()


@router.get("/tables/{table_id}", response=TableProposalOut, summary="一张表的编目建议与变化")
def table(request: HttpRequest, table_id: Id) -> dict[str, Any]:
    """Return what is proposed for a table and what changed since its entry was compiled."""
    seen = queries.table(table_id, faces.actor_of(request))
    return {
        "id": seen.row.id,
        "title": seen.draft.title,
        "personal": seen.draft.personal,
        "items": seen.lines,
        "changes": seen.changes,
    }


@router.post("/tables/{table_id}/accept", response=EntryIdOut, summary="按来源变化更新目录")
def accept(request: HttpRequest, table_id: Id) -> Any:
    """Bring an entry up to its table."""
    return actions.accept_changes(table_id, by=faces.actor_of(request), at=clock.now())


@router.post("/tables/{table_id}/leave-out", response={204: None}, summary="标明表不编目")
def leave_out(request: HttpRequest, table_id: Id, body: LeaveOutIn) -> Status[None]:
    """Say why a table is not catalogued."""
    actions.leave_out(table_id, by=faces.actor_of(request), at=clock.now(), note=body.note)
    return Status(204, None)


@router.get("/comparison", response=list[ComparedDepartmentOut], summary="目录与资源对照")
def comparison(request: HttpRequest) -> Any:
    """Compare published entries with resources, per department."""
    return queries.comparison(faces.actor_of(request), at=clock.now())


@router.get("/comparison/tables", response=list[LooseOut], summary="有资源而无目录")
def loose(request: HttpRequest, department: Annotated[int, Query(ge=0, le=2**53)] = 0) -> Any:
    """List resources without entry."""
    return queries.without_entry(faces.actor_of(request), department=department)


@router.post("/entries/{entry_id}/look", response={204: None}, summary="更新样本概况")
def look(request: HttpRequest, entry_id: Id) -> Status[None]:
    """Read anew the profile of the table behind an entry."""
    actions.look(by=faces.actor_of(request), at=clock.now(), resource_id=entry_id)
    return Status(204, None)
