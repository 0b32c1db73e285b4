"""Disputes as those see them who may know of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.paging import Page, every, page
from jutong.kernel.queries import ClockRow
from jutong.kernel.workflow import Button
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.exchange import queries as exchange
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.sharing.models import Dispute, DisputeBody, DisputeNote
from jutong.slices.sharing.queries.cases import MOST_LINES, FileLine, file_lines
from jutong.slices.sharing.queries.requests import request
from jutong.slices.sharing.rules import disputes as rules
from jutong.slices.sharing.workflow import DISPUTE
from jutong.slices.sharing.workflow.disputes import may_know

KIND: Final = DISPUTE.name


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute in a list and on its page; result: code of the outcome, empty as long as there is none."""

    id: int
    number: str
    kind: str
    kind_label: str
    title: str
    resource_id: int
    state: str
    state_label: str
    consumer_id: int
    consumer_name: str
    provider_id: int
    provider_name: str
    authority_id: int | None
    request_id: int | None
    grant_id: int | None
    created_at: datetime
    duty: str
    statement: str
    failure: str
    opinion: str
    result: str
    result_label: str
    result_text: str
    conditions: str
    outcome_grant_id: int | None
    decision_number: str
    decided_on: date | None
    idle_since: date | None
    clocks: tuple[ClockRow, ...]
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class NoteRow:
    """Something said or recorded in a dispute."""

    sort: str
    label: str
    side: str
    side_label: str
    source: str
    text: str
    files: tuple[FileLine, ...]
    at: datetime
    by_name: str
    department_name: str


@dataclass(frozen=True, slots=True)
class DisputeView:
    """A dispute as its page shows it. side: consumer, provider, authority, government or nothing.

    proposal: what a party put forward, with its side. elsewhere: the authority of another instance that coordinates,
    sent_at: when its signed file was exported. entry: the published entry, for the terms of an outcome.
    """

    row: DisputeRow
    side: str
    notes: tuple[NoteRow, ...]
    proposal: dict[str, Any]
    authority_name: str
    government_name: str
    entry: catalogue.PublishedEntry | None
    profile: str
    happenings: tuple[Happening, ...]
    elsewhere: str = ""
    sent_at: datetime | None = None
    answered: bool = False


def _known_to(actor: Actor) -> Q:
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return Q()
    mine = actor.serves
    return (
        Q(consumer_id__in=mine)
        | Q(provider_id__in=mine)
        | Q(authority_id__in=mine)
        | Q(government_id__in=mine)
        | Q(carrier_id__in=mine)
        | Q(superior_id__in=mine, idle_since__isnull=False)
    )


_ROWS = Dispute.objects.select_related("consumer", "provider", "elsewhere")
SIDES: Final = ("consumer", "provider", "authority", "government", "superior")


def disputes(
    actor: Actor, at: datetime, *, side: str = "", state: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[DisputeRow], Page]:
    """Return the disputes an actor may know, newest first; side: consumer, provider, authority, government or superior."""
    rows = _ROWS.filter(_known_to(actor)).order_by("-id")
    if side in SIDES:
        rows = rows.filter(**{f"{side}_id__in": actor.serves})
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(resource_title__icontains=text) | Q(number=text))
    found, meta = page(rows, number, size)
    clocks = kernel.clocks(KIND, [case.pk for case in found], at)
    return [_row(case, actor, tuple(clocks.get(case.pk, ()))) for case in found], meta


def dispute_lines(actor: Actor, at: datetime, **asked: str) -> Iterator[DisputeRow]:
    """Return every dispute of a list (at most 10,000), for Excel."""
    return islice(every(lambda number: disputes(actor, at, number=number, size=200, **asked)), MOST_LINES)


