"""Keeping who uses what, as the slices above tell it: for the data map, joint use and the ranking."""

from __future__ import annotations

from datetime import date, datetime

from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue.models import Entry, Pulse, Use
from jutong.slices.catalogue.queries.standing import restand


def note_use(grant_id: int, *, entry_id: int, provider_id: int, consumer_id: int, at: datetime) -> None:
    """Note that a grant of an entry was opened or changed."""
    if Entry.objects.filter(pk=entry_id).exists():
        given = {"entry_id": entry_id, "provider_id": provider_id, "consumer_id": consumer_id, "ended_on": None}
        Use.objects.update_or_create(
            grant_id=grant_id, defaults=given, create_defaults={**given, "since": beijing_day(at)}
        )


def note_use_ended(grant_id: int, *, at: datetime) -> None:
    """Note that a grant is over."""
    Use.objects.filter(grant_id=grant_id, ended_on=None).update(ended_on=beijing_day(at))


def note_called(grant_id: int, *, entry_id: int, day: date, at: datetime) -> None:
    """Note that a call came under a grant on a day; the entry counts as used."""
    Use.objects.filter(grant_id=grant_id).update(used_on=day)
    Pulse.objects.filter(pk=entry_id).update(used_on=day)
    restand([entry_id], at=at)
