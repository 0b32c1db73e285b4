"""The management API of the service desk: check a list, keep it, ask anyway with a reason, the report (R-SHR-023)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.api.requests import Id
from jutong.slices.sharing.rules.servicedesk import Listed

router = Router()
PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Name = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]
Code = Annotated[str, StringConstraints(max_length=64, pattern=PLAIN)]
Words = Annotated[str, StringConstraints(max_length=1000, pattern=PLAIN)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class ListedIn(Schema):
    """A paper or item of a list. code: of the catalogue's entry it is, where the desk knows it."""

    name: Name
    code: Code = ""


class ListIn(Schema):
    """A list that is only checked."""

    papers: Annotated[list[ListedIn], Field(max_length=200)]


class ServiceIn(ListIn):
    """A service item with its list."""

    name: Name
    code: Code = ""


class AskAnywayIn(Schema):
    """Why a paper is asked for although it is shared; unmet: why sharing does not meet the duty."""

    reason: Words
    unmet: Words = ""


class FetchedFromOut(Schema):
    """The entry from which a paper is fetched; grant_id: the department's working grant, 0 for none."""

    entry_id: int
    code: str
    title: str
    provider: str
    own: bool
    grant_id: int
    reference: str


class CheckedOut(Schema):
    """A paper with what it comes to: fetch, may, or anyway."""

    id: int
    name: str
    verdict: str
    label: str
    source: FetchedFromOut | None
    reason: str
    unmet: str


class ServiceLineOut(Schema):
    """A service item in a list."""

    id: int
    name: str
    code: str
    department: str
    papers: int
    anyway: int
    changed_at: datetime


class ServiceLinesOut(Schema):
    """A page of service items."""

    total: int
    pages: int
    rows: list[ServiceLineOut]


class ServiceOut(Schema):
    """A service item with its checked papers; rule: what the profile says of asking again."""

    line: ServiceLineOut
    papers: list[CheckedOut]
    rule: str


class DuplicateOut(Schema):
    """A paper that is asked for although the platform has it."""

    department: str
    item: str
    paper: str
    entry: str
    code: str
    provider: str
    reason: str
    unmet: str
    asked_at: datetime


class DuplicatesOut(Schema):
    """A page of the duplicate-submission report."""

    total: int
    pages: int
    rows: list[DuplicateOut]


def _listed(body: ListIn) -> list[Listed]:
    return [Listed(paper.name, paper.code) for paper in body.papers]


@router.post("/desk/check", response=list[CheckedOut], summary="核对材料清单")
def check(request: HttpRequest, body: ListIn) -> list[queries.CheckedPaper]:
    """Check a list against the catalogue for the caller's department; nothing is kept."""
    return list(queries.check_names(_listed(body), faces.actor_of(request)))


@router.get("/desk/items", response=ServiceLinesOut, summary="事项清单")
def items(request: HttpRequest, text: Name = "", page: PageNumber = 1) -> dict[str, Any]:
    """Return the service items of the caller's departments, and for an authority those of its region."""
    rows, meta = queries.service_items(faces.actor_of(request), text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("/desk/items", response=ServiceOut, summary="登记事项材料清单")
def keep(request: HttpRequest, body: ServiceIn) -> queries.ServiceView:
    """Keep a service item with its list; the answer says what each paper comes to."""
    actor, now = faces.actor_of(request), clock.now()
    item = actions.list_service_item(by=actor, at=now, name=body.name, code=body.code, papers=_listed(body))
    return queries.service_item(item.pk, actor, now)


@router.get("/desk/items/{item_id}", response=ServiceOut, summary="事项核对结果")
def one(request: HttpRequest, item_id: Id) -> queries.ServiceView:
    """Return a service item, checked against the catalogue as it stands."""
    return queries.service_item(item_id, faces.actor_of(request), clock.now())


@router.put("/desk/items/{item_id}", response=ServiceOut, summary="修改事项材料清单")
def change(request: HttpRequest, item_id: Id, body: ServiceIn) -> queries.ServiceView:
    """Replace the list; reasons recorded for papers that stay are kept."""
    actor, now = faces.actor_of(request), clock.now()
    actions.change_service_item(item_id, by=actor, at=now, name=body.name, code=body.code, papers=_listed(body))
    return queries.service_item(item_id, actor, now)


@router.delete("/desk/items/{item_id}", response={204: None}, summary="停用事项")
def end(request: HttpRequest, item_id: Id) -> Status[None]:
    """Keep a list no longer in use."""
    actions.end_service_item(item_id, by=faces.actor_of(request), at=clock.now())
    return Status(204, None)


@router.post("/desk/papers/{paper_id}/identify", response={204: None}, summary="确认材料对应目录")
def identify(request: HttpRequest, paper_id: Id, code: Code) -> Status[None]:
    """Say which published entry a paper is."""
    actions.identify_paper(paper_id, by=faces.actor_of(request), at=clock.now(), code=code)
    return Status(204, None)


@router.post("/desk/papers/{paper_id}/ask", response={204: None}, summary="登记仍要求提交")
def ask(request: HttpRequest, paper_id: Id, body: AskAnywayIn) -> Status[None]:
    """Record why a paper is asked for although it is shared."""
    words = {"reason": body.reason, "unmet": body.unmet}
    actions.ask_anyway(paper_id, by=faces.actor_of(request), at=clock.now(), **words)
    return Status(204, None)


@router.delete("/desk/papers/{paper_id}/ask", response={204: None}, summary="不再要求提交")
def ask_no_more(request: HttpRequest, paper_id: Id) -> Status[None]:
    """Ask for a paper no longer."""
    actions.ask_no_more(paper_id, by=faces.actor_of(request), at=clock.now())
    return Status(204, None)


@router.get("/desk/duplicates", response=DuplicatesOut, summary="重复提交报表")
def duplicates(request: HttpRequest, page: PageNumber = 1) -> dict[str, Any]:
    """Return the duplicate-submission report: an authority's of its region, others' of their own."""
    rows, meta = queries.duplicates(faces.actor_of(request), number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}