def _row(case: Dispute, actor: Actor, clocks: tuple[ClockRow, ...]) -> DisputeRow:
    result = case.outcome.get("result", "")
    return DisputeRow(
        id=case.pk,
        number=case.number,
        kind=case.kind,
        kind_label=_(rules.KINDS[case.kind]),
        title=case.resource_title,
        resource_id=case.resource_id,
        state=case.state,
        state_label=DISPUTE.state_label(case.state),
        consumer_id=case.consumer_id,
        consumer_name=case.consumer.name,
        provider_id=case.provider_id,
        provider_name=case.provider.name,
        authority_id=case.authority_id,
        request_id=case.asked_id,
        grant_id=case.grant_id,
        created_at=case.created_at,
        duty=case.duty,
        statement=case.statement,
        failure=case.failure,
        opinion=case.opinion,
        result=result,
        result_label=_(rules.RESULTS[result]) if result else "",
        result_text=case.outcome.get("text", ""),
        conditions=case.outcome.get("conditions", ""),
        outcome_grant_id=case.outcome_grant_id,
        decision_number=case.decision_number,
        decided_on=case.decided_on,
        idle_since=case.idle_since,
        clocks=clocks,
        buttons=tuple(DISPUTE.open_to(actor, case)),
    )


def dispute(dispute_id: int, actor: Actor, at: datetime) -> DisputeView:
    """Return one dispute with what was said, its clocks and the moves open to the actor. NotThere for others."""
    case = _ROWS.filter(pk=dispute_id).first()
    if case is None or not may_know(actor, case):
        raise NotThere(_("没有找到该争议，或您无权知悉。"))
    names = parties.departments([one for one in (case.authority_id, case.government_id) if one])
    return DisputeView(
        row=_row(case, actor, tuple(kernel.clocks(KIND, [case.pk], at).get(case.pk, ()))),
        side=_side(case, actor),
        notes=tuple(_note(one) for one in case.notes.order_by("pk")),
        proposal=case.proposal,
        authority_name=names[case.authority_id].name if case.authority_id in names else "",
        government_name=names[case.government_id].name if case.government_id in names else "",
        entry=catalogue.published(case.resource_id),
        profile=case.profile,
        happenings=tuple(happenings(kernel.history(KIND, case.pk), DISPUTE)),
        elsewhere=case.elsewhere.name if case.elsewhere else "",
        sent_at=case.sent_at,
        answered=bool(case.answer_file),
    )


def _side(case: Dispute, actor: Actor) -> str:
    sides = (
        ("consumer", case.consumer_id),
        ("provider", case.provider_id),
        ("authority", case.authority_id),
        ("government", case.government_id),
    )
    return next((side for side, department in sides if department in actor.serves), "")


def _note(one: DisputeNote) -> NoteRow:
    return NoteRow(
        sort=one.sort,
        label=_(rules.NOTES[one.sort]),
        side=one.side,
        side_label=_(rules.SIDES[one.side]) if one.side else "",
        source=one.source,
        text=one.text,
        files=file_lines(tuple(one.attachments)),
        at=one.at,
        by_name=one.by_name,
        department_name=one.department_name,
    )


def dispute_file(dispute_id: int, file_id: int, actor: Actor, at: datetime) -> int:
    """Return the id of a file handed in with a statement or record. NotThere unless the dispute has it and may be known."""
    seen = dispute(dispute_id, actor, at)
    if file_id not in {file.id for note in seen.notes for file in note.files}:
        raise NotThere(_("没有找到该附件，或您无权知悉。"))
    return file_id


@dataclass(frozen=True, slots=True)
class BodyRow:
    """Which department stands for a government or leading group."""

    sort: str
    label: str
    region: str
    department_name: str
    named_by: str
    named_at: datetime


def dispute_bodies() -> list[BodyRow]:
    """Return the governments and leading groups that are registered, by region."""
    rows = DisputeBody.objects.filter(ended_at=None).select_related("department").order_by("region", "sort")
    return [
        BodyRow(
            b.sort, _(rules.BODIES[b.sort]), parties.region_name(b.region), b.department.name, b.named_by, b.named_at
        )
        for b in rows
    ]


@dataclass(frozen=True, slots=True)
class DisputeSubject:
    """What a dispute can be raised about: its title, the kinds that fit, the arguments of the action.

    direct: the profile has an objection to the authority instead of a negotiation. duty: as the request says it.
    """

    title: str
    kinds: tuple[str, ...]
    about: dict[str, int]
    direct: bool
    duty: str = ""


