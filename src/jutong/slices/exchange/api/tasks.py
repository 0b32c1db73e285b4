"""Standing tasks and limits of data sources in the management API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.api.runs import TallyOut
from jutong.slices.exchange.rules import WEEK, Plan, Terms, Window
from jutong.wire.transfers import Check, OrderKind, Read, Split, SplitBy, Watermark

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Words = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class WindowIn(Schema):
    """Minutes of the Beijing day from start to end (the next day's, when smaller); days: ISO weekdays, 1 is Monday."""

    start: int = Field(ge=0, le=1439)
    end: int = Field(ge=0, le=1439)
    days: Annotated[str, StringConstraints(max_length=7, pattern=r"^[1-7]*$")] = WEEK

    def window(self) -> Window:
        """Return it in words of the rules."""
        return Window(self.start, self.end, self.days or WEEK)


class PlanIn(Schema):
    """How a task reads, checks and holds back (wire Order), and when it runs; cron has five fields, Beijing time."""

    read: Literal["full", "watermark", "changes", "compare"] = "full"
    watermark_item: Words = ""
    overlap: Count = 0
    check: Literal["content", "stream"] = "content"
    split_item: Words = ""
    split_by: Literal["value", "year", "month", "prefix", "hash"] = "value"
    split_size: Count = 0
    most_dirty: Count = 0
    priority: int = Field(5, ge=1, le=9)
    rows_per_second: Count = 0
    window: WindowIn | None = None
    cron: Words = ""
    after_task_id: Number | None = None
    after_update: bool = False

    def plan(self) -> Plan:
        """Return it in words of the rules."""
        read = Read(self.read)
        terms = Terms(
            read=read,
            watermark=Watermark(self.watermark_item, self.overlap) if read is Read.WATERMARK else None,
            check=Check(self.check),
            split=Split(self.split_item, SplitBy(self.split_by), self.split_size) if self.split_item else None,
            most_dirty=self.most_dirty,
            priority=self.priority,
            rows_per_second=self.rows_per_second,
            window=self.window.window() if self.window else None,
        )
        return Plan(terms, self.cron, self.after_task_id, self.after_update)


class TaskIn(Schema):
    """A standing delivery: kind table names source_id, schema, table, mode; batch: format, encoding; files: source_id, folder."""

    grant_id: Number
    kind: Literal["table", "batch", "files"] = "table"
    source_id: Number | None = None
    place_schema: Words = Field("", alias="schema")
    table: Words = ""
    folder: Words = ""
    mode: Literal["replace", "upsert", "append"] = "replace"
    format: Literal["csv", "xlsx", "jsonl"] = "csv"
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    plan: PlanIn | None = None
    at_once: bool = False

    def wanted(self) -> actions.Wanted:
        """Return what is to be delivered where."""
        if self.kind == "batch":
            return actions.Wanted(OrderKind.BATCH, format=self.format, encoding=self.encoding)
        if self.kind == "files":
            return actions.Wanted(OrderKind.FILES, self.source_id or 0, self.folder)
        return actions.Wanted(OrderKind.TABLE, self.source_id or 0, self.place_schema, self.table, self.mode)


class TaskOut(Schema):
    """A task in a list; success: per cent of the ended runs that were released."""

    id: int
    number: str
    title: str
    entry_code: str
    kind: str
    grant_id: int
    provider_name: str
    consumer_name: str
    place: str
    when: str
    due_at: datetime | None
    paused: bool
    remark: str
    last_run_id: int | None
    last_state: str
    last_at: datetime | None
    ended: int
    success: int | None


class TaskDetailOut(Schema):
    """A task with its plan and next times; terms as stored, empty values left out."""

    row: TaskOut
    cron: str
    times: list[datetime]
    after_task_id: int | None
    after_update: bool
    terms: dict[str, Any]
    shape: str


class TaskPage(Schema):
    """A page of tasks."""

    total: int
    pages: int
    rows: list[TaskOut]


class PartOut(Schema):
    """Both ends of one partition."""

    name: str
    source: TallyOut
    target: TallyOut
    agrees: bool


class AsideOut(Schema):
    """A row set aside; value is masked. sent: put right and delivered, or on its way."""

    id: int
    key: str
    sent: bool

    number: int
    item: str
    value: str
    reason: str


class SourceLimitsIn(Schema):
    """What the exchange may ask of a source; 0 and null: no limit."""

    most_runs: Count = 0
    rows_per_second: Count = 0
    hours: WindowIn | None = None


class LimitsOut(Schema):
    """The limits of a source and how busy it is."""

    source_id: int
    most_runs: int
    rows_per_second: int
    hours: dict[str, Any] | None
    statement_seconds: int
    running: int
    waiting: int


def _shown(task_id: int, request: HttpRequest) -> dict[str, Any]:
    found = queries.task(task_id, faces.actor_of(request), at=clock.now())
    return {
        "row": found.row, "cron": found.cron, "times": list(found.times), "after_task_id": found.after_task_id,
        "after_update": found.after_update, "terms": found.stored, "shape": found.shape,
    }  # fmt: skip


@router.get("/tasks", response=TaskPage, summary="任务计划列表")
def listed(
    request: HttpRequest, fold: Literal["", "planned", "paused"] = "", text: Words = "", page: PageNumber = 1
) -> dict[str, Any]:
    """Return the tasks that the caller may know of, newest first."""
    rows, meta = queries.tasks(faces.actor_of(request), fold=fold, text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/tasks", response={201: TaskDetailOut}, summary="新建任务")
def create(request: HttpRequest, body: TaskIn) -> Status[Any]:
    """Set up a standing delivery."""
    task = actions.create_task(
        by=faces.actor_of(request), at=clock.now(), grant_id=body.grant_id, wanted=body.wanted(),
        plan=body.plan.plan() if body.plan else Plan(), at_once=body.at_once,
    )  # fmt: skip
    return Status(201, _shown(task.pk, request))


@router.get("/tasks/{task_id}", response=TaskDetailOut, summary="查看任务计划")
def shown(request: HttpRequest, task_id: Id) -> Any:
    """Return one task with its next times."""
    return _shown(task_id, request)


@router.put("/tasks/{task_id}", response=TaskDetailOut, summary="修改任务计划")
def change(request: HttpRequest, task_id: Id, body: PlanIn) -> Any:
    """Change how and when a task runs."""
    actions.change_task(task_id, by=faces.actor_of(request), at=clock.now(), plan=body.plan())
    return _shown(task_id, request)


@router.post("/tasks/{task_id}/pause", response=TaskDetailOut, summary="暂停任务")
def pause(request: HttpRequest, task_id: Id) -> Any:
    """Let a task rest."""
    actions.pause_task(task_id, by=faces.actor_of(request), at=clock.now())
    return _shown(task_id, request)


@router.post("/tasks/{task_id}/resume", response=TaskDetailOut, summary="恢复任务")
def resume(request: HttpRequest, task_id: Id) -> Any:
    """Let a paused task run again."""
    actions.resume_task(task_id, by=faces.actor_of(request), at=clock.now())
    return _shown(task_id, request)


@router.post("/tasks/{task_id}/run", response=TaskDetailOut, summary="立即执行任务")
def run(request: HttpRequest, task_id: Id) -> Any:
    """Start a run of a task at once; the row names it as last run."""
    actions.run_now(task_id, by=faces.actor_of(request), at=clock.now())
    return _shown(task_id, request)


@router.delete("/tasks/{task_id}", response={204: None}, summary="删除任务")
def delete(request: HttpRequest, task_id: Id) -> HttpResponse:
    """Take a task off; its runs stay."""
    actions.delete_task(task_id, by=faces.actor_of(request), at=clock.now())
    return HttpResponse(status=204)


@router.get("/runs/{run_id}/parts", response=list[PartOut], summary="分区核对")
def parts(request: HttpRequest, run_id: Id) -> Any:
    """Return both ends of every partition of a run, those that differ first."""
    return queries.parts(run_id, faces.actor_of(request))


@router.get("/runs/{run_id}/rows", response=list[AsideOut], summary="问题行")
def rows(request: HttpRequest, run_id: Id) -> Any:
    """Return the rows that a run set aside, at most 500; the sheet has the first 10,000, `dirty` of the run counts all."""
    return list(queries.set_aside(run_id, faces.actor_of(request), most=queries.MOST_SHOWN))


@router.get("/sources/{source_id}/limits", response=LimitsOut, summary="查看数据源接入限制")
def limits(request: HttpRequest, source_id: Id) -> Any:
    """Return the limits of a data source."""
    return _limits(source_id, request)


@router.put("/sources/{source_id}/limits", response=LimitsOut, summary="设置数据源接入限制")
def limit(request: HttpRequest, source_id: Id, body: SourceLimitsIn) -> Any:
    """Set the limits of a data source of the own department."""
    actions.limit_source(
        by=faces.actor_of(request), at=clock.now(), source_id=source_id, most_runs=body.most_runs,
        rows_per_second=body.rows_per_second, hours=body.hours.window() if body.hours else None,
    )  # fmt: skip
    return _limits(source_id, request)


def _limits(source_id: int, request: HttpRequest) -> dict[str, Any]:
    found = queries.source_limits(source_id, faces.actor_of(request))
    hours = {"start": found.hours.start, "end": found.hours.end, "days": found.hours.days} if found.hours else None
    return {
        "source_id": found.source_id, "most_runs": found.most_runs, "rows_per_second": found.rows_per_second,
        "hours": hours, "statement_seconds": found.statement_seconds, "running": found.running, "waiting": found.waiting,
    }  # fmt: skip
