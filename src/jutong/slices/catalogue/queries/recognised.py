"""What the values behind an entry's columns were recognised as."""

from __future__ import annotations

from jutong.slices.catalogue.models import Recognised


def recognised(entry_id: int) -> dict[str, str]:
    """Return {technical name: meaning} of an entry's columns, see `wire.probe.Meaning`."""
    return dict(Recognised.objects.filter(entry=entry_id).values_list("column", "meaning"))
