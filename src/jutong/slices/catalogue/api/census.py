"""Endpoints of the census: opening and ending it, what departments declare line by line, what the catalogue lacks."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import File, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.api.deciding import Id, Number
from jutong.slices.catalogue.api.demand_lists import Region
from jutong.slices.catalogue.api.demands import Title
from jutong.slices.catalogue.api.duties import Document
from jutong.slices.catalogue.api.sources import PageNumber, Size, SourceReasonIn, Text, paged
from jutong.slices.catalogue.rules.census import QUANTITIES

router = Router()

Code = Annotated[str, Query(max_length=24)]
Cell = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00]*$")]


class QuantitiesIn(Schema):
    """The six quantities as people write them, in the unit of each: volumes in G, records in 万; empty: not stated."""

    stored_volume: Cell = ""
    stored_records: Cell = ""
    shared_volume: Cell = ""
    shared_records: Cell = ""
    opened_volume: Cell = ""
    opened_records: Cell = ""

    def cells(self) -> dict[str, str]:
        """Return the six cells."""
        return {name: getattr(self, name) for name in QUANTITIES}


class QuantitiesOut(Schema):
    """The six quantities; empty: not stated. Volumes in G, records in units of ten thousand."""

    stored_volume: Decimal | None = None
    stored_records: Decimal | None = None
    shared_volume: Decimal | None = None
    shared_records: Decimal | None = None
    opened_volume: Decimal | None = None
    opened_records: Decimal | None = None


class CensusIn(Schema):
    """A census: of which region, resting on which document, of which day's figures, until when."""

    region: Region
    title: Title
    document: Document = ""
    counted_on: date
    due_on: date


class CensusRowOut(Schema):
    """A census. departments: how many were asked; declared, silent: how many have answered, or did not."""

    id: int
    region: str
    number: int
    title: str
    document: str
    counted_on: date
    due_on: date
    state: str
    departments: int
    declared: int
    silent: int


class CensusesOut(Schema):
    """A page of censuses."""

    total: int
    pages: int
    rows: list[CensusRowOut]


class DeclaredOut(Schema):
    """A department in a census; before: its sums in the one before, empty where it did not declare."""

    id: int
    department_id: int
    department: str
    state: str
    lines: int
    catalogued: int
    waiting: int
    corrected: int
    missing: int
    gone: int
    sums: QuantitiesOut
    before: QuantitiesOut | None


class CensusOut(Schema):
    """A census with its departments; totals, before: the six sums now and in the one before. gaps: by state."""

    row: CensusRowOut
    rows: list[DeclaredOut]
    totals: QuantitiesOut
    before: QuantitiesOut
    gaps: dict[str, int]


class DueIn(Schema):
    """The new last day."""

    due_on: date


class DeclarationOut(Schema):
    """A department's declaration. kinds: how many lines are of each kind; sent_back: why it is wanted again."""

    id: int
    census_id: int
    department_id: int
    department: str
    state: str
    counted_on: date
    due_on: date
    lines: int
    kinds: dict[str, int]
    sums: QuantitiesOut
    sent_back: str
    fills: bool
    declared_at: datetime | None


class CensusLineOut(Schema):
    """A resource of a declaration; given: what the catalogue proposed. kind: proposed, confirmed, gone or missing."""

    id: int
    entry_id: int
    title: str
    code: str
    kind: str
    sums: QuantitiesOut
    given: QuantitiesOut
    corrected: bool


class CensusLinesOut(Schema):
    """A page of a declaration's resources."""

    total: int
    pages: int
    rows: list[CensusLineOut]


class CensusLineIn(QuantitiesIn):
    """The quantities of one resource, or that it is gone."""

    gone: bool = False


class MissingIn(QuantitiesIn):
    """A resource that the catalogue lacks."""

    title: Title


class ConfirmedOut(Schema):
    """How many proposed lines were confirmed."""

    confirmed: int


class RefusedRowOut(Schema):
    """A row of the sheet that came back, with a sentence per column."""

    row: int
    title: str
    remarks: dict[str, str]


class FilledOut(Schema):
    """What became of a sheet."""

    filled: int
    added: int
    refused: list[RefusedRowOut]


class CensusGapOut(Schema):
    """A declared resource that the catalogue lacks; entry_id: what was published for it."""

    id: int
    census_id: int
    department_id: int
    department: str
    title: str
    state: str
    entry_id: int
    reason: str
    at: datetime
    ended_on: date | None


class CensusGapsOut(Schema):
    """A page of gaps."""

    total: int
    pages: int
    rows: list[CensusGapOut]


@router.get("/censuses", response=CensusesOut, summary="信息资源普查列表")
def censuses(request: HttpRequest, page: PageNumber = 1, size: Size = 20) -> dict[str, Any]:
    """List the censuses that concern the caller, newest first."""
    return paged(*queries.censuses(faces.actor_of(request), at=clock.now(), number=page, size=size))


@router.post("/censuses", response={201: CensusRowOut}, summary="开展信息资源普查")
def open_census(request: HttpRequest, body: CensusIn) -> Status[Any]:
    """Open a census as the authority; every department of the region gets its task (inner-mongolia-2018#28)."""
    actor, at = faces.signed(request), clock.now()
    made = actions.open_census(by=actor, at=at, **body.dict())
    return Status(201, queries.census(made.pk, actor=actor, at=at).row)