def dispute_subject(about: str, pk: int, actor: Actor, at: datetime) -> DisputeSubject:
    """Return what a request, a grant or an entry can be disputed about. NotThere for what the actor may not know."""
    duty = ""
    kinds: tuple[str, ...]
    if about == "request":
        asked = request(pk, actor, at)
        resource_id, title, duty = asked.resource_id, asked.line.title, asked.duty
        refused = asked.line.state in {"refused", "not_accepted"}
        kinds = ("refusal", "condition") if refused else ("condition", "delivery", "quality")
    elif about == "grant":
        held = grants.grant(pk, actor)
        resource_id, title = held.resource_id, f"{held.reference} {held.resource_title}"
        suspended = ("suspension",) if held.state == "suspended" else ()
        kinds = (*suspended, "quality", "delivery", "condition", "service_change", "disposal", "backflow")
    elif about == "backflow":
        flow = exchange.backflow(pk, actor, at).row
        resource_id, title, duty, kinds = flow.resource_id, f"{flow.number} {flow.title}", flow.duty, ("backflow",)
    elif about == "entry":
        resource_id, title = pk, catalogue.require_published(pk).title
        kinds = ("sharing_type", "condition", "quality", "service_change")
    else:
        raise NotThere(_("没有找到争议所涉及的事项。"))
    entry = catalogue.require_published(resource_id)
    policy = jurisdiction.policy_for(entry.region, beijing_day(at))
    decreed = policy.text("dispute_final_body") == "authority_government"
    named = {"request": "request_id", "grant": "grant_id", "entry": "resource_id", "backflow": "resource_id"}
    return DisputeSubject(
        title=title,
        kinds=kinds if decreed else (rules.LOCAL_KIND,),
        about={named[about]: resource_id if about == "backflow" else pk},
        direct=not policy.flag("negotiation_step"),
        duty=duty,
    )


@dataclass(frozen=True, slots=True)
class Further:
    """What a page of a request or grant leads to: open disputes about it, raising one, a change of use (0: not offered)."""

    about: str
    about_id: int
    grant_id: int
    disputes: tuple[DisputeRow, ...]


def further_of_request(actor: Actor, at: datetime, *, request_id: int, grant_id: int | None) -> Further | None:
    """Return where a party goes on from a request that was received; None for others."""
    asked = request(request_id, actor, at)
    if asked.line.received_at is None or not actor.serves & {asked.consumer_id, asked.provider_id}:
        return None
    rows = _ROWS.filter(_known_to(actor), asked_id=request_id).order_by("-id")[:5]
    return Further("request", request_id, 0, tuple(_row(case, actor, ()) for case in rows))


def further_of_backflow(actor: Actor, at: datetime, *, backflow_id: int) -> Further | None:
    """Return where the lower department goes on when nothing, or not all, is returned; None for others and what has ended."""
    flow = exchange.backflow(backflow_id, actor, at).row
    if flow.state == "ended" or flow.consumer_id not in actor.serves:
        return None
    about = Q(resource_id=flow.resource_id, consumer_id=flow.consumer_id, kind="backflow")
    rows = _ROWS.filter(_known_to(actor) & about).order_by("-id")[:5]
    return Further("backflow", backflow_id, 0, tuple(_row(case, actor, ()) for case in rows))


def further_of_grant(actor: Actor, at: datetime, *, grant_id: int) -> Further | None:
    """Return where a party goes on from a grant that is not over; None for others."""
    held = grants.grant(grant_id, actor)
    if held.state not in {"granted", "suspended"} or not actor.serves & {held.consumer_id, held.provider_id}:
        return None
    changes = grant_id if held.consumer_id in actor.serves and held.state == "granted" else 0
    rows = _ROWS.filter(_known_to(actor), grant_id=grant_id).order_by("-id")[:5]
    return Further("grant", grant_id, changes, tuple(_row(case, actor, ()) for case in rows))
