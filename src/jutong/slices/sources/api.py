"""The management API of data sources; passwords go in and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.sources import actions, queries
from jutong.slices.sources.rules import Details

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
Words = Annotated[str, StringConstraints(max_length=253, pattern=r"^[^\x00-\x1f\x7f]*$")]


class SourceOut(Schema):
    """A data source without its password."""

    id: int
    department_id: int
    department_name: str
    title: str
    engine: str
    host: str
    port: int
    database: str
    user: str
    tls: str
    zone: str
    provides: bool
    receives: bool
    active: bool
    tested_at: datetime | None
    tested_ok: bool | None
    tested_message: str
    product: str


class SourceIn(Schema):
    """What an engineer states about a data source; an empty password keeps the stored one."""

    title: Words
    engine: Literal["postgresql"] = "postgresql"
    host: Words
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    database: Words
    user: Words
    password: Annotated[str, StringConstraints(max_length=256)] = ""
    tls: Literal["verify-full", "require", "disable"] = "verify-full"
    ca: Annotated[str, StringConstraints(max_length=20_000)] = ""
    zone: Literal["outer", "inner"] = "outer"
    provides: bool = True
    receives: bool = False

    def details(self) -> Details:
        """Return the slice's own form of it."""
        return Details(**self.model_dump())


class Sources(Schema):
    """A page of data sources."""

    total: int
    pages: int
    rows: list[SourceOut]


class ColumnOut(Schema):
    """A column as the source describes it."""

    name: str
    kind: str
    native: str
    comment: str
    nullable: bool
    primary_key: bool


class TableOut(Schema):
    """A table as the source describes it; `rows` is the source's estimate."""

    source_schema: str = Field(alias="schema")
    name: str
    comment: str
    rows: int
    columns: list[ColumnOut] = []


@router.get("/", response=Sources, summary="数据源列表")
def listed(request: HttpRequest, text: Words = "", page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> dict[str, Any]:
    """Return the data sources that the caller may know of."""
    rows, meta = queries.sources(faces.actor_of(request), text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/", response={201: SourceOut}, summary="登记数据源")
def register(request: HttpRequest, body: SourceIn) -> Status[Any]:
    """Register a data source of the caller's own department."""
    actor = faces.actor_of(request)
    source = actions.register(by=actor, at=clock.now(), department_id=actor.department_id or 0, details=body.details())
    return Status(201, queries.source(source.pk, actor))


@router.get("/{source_id}", response=SourceOut, summary="查看数据源")
def shown(request: HttpRequest, source_id: Id) -> Any:
    """Return one data source."""
    return queries.source(source_id, faces.actor_of(request))


@router.put("/{source_id}", response=SourceOut, summary="修改数据源")
def change(request: HttpRequest, source_id: Id, body: SourceIn) -> Any:
    """Change a data source."""
    actor = faces.actor_of(request)
    actions.change(source_id, by=actor, at=clock.now(), details=body.details())
    return queries.source(source_id, actor)


@router.post("/{source_id}/test", response=SourceOut, summary="测试连接")
def test(request: HttpRequest, source_id: Id) -> Any:
    """Test the connection and return what was found."""
    actor = faces.actor_of(request)
    actions.test_connection(source_id, by=actor, at=clock.now())
    return queries.source(source_id, actor)


@router.post("/{source_id}/disable", response={204: None}, summary="停用数据源")
def disable(request: HttpRequest, source_id: Id) -> Status[Any]:
    """Stop using a data source."""
    actions.disable(source_id, by=faces.actor_of(request), at=clock.now())
    return Status(204, None)


@router.post("/{source_id}/enable", response={204: None}, summary="启用数据源")
def enable(request: HttpRequest, source_id: Id) -> Status[Any]:
    """Use a disabled data source again."""
    actions.enable(source_id, by=faces.actor_of(request), at=clock.now())
    return Status(204, None)


@router.get("/{source_id}/tables", response=list[TableOut], by_alias=True, summary="表与视图")
def tables(request: HttpRequest, source_id: Id) -> Any:
    """Return the tables and views that the source's account can see."""
    return queries.tables(source_id, faces.actor_of(request))


@router.get("/{source_id}/columns", response=TableOut, by_alias=True, summary="表结构")
def columns(
    request: HttpRequest, source_id: Id, place_schema: Annotated[Words, Query(alias="schema")], table: Words
) -> Any:
    """Return one table with its columns."""
    return queries.schema(source_id, faces.actor_of(request), schema=place_schema, table=table)
