"""Endpoints of the life of an entry: own entries, assessment, approval, submission, review and publication, one or many."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces, files
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.downloads import XLSX, attachment
from jutong.kernel.faces.sets import MovedOut
from jutong.kernel.workflow import Moved
from jutong.slices.catalogue import actions, queries

router = Router()

Id = Annotated[int, Path(ge=1, le=2**53)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Code = Annotated[str, StringConstraints(max_length=16, pattern=r"^[a-z_]*$")]
Words = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


class OwnOut(Schema):
    """An entry in its department's list."""

    id: int
    code: str
    title: str
    state: str
    changed_at: datetime


class OwnsOut(Schema):
    """A page of entries."""

    total: int
    pages: int
    rows: list[OwnOut]


class AssessIn(Schema):
    """Conclusions of the assessments (national-2025#13); `secret` true stops the entry. answers: of the personal questionnaire."""

    secret: bool = False
    secrecy: Words
    personal_information: Words = ""
    answers: Annotated[dict[Code, Code], Field(max_length=20)] = {}
    number: Annotated[str, StringConstraints(max_length=64)] = ""


class NoteIn(Schema):
    """A remark, optional."""

    note: Words = ""


class TakeOutIn(Schema):
    """What an entry turned out to be (state_secret, work_secret), and the number of the decision; never its content."""

    kind: Code
    document: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]


class IdsIn(Schema):
    """Which entries."""

    ids: Annotated[list[Number], Field(min_length=1, max_length=1000)]


Remarks = Annotated[dict[Number, Words], Field(max_length=1000)]
Element = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z_]+$")]


class ReviewIn(IdsIn):
    """Which entries pass; note: said of all. remarks: of single entries by id, in its place."""

    note: Words = ""
    remarks: Remarks = {}


class DetermineIn(ReviewIn):
    """Which entries' types are determined, under which number."""

    number: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ReturnIn(IdsIn):
    """Why entries go back: reason of all, remarks of single entries by id, and of their elements by id and element."""

    reason: Words = ""
    remarks: Remarks = {}
    elements: Annotated[dict[Number, dict[Element, Words]], Field(max_length=1000)] = {}


class SubmitIn(IdsIn):
    """Which entries, and, if the department wants that checked, to which authority it means to send them."""

    recipient_id: Number | None = None


class NoticedOut(MovedOut):
    """What became of a set; `notice` is the number of the authority's notice."""

    notice: str = ""


@router.get("/own", response=OwnsOut, summary="本部门目录")
def own(
    request: HttpRequest,
    state: Annotated[str, Query(max_length=24)] = "",
    text: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """List the entries of the caller's departments, drafts included."""
    rows, meta = queries.entries_of(faces.actor_of(request), state=state, text=text, number=page, size=size)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/import/{run_id}/errors", response=None, summary="下载退回行")
def returned_rows(request: HttpRequest, run_id: Id) -> HttpResponseBase:
    """Answer with the rows that came back, each with its reasons, as Excel. NotThere when none did."""
    run = queries.import_run(run_id, actor=faces.actor_of(request))
    if run.error_file_id is None:
        raise NotThere(_("这次导入没有退回的行。"))
    return attachment(files.chunks(run.error_file_id), "returned-rows.xlsx", XLSX)


@router.post("/{entry_id}/assess", response={204: None}, summary="登记评估")
def assess(request: HttpRequest, entry_id: Id, body: AssessIn) -> Status[None]:
    """Record the secrecy and personal-information assessments of the present version."""
    actions.assess(entry_id, by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(204, None)


@router.post("/{entry_id}/leader_approve", response={204: None}, summary="负责人审核同意")
def leader_approve(request: HttpRequest, entry_id: Id, body: NoteIn) -> Status[None]:
    """Approve the present version as a registered leader of the department."""
    actions.leader_approve(entry_id, by=faces.signed(request), at=clock.now(), note=body.note)
    return Status(204, None)


@router.post("/{entry_id}/take_out", response={204: None}, summary="涉密取下")
def take_out(request: HttpRequest, entry_id: Id, body: TakeOutIn) -> Status[None]:
    """Take an entry out that turned out to be a State or work secret (R-SEC-037); its grants end at once."""
    actions.take_out(entry_id, by=faces.signed(request), at=clock.now(), **body.dict())
    return Status(204, None)


@router.post("/submit", response=MovedOut, summary="批量提交审核")
def submit(request: HttpRequest, body: SubmitIn) -> Moved:
    """Send approved entries to the authority of their level; another recipient is refused with the right one's name."""
    moved = actions.submit_entries(body.ids, by=faces.signed(request), at=clock.now(), recipient_id=body.recipient_id)
    return moved.some()


@router.post("/review", response=MovedOut, summary="批量审核通过")
def review(request: HttpRequest, body: ReviewIn) -> Moved:
    """Pass submitted entries, with a remark on each where it has one."""
    return actions.review_entries(**body.dict(), by=faces.signed(request), at=clock.now()).some()


@router.post("/determine", response=MovedOut, summary="批量核定并审核通过")
def determine(request: HttpRequest, body: DetermineIn) -> Moved:
    """Determine the restrictive types of submitted entries under one number and pass their review."""
    return actions.determine_entries(**body.dict(), by=faces.signed(request), at=clock.now()).some()


@router.post("/return", response=MovedOut, summary="批量退回")
def send_back(request: HttpRequest, body: ReturnIn) -> Moved:
    """Send submitted entries back, each for its own reason or all for one; what has none stays."""
    return actions.return_entries(**body.dict(), by=faces.signed(request), at=clock.now()).some()


@router.post("/publish", response=NoticedOut, summary="批量发布")
def publish(request: HttpRequest, body: IdsIn) -> dict[str, Any]:
    """Publish reviewed entries in one notice to all departments."""
    moved, notice = actions.publish_entries(body.ids, by=faces.signed(request), at=clock.now())
    return {"done": moved.some().done, "refused": moved.refused, "notice": notice}
