"""The management API of the catalogue: search, read, compile, update, submit, import and export (R-CAT-017)."""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import File, Form, Path, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.kernel.faces.downloads import XLSX, attachment
from jutong.slices.catalogue import actions, queries, search
from jutong.slices.catalogue.api.asking import List, ResultsOut, SearchIn, Short
from jutong.slices.catalogue.formats.dcat import json_ld
from jutong.slices.catalogue.formats.exports import write_guide, write_own, write_two_sheet
from jutong.slices.catalogue.rules.content import Content

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
Words = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Code = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z_]*$")]
Own = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9_]*$")]


class ItemIn(Schema):
    """An information item; codes as in the data dictionary of the manual."""

    name: Short
    column: Short = ""
    type: Annotated[str, StringConstraints(max_length=1, pattern=r"^[A-Z]?$")] = ""
    length: Annotated[int, Field(ge=0, le=65535)] | None = None
    share_type: Code = ""
    open_type: Code = ""
    base_item: bool = False
    sensitive: bool = False
    key: bool = False
    timestamp: bool = False
    security_level: Code = ""
    standard: Short = ""
    code_table: Short = ""
    value_range: Short = ""
    description: Words = ""
    source: Code = ""
    refers: Short = ""
    not_personal: Short = ""
    extra: Annotated[dict[Own, Words], Field(max_length=100)] = {}


class ContentIn(Schema):
    """What a provider states about a resource; only the title is needed for a draft."""

    title: Short
    abstract: Words = ""
    resource_class: Code = "department"
    category: Code = ""
    class_code: Short = ""
    provider_unit: Short = ""
    format_class: Code = ""
    format_types: List = []
    format_note: Short = ""
    share_type: Code = "unconditional"
    share_confirmed: bool = False
    share_limit: Code = ""
    share_scope: Words = ""
    use_purposes: List = []
    share_conditions: Words = ""
    basis_rank: Code = ""
    basis_instrument: Short = ""
    basis_article: Short = ""
    basis_wording: Words = ""
    withheld_reason: Words = ""
    share_mode_class: Code = ""
    share_mode: Code = ""
    open_type: Code = ""
    open_conditions: Words = ""
    update_cycle: Code = ""
    released_on: date | None = None
    data_category: Short = ""
    security_level: Code = ""
    personal: bool = False
    secret: Code = ""
    matter: Words = ""
    system: Short = ""
    link: Words = ""
    domain: Short = ""
    industry: Short = ""
    keywords: List = []
    related_codes: List = []
    extra: Annotated[dict[Own, Words], Field(max_length=100)] = {}
    items: Annotated[list[ItemIn], Field(max_length=2000)] = []

    def content(self) -> Content:
        """Return the slice's own form of it."""
        return msgspec.convert(self.model_dump(), Content, strict=False)


class EntryOut(Schema):
    """An entry in the version its reader may see; `content` uses the same names as the input."""

    id: int
    code: str
    title: str
    state: str
    provider_id: int
    provider_name: str
    version: int
    published: bool
    content: dict[str, Any]
    open_moves: list[str]


class RepairOut(Schema):
    """A kind of repair a file needs, how often, and examples: line, element, before, after."""

    kind: str
    label: str
    times: int
    examples: list[tuple[int, str, str, str]]


class ChangeOut(Schema):
    """An entry that a file would change, with (element, old, new)."""

    line: int
    entry_id: int
    title: str
    published: bool
    changes: list[tuple[str, str, str]]


class PlanOut(Schema):
    """What a look at the file found."""

    total: int
    fresh: int
    unchanged: int
    refused: int
    changing: int
    changing_published: int
    notes: list[str]
    repairs: list[RepairOut]
    changes: list[ChangeOut]
    reasons: list[tuple[str, int]]


class ConfirmIn(Schema):
    """Which repairs may be made, and whether published entries may be revised."""

    repairs: Annotated[list[Code], Field(max_length=20)] = []
    change_published: bool = False


class ImportOut(Schema):
    """An import run."""

    id: int
    file_name: str
    kind: str
    headers: list[str]
    mapping: dict[str, str]
    started: bool
    finished_at: datetime | None
    total: int
    accepted: int
    updated: int
    unchanged: int
    refused: int
    warned: int
    waits: bool
    plan: PlanOut | None


class UploadIn(Schema):
    """Whose entries a file holds (empty: the caller's department), how its text is encoded (empty: found out), whose codes."""

    region: Annotated[str, StringConstraints(max_length=12, pattern=r"^[0-9]*$")] = ""
    encoding: Literal["", "utf-8-sig", "gb18030", "big5hkscs", "utf-16"] = ""
    peer: Short = ""


class MappingIn(Schema):
    """Which header holds which element; empty keeps what was proposed."""

    mapping: Annotated[dict[Code, Short], Field(max_length=60)] | None = None


@router.get("/", response=ResultsOut, summary="检索目录")
def found(request: HttpRequest, asked: Query[SearchIn]) -> dict[str, Any]:
    """Search the catalogue; entries in force unless another scope is asked for and allowed."""
    results = search.search(
        asked.q,
        actor=faces.actor_of(request),
        chosen=asked.chosen(),
        scope=asked.scope,
        number=asked.page,
        size=asked.size,
    )
    return {
        "total": results.page.total,
        "pages": results.page.pages,
        "capped": results.approximate,
        "meant": results.meant,
        "suggested": results.suggested,
        "partial": results.partial,
        "found": results.found,
        "facets": results.facets,
    }


