"""Cases of the four procedures as their parties see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel import files, jurisdiction
from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.jurisdiction import Governed, governed
from jutong.kernel.paging import Page, page
from jutong.kernel.queries import AuditRow, ClockRow
from jutong.kernel.settings import settings
from jutong.kernel.workdays import add_workdays
from jutong.kernel.workflow import Button
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.correction.models import Complaint, Concern, Verification
from jutong.slices.correction.queries.papers import Paper, papers_of
from jutong.slices.correction.rules.terms import ApplicantKind
from jutong.slices.correction.workflow import WORKFLOWS
from jutong.slices.correction.workflow.verification import LONGER as LONGER_VERIFICATION

OVER: Final = {
    "verification": ("closed", "converted"),
    "objection": ("closed", "converted"),
    "open_correction": ("refused", "changed", "converted"),
    "complaint": ("closed", "converted"),
}
"""States in which nothing more is to be done."""
_DETAILS: Final = (
    "channel", "text", "received_at", "received_on", "result", "reason", "basis", "converted_from", "converted_to", "ended_at",
    "extended_days", "kind", "found_on", "late", "filing", "ground", "evidence", "scope", "field", "proposed", "agreed",
    "right", "examined", "misuse", "no_link", "profile", "provider_id", "consumer_id", "authority_id", "resource_id",
    "record_shown",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list. asker: department, or what kind of applicant; target_on: internal target, never a statutory limit."""

    kind: str
    id: int
    number: str
    title: str
    state: str
    state_label: str
    asker: str
    provider: str
    received_at: datetime
    clocks: tuple[ClockRow, ...]
    late: bool = False
    target_on: date | None = None
    beyond_target: bool = False
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicantRow:
    """An applicant as handlers see them: masked."""

    kind_label: str
    name: str
    number: str
    phone: bool


