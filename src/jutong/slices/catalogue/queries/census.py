"""Censuses of information resources: the list, one with progress and results per department, beside the one before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.queries import history
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.models import Census, CensusLine, Declaration
from jutong.slices.catalogue.rules.census import QUANTITIES
from jutong.slices.catalogue.workflow import AUTHORITY, CENSUS, DECLARATION, holds_censuses
from jutong.slices.catalogue.workflow.census import may_know_census
from jutong.slices.parties import queries as parties

Sums = dict[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class CensusRow:
    """A census in a list. departments: how many were asked; declared, silent: how many have answered, or did not."""

    id: int
    region: str
    region_name: str
    number: int
    title: str
    document: str
    counted_on: date
    due_on: date
    days_left: int
    state: str
    state_label: str
    filled: bool
    departments: int
    declared: int
    silent: int


@dataclass(frozen=True, slots=True)
class DeclaredRow:
    """A department in a census. waiting: lines not confirmed yet; catalogued: lines that are entries of the catalogue.

    sums: the six quantities of what it declared; before: in the census before, None where it did not declare.
    """

    id: int
    department_id: int
    department: str
    state: str
    state_label: str
    lines: int
    waiting: int
    corrected: int
    missing: int
    gone: int
    sums: Sums
    before: Sums | None
    declared_at: datetime | None

    @property
    def catalogued(self) -> int:
        """How many of its resources the catalogue has."""
        return self.lines - self.missing

    @property
    def done(self) -> int:
        """Percent of its lines that are confirmed."""
        return 100 * (self.lines - self.waiting) // self.lines if self.lines else 100


@dataclass(frozen=True, slots=True)
class CensusDetail:
    """A census as its page shows it. totals, before: the six sums of all departments now and in the one before."""

    row: CensusRow
    rows: tuple[DeclaredRow, ...]
    totals: Sums
    previous: CensusRow | None
    before: Sums
    gaps: Mapping[str, int]
    buttons: tuple[Button, ...]
    happenings: tuple[Happening, ...]
    profile: str
    watches: bool


def asked_departments(region: str) -> list[int]:
    """Return the ids of the active departments of exactly this region."""
    rows = every(lambda number: parties.departments_page(region=region, number=number, size=LARGEST))
    return [row.id for row in rows if row.active and row.region == region]


def previous_of(case: Census) -> Census | None:
    """Return the census that the region held before this one, None for its first."""
    return Census.objects.filter(region=case.region, state="closed", number__lt=case.number).order_by("-number").first()


def summed(declaration_id: int) -> dict[str, Any]:
    """Return what a declaration comes to: counts of its lines, and the six sums over those whose resource is there."""
    there = ~Q(kind="gone")
    sums: dict[str, Any] = {name: Sum(name, filter=there) for name in QUANTITIES}
    rows = CensusLine.objects.filter(declaration=declaration_id)
    found = rows.aggregate(
        lines=Count("pk"),
        missing=Count("pk", filter=Q(kind="missing")),
        gone=Count("pk", filter=Q(kind="gone")),
        **sums,
    )
    return {**found, "corrected": sum(corrected(line) for line in rows.filter(kind="confirmed").iterator())}


def corrected(line: CensusLine) -> bool:
    """Tell whether a department stated other figures than the catalogue gave."""
    return any(
        (Decimal(line.computed[name]) if name in line.computed else None) != value
        for name, value in line.quantities().items()
    )


def may_open_census(actor: Actor, at: datetime) -> list[str]:
    """Return the regions in which the actor may open a census today: as authority, where the profile has one."""
    if not actor.holds(*AUTHORITY.roles):
        return []
    mine = [a.region for a in parties.authorities() if a.department_id in actor.serves]
    return [region for region in mine if holds_censuses(jurisdiction.policy_for(region, beijing_day(at)))]


def without_census(actor: Actor, at: datetime) -> tuple[str, str] | None:
    """Return the region and the profile by which the actor works, where that knows no census; None where it does."""
    policy = jurisdiction.policy_for(actor.region, beijing_day(at))
    return None if holds_censuses(policy) else (parties.region_name(actor.region), policy.reference)


def _known_to(actor: Actor) -> QuerySet[Census]:
    rows = Census.objects.annotate(
        asked=Count("declarations"),
        done=Count("declarations", filter=Q(declarations__state="declared")),
        silent=Count("declarations", filter=Q(declarations__state="not_responded")),
    )
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    mine = Declaration.objects.filter(department__in=actor.serves).values("census")
    return rows.filter(Q(authority__in=actor.serves) | Q(pk__in=mine))


def censuses(actor: Actor, *, at: datetime, number: int = 1, size: int = 20) -> tuple[list[CensusRow], Page]:
    """Return the censuses the actor may know of, newest first."""
    found, meta = page(_known_to(actor).order_by("-pk"), number, size)
    return _rows(found, at), meta


def _rows(found: Iterable[Census], at: datetime) -> list[CensusRow]:
    cases = list(found)
    names = parties.region_names({case.region for case in cases})
    return [
        CensusRow(
            id=case.pk, region=case.region, region_name=names.get(case.region, case.region), number=case.number,
            title=case.title, document=case.document, counted_on=case.counted_on, due_on=case.due_on,
            days_left=(case.due_on - beijing_day(at)).days, state=case.state, state_label=CENSUS.state_label(case.state),
            filled=case.filled_at is not None, departments=getattr(case, "asked", 0), declared=getattr(case, "done", 0),
            silent=getattr(case, "silent", 0),
        )
        for case in cases
    ]  # fmt: skip


def census(census_id: int, *, actor: Actor, at: datetime) -> CensusDetail:
    """Return one census. NotThere for one the actor may not know of; a department sees its own line only."""
    case = _known_to(actor).filter(pk=census_id).first()
    if case is None or not may_know_census(actor, case):
        raise NotThere(_("没有找到该普查，或您无权知悉。"))
    watches = actor.account_id is None or actor.holds(Role.AUDITOR) or case.authority_id in actor.serves
    earlier = previous_of(case)
    previous = _known_to(actor).filter(pk=earlier.pk).first() if earlier else None
    declared = case.declarations.select_related("department").order_by("department__name")
    if not watches:
        declared = declared.filter(department__in=actor.serves)
    before = _sums_by_department(previous)
    rows = tuple(_declared(declared, before, case))
    return CensusDetail(
        row=_rows([case], at)[0],
        rows=rows,
        totals=added(row.sums for row in rows if row.state == "declared"),
        previous=_rows([previous], at)[0] if previous else None,
        before=added(before[row.department_id] for row in rows if row.department_id in before),
        gaps=_gaps(case, None if watches else actor),
        buttons=tuple(CENSUS.open_to(actor, case)),
        happenings=tuple(happenings(history(CENSUS.name, case.pk), CENSUS)) if watches else (),
        profile=case.profile,
        watches=watches,
    )


def _sums_by_department(case: Census | None) -> dict[int, Sums]:
    rows = case.declarations.filter(state="declared") if case else Declaration.objects.none()
    return {row.department_id: row.quantities() for row in rows}


def _gaps(case: Census, actor: Actor | None) -> dict[str, int]:
    rows = case.gaps.all()
    if actor is not None:
        rows = rows.filter(department__in=actor.serves)
    return dict(rows.values_list("state").annotate(many=Count("pk")).order_by("state"))


def _declared(rows: QuerySet[Declaration], before: Mapping[int, Sums], case: Census) -> Iterable[DeclaredRow]:
    waiting = dict(
        CensusLine.objects.filter(declaration__census=case, kind="proposed")
        .values_list("declaration")
        .annotate(many=Count("pk"))
    )
    for row in rows:
        yield DeclaredRow(
            id=row.pk, department_id=row.department_id, department=row.department.name, state=row.state,
            state_label=DECLARATION.state_label(row.state), lines=row.lines, waiting=waiting.get(row.pk, 0),
            corrected=row.corrected, missing=row.missing, gone=row.gone, sums=row.quantities(),
            before=before.get(row.department_id), declared_at=row.declared_at,
        )  # fmt: skip


def added(rows: Iterable[Sums]) -> Sums:
    """Return the sums over rows; None where no row states anything."""
    totals: Sums = dict.fromkeys(QUANTITIES)
    for row in rows:
        for name, value in row.items():
            if value is not None:
                totals[name] = (totals[name] or Decimal(0)) + value
    return totals
