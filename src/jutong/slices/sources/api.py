"""The management API of data sources and front-end nodes; passwords go in and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.sources import actions, queries
from jutong.slices.sources.rules import Details, NodeLimits, NodeWish, port_for

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
Engines = Literal[
    "postgresql",
    "mysql",
    "sqlite",
    "oceanbase",
    "tidb",
    "dameng",
    "kingbase",
    "opengauss",
    "oracle",
    "sqlserver",
    "files",
    "http",
]
Words = Annotated[str, StringConstraints(max_length=253, pattern=r"^[^\x00-\x1f\x7f]*$")]

Option = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]


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
    options: dict[str, str]
    statement_seconds: int
    dedicated: bool
    node_id: int | None


class SourceIn(Schema):
    """What an engineer states about a data source; an empty password keeps the stored one."""

    title: Words
    engine: Engines = "postgresql"
    host: Words = ""
    port: Annotated[int, Field(ge=0, le=65535, description="0：该类数据库的常用端口")] = 0
    database: Words = ""
    user: Words = ""
    password: Annotated[str, StringConstraints(max_length=8000)] = ""
    tls: Literal["verify-full", "require", "disable"] = "verify-full"
    ca: Annotated[str, StringConstraints(max_length=20_000)] = ""
    zone: Literal["outer", "inner"] = "outer"
    provides: bool = True
    receives: bool = False
    options: Annotated[dict[Words, Option], Field(max_length=40, description="文件存储与 HTTP 接口的访问参数")] = {}
    statement_seconds: Annotated[int, Field(ge=0, le=86_400, description="单条读取语句的时限（秒），0 为不限")] = 0
    dedicated: bool = False

    def details(self) -> Details:
        """Return the slice's own form of it."""
        return Details(**self.model_dump() | {"port": port_for(self.engine, self.port, self.options)})


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


class NodeOut(Schema):
    """A front-end node."""

    id: int
    name: str
    title: str
    department_id: int
    department_name: str
    zone: str
    state: str
    presence: str
    version: str
    encryption: list[str]
    authentication: list[str]
    certificate_until: datetime | None
    config: dict[str, Any]
    config_revision: int
    health: dict[str, Any]
    last_seen_at: datetime | None
    remark: str


class Nodes(Schema):
    """A page of front-end nodes."""

    total: int
    pages: int
    rows: list[NodeOut]


class NodeIn(Schema):
    """What a department asks for."""

    title: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
    zone: Literal["outer", "inner"] = "outer"
    address_note: Words = ""
    purpose: Words = ""


class NodeLimitsIn(Schema):
    """What a node keeps to."""

    bytes_per_second: Annotated[int, Field(ge=0, le=10**11)] = 0
    window_from: Annotated[str, StringConstraints(max_length=5)] = ""
    window_to: Annotated[str, StringConstraints(max_length=5)] = ""
    heartbeat_seconds: Annotated[int, Field(ge=1, le=86_400)] = 20
    silent_seconds: Annotated[int, Field(ge=2, le=86_400)] = 90
    queue_gigabytes: Annotated[int, Field(ge=1, le=100_000)] = 50
    tunnel: bool = True


class NodeNoteIn(Schema):
    """Why."""

    note: Words = ""


class CodeOut(Schema):
    """A one-time code, shown once."""

    code: str


class PlaceIn(Schema):
    """The node behind which a source sits; null for none."""

    node_id: Annotated[int, Field(ge=1, le=2**53)] | None = None


@router.get("/nodes", response=Nodes, summary="前置机列表")
def nodes(
    request: HttpRequest,
    fold: Literal["", "offline", "ended"] = "",
    text: Words = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> dict[str, Any]:
    """Return the front-end nodes that the caller may know of."""
    rows, meta = queries.nodes(faces.actor_of(request), clock.now(), fold=fold, text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/nodes", response={201: NodeOut}, summary="申请前置机")
def apply_for(request: HttpRequest, body: NodeIn) -> Status[Any]:
    """Apply for a front-end node of the caller's own department."""
    actor, at = faces.actor_of(request), clock.now()
    wish = NodeWish(**body.model_dump())
    made = actions.apply_for(by=actor, at=at, department_id=actor.department_id or 0, wish=wish)
    return Status(201, queries.node(made.pk, actor, at))


@router.get("/nodes/{node_id}", response=NodeOut, summary="查看前置机")
def node(request: HttpRequest, node_id: Id) -> Any:
    """Return one front-end node."""
    return queries.node(node_id, faces.actor_of(request), clock.now())


@router.post("/nodes/{node_id}/code", response=CodeOut, summary="生成签收码")
def issue_code(request: HttpRequest, node_id: Id) -> dict[str, str]:
    """Return a new one-time code; an earlier one is void."""
    return {"code": actions.issue_code(node_id, by=faces.actor_of(request), at=clock.now())}


@router.put("/nodes/{node_id}/config", response=NodeOut, summary="远程配置前置机")
def configure(request: HttpRequest, node_id: Id, body: NodeLimitsIn) -> Any:
    """Change what a node keeps to."""
    actor, at = faces.actor_of(request), clock.now()
    actions.configure(node_id, by=actor, at=at, limits=NodeLimits(**body.model_dump()))
    return queries.node(node_id, actor, at)


@router.post("/nodes/{node_id}/{verb}", response=NodeOut, summary="办理前置机")
def move(
    request: HttpRequest,
    node_id: Id,
    verb: Literal["withdraw", "decline", "allocate", "suspend", "resume", "revoke", "retire"],
    body: NodeNoteIn,
) -> Any:
    """Withdraw, decline, allocate, suspend, resume, revoke or retire a node."""
    actor, at = faces.actor_of(request), clock.now()
    getattr(actions, verb)(node_id, by=actor, at=at, note=body.note)
    return queries.node(node_id, actor, at)


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


@router.put("/{source_id}/node", response=SourceOut, summary="置于前置机之后")
def place(request: HttpRequest, source_id: Id, body: PlaceIn) -> Any:
    """Place a data source behind a front-end node, or before it again."""
    actor = faces.actor_of(request)
    actions.place(source_id, by=actor, at=clock.now(), node_id=body.node_id)
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
