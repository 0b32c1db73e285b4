"""Cases of misuse: reading, opening, and every move of W25 by its verb."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.slices.usage import actions, queries
from jutong.slices.usage.rules.terms import Source

router = Router()

PLAIN: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Id = Annotated[int, Path(ge=1, le=2**53)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Code = Annotated[str, StringConstraints(max_length=64, pattern=PLAIN)]
Words = Annotated[str, StringConstraints(max_length=2000, pattern=PLAIN)]
Numbers = Annotated[list[Number], Field(min_length=1, max_length=200)]
Verb = Annotated[str, Path(max_length=32)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class MisuseClockOut(Schema):
    """A limit and how it stands."""

    name: str
    label: str
    state: str
    due_day: date
    left: int
    text: str
    explanation: str


class MisuseButtonOut(Schema):
    """A move that is open to the caller now."""

    verb: str
    label: str
    to: str


class MisuseRowOut(Schema):
    """A case in a list."""

    id: int
    number: str
    title: str
    state: str
    state_label: str
    provider_id: int
    provider_name: str
    consumer_id: int
    consumer_name: str
    source: str
    category: str
    opened_at: datetime
    limit_day: date | None
    clocks: list[MisuseClockOut]
    buttons: list[MisuseButtonOut]


class MisuseRowsOut(Schema):
    """A page of cases."""

    total: int
    pages: int
    rows: list[MisuseRowOut]


class ConcernedOut(Schema):
    """A grant that a case concerns."""

    id: int
    reference: str
    title: str
    state: str
    suspended: bool
    outcome: str


class MisuseNoteOut(Schema):
    """Something found, said or decided."""

    sort: str
    text: str
    at: datetime
    by_name: str
    department_name: str


class MisuseOut(Schema):
    """A case with its grants and evidence."""

    row: MisuseRowOut
    side: str
    source_ref: str
    text: str
    handler: str
    suspended_at: datetime | None
    demand: str
    refusal: str
    decision: str
    grants: list[ConcernedOut]
    notes: list[MisuseNoteOut]


class MisuseIn(Schema):
    """What was found: of which kind, under which grants, from where; handler: who handled the data."""

    grant_ids: Numbers
    category: Code = ""
    text: Words
    source: Code = Source.PROVIDER.value
    source_ref: Annotated[str, StringConstraints(max_length=80, pattern=PLAIN)] = ""
    handler: Annotated[str, StringConstraints(max_length=100, pattern=PLAIN)] = ""


class MisuseDeedIn(Schema):
    """The words of a move; each verb takes its own (see the drawn table), others must be left out."""

    reason: Words | None = None
    text: Words | None = None
    decision: Words | None = None
    category: Code | None = None
    ground: Code | None = None
    demand: Words | None = None
    grant_ids: Numbers | None = None
    days: Annotated[int, Field(ge=1, le=366)] | None = None
    limit_day: date | None = None


@router.get("", response=MisuseRowsOut, summary="违规使用案件列表")
def listed(
    request: HttpRequest,
    side: Code = "",
    state: Code = "",
    category: Code = "",
    text: Code = "",
    page: PageNumber = 1,
) -> dict[str, Any]:
    """Return the cases that the caller may know, newest first. side: consumer, provider, authority; state: or "open"."""
    rows, meta = queries.cases(
        faces.actor_of(request), clock.now(), side=side, state=state, category=category, text=text, number=page
    )
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.post("", response={201: MisuseOut}, summary="登记违规使用")
def opened(request: HttpRequest, body: MisuseIn) -> Status[queries.MisuseDetail]:
    """Open a case against a consumer; it suspends nothing until somebody confirms it."""
    actor, now = faces.actor_of(request), clock.now()
    case = actions.open_misuse(by=actor, at=now, **body.dict())
    return Status(201, queries.misuse(case.pk, actor, now))


@router.get("/{case_id}", response=MisuseOut, summary="违规使用案件")
def one(request: HttpRequest, case_id: Id) -> queries.MisuseDetail:
    """Return one case with its grants and evidence."""
    return queries.misuse(case_id, faces.actor_of(request), clock.now())


DEEDS: Final[dict[str, tuple[Callable[..., Any], tuple[str, ...]]]] = {
    "dismiss": (actions.dismiss_misuse, ("reason",)),
    "suspend": (actions.suspend_misuse, ("ground", "demand", "grant_ids")),
    "add": (actions.add_evidence, ("text",)),
    "report": (actions.report_rectified, ("text",)),
    "send_back": (actions.send_back_report, ("text",)),
    "refuse": (actions.record_refusal, ("text",)),
    "verify": (actions.verify_rectified, ("text",)),
    "restore": (actions.restore_access, ("decision",)),
    "find_insufficient": (actions.find_insufficient, ("text",)),
    "terminate": (actions.terminate_access, ("decision",)),
}
"""Each verb: its action, and the words it cannot do without."""
OPTIONAL: Final = {"suspend": ("category", "days", "limit_day")}
"""The words that a verb takes beside them."""


@router.post("/{case_id}/{verb}", response=MisuseOut, summary="办理违规使用案件")
def deed(request: HttpRequest, case_id: Id, verb: Verb, body: MisuseDeedIn) -> queries.MisuseDetail:
    """Make a move of W25, by its verb."""
    known = DEEDS.get(verb)
    if known is None:
        raise NotThere(_("没有这项操作，请核对操作名称。"))
    actor, now = faces.actor_of(request), clock.now()
    queries.misuse(case_id, actor, now)
    known[0](case_id, by=faces.signed(request), at=now, **_words(verb, body, known[1]))
    return queries.misuse(case_id, actor, now)


def _words(verb: str, body: MisuseDeedIn, needed: tuple[str, ...]) -> dict[str, Any]:
    given = {name: value for name, value in body.dict().items() if value is not None}
    if lost := [name for name in needed if name not in given]:
        raise RuleBroken(_("操作 %(verb)s 缺少 %(name)s，请补充。") % {"verb": verb, "name": lost[0]}, field=lost[0])
    if strange := sorted(given.keys() - {*needed, *OPTIONAL.get(verb, ())}):
        raise RuleBroken(
            _("操作 %(verb)s 不使用 %(name)s，请去掉。") % {"verb": verb, "name": strange[0]}, field=strange[0]
        )
    return given
