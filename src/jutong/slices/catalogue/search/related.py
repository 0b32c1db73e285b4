"""Entries that hold the same items as another one, those with the rarest items in common first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import connection

from jutong.slices.catalogue.rules.asking import Group, lexemes, quorum
from jutong.slices.catalogue.search.hits import by_index, shelf_by_shelf
from jutong.slices.catalogue.search.vocabulary import known_words

LOOKED_AT: Final = 300
_RAREST: Final = 5
_BOTH: Final = 2


@dataclass(frozen=True, slots=True)
class Related:
    """A published entry with the names of the items it has in common with another one."""

    entry_id: int
    title: str
    provider: str
    items: tuple[str, ...]


def related(entry_id: int, *, most: int = 8) -> list[Related]:
    """Return published entries that share items with a published entry (at least two where it has more than one).

    Candidates hold two of its rarest items; at most `LOOKED_AT` are compared item by item.
    """
    names = _items(entry_id)
    if not names:
        return []
    counts = known_words(names)
    rarest = sorted(names, key=lambda name: (counts.get(name, 0), name))[:_RAREST]
    groups = [Group(name, (words,)) for name in rarest if (words := lexemes(name))]
    if not groups:
        return []
    need = min(_BOTH, len(groups))
    candidates, values = shelf_by_shelf(_CANDIDATES, [quorum(groups, need), entry_id])
    with by_index(), connection.cursor() as cursor:
        cursor.execute(
            _SHARING.format(candidates=candidates), [*values, LOOKED_AT, names, min(_BOTH, len(names)), most]
        )
        return [Related(pk, title, provider, tuple(items)) for pk, title, provider, items in cursor.fetchall()]


def _items(entry_id: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct i.name from catalogue_entry e join catalogue_item i on i.version_id = e.published_id"
            " where e.id = %s order by i.name limit 200",
            [entry_id],
        )
        return [row[0] for row in cursor.fetchall()]


_CANDIDATES: Final = """
    select l.entry_id from catalogue_listing l where l.in_force and l.search @@ %s::tsquery and l.entry_id <> %s
"""
_SHARING: Final = """
    with c as materialized ({candidates} limit %s)
    select e.id, e.title, e.provider_name, array_agg(distinct i.name order by i.name)
      from c join catalogue_entry e on e.id = c.entry_id
      join catalogue_item i on i.version_id = e.published_id and i.name = any(%s)
     group by e.id, e.title, e.provider_name
    having count(distinct i.name) >= %s
     order by count(distinct i.name) desc, e.id
     limit %s
"""
