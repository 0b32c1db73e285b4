"""Runs in the management API: ordering deliveries, following them, fetching manifest, proof and ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.kernel.settings import settings
from jutong.slices.exchange import actions, queries

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Words = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class TableOrder(Schema):
    """The granted rows into a table of the consumer's own database."""

    grant_id: Number
    source_id: Number
    place_schema: Words = Field("", alias="schema")
    table: Words
    mode: Literal["replace", "upsert", "append"] = "replace"


class BatchOrder(Schema):
    """The granted rows as a file."""

    grant_id: Number
    format: Literal["csv", "xlsx", "jsonl"] = "csv"
    encoding: Literal["utf-8", "gb18030"] = "utf-8"


class FilesOrder(Schema):
    """The files of a resource, as they are, into a folder of the consumer's own file store; empty: its own folder."""

    grant_id: Number
    source_id: Number
    folder: Words = ""


class RunOut(Schema):
    """A run in a list."""

    id: int
    number: str
    kind: str
    state: str
    state_label: str
    title: str
    entry_code: str
    grant_id: int
    grant_version: int
    provider_name: str
    consumer_name: str
    place: str
    ordered_by: str
    ordered_at: datetime
    settled_at: datetime | None
    expires_at: datetime | None
    rows_done: int
    rows_total: int
    percent: int
    message: str
    cancelled: bool
    artefact_id: str


class TallyOut(Schema):
    """Count and content checksum of one end."""

    rows: int
    checksum: str
    method: str


class ReceiptOut(Schema):
    """A stored receipt."""

    side: str
    digest: str
    key_id: str
    at: datetime
    source: TallyOut | None
    target: TallyOut | None
    reconciled: bool
    bytes: int
    file_digest: str


class HalfOut(Schema):
    """One half of a run between two front-end nodes: what its node said last."""

    side: str
    node: str
    title: str
    state: str
    state_label: str
    rows_done: int
    rows_total: int
    bytes_done: int
    message: str
    reported_at: datetime | None


class WayOut(Schema):
    """The parcel between two halves: its bytes, those that the centre has, when it came to the receiving node."""

    size: int
    received: int
    landed_at: datetime | None


class DetailOut(Schema):
    """A run with its receipts; proven: the counter-signed proof can be fetched.

    dirty: rows set aside; listed: how many of them, from the first, can be looked at. corrects: the run whose rows, set
    aside and put right, this one delivers; 0 for others. halves: of a run between two front-end nodes, the sender's first;
    way: the parcel between them, once the centre has heard of it.
    """

    row: RunOut
    digest: str
    attempt: int
    round: int
    node: str
    receipts: list[ReceiptOut]
    proven: bool
    task_id: int
    waiting: bool
    place_in_line: int
    dirty: int
    listed: int
    corrects: int
    bytes_done: int
    lag_seconds: float
    differing: list[str]
    drift_text: str
    halves: list[HalfOut]
    way: WayOut | None


class Runs(Schema):
    """A page of runs."""

    total: int
    pages: int
    rows: list[RunOut]


class Purpose(Schema):
    """What the file is fetched for: a purpose code of the grant."""

    purpose: Words


class TicketOut(Schema):
    """A one-time ticket and where to post it (form field `ticket`)."""

    ticket: str
    address: str


PageNumber = Annotated[int, Query(ge=1, le=100_000)]


