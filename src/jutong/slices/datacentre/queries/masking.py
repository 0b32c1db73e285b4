"""How items are shown unless somebody decides otherwise: as their resource is mounted, by what they are, by their grade."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel.terms import Masking
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre.queries.mounts import mount_of
from jutong.slices.datacentre.rules import suggested_masking


def graded_masking(resource_id: int, *, at: datetime) -> dict[str, Masking]:
    """Return how the items are masked that the catalogue of grades masks by default (R-SEC-040); others are left out."""
    entry, asked = catalogue.published(resource_id), catalogue.handling(resource_id, at=at)
    if entry is None or asked is None:
        return {}
    return {
        item.name: suggested_masking(item.name, kind=item.kind, sensitive=True)
        for item in entry.items
        if item.name in asked.masked
    }


def default_masking(resource_id: int, *, at: datetime) -> dict[str, Masking]:
    """Return how each item of a published entry is shown in a new grant; empty for an entry that is not in force.

    What the mount masks stays masked so; where it masks nothing, sensitive items and those of a masked grade are
    masked by their names all the same.
    """
    entry, mounted = catalogue.published(resource_id), mount_of(resource_id)
    if entry is None:
        return {}
    chosen = {line.item: line.masking for line in mounted.items} if mounted else {}
    sensitive = {
        item.name: suggested_masking(item.name, kind=item.kind, sensitive=True)
        for item in entry.items
        if item.sensitive
    }
    hidden = {**sensitive, **graded_masking(resource_id, at=at)}
    return {
        item.name: mask
        if (mask := chosen.get(item.name, Masking.NONE)) is not Masking.NONE
        else hidden.get(item.name, Masking.NONE)
        for item in entry.items
    }
