"""The one sentence of SQL that says which items of which published entries are collected in a region, and by whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import connection

COLLECTED: Final = """
collected as (
  select catalogue_item_key(i.name) as bare, i.name, e.provider_id, e.id as entry_id,
         coalesce(v.content->>'format_class', '') as how, left(coalesce(v.content->>'system', ''), 200) as system,
         coalesce(v.content->>'update_cycle', '') as cycle, i.detail->>'source' as stand
    from catalogue_entry e
    join catalogue_entryversion v on v.id = e.published_id
    join catalogue_item i on i.version_id = e.published_id
   where e.region = %(region)s and e.zone = %(zone)s and coalesce(i.detail->>'source', '') <> 'reference'
)"""
"""Common table `collected`: one row per item of a published entry of a region, references left out."""


def keys_of(names: Iterable[str]) -> dict[str, str]:
    """Return the key under which each name is the same item: one width, one case, no punctuation or spaces."""
    wanted = list(dict.fromkeys(names))
    with connection.cursor() as cursor:
        cursor.execute("select n, catalogue_item_key(n) from unnest(%s::text[]) n", [wanted])
        return dict(cursor.fetchall())
