"""How alive the catalogue is: entries with ailments, and figures per department (R-CAT-023, R-CAT-059)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.terms import UpdateCycle
from jutong.slices.catalogue.models import Pulse
from jutong.slices.catalogue.queries.tallies import figures_of
from jutong.slices.catalogue.rules.liveliness import AILMENTS, THIN_BELOW, UNUSED_AFTER, ZOMBIE
from jutong.slices.parties import queries as parties


@dataclass(frozen=True, slots=True)
class AilingRow:
    """A published entry with what it suffers from, translated. days_late: days past the cycle's limit, 0 within it."""

    entry_id: int
    code: str
    title: str
    department: str
    cycle_label: str
    since: date
    refreshed_on: date | None
    days_late: int
    granted_at: datetime | None
    lost_on: date | None
    completeness: int
    ailments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LivelinessFigure:
    """One department's published entries: how many, how complete on average, and how many ail of what.

    timely: percent of the entries with an update cycle that are within it; None where none has one. granted: how many were
    ever granted to somebody. zombie: those that are never used, never refreshed or without source, each counted once.
    thin: those that lack half of what helps a reader.
    """

    department_id: int
    department: str
    entries: int = 0
    completeness: int = 0
    with_cycle: int = 0
    stale: int = 0
    unused: int = 0
    never_refreshed: int = 0
    source_gone: int = 0
    no_resource: int = 0
    granted: int = 0
    zombie: int = 0
    thin: int = 0

    @property
    def timely(self) -> int | None:
        """Percent within the cycle."""
        return 100 * (self.with_cycle - self.stale) // self.with_cycle if self.with_cycle else None


def _conditions(today: date) -> dict[str, Q]:
    """Return what makes an entry ail; what is mounted is read at its source and counts as refreshed."""
    stale = Q(due_on__lt=today, mounted=False)
    found = {
        "stale": stale,
        "never_refreshed": stale & Q(refreshed_on=None, lost_on=None),
        "unused": Q(granted_at=None, since__lt=today - timedelta(days=UNUSED_AFTER)),
        "source_gone": Q(lost_on__isnull=False),
        "no_resource": Q(mounted=False),
        "thin": Q(completeness__lt=THIN_BELOW),
    }
    return found | {"zombie": reduce(or_, (found[name] for name in ZOMBIE))}


def _seen_by(actor: Actor) -> QuerySet[Pulse]:
    """Return the pulses of the actor's departments, and of their area for the competent authority and auditors."""
    rows = Pulse.objects.filter(in_force=True)
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    return rows.filter(Q(provider__in=actor.serves) | Q(authority__in=actor.serves))


def ailing(
    actor: Actor, *, at: datetime, ailment: str = "", department: int = 0, number: int = 1, size: int = 20
) -> tuple[list[AilingRow], Page]:
    """Return published entries that ail (of one ailment, or of any that matters), the longest overdue first."""
    today = beijing_day(at)
    conditions = _conditions(today)
    wanted = conditions.get(ailment)
    if wanted is None:
        wanted = conditions["stale"] | conditions["unused"] | conditions["source_gone"]
    rows = _seen_by(actor).filter(wanted).select_related("entry").order_by(F("due_on").asc(nulls_last=True), "pk")
    if department:
        rows = rows.filter(provider=department)
    found, meta = page(rows, number, size)
    return [_row(pulse, today) for pulse in found], meta


def _row(pulse: Pulse, today: date) -> AilingRow:
    late = max(0, (today - pulse.due_on).days) if pulse.due_on and not pulse.mounted else 0
    suffers = {
        "stale": late > 0,
        "never_refreshed": late > 0 and pulse.refreshed_on is None and pulse.lost_on is None,
        "unused": pulse.granted_at is None and (today - pulse.since).days > UNUSED_AFTER,
        "source_gone": pulse.lost_on is not None,
        "no_resource": not pulse.mounted,
    }
    return AilingRow(
        entry_id=pulse.pk,
        code=pulse.entry.code or "",
        title=pulse.entry.title,
        department=pulse.entry.provider_name,
        cycle_label=_(UpdateCycle(pulse.cycle).label) if pulse.cycle else "",
        since=pulse.since,
        refreshed_on=pulse.refreshed_on,
        days_late=late,
        granted_at=pulse.granted_at,
        lost_on=pulse.lost_on,
        completeness=pulse.completeness,
        ailments=tuple(_(AILMENTS[name]) for name, so in suffers.items() if so),
    )


def ailing_lines(actor: Actor, *, at: datetime, ailment: str = "", department: int = 0) -> Iterator[AilingRow]:
    """Return every ailing entry, page by page, for Excel."""
    return every(
        lambda number: ailing(actor, at=at, ailment=ailment, department=department, number=number, size=LARGEST)
    )


def liveliness(actor: Actor, *, at: datetime, department: int = 0) -> list[LivelinessFigure]:
    """Return figures per department (or of one), those with the most stale entries first; from what is kept of them."""
    found = figures_of(actor, today=beijing_day(at), department=department)
    names = parties.departments(found)
    return [
        LivelinessFigure(
            department_id=pk,
            department=names[pk].name,
            **{**figures, "completeness": figures["completeness"] // figures["entries"]},
        )
        for pk, figures in sorted(found.items(), key=lambda row: (-row[1]["stale"], row[0]))
    ]
