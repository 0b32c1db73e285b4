"""Cases of the four procedures: reading them, reporting, and every move of the tables by its verb."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.slices.correction import actions, queries
from jutong.slices.correction.workflow import WORKFLOWS

router = Router()

PLAIN: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Id = Annotated[int, Path(ge=1, le=2**53)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Code = Annotated[str, StringConstraints(max_length=64, pattern=PLAIN)]
Name = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]
Words = Annotated[str, StringConstraints(max_length=2000, pattern=PLAIN)]
Kind = Annotated[str, Path(max_length=32)]
Verb = Annotated[str, Path(max_length=32)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class ConcernClockOut(Schema):
    """A limit and how it stands."""

    name: str
    label: str
    state: str
    due_day: date
    provisional: bool
    left: int
    text: str
    explanation: str
    target: bool = False


class ConcernButtonOut(Schema):
    """A move that is open to the caller now."""

    verb: str
    label: str
    to: str


class CaseLineOut(Schema):
    """A case in a list."""

    kind: str
    id: int
    number: str
    title: str
    state: str
    state_label: str
    asker: str
    provider: str
    received_at: datetime
    late: bool
    target_on: date | None
    beyond_target: bool
    clocks: list[ConcernClockOut]
    buttons: list[ConcernButtonOut]


class CaseLinesOut(Schema):
    """A page of cases."""

    total: int
    pages: int
    rows: list[CaseLineOut]


class MaskedApplicantOut(Schema):
    """An applicant, masked; for the handlers only."""

    kind_label: str
    name: str
    number: str


class RefOut(Schema):
    """Another case that this one was converted from or into."""

    kind: str
    id: int
    number: str


class ConcernOut(Schema):
    """A case. details: what its kind has beside the common fields."""

    line: CaseLineOut
    side: str
    details: dict[str, Any]
    items: list[str]
    applicant: MaskedApplicantOut | None
    converted_from: RefOut | None
    converted_to: RefOut | None


class DoubtIn(Schema):
    """A doubt or an evident error in data that the caller's department uses."""

    resource_id: Number
    kind: Code
    text: Words
    items: Annotated[list[Name], Field(max_length=200)] = []
    record: Code = ""
    found_on: date | None = None


class CorrectedIn(Schema):
    """One value before and after."""

    item: Name
    old: Words = ""
    new: Words = ""


class DeedLinkIn(Schema):
    """What a complaint is handed over to."""

    kind: Code
    reference: Annotated[str, StringConstraints(max_length=100, pattern=PLAIN)]


class DeedIn(Schema):
    """The words of a move; each verb takes its own (see the drawn tables), others must be left out."""

    reason: Words | None = None
    text: Words | None = None
    basis: Words | None = None
    days: Annotated[int, Field(ge=1, le=366)] | None = None
    rows: Annotated[list[CorrectedIn], Field(max_length=200)] | None = None
    note: Words | None = None
    department_id: Number | None = None
    decision: Code | None = None
    value: Words | None = None
    finding: Code | None = None
    examined: Words | None = None
    misuse: bool | None = None
    links: Annotated[list[DeedLinkIn], Field(max_length=20)] | None = None
    no_link: Words | None = None
    grant_id: Number | None = None
    to: Code | None = None
    detail: Code | None = None


@router.post("/doubts", response=ConcernOut, summary="申请校核")
def report(request: HttpRequest, body: DoubtIn) -> queries.CaseDetail:
    """Ask the provider to verify data that the caller's department uses."""
    actor, now = faces.actor_of(request), clock.now()
    asker = actions.department_asks(actor, now)
    case = actions.report(by=actor, at=now, asker=asker, **body.dict())
    return queries.case("verification", case.pk, actor, now)


@router.get("/{kind}", response=CaseLinesOut, summary="事项列表")
def listed(
    request: HttpRequest, kind: Kind, side: Code = "", fold: Code = "", text: Code = "", page: PageNumber = 1
) -> dict[str, Any]:
    """Return the cases of a procedure (verification, objection, open_correction, complaint) that the caller may know."""
    if kind not in WORKFLOWS:
        raise NotThere(_("没有这种事项，请使用 verification、objection、open_correction 或 complaint。"))
    rows, meta = queries.cases(kind, faces.actor_of(request), clock.now(), side=side, fold=fold, text=text, number=page)
    return {"total": meta.total, "pages": meta.pages, "rows": rows}