@router.get("/censuses/gaps", response=CensusGapsOut, summary="普查补编任务")
def gaps(
    request: HttpRequest, census: Annotated[int, Query(ge=0, lt=2**63)] = 0, state: Code = "", text: Text = "",
    page: PageNumber = 1, size: Size = 20,
) -> dict[str, Any]:  # fmt: skip
    """List the resources that censuses found and the catalogue lacks (R-CAT-041)."""
    actor = faces.actor_of(request)
    return paged(*queries.census_gaps(actor, census=census, state=state, text=text, number=page, size=size))


@router.post("/censuses/gaps/{gap_id}/waive", response={204: None}, summary="认定不需编目")
def waive(request: HttpRequest, gap_id: Id, body: SourceReasonIn) -> Status[None]:
    """Let a declared resource stay out of the catalogue, as the authority, with the reason."""
    actions.waive_gap(gap_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)


@router.get("/censuses/declarations/{declaration_id}", response=DeclarationOut, summary="普查填报")
def declaration(request: HttpRequest, declaration_id: Id) -> Any:
    """Return a department's declaration without its lines."""
    return queries.declaration(declaration_id, actor=faces.actor_of(request))


@router.get("/censuses/declarations/{declaration_id}/lines", response=CensusLinesOut, summary="普查填报明细")
def lines(
    request: HttpRequest, declaration_id: Id, kind: Code = "", text: Text = "", page: PageNumber = 1, size: Size = 50
) -> dict[str, Any]:
    """List the resources of a declaration with what was stated and what the catalogue proposed."""
    actor = faces.actor_of(request)
    return paged(*queries.census_lines(declaration_id, actor=actor, kind=kind, text=text, number=page, size=size))


@router.put("/censuses/declarations/{declaration_id}/lines/{line_id}", response={204: None}, summary="填报普查数据")
def fill_line(request: HttpRequest, declaration_id: Id, line_id: Number, body: CensusLineIn) -> Status[None]:
    """State the six quantities of one resource, or that it is gone; a remark per column where one cannot be read."""
    actions.fill_line(
        declaration_id, by=faces.signed(request), at=clock.now(), line_id=line_id, cells=body.cells(), gone=body.gone
    )
    return Status(204, None)


@router.delete(
    "/censuses/declarations/{declaration_id}/lines/{line_id}", response={204: None}, summary="移除申报的缺漏"
)
def take_out(request: HttpRequest, declaration_id: Id, line_id: Number) -> Status[None]:
    """Take out a missing resource that was declared by mistake; its task ends."""
    actions.take_out_missing(declaration_id, by=faces.signed(request), at=clock.now(), line_id=line_id)
    return Status(204, None)


@router.post("/censuses/declarations/{declaration_id}/missing", response={201: CensusGapOut}, summary="申报目录缺漏")
def declare_missing(request: HttpRequest, declaration_id: Id, body: MissingIn) -> Status[Any]:
    """Declare a resource that the catalogue lacks: a task to compile it is made at once (R-CAT-041)."""
    actor = faces.signed(request)
    made = actions.declare_missing(declaration_id, by=actor, at=clock.now(), title=body.title, cells=body.cells())
    return Status(201, queries.census_gap(made.pk, actor=actor))


@router.post("/censuses/declarations/{declaration_id}/sheet", response=FilledOut, summary="导入普查表")
def fill_sheet(request: HttpRequest, declaration_id: Id, file: File[UploadedFile]) -> dict[str, Any]:
    """Take a filled-in sheet; good rows are kept, each bad one comes back with a sentence per column."""
    found = actions.fill_sheet(declaration_id, by=faces.signed(request), at=clock.now(), file=file)
    refused = [{"row": number, "title": title, "remarks": remarks} for number, title, remarks in found.refused]
    return {"filled": found.filled, "added": found.added, "refused": refused}


@router.post("/censuses/declarations/{declaration_id}/confirm", response=ConfirmedOut, summary="确认全部推算数据")
def confirm(request: HttpRequest, declaration_id: Id) -> dict[str, int]:
    """Confirm the figures of every line that waits as the catalogue gave them."""
    return {"confirmed": actions.confirm_lines(declaration_id, by=faces.signed(request), at=clock.now())}


@router.post("/censuses/declarations/{declaration_id}/declare", response={204: None}, summary="提交普查填报")
def declare(request: HttpRequest, declaration_id: Id) -> Status[None]:
    """Declare a department's resources; every line has to be confirmed before."""
    actions.declare(declaration_id, by=faces.signed(request), at=clock.now())
    return Status(204, None)


@router.post("/censuses/declarations/{declaration_id}/send_back", response={204: None}, summary="退回普查填报")
def send_back(request: HttpRequest, declaration_id: Id, body: SourceReasonIn) -> Status[None]:
    """Have a department declare again, as the authority, with the reason."""
    actions.send_back_declaration(declaration_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)


@router.get("/censuses/{census_id}", response=CensusOut, summary="信息资源普查结果")
def census(request: HttpRequest, census_id: Id) -> Any:
    """Return a census with its departments and the six sums, beside the one before; a department sees its own line."""
    return queries.census(census_id, actor=faces.actor_of(request), at=clock.now())


@router.post("/censuses/{census_id}/prolong", response={204: None}, summary="延长普查填报期限")
def prolong(request: HttpRequest, census_id: Id, body: DueIn) -> Status[None]:
    """Give the departments until a later day."""
    actions.prolong_census(census_id, by=faces.signed(request), at=clock.now(), due_on=body.due_on)
    return Status(204, None)


@router.post("/censuses/{census_id}/close", response={204: None}, summary="结束普查")
def close(request: HttpRequest, census_id: Id) -> Status[None]:
    """End a census; departments without a declaration are listed as not having responded."""
    actions.close_census(census_id, by=faces.signed(request), at=clock.now())
    return Status(204, None)