@dataclass(frozen=True, slots=True)
class Ref:
    """Another case that this one was converted from or into."""

    kind: str
    id: int
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case with all that its page shows. details: its columns by name; side: consumer, provider, authority or nothing.

    papers: those of the public for the handlers only. applicant: masked, for the handlers only; hidden_applicant: there is one that the reader may not know.
    """

    line: CaseLine
    side: str
    details: Mapping[str, Any]
    items: tuple[str, ...]
    known_items: tuple[str, ...]
    told: tuple[tuple[datetime, str], ...]
    urgings: tuple[tuple[datetime, str, str], ...]
    extension_asked: Mapping[str, Any]
    links: tuple[Mapping[str, str], ...]
    applicant: ApplicantRow | None
    hidden_applicant: bool
    converted_from: Ref | None
    converted_to: Ref | None
    history: tuple[AuditRow, ...]
    papers: tuple[Paper, ...]
    governed: tuple[Governed, ...] = ()


def cases(
    kind: str,
    actor: Actor,
    at: datetime,
    *,
    side: str = "",
    fold: str = "",
    text: str = "",
    number: int = 1,
    size: int = 20,
) -> tuple[list[CaseLine], Page]:
    """Return cases of one kind that the actor may know, newest first. side: consumer, provider, authority; fold: open, over."""
    flow = WORKFLOWS[kind]
    rows = flow.model._default_manager.select_related("consumer", "provider", "applicant").filter(_known(kind, actor))
    if side in {"consumer", "provider", "authority"}:
        rows = rows.filter(**{f"{side}_id__in": actor.serves})
    if fold == "open":
        rows = rows.exclude(state__in=OVER[kind])
    elif fold == "over":
        rows = rows.filter(state__in=OVER[kind])
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(Q(title__icontains=text) | Q(number=text.upper()))
    found, meta = page(rows.order_by("-id"), number, size)
    return lines(kind, found, actor, at), meta


def _known(kind: str, actor: Actor) -> Q:
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return Q()
    mine = Q(consumer_id__in=actor.serves) | Q(provider_id__in=actor.serves) | Q(authority_id__in=actor.serves)
    return mine | Q(first_department_id__in=actor.serves) if kind == "complaint" else mine


def lines(kind: str, rows: Iterable[Concern], actor: Actor, at: datetime) -> list[CaseLine]:
    """Return cases as lines, with their clocks and the moves open to the actor."""
    found = list(rows)
    clocks = kernel.clocks(kind, [case.pk for case in found], at)
    return [_line(kind, case, actor, at, tuple(clocks.get(case.pk, ()))) for case in found]


def _line(kind: str, case: Concern, actor: Actor, at: datetime, clocks: tuple[ClockRow, ...]) -> CaseLine:
    flow = WORKFLOWS[kind]
    target = _target(case)
    return CaseLine(
        kind=kind,
        id=case.pk,
        number=case.number,
        title=case.title,
        state=case.state,
        state_label=flow.state_label(case.state),
        asker=case.consumer.name if case.consumer else _asker(case),
        provider=case.provider.name,
        received_at=case.received_at,
        clocks=clocks,
        late=isinstance(case, Verification) and case.late,
        target_on=target,
        beyond_target=_beyond(case, target, kind, at),
        buttons=tuple(button for button in flow.open_to(actor, case) if _makes_sense(button.verb, case)),
    )


def _asker(case: Concern) -> str:
    return _(ApplicantKind(case.applicant.kind).label) if case.applicant else _("公众")


def _target(case: Concern) -> date | None:
    if not isinstance(case, Complaint):
        return None
    days = case.policy.target("complaint_handling") or settings().complaint_days
    return add_workdays(case.received_on, days, jurisdiction.calendar()).day


def _beyond(case: Concern, target: date | None, kind: str, at: datetime) -> bool:
    if isinstance(case, Verification):
        return case.beyond_target
    return target is not None and case.state not in OVER[kind] and beijing_day(at) > target


def _makes_sense(verb: str, case: Concern) -> bool:
    """Tell whether a move that the table allows can come off at all for this case."""
    if verb in {"ask_extension", "extend"} and isinstance(case, Verification):
        return bool(case.policy.days(LONGER_VERIFICATION, kind=case.side))
    if verb == "correct":
        return case.result in {"confirmed", "correct"} and case.resource_id is not None
    return True


def case(kind: str, case_id: int, actor: Actor, at: datetime) -> CaseDetail:
    """Return one case. NotThere for an unknown kind and where the actor may not know of it."""
    flow = WORKFLOWS.get(kind)
    rows = flow.model._default_manager.select_related("consumer", "provider", "applicant") if flow else None
    found = rows.filter(pk=case_id).first() if rows is not None else None
    if flow is None or found is None or not (flow.visible and flow.visible(actor, found)):
        raise NotThere(_("没有找到该事项，或您无权知悉。"))
    entry = catalogue.published(found.resource_id) if found.resource_id else None
    handles = bool(actor.serves & handlers(kind, found))
    return CaseDetail(
        line=lines(kind, [found], actor, at)[0],
        side=_side(found, actor),
        details={name: getattr(found, name, None) for name in _DETAILS},
        items=tuple(found.items),
        known_items=tuple(item.name for item in entry.items) if entry else (),
        told=told_of(found),
        urgings=tuple((datetime.fromisoformat(u["at"]), u["by"], u["text"]) for u in found.urgings),
        extension_asked=found.extension_asked,
        links=tuple(getattr(found, "links", ())),
        applicant=applicant_of(found) if handles else None,
        hidden_applicant=found.applicant_id is not None and not handles,
        converted_from=_ref(found.converted_from),
        converted_to=_ref(found.converted_to),
        history=tuple(kernel.history(kind, found.pk)),
        papers=papers_of(found) if handles or not found.applicant_id else (),
        governed=tuple(_governed(found)),
    )


def _governed(case: Concern) -> Iterator[Governed]:
    """Yield the steps with their rules: feeding back by the consumer's region, all else by the provider's (R-CAS-013)."""
    if isinstance(case, Verification):
        if case.consumer:
            own = jurisdiction.policy_for(case.consumer.region_id, case.started_on)
            yield governed(_("发现问题后反馈"), case.consumer.name, own, "verification_feedback_days")
        yield governed(_("核实、更正并反馈"), case.provider.name, case.policy, "verification_handle_days", case.side)


def handlers(kind: str, case: Concern) -> set[int]:
    """Return whose people may know who the applicant is: of a complaint its handlers alone (R-COR-022)."""
    return {case.provider_id} if kind == "complaint" else {case.provider_id, case.authority_id}


def paper(kind: str, case_id: int, file_id: int, actor: Actor, at: datetime) -> files.FileRow:
    """Return a paper of a case. NotThere unless the actor may see the case's papers and this is one of them."""
    if file_id not in {one.id for one in case(kind, case_id, actor, at).papers}:
        raise NotThere(_("没有找到该附件，或您无权知悉。"))
    return files.row(file_id)


def told_of(case: Concern) -> tuple[tuple[datetime, str], ...]:
    """Return what the applicant was told, oldest first."""
    return tuple((datetime.fromisoformat(one["at"]), one["text"]) for one in case.told)


def applicant_of(case: Concern) -> ApplicantRow | None:
    """Return the applicant masked; None where a department asks."""
    who = case.applicant
    if who is None:
        return None
    return ApplicantRow(_(ApplicantKind(who.kind).label), who.name_shown, who.number_shown, bool(who.phone))


def _side(case: Concern, actor: Actor) -> str:
    for side, department in (
        ("provider", case.provider_id),
        ("authority", case.authority_id),
        ("consumer", case.consumer_id),
    ):
        if department in actor.serves:
            return side
    return ""


def _ref(reference: str) -> Ref | None:
    kind, _colon, pk = reference.partition(":")
    if kind not in WORKFLOWS:
        return None
    number = WORKFLOWS[kind].model._default_manager.filter(pk=int(pk)).values_list("number", flat=True).first()
    return Ref(kind, int(pk), number or "", _(WORKFLOWS[kind].title))


def number_of(number: str) -> tuple[str, int] | None:
    """Return kind and id of the case with a number, or None."""
    for kind, flow in WORKFLOWS.items():
        if pk := flow.model._default_manager.filter(number=number.strip().upper()).values_list("pk", flat=True).first():
            return kind, pk
    return None
