"""Filings of entries: those that wait for the authority or were taken note of, and entries that lack one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Entry, Opinion
from jutong.slices.catalogue.rules.filing import files_catalogue
from jutong.slices.catalogue.workflow import AUTHORITY, ENTRY
from jutong.slices.parties import queries as parties

KINDS: Final = {"waiting": N_("待确认"), "acknowledged": N_("已确认"), "missing": N_("未备案")}
"""What a list of filings shows; missing: entries that the local text wants filed and that are not."""


@dataclass(frozen=True, slots=True)
class FilingRow:
    """A filing of an entry, or an entry without one (number empty). published: it is in force already."""

    entry_id: int
    code: str
    title: str
    provider_name: str
    state: str
    state_label: str
    published: bool
    number: str
    version: int
    filed_by: str
    filed_at: datetime | None
    acknowledged_at: datetime | None


def area_of(actor: Actor) -> list[str]:
    """Return the regions whose entries the actor's authorities review: their own, and those below without an authority."""
    if not actor.holds(*AUTHORITY.roles):
        return []
    ruled = {row.region: row.department_id for row in parties.authorities()}
    found = []
    for row in parties.regions():
        owner = next((code for code in (row.code, *parties.regions_above(row.code)) if code in ruled), "")
        if owner and ruled[owner] in actor.serves:
            found.append(row.code)
    return found


def _seen(actor: Actor) -> Q:
    if actor.holds(Role.AUDITOR):
        return Q()
    return Q(entry__provider__in=actor.serves) | Q(entry__authority__in=actor.serves)


def filings(
    actor: Actor, *, at: datetime, kind: str = "waiting", text: str = "", number: int = 1, size: int = 50
) -> tuple[list[FilingRow], Page]:
    """Return filings of the actor's departments and area by kind, or what lacks one (R-CAT-018)."""
    if kind == "missing":
        return _missing(actor, at, text, number, size)
    rows = Opinion.objects.filter(_seen(actor), kind="filing", acknowledged_at__isnull=kind == "waiting")
    if text:
        rows = rows.filter(Q(entry__title__icontains=text) | Q(number__startswith=text))
    found, meta = page(rows.select_related("entry", "version").order_by("-at", "-pk"), number, size)
    return [_row(opinion.entry, opinion) for opinion in found], meta


def _missing(actor: Actor, at: datetime, text: str, number: int, size: int) -> tuple[list[FilingRow], Page]:
    day = beijing_day(at)
    area, mine = area_of(actor), parties.departments(actor.serves).values()
    regions = [
        region
        for region in {*area, *(row.region for row in mine)}
        if files_catalogue(jurisdiction.policy_for(region, day))
    ]
    filed = Opinion.objects.filter(entry=OuterRef("pk"), kind="filing")
    rows = Entry.objects.filter(~Exists(filed), region__in=regions, published__isnull=False)
    rows = rows.filter(Q(region__in=area) | Q(provider__in=actor.serves))
    if text:
        rows = rows.filter(title__icontains=text)
    found, meta = page(rows.order_by("provider_name", "title", "pk"), number, size)
    return [_row(case, None) for case in found], meta


def _row(case: Entry, opinion: Opinion | None) -> FilingRow:
    return FilingRow(
        entry_id=case.pk,
        code=case.code or "",
        title=case.title,
        provider_name=case.provider_name,
        state=case.state,
        state_label=ENTRY.state_label(case.state),
        published=case.published_id is not None,
        number=opinion.number if opinion else "",
        version=opinion.version.number if opinion else case.version,
        filed_by=opinion.account_name if opinion else "",
        filed_at=opinion.at if opinion else None,
        acknowledged_at=opinion.acknowledged_at if opinion else None,
    )


def filing_lines(actor: Actor, *, at: datetime, kind: str, text: str = "") -> Iterator[FilingRow]:
    """Return every filing of a list, page by page, for Excel."""
    return every(lambda number: filings(actor, at=at, kind=kind, text=text, number=number, size=LARGEST))


def filing_labels() -> dict[str, str]:
    """Return what the kinds of the list are called, translated."""
    return {code: _(label) for code, label in KINDS.items()}