@router.get("/runs", response=Runs, summary="交换任务列表")
def listed(
    request: HttpRequest,
    fold: Literal["", "open", "released", "failed"] = "",
    kind: Literal["", "table", "batch", "files"] = "",
    text: Words = "",
    page: PageNumber = 1,
) -> dict[str, Any]:
    """Return the runs that the caller may know of, newest first."""
    rows, meta = queries.runs(faces.actor_of(request), fold=fold, kind=kind, text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/runs/table", response={201: DetailOut}, summary="发起库表传输")
def order_table(request: HttpRequest, body: TableOrder) -> Status[Any]:
    """Order the granted rows into a table."""
    actor = faces.actor_of(request)
    run = actions.order_table_transfer(
        by=actor,
        at=clock.now(),
        grant_id=body.grant_id,
        source_id=body.source_id,
        schema=body.place_schema,
        table=body.table,
        mode=body.mode,
    )
    return Status(201, queries.run(run.pk, actor))


@router.post("/runs/batch", response={201: DetailOut}, summary="发起批量下载")
def order_batch(request: HttpRequest, body: BatchOrder) -> Status[Any]:
    """Order the granted rows as a file."""
    actor = faces.actor_of(request)
    run = actions.order_batch(
        by=actor, at=clock.now(), grant_id=body.grant_id, file_format=body.format, encoding=body.encoding
    )
    return Status(201, queries.run(run.pk, actor))


@router.post("/runs/files", response={201: DetailOut}, summary="发起文件夹交换")
def order_files(request: HttpRequest, body: FilesOrder) -> Status[Any]:
    """Order the files of a resource into a folder."""
    actor = faces.actor_of(request)
    run = actions.order_files(
        by=actor, at=clock.now(), grant_id=body.grant_id, source_id=body.source_id, folder=body.folder
    )
    return Status(201, queries.run(run.pk, actor))


@router.get("/runs/{run_id}", response=DetailOut, summary="查看交换任务")
def shown(request: HttpRequest, run_id: Id) -> Any:
    """Return one run with its receipts."""
    return queries.run(run_id, faces.actor_of(request))


@router.post("/runs/{run_id}/cancel", response=DetailOut, summary="取消交换任务")
def cancel(request: HttpRequest, run_id: Id) -> Any:
    """Ask the runner to stop."""
    actor = faces.actor_of(request)
    actions.cancel(run_id, by=actor, at=clock.now())
    return queries.run(run_id, actor)


@router.post("/runs/{run_id}/retry", response=DetailOut, summary="重新执行交换任务")
def retry(request: HttpRequest, run_id: Id) -> Any:
    """Run a rejected or quarantined delivery again."""
    actor = faces.actor_of(request)
    actions.retry(run_id, by=actor, at=clock.now())
    return queries.run(run_id, actor)


@router.post("/runs/{run_id}/repair", response=DetailOut, summary="只修复不一致的分区")
def repair(request: HttpRequest, run_id: Id) -> Any:
    """Move again only the partitions that did not reconcile."""
    actor = faces.actor_of(request)
    actions.repair(run_id, by=actor, at=clock.now())
    return queries.run(run_id, actor)


@router.post("/runs/{run_id}/accept-shape", response=DetailOut, summary="接受新的表结构")
def accept_shape(request: HttpRequest, run_id: Id) -> Any:
    """Accept the source's changed columns and run again."""
    actor = faces.actor_of(request)
    actions.accept_shape(run_id, by=actor, at=clock.now())
    return queries.run(run_id, actor)


@router.get("/runs/{run_id}/manifest", summary="批量文件清单")
def manifest(request: HttpRequest, run_id: Id) -> HttpResponse:
    """Return the manifest of a released batch file (wire Manifest)."""
    found = queries.manifest(run_id, faces.actor_of(request))
    return HttpResponse(msgspec.json.encode(found), content_type="application/json")


@router.get("/runs/{run_id}/proof", summary="交付证明")
def proof(request: HttpRequest, run_id: Id) -> HttpResponse:
    """Return the signed proof of a released delivery."""
    return HttpResponse(queries.proof(run_id, faces.actor_of(request)), content_type="application/json")


@router.post("/runs/{run_id}/ticket", response=TicketOut, summary="下载凭据")
def ticket(request: HttpRequest, run_id: Id, body: Purpose) -> dict[str, str]:
    """Return a one-time ticket for the file of a released batch, good for less than a minute."""
    text = actions.issue_ticket(run_id, by=faces.actor_of(request), at=clock.now(), purpose=body.purpose)
    return {"ticket": text, "address": f"{settings().gateway_origin.rstrip('/')}/v1/tickets"}
