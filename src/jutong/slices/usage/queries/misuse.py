"""Cases of misuse as their parties see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel import files
from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.queries import AuditRow, ClockRow
from jutong.kernel.workflow import Button
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.services import queries as services
from jutong.slices.usage.models import MisuseCase, MisuseNote
from jutong.slices.usage.rules.terms import Ground, MisuseKind, Source
from jutong.slices.usage.workflow import MISUSE_CASE
from jutong.slices.usage.workflow.misuse import HIDDEN, STAFF, may_know

OVER = ("dismissed", "restored", "terminated")
"""States in which nothing more is to be done."""


@dataclass(frozen=True, slots=True)
class CaseRow:
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
    source_label: str
    category: str
    category_label: str
    ground_label: str
    opened_at: datetime
    limit_day: date | None
    clocks: tuple[ClockRow, ...]
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Concerned:
    """A grant that a case concerns: as it stands now; suspended: by this case; outcome: of it."""

    id: int
    reference: str
    title: str
    state: str
    state_label: str
    suspended: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class NoteRow:
    """Something found, said or decided; alert: what gateways count of it now; files: id and name."""

    sort: str
    text: str
    at: datetime
    by_name: str
    department_name: str
    files: tuple[tuple[int, str], ...]
    alert: services.AlertRow | None


@dataclass(frozen=True, slots=True)
class MisuseDetail:
    """A case with all that its page shows. side: consumer, provider, authority or nothing.

    grants: concerned; offered: what can be suspended between the two departments, id to label; refused: a refusal to rectify
    is recorded. dispute_grant: a suspended grant whose suspension the reader's department can dispute (0: none).
    """

    row: CaseRow
    side: str
    source_ref: str
    text: str
    handler: str
    opened_by: str
    authority_name: str
    suspender_name: str
    suspended_at: datetime | None
    demand: str
    reported_at: datetime | None
    refusal: str
    decision: str
    dismissed_for: str
    profile: str
    grants: tuple[Concerned, ...]
    offered: tuple[tuple[int, str], ...]
    notes: tuple[NoteRow, ...]
    history: tuple[AuditRow, ...]
    dispute_grant: int


def _known(actor: Actor) -> Q:
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return Q()
    mine = Q(provider_id__in=actor.serves) | Q(authority_id__in=actor.serves)
    return mine | (Q(consumer_id__in=actor.serves) & ~Q(state__in=HIDDEN))


def cases(
    actor: Actor,
    at: datetime,
    *,
    side: str = "",
    state: str = "",
    category: str = "",
    text: str = "",
    number: int = 1,
    size: int = 20,
) -> tuple[list[CaseRow], Page]:
    """Return cases that the actor may know, newest first. side: consumer, provider, authority; text: title or number."""
    rows = MisuseCase.objects.select_related("provider", "consumer").filter(_known(actor))
    if side in {"consumer", "provider", "authority"}:
        rows = rows.filter(**{f"{side}_id__in": actor.serves})
    if state:
        rows = rows.filter(
            state__in=("alerted", "suspended", "rectified", "insufficient") if state == "open" else [state]
        )
    if category:
        rows = rows.filter(category=category)
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(Q(title__icontains=text) | Q(number=text.upper()) | Q(consumer__name__icontains=text))
    found, meta = page(rows.order_by("-id"), number, size)
    return _lines(found, actor, at), meta


def _lines(rows: Iterable[MisuseCase], actor: Actor, at: datetime) -> list[CaseRow]:
    found = list(rows)
    clocks = kernel.clocks("misuse_case", [case.pk for case in found], at)
    return [_line(case, actor, tuple(clocks.get(case.pk, ()))) for case in found]


def _line(case: MisuseCase, actor: Actor, clocks: tuple[ClockRow, ...]) -> CaseRow:
    return CaseRow(
        id=case.pk,
        number=case.number,
        title=case.title,
        state=case.state,
        state_label=MISUSE_CASE.state_label(case.state),
        provider_id=case.provider_id,
        provider_name=case.provider.name,
        consumer_id=case.consumer_id,
        consumer_name=case.consumer.name,
        source=case.source,
        source_label=_(Source(case.source).label),
        category=case.category,
        category_label=_(MisuseKind(case.category).label) if case.category else "",
        ground_label=_(Ground(case.ground).label) if case.ground else "",
        opened_at=case.opened_at,
        limit_day=case.limit_day,
        clocks=clocks,
        buttons=tuple(button for button in MISUSE_CASE.open_to(actor, case) if _makes_sense(button.verb, case)),
    )


def _makes_sense(verb: str, case: MisuseCase) -> bool:
    """Tell whether a move that the table allows can come off at all for this case."""
    if verb in {"verify", "send_back"}:
        return case.reported_at is not None
    return verb != "refuse" or case.refused_at is None


def _found(case_id: int, actor: Actor) -> MisuseCase:
    found = MisuseCase.objects.select_related("provider", "consumer").filter(pk=case_id).first()
    if found is None or not may_know(actor, found):
        raise NotThere(_("没有找到该案件，或您无权知悉。"))
    return found


def misuse(case_id: int, actor: Actor, at: datetime) -> MisuseDetail:
    """Return one case. NotThere where the actor may not know of it; the consumer does not see how it was found."""
    found = _found(case_id, actor)
    side = _side(found, actor)
    concerned = _concerned(found)
    names = parties.departments([found.authority_id, *([found.suspended_by_id] if found.suspended_by_id else [])])
    offered = grants.standing_between(found.provider_id, found.consumer_id) if side in {"provider", "authority"} else []
    mine = [one.id for one in concerned if one.suspended and one.state == "suspended"] if side == "consumer" else []
    return MisuseDetail(
        row=_lines([found], actor, at)[0],
        side=side,
        source_ref=found.source_ref,
        text=found.text,
        handler=found.handler,
        opened_by=found.opened_by if found.source != Source.SYSTEM else "",
        authority_name=_name(names, found.authority_id),
        suspender_name=_name(names, found.suspended_by_id),
        suspended_at=found.suspended_at,
        demand=found.demand,
        reported_at=found.reported_at,
        refusal=found.refusal,
        decision=found.decision,
        dismissed_for=found.dismissed_for,
        profile=found.profile,
        grants=concerned,
        offered=tuple((one.id, f"{one.reference} {one.resource_title}") for one in offered if one.state == "granted"),
        notes=_notes(found),
        history=tuple(kernel.history("misuse_case", found.pk)),
        dispute_grant=mine[0] if mine else 0,
    )


def _name(names: dict[int, parties.DepartmentRow], department_id: int | None) -> str:
    return names[department_id].name if department_id in names else ""


def _side(case: MisuseCase, actor: Actor) -> str:
    for side, department in (
        ("provider", case.provider_id),
        ("authority", case.authority_id),
        ("consumer", case.consumer_id),
    ):
        if department in actor.serves:
            return side
    return ""


def _concerned(case: MisuseCase) -> tuple[Concerned, ...]:
    rows = list(case.grants.order_by("grant_id"))
    now = grants.standing([row.grant_id for row in rows])
    return tuple(
        Concerned(
            row.grant_id, now[row.grant_id].reference, now[row.grant_id].resource_title, now[row.grant_id].state,
            now[row.grant_id].state_label, row.suspended, row.outcome,
        )
        for row in rows
    )  # fmt: skip


def _notes(case: MisuseCase) -> tuple[NoteRow, ...]:
    rows = list(case.notes.order_by("at", "pk"))
    alerts = services.alerts_by_id([row.alert_id for row in rows if row.alert_id])
    return tuple(
        NoteRow(
            row.sort, row.text, row.at, row.by_name, row.department_name,
            tuple((pk, files.row(pk).name) for pk in row.attachments),
            alerts.get(row.alert_id) if row.alert_id else None,
        )
        for row in rows
    )  # fmt: skip


def attachment(case_id: int, file_id: int, actor: Actor) -> files.FileRow:
    """Return a file of a case. NotThere where it is none of it, or the actor may not know of the case."""
    found = _found(case_id, actor)
    if not MisuseNote.objects.filter(case=found, attachments__contains=[file_id]).exists():
        raise NotThere(_("没有找到该文件。"))
    return files.row(file_id)


@dataclass(frozen=True, slots=True)
class Openable:
    """What a person chooses from to open a case against the consumer of a grant: the grants between the two departments."""

    title: str
    consumer_name: str
    grants: tuple[tuple[int, str], ...]
    authority: bool


def openable(grant_id: int, actor: Actor) -> Openable:
    """Return what a case can be opened about, starting from a grant. NotThere unless the actor provides or oversees it."""
    held = grants.standing([grant_id]).get(grant_id)
    authority = held is not None and _oversees(actor, held)
    if held is None or not (authority or actor.holds(*STAFF, department_id=held.provider_id)):
        raise NotThere(_("没有找到该授权，或不由本部门提供、主管。"))
    between = {one.id: one for one in grants.standing_between(held.provider_id, held.consumer_id)} | {held.id: held}
    rows = sorted(between.values(), key=lambda one: (one.id != grant_id, -one.id))
    consumer = parties.department(held.consumer_id).name
    listed = tuple((one.id, f"{one.reference} {one.resource_title}") for one in rows)
    return Openable(held.resource_title, consumer, listed, authority)


def _oversees(actor: Actor, held: grants.Standing) -> bool:
    """Tell whether an actor is of the authority over a grant."""
    reviewers = (Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER)
    return held.authority_id is not None and actor.holds(*reviewers, department_id=held.authority_id)


def of_grant(actor: Actor, at: datetime, *, grant_id: int) -> GrantPanel | None:
    """Return what a grant's page shows: the cases that concern it and the reader may know, and whether one can be opened."""
    held = grants.standing([grant_id]).get(grant_id)
    if held is None:
        return None
    rows = MisuseCase.objects.select_related("provider", "consumer").filter(_known(actor), grants__grant_id=grant_id)
    found = _lines(rows.order_by("-id")[:5], actor, at)
    opens = _oversees(actor, held) or actor.holds(*STAFF, department_id=held.provider_id)
    if not found and not opens:
        return None
    holding = next((row for row in found if row.number == held.held_by), None) if held.held_by else None
    return GrantPanel(grant_id, tuple(found), holding, opens)


@dataclass(frozen=True, slots=True)
class GrantPanel:
    """Misuse as a grant's page shows it. holding: the case that keeps it suspended now; opens: the reader may open one."""

    grant_id: int
    cases: tuple[CaseRow, ...]
    holding: CaseRow | None
    opens: bool