@router.get("/{kind}/{case_id}", response=ConcernOut, summary="事项")
def one(request: HttpRequest, kind: Kind, case_id: Id) -> queries.CaseDetail:
    """Return one case."""
    return queries.case(kind, case_id, faces.actor_of(request), clock.now())


Deed = tuple[Callable[..., Any], tuple[str, ...]]
DEEDS: Final[dict[str, dict[str, Deed]]] = {
    "verification": {
        "ask_extension": (actions.ask_longer_verification, ("days", "reason")),
        "extend": (actions.extend_verification, ("days",)),
        "confirm": (actions.confirm_error, ("reason",)),
        "find_unfounded": (actions.find_unfounded, ("reason",)),
        "correct": (actions.correct_verified, ("rows", "note")),
        "close": (actions.close_verification, ()),
        "urge": (actions.urge_verification, ()),
        "convert": (actions.convert_verification, ("to", "detail")),
    },
    "objection": {
        "mark": (actions.mark_objection, ()),
        "take": (actions.take_objection, ()),
        "transfer": (actions.transfer_objection, ("department_id",)),
        "decide_department": (actions.decide_department, ("decision", "reason")),
        "decide": (actions.decide_objection, ("decision", "reason")),
        "record_result": (actions.record_result, ()),
        "correct": (actions.correct_objected, ("rows", "note")),
        "notify": (actions.notify_objector, ()),
        "close": (actions.close_objection, ()),
        "urge": (actions.urge_objection, ()),
        "convert": (actions.convert_objection, ("to", "detail")),
    },
    "open_correction": {
        "ask_extension": (actions.ask_longer_answer, ("days", "reason")),
        "extend": (actions.extend_answer, ("days",)),
        "agree": (actions.agree_to_correction, ("value",)),
        "refuse": (actions.refuse_correction, ("reason", "basis")),
        "request_change": (actions.request_change, ()),
        "change": (actions.change_open_catalogue, ()),
        "urge": (actions.urge_answer, ()),
        "convert": (actions.convert_open_correction, ("to", "detail")),
    },
    "complaint": {
        "transfer": (actions.transfer_complaint, ("department_id",)),
        "examine": (actions.examine_complaint, ()),
        "resolve": (actions.resolve_complaint, ("finding", "examined", "reason")),
        "link": (actions.link_complaint, ()),
        "notify": (actions.notify_complainant, ()),
        "close": (actions.close_complaint, ()),
        "convert": (actions.convert_complaint, ("to", "detail")),
    },
}
"""Each verb: its action, and the words it cannot do without."""
OPTIONAL: Final = {
    ("verification", "close"): ("text",),
    ("complaint", "link"): ("links", "no_link", "grant_id"),
    ("complaint", "resolve"): ("misuse",),
    **{(kind, verb): ("text",) for kind in WORKFLOWS for verb in ("urge", "notify")},
}
"""The words that a verb takes beside them."""


@router.post("/{kind}/{case_id}/{verb}", response=ConcernOut, summary="办理事项")
def deed(request: HttpRequest, kind: Kind, case_id: Id, verb: Verb, body: DeedIn) -> queries.CaseDetail:
    """Make a move of the procedure's table, by its verb."""
    known = DEEDS.get(kind, {}).get(verb)
    if known is None:
        raise NotThere(_("没有这项操作，请核对操作名称。"))
    actor, now = faces.actor_of(request), clock.now()
    queries.case(kind, case_id, actor, now)
    known[0](case_id, by=faces.signed(request), at=now, **_words(kind, verb, body, known[1]))
    return queries.case(kind, case_id, actor, now)


def _words(kind: str, verb: str, body: DeedIn, needed: tuple[str, ...]) -> dict[str, Any]:
    given = {name: value for name, value in body.dict().items() if value is not None}
    allowed = {*needed, *OPTIONAL.get((kind, verb), ())}
    if lost := [name for name in needed if name not in given]:
        raise RuleBroken(_("操作 %(verb)s 缺少 %(name)s，请补充。") % {"verb": verb, "name": lost[0]}, field=lost[0])
    if strange := sorted(given.keys() - allowed):
        raise RuleBroken(
            _("操作 %(verb)s 不使用 %(name)s，请去掉。") % {"verb": verb, "name": strange[0]}, field=strange[0]
        )
    if "rows" in given:
        given["rows"] = [actions.Corrected(row["item"], row["old"], row["new"]) for row in given["rows"]]
    return given