@router.post("/", response={201: EntryOut}, summary="编制目录草稿")
def compile_entry(request: HttpRequest, body: ContentIn) -> Status[Any]:
    """Start a draft of the caller's own department."""
    actor, at = faces.actor_of(request), clock.now()
    entry = actions.compile_entry(by=actor, at=at, provider_id=actor.department_id or 0, content=body.content())
    return Status(201, out(queries.entry(entry.pk, actor=actor, at=at)))


@router.get("/export/{kind}", summary="导出本部门目录", response=None)
def export(request: HttpRequest, kind: Annotated[Literal["own", "guide", "two-sheet"], Path()]) -> HttpResponseBase:
    """Answer with the caller's own entries as a workbook."""
    file = tempfile.SpooledTemporaryFile(max_size=8 * 1024 * 1024)  # noqa: SIM115 - the response closes it
    actor = faces.actor_of(request)
    writer = {"own": write_own, "guide": write_guide, "two-sheet": write_two_sheet}[kind]
    writer(file, queries.export_rows(actor), queries.specification_of(actor, clock.now()))
    file.seek(0)
    return attachment(file, f"catalogue-{kind}.xlsx", XLSX)


@router.post("/import", response={201: ImportOut}, summary="上传目录文件")
def upload(request: HttpRequest, file: File[UploadedFile], how: Form[UploadIn]) -> Status[Any]:
    """Upload a file; answers with the proposed mapping."""
    actor = faces.actor_of(request)
    name = file.name or "upload"
    run = actions.upload(file, name, by=actor, at=clock.now(), region=how.region, encoding=how.encoding, peer=how.peer)
    return Status(201, queries.import_run(run.pk, actor=actor))


@router.get("/import/{run_id}", response=ImportOut, summary="查看导入")
def import_run(request: HttpRequest, run_id: Id) -> Any:
    """Return how an import went."""
    return queries.import_run(run_id, actor=faces.actor_of(request))


@router.post("/import/{run_id}/start", response={202: ImportOut}, summary="开始导入")
def start_import(request: HttpRequest, run_id: Id, body: MappingIn) -> Status[Any]:
    """Confirm the mapping; the file is looked at and, where nothing has to be confirmed, imported in the background."""
    actor = faces.actor_of(request)
    actions.choose_mapping(run_id, by=actor, at=clock.now(), mapping=body.mapping)
    return Status(202, queries.import_run(run_id, actor=actor))


@router.post("/import/{run_id}/confirm", response={202: ImportOut}, summary="确认导入")
def confirm_import(request: HttpRequest, run_id: Id, body: ConfirmIn) -> Status[Any]:
    """Go on with an import that waits for its repairs and changes to be confirmed."""
    actor = faces.actor_of(request)
    actions.confirm_import(
        run_id, by=actor, at=clock.now(), repairs=body.repairs, change_published=body.change_published
    )
    return Status(202, queries.import_run(run_id, actor=actor))


@router.get("/code", response=EntryOut, summary="按代码查看目录")
def at_code(request: HttpRequest, code: Annotated[str, Query(max_length=64)]) -> Any:
    """Return the entry that a resource code leads to: its own, or the one it was merged into."""
    found = queries.at_code(code)
    return out(queries.entry(found, actor=faces.actor_of(request), at=clock.now()))


@router.get("/{entry_id}", response=EntryOut, summary="查看目录")
def entry(request: HttpRequest, entry_id: Id) -> Any:
    """Return one entry."""
    return out(queries.entry(entry_id, actor=faces.actor_of(request), at=clock.now()))


@router.put("/{entry_id}", response=EntryOut, summary="修改目录")
def update(
    request: HttpRequest, entry_id: Id, body: ContentIn, version: Annotated[int | None, Query(ge=1, le=10**6)] = None
) -> Any:
    """Store a new version of an entry; `version` is the one the caller saw."""
    actor, at = faces.actor_of(request), clock.now()
    actions.edit_entry(entry_id, by=actor, at=at, content=body.content(), expected_version=version)
    return out(queries.entry(entry_id, actor=actor, at=at))


@router.post("/{entry_id}/submit", response=EntryOut, summary="提交审核")
def submit(request: HttpRequest, entry_id: Id) -> Any:
    """Send an approved entry to the authority."""
    actor, at = faces.actor_of(request), clock.now()
    actions.submit(entry_id, by=actor, at=at)
    return out(queries.entry(entry_id, actor=actor, at=at))


@router.get("/{entry_id}/machine", response=dict[str, Any], summary="目录的机器可读形式")
def machine(request: HttpRequest, entry_id: Id) -> Any:
    """Return a published entry in the platform's exchange form."""
    faces.actor_of(request)
    return msgspec.to_builtins(queries.machine_form(entry_id))


@router.get("/{entry_id}/dcat", response=dict[str, Any], summary="目录的 DCAT-AP 3 形式")
def dcat(request: HttpRequest, entry_id: Id) -> Any:
    """Return a published entry as a dcat:Dataset in JSON-LD."""
    faces.actor_of(request)
    form, changed = queries.harvested(entry_id)
    return json_ld(form, site=request.build_absolute_uri("/").rstrip("/"), changed=changed)


def out(seen: queries.EntryDetail) -> dict[str, Any]:
    """Return an entry as the API shows it."""
    return {
        "id": seen.row.id,
        "code": seen.row.code,
        "title": seen.content.title,
        "state": seen.row.state,
        "provider_id": seen.row.provider_id,
        "provider_name": seen.row.provider_name,
        "version": seen.version_number,
        "published": seen.row.published,
        "content": msgspec.to_builtins(seen.content),
        "open_moves": [button.verb for button in seen.buttons],
    }
