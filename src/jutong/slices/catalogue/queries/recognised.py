"""What the values behind an entry's columns were recognised as."""

from __future__ import annotations

from collections.abc import Iterable

from jutong.slices.catalogue.models import Recognised


def recognised_of(entries: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return the same of several entries by id; those nobody looked into are left out."""
    found: dict[int, dict[str, str]] = {}
    for entry, column, meaning in Recognised.objects.filter(entry__in=set(entries)).values_list(
        "entry", "column", "meaning"
    ):
        found.setdefault(entry, {})[column] = meaning
    return found


def recognised(entry_id: int) -> dict[str, str]:
    """Return {technical name: meaning} of an entry's columns, see `wire.probe.Meaning`."""
    return dict(Recognised.objects.filter(entry=entry_id).values_list("column", "meaning"))
