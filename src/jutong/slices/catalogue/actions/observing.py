"""Keeping the pulse of published entries: at publication, and by what is heard of their data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final

from django.db.models import F, Q
from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actors import Role
from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue.models import Entry, Pulse
from jutong.slices.catalogue.queries.standing import growing_old, restand
from jutong.slices.catalogue.queries.tallies import join_departments
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.liveliness import completeness, due_on
from jutong.slices.catalogue.search.tallies import join_rows

MOST_REMINDED: Final = 1000


def take_pulse(pairs: Sequence[tuple[Entry, Content]], *, at: datetime) -> None:
    """Write the pulse of entries that were just published, keeping what was heard of their data before."""
    today = beijing_day(at)
    kept = Pulse.objects.in_bulk([entry.pk for entry, _content in pairs])
    rows = []
    for entry, content in pairs:
        pulse = kept.get(entry.pk) or Pulse(entry=entry, since=today)
        pulse.provider_id, pulse.authority_id, pulse.in_force = entry.provider_id, entry.authority_id, True
        pulse.completeness = completeness(content)
        pulse.cycle = content.update_cycle
        pulse.refreshed_on = _later(pulse.refreshed_on, content.updated_on)
        pulse.due_on = due_on(pulse.cycle, pulse.refreshed_on or pulse.since)
        rows.append(pulse)
    Pulse.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["entry"],
        update_fields=["completeness", "cycle", "refreshed_on", "due_on", "provider", "authority", "in_force"],
    )


def _later(one: date | None, other: date | None) -> date | None:
    return max((day for day in (one, other) if day), default=None)


def end_pulse(entry_id: int) -> None:
    """Note that an entry was withdrawn: it no longer counts among those in force."""
    Pulse.objects.filter(pk=entry_id).update(in_force=False)


def note_refreshed(entry_id: int, *, at: datetime) -> None:
    """Note that data of an entry came in; the next update is counted from this day."""
    pulse = Pulse.objects.select_for_update().filter(pk=entry_id).first()
    if pulse:
        pulse.refreshed_on = _later(pulse.refreshed_on, beijing_day(at))
        pulse.due_on = due_on(pulse.cycle, pulse.refreshed_on or pulse.since)
        pulse.save(update_fields=["refreshed_on", "due_on"])
        restand([entry_id], at=at)


def note_mounted(entry_id: int, *, active: bool, at: datetime) -> None:
    """Note that a resource stands behind an entry now, or no longer."""
    rows = Pulse.objects.filter(pk=entry_id)
    if active:
        rows.update(mounted=True, lost_on=None)
    else:
        rows.filter(mounted=True).update(mounted=False, lost_on=beijing_day(at))
    restand([entry_id], at=at)


def note_granted(entry_ids: Collection[int], *, at: datetime) -> None:
    """Note that entries were granted to somebody."""
    Pulse.objects.filter(pk__in=entry_ids).update(granted_at=at)
    restand(list(entry_ids), at=at)


def restand_the_aged(*, at: datetime) -> int:
    """Let entries fall back in the ranking whose update fell due or that nobody used for a year; returns how many."""
    return restand(growing_old(at=at), at=at)


def remind_of_cycles(*, at: datetime) -> int:
    """Tell departments once of each entry whose data is older than its update cycle; returns of how many (R-CAT-023).

    Entries with a mounted resource are read at the source and are not reminded of here.
    """
    late = list(
        Pulse.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(due_on__lt=beijing_day(at), mounted=False, entry__published__isnull=False)
        .filter(Q(reminded_on=None) | ~Q(reminded_on=F("due_on")))
        .select_related("entry")
        .order_by("due_on")[:MOST_REMINDED]
    )
    for pulse in late:
        inbox.tell(
            department_id=pulse.entry.provider_id,
            role=Role.DATA_OFFICER,
            title=_("数据未按更新周期更新：%s") % pulse.entry.title,
            link=f"/catalogue/{pulse.pk}/",
            at=at,
        )
    Pulse.objects.filter(pk__in=[pulse.pk for pulse in late]).update(reminded_on=F("due_on"))
    return len(late)


def join_counts(*, at: datetime) -> int:
    """Make one row of the many that changes left in the tallies of what is in force; returns how many went."""
    return join_rows() + join_departments(today=beijing_day(at))
