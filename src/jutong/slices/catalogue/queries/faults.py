"""Findings about catalogues: the list, one with everything its page shows, and departments without a catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.policy import article
from jutong.kernel.queries import history
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.models import Entry, Fault
from jutong.slices.catalogue.rules.faults import KINDS
from jutong.slices.catalogue.workflow.faults import FAULT, REPORTER, may_know_fault
from jutong.slices.parties import queries as parties

MOST_CHECKED: Final = 2000
"""Departments of a region that one check looks at."""


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A finding in a list. article: as people cite it. late: its day has passed without report."""

    id: int
    department: str
    kind: str
    kind_label: str
    wilful: bool
    article: str
    text: str
    entry_id: int
    title: str
    state: str
    state_label: str
    due_on: date | None
    done_on: date | None
    at: datetime


@dataclass(frozen=True, slots=True)
class FaultDetail:
    """A finding as its page shows it."""

    row: FaultRow
    region: str
    authority: str
    reporter: str
    evidence: str
    demand: str
    done: str
    decided: str
    buttons: tuple[Button, ...]
    happenings: tuple[Happening, ...]


def _known_to(actor: Actor) -> QuerySet[Fault]:
    rows = Fault.objects.select_related("department", "authority", "entry", "reporter")
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    told = Q(department__in=actor.serves) & ~Q(state__in=["finding_proposed", "finding_rejected"])
    return rows.filter(Q(authority__in=actor.serves) | Q(reporter__in=actor.serves) | told)


def faults(
    actor: Actor, *, state: str = "", kind: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[FaultRow], Page]:
    """Return the findings the actor may know of, newest first."""
    rows = _known_to(actor).order_by("-at", "-pk")
    if state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    if text:
        rows = rows.filter(Q(text__icontains=text) | Q(department__name__icontains=text))
    found, meta = page(rows, number, size)
    return [_row(case) for case in found], meta


def _row(case: Fault) -> FaultRow:
    return FaultRow(
        id=case.pk,
        department=case.department.name,
        kind=case.kind,
        kind_label=_(KINDS[case.kind]),
        wilful=case.wilful,
        article=article(case.article),
        text=case.text,
        entry_id=case.entry_id or 0,
        title=case.entry.title if case.entry else "",
        state=case.state,
        state_label=FAULT.state_label(case.state),
        due_on=case.due_on,
        done_on=case.done_on,
        at=case.at,
    )


def fault_lines(actor: Actor, *, state: str = "", kind: str = "", text: str = "") -> Iterator[FaultRow]:
    """Return every finding of a list, page by page, for Excel."""
    return every(lambda number: faults(actor, state=state, kind=kind, text=text, number=number, size=LARGEST))


def fault(fault_id: int, *, actor: Actor) -> FaultDetail:
    """Return one finding. NotThere for one the actor may not know of."""
    case = _known_to(actor).filter(pk=fault_id).first()
    if case is None or not may_know_fault(actor, case):
        raise NotThere(_("没有找到该目录问题，或您无权知悉。"))
    return FaultDetail(
        row=_row(case),
        region=parties.region_name(case.region),
        authority=case.authority.name,
        reporter=case.reporter.name if case.reporter else "",
        evidence=case.evidence,
        demand=case.demand,
        done=case.done,
        decided=case.decided,
        buttons=tuple(FAULT.open_to(actor, case)),
        happenings=tuple(happenings(history(FAULT.name, case.pk), FAULT)),
    )


def without_catalogue(regions: Sequence[str]) -> list[parties.DepartmentRow]:
    """Return the active, confirmed departments of these regions that have published nothing."""
    providers = set(
        Entry.objects.filter(region__in=regions, published__isnull=False).order_by().values_list("provider", flat=True).distinct()
    )  # fmt: skip
    found = {row.id: row for region in regions for row in parties.search_departments(region=region, limit=MOST_CHECKED)}
    return [row for row in found.values() if row.region in regions and row.confirmed and row.id not in providers]


def reporting_departments(actor: Actor) -> list[tuple[int, str]]:
    """Return for which departments the actor can report a condition, as id and name."""
    mine = {
        post.department_id for post in actor.posts if post.role in REPORTER.roles and post.department_id is not None
    }
    return [(pk, row.name) for pk, row in parties.departments(mine).items()]
