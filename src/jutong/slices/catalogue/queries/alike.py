"""Entries that a new title may repeat: told while it is typed, before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jutong.kernel.actors import Actor
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.rules.near import stem
from jutong.slices.catalogue.rules.text import title_key

COMPARED: Final = 2_000
"""Titles of a department that are compared while somebody types; an import compares them all."""
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class AlikeRow:
    """An entry that is called alike. same: the very title in the actor's department, which cannot be used again.

    own: of the actor's department; of others only what is published, whose item might be referred to instead.
    """

    id: int
    title: str
    provider_name: str
    same: bool
    own: bool


def alike(title: str, *, actor: Actor, entry_id: int = 0) -> list[AlikeRow]:
    """Return what is called alike, the same title first; `entry_id` is the entry being written and left out."""
    key, wanted = title_key(title)[:200], stem(title)
    if not key:
        return []
    rows = Entry.objects.exclude(pk=entry_id).exclude(state="withdrawn")
    own = list(rows.filter(provider=actor.department_id).order_by("-changed_at", "-pk")[:COMPARED])
    found = [
        AlikeRow(row.pk, row.title, row.provider_name, same=row.title_key == key, own=True)
        for row in own
        if row.title_key == key or stem(row.title) == wanted
    ]
    others = rows.filter(title_key=key, published__isnull=False).exclude(provider=actor.department_id)
    found += [
        AlikeRow(row.pk, row.title, row.provider_name, same=False, own=False) for row in others.order_by("pk")[:SHOWN]
    ]
    return sorted(found, key=lambda row: (not row.same, not row.own, row.id))[:SHOWN]
