"""Duties to update the catalogue: lists, one wholly, and the figures by which departments are supervised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.models import Clock
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.queries import AuditRow, ClockRow, clocks, history
from jutong.kernel.terms import N_
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.models import CatalogUpdate, Entry
from jutong.slices.catalogue.rules.updates import TRIGGERS
from jutong.slices.catalogue.workflow import CATALOG_UPDATE, ENTRY

MOST_OFFERED: Final = 500
"""Entries offered for choice when a change is registered."""
OUTCOMES: Final = {
    "on_time": N_("按期更新"),
    "late": N_("逾期更新"),
    "missed": N_("逾期未更新"),
    "open": N_("期限内待更新"),
}
"""How a duty was met so far."""
_MET: Final = {
    "on_time": Q(submitted_on__isnull=False, late=False),
    "late": Q(submitted_on__isnull=False, late=True),
    "missed": Q(submitted_on=None, past=True),
    "open": Q(submitted_on=None, past=False),
}


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """A duty in a list; kind_label is translated. affected: how many entries, done: how many are in force again."""

    id: int
    occasion: str
    kind: str
    kind_label: str
    event_on: date
    provider_id: int
    provider_name: str
    state: str
    state_label: str
    submitted_on: date | None
    completed_on: date | None
    late: bool
    affected: int
    done: int
    clocks: tuple[ClockRow, ...]


@dataclass(frozen=True, slots=True)
class AffectedRow:
    """An entry that a duty names, and how far its update is."""

    entry_id: int
    title: str
    code: str
    state: str
    state_label: str
    submitted_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class UpdateDetail:
    """A duty as its page shows it. extension: {days, reason, name, on, refused} or empty."""

    row: UpdateRow
    authority_name: str
    entries: tuple[AffectedRow, ...]
    extension: dict[str, object]
    buttons: tuple[Button, ...]
    history: tuple[AuditRow, ...]
    profile: str


@dataclass(frozen=True, slots=True)
class UpdateFigure:
    """One department's updates in a period (R-CAT-026): of `triggers`, met in time, met late, missed and still open."""

    department_id: int
    department: str
    triggers: int
    on_time: int
    late: int
    missed: int
    open: int


def _known_to(actor: Actor) -> QuerySet[CatalogUpdate]:
    rows = CatalogUpdate.objects.select_related("provider", "authority")
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    return rows.filter(Q(provider__in=actor.serves) | Q(authority__in=actor.serves))


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which duties a list shows: of a department, with changes between two days, and how they were met (`OUTCOMES`)."""

    department: int = 0
    outcome: str = ""
    first: date | None = None
    last: date | None = None


def catalog_updates(
    actor: Actor,
    *,
    at: datetime,
    state: str = "",
    text: str = "",
    chosen: Chosen = Chosen(),
    number: int = 1,
    size: int = 20,
) -> tuple[list[UpdateRow], Page]:
    """Return the duties of the actor's departments and those their authority watches, newest change first."""
    rows = _chosen(_counted(_known_to(actor)), chosen, at).order_by("-event_on", "-pk")
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(occasion__icontains=text) | Q(provider__name__icontains=text))
    found, meta = page(rows, number, size)
    return _rows(found, at), meta


def _chosen(rows: QuerySet[CatalogUpdate], chosen: Chosen, at: datetime) -> QuerySet[CatalogUpdate]:
    if chosen.department:
        rows = rows.filter(provider=chosen.department)
    if chosen.first:
        rows = rows.filter(event_on__gte=chosen.first)
    if chosen.last:
        rows = rows.filter(event_on__lte=chosen.last)
    if chosen.outcome in _MET:
        rows = _with_past(rows, at).filter(_MET[chosen.outcome])
    return rows


def _with_past(rows: QuerySet[CatalogUpdate], at: datetime) -> QuerySet[CatalogUpdate]:
    due = Clock.objects.filter(case_kind=CATALOG_UPDATE.name, case_id=OuterRef("pk"), name="update", target=False)
    return rows.annotate(past=Exists(due.filter(due_day__lt=beijing_day(at))))


