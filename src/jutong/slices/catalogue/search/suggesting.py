"""Entries that may meet a demand: the catalogue's own search by what is wanted and by its items, with what each holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from jutong.kernel.actors import Actor, system_actor
from jutong.slices.catalogue.rules.asking import WEAK
from jutong.slices.catalogue.rules.words import indexed
from jutong.slices.catalogue.search.counting import label
from jutong.slices.catalogue.search.results import search

MOST: Final = 5
_ITEMS_ASKED: Final = 6
_SAYS_LITTLE: Final = WEAK | {"登记", "状况", "基本", "管理"}
"""Words that two titles may share without being about the same thing."""
_ANYBODY: Final[Actor] = system_actor("catalogue")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A published entry that may meet a demand. holds: the wanted items it has; mounted: a resource stands behind it."""

    id: int
    code: str
    title: str
    provider_id: int
    provider_name: str
    share_type: str
    share_label: str
    mounted: bool
    holds: tuple[str, ...]

    @property
    def tone(self) -> str:
        """The colour family of the sharing type."""
        return {"unconditional": "good", "conditional": "info"}.get(self.share_type, "neutral")


def suggested(wanted: str, items: Sequence[str] = (), *, most: int = MOST) -> list[int]:
    """Return published entries that answer what is wanted, best first: by its words, then by the items they hold.

    Titles, items, synonyms and slips count as in any search; where no entry has all the words, those count whose title
    has one that says something.
    """
    found = dict.fromkeys(_by_words(wanted, most)) if wanted.strip() else {}
    if items and len(found) < most:
        hits = search(" ".join(items[:_ITEMS_ASKED]), actor=_ANYBODY, size=most, facets=False).found
        found |= dict.fromkeys(one.id for one in suggestions([hit.id for hit in hits], items) if one.holds)
    return list(found)[:most]


def _by_words(text: str, most: int) -> list[int]:
    results = search(text, actor=_ANYBODY, size=most, facets=False)
    telling = indexed(text, singles=False) - _SAYS_LITTLE
    return [hit.id for hit in results.found if not results.partial or telling & indexed(hit.title)]


def suggestions(ids: Sequence[int], items: Sequence[str] = ()) -> list[Suggestion]:
    """Return entries as they stand now beside the wanted items, in the order of `ids`; those not in force are left out."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN, {"ids": list(ids), "items": list(items)})
        return [
            Suggestion(
                pk, code or "", title, provider, name, share, label("share_type", share), bool(mounted), tuple(held)
            )
            for pk, code, title, provider, name, share, mounted, held in cursor.fetchall()
        ]


_SHOWN: Final = """
    select e.id, e.code, e.title, e.provider_id, e.provider_name, l.share_type, p.mounted,
           coalesce((select array_agg(distinct i.name order by i.name) from catalogue_item i
                      where i.version_id = e.published_id
                        and catalogue_item_key(i.name) in (select catalogue_item_key(n) from unnest(%(items)s::text[]) n)),
                    '{}'::text[])
      from unnest(%(ids)s::bigint[]) with ordinality as w(entry_id, place)
      join catalogue_entry e on e.id = w.entry_id
      join catalogue_listing l on l.entry_id = e.id and l.in_force
      left join catalogue_pulse p on p.entry_id = e.id
     order by w.place
"""
