"""What of a list of papers or items departments can obtain from one another, by name (R-SHR-023)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import connection

from jutong.slices.catalogue.rules.near import stem
from jutong.slices.catalogue.rules.words import asked, quoted

MOST: Final = 5
_LOOKED_AT: Final = 40
_COPIES: Final = re.compile(r"([（(].*?[）)]|原件|复印件|扫描件|正本|副本|及其?|和|、|\s)+$")


@dataclass(frozen=True, slots=True)
class Obtainable:
    """A published entry that departments share. same: it is called as what was asked for, else it has all its words."""

    entry_id: int
    code: str
    title: str
    provider_id: int
    provider_name: str
    share_type: str
    same: bool


def obtainable(names: Iterable[str]) -> dict[str, list[Obtainable]]:
    """Return for each name the published entries in force that are shared at all, the same name first, at most 5 each.

    Words that say nothing (信息, 名单, 复印件, a year) do not tell two names apart.
    """
    return {name: _found(name) for name in dict.fromkeys(names)}


def _found(name: str) -> list[Obtainable]:
    wanted = stem(_COPIES.sub("", name) or name)
    words = asked(wanted)
    if not words:
        return []
    with connection.cursor() as cursor:
        query = " & ".join(quoted(word) for word in words)
        cursor.execute(_HAVE, [query, query, _LOOKED_AT])
        rows = [
            Obtainable(pk, code, title, provider_id, provider, share, same=stem(title) == wanted)
            for pk, code, title, provider_id, provider, share in cursor.fetchall()
        ]
    return sorted(rows, key=lambda row: not row.same)[:MOST]


_HAVE: Final = """
    select e.id, coalesce(e.code, ''), e.title, e.provider_id, e.provider_name, l.share_type
      from catalogue_listing l join catalogue_entry e on e.id = l.entry_id
     where l.in_force and l.share_type <> 'withheld' and e.zone = 'outer' and l.search @@ %s::tsquery
     order by ts_rank(l.search, %s::tsquery, 1) desc, e.id
     limit %s
"""