def _counted(rows: QuerySet[CatalogUpdate]) -> QuerySet[CatalogUpdate]:
    return rows.annotate(entries=Count("affected"), settled=Count("affected__done_at"))


def _rows(found: Sequence[CatalogUpdate], at: datetime) -> list[UpdateRow]:
    running = clocks(CATALOG_UPDATE.name, [case.pk for case in found], at)
    return [
        UpdateRow(
            id=case.pk,
            occasion=case.occasion,
            kind=case.kind,
            kind_label=_(TRIGGERS[case.kind]),
            event_on=case.event_on,
            provider_id=case.provider_id,
            provider_name=case.provider.name,
            state=case.state,
            state_label=CATALOG_UPDATE.state_label(case.state),
            submitted_on=case.submitted_on,
            completed_on=case.completed_on,
            late=case.late,
            affected=getattr(case, "entries", 0),
            done=getattr(case, "settled", 0),
            clocks=tuple(running.get(case.pk, ())),
        )
        for case in found
    ]


def catalog_update(update_id: int, *, actor: Actor, at: datetime) -> UpdateDetail:
    """Return one duty. NotThere for one the actor may not know of."""
    case = _counted(_known_to(actor)).filter(pk=update_id).first()
    if case is None:
        raise NotThere(_("没有找到该更新任务，或您无权知悉。"))
    lines = case.affected.select_related("entry").order_by("entry__title")
    return UpdateDetail(
        row=_rows([case], at)[0],
        authority_name=case.authority.name,
        entries=tuple(
            AffectedRow(
                line.entry_id,
                line.entry.title,
                line.entry.code or "",
                line.entry.state,
                ENTRY.state_label(line.entry.state),
                line.submitted_at,
                line.done_at,
            )
            for line in lines
        ),
        extension=case.extension_asked,
        buttons=tuple(button for button in CATALOG_UPDATE.open_to(actor, case) if _makes_sense(button.verb, case)),
        history=tuple(history(CATALOG_UPDATE.name, case.pk)),
        profile=case.profile,
    )


def _makes_sense(verb: str, case: CatalogUpdate) -> bool:
    """Offer an answer only where something was asked, and asking only once."""
    waiting = bool(case.extension_asked) and not case.extension_asked.get("refused")
    if verb in {"extend", "refuse_extension"}:
        return waiting
    return verb != "ask_extension" or not case.extension_asked


def update_choices(provider_id: int) -> list[tuple[int, str]]:
    """Return a department's published entries that a change can affect, as (id, title with code), at most 500.

    Published entries are no secret between departments; only the department and its authority can register a change.
    """
    rows = Entry.objects.filter(provider=provider_id, published__isnull=False).order_by("title")
    return [(pk, f"{title}（{code}）") for pk, title, code in rows.values_list("pk", "title", "code")[:MOST_OFFERED]]


def update_figures(actor: Actor, *, first: date, last: date, at: datetime, department: int = 0) -> list[UpdateFigure]:
    """Return figures per department for changes between two days, inclusive; those the actor may know of (R-CAT-026)."""
    rows = (
        _with_past(_chosen(_known_to(actor), Chosen(department, "", first, last), at), at)
        .values("provider_id", name=F("provider__name"))
        .annotate(
            triggers=Count("pk"),
            on_time=Count("pk", filter=_MET["on_time"]),
            behind=Count("pk", filter=_MET["late"]),
            missed=Count("pk", filter=_MET["missed"]),
            waiting=Count("pk", filter=_MET["open"]),
        )
        .order_by("name")
    )
    return [
        UpdateFigure(r["provider_id"], r["name"], r["triggers"], r["on_time"], r["behind"], r["missed"], r["waiting"])
        for r in rows
    ]


def update_lines(
    actor: Actor,
    *,
    at: datetime,
    state: str = "",
    text: str = "",
    chosen: Chosen = Chosen(),
) -> Iterator[UpdateRow]:
    """Return every duty of a list, page by page, for Excel."""
    return every(
        lambda number: catalog_updates(actor, at=at, state=state, text=text, chosen=chosen, number=number, size=LARGEST)
    )
