"""Keeping who uses what, as the slices above tell it: for the data map, joint use and the ranking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue.models import Entry, Pulse, Use
from jutong.slices.catalogue.queries.standing import restand


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant as the slice that gave it tells of it: an entry of one department to another."""

    grant_id: int
    entry_id: int
    provider_id: int
    consumer_id: int


def note_uses(told: Iterable[Granted], *, at: datetime) -> None:
    """Note that grants of entries were opened or changed; of entries that are gone nothing is noted."""
    by_grant = {one.grant_id: one for one in told}
    there = set(Entry.objects.filter(pk__in={one.entry_id for one in by_grant.values()}).values_list("pk", flat=True))
    Use.objects.bulk_create(
        [
            Use(
                grant_id=one.grant_id,
                entry_id=one.entry_id,
                provider_id=one.provider_id,
                consumer_id=one.consumer_id,
                since=beijing_day(at),
            )
            for one in by_grant.values()
            if one.entry_id in there
        ],
        update_conflicts=True,
        unique_fields=["grant_id"],
        update_fields=["entry_id", "provider_id", "consumer_id", "ended_on"],
        batch_size=1000,
    )


def note_use_ended(grant_id: int, *, at: datetime) -> None:
    """Note that a grant is over."""
    Use.objects.filter(grant_id=grant_id, ended_on=None).update(ended_on=beijing_day(at))


def note_called(grant_id: int, *, entry_id: int, day: date, at: datetime) -> None:
    """Note that a call came under a grant on a day; the entry counts as used."""
    Use.objects.filter(grant_id=grant_id).update(used_on=day)
    Pulse.objects.filter(pk=entry_id).update(used_on=day)
    restand([entry_id], at=at)
