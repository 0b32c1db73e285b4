"""What a department already has, by the keys in which near-duplicates agree."""

from __future__ import annotations

from typing import Final

from django.contrib.postgres.aggregates import ArrayAgg

from jutong.slices.catalogue.models import Entry, Item
from jutong.slices.catalogue.rules.near import item_key, stem

MOST: Final = 20_000
"""Entries of one department that are compared."""


def neighbours(provider_id: int) -> dict[str, str]:
    """Return {key: title} of a department's entries: ``title:`` with the stem, ``items:`` with the names of the items."""
    rows = Entry.objects.filter(provider=provider_id).exclude(state="withdrawn").order_by("pk")
    titles = {version: title for version, title in rows.values_list("working", "title")[:MOST] if version}
    found = {f"title:{stem(title)}": title for title in titles.values()}
    named = Item.objects.filter(version__in=list(titles)).values_list("version").annotate(names=ArrayAgg("name"))
    for version, names in named:
        if key := item_key(names):
            found.setdefault(f"items:{key}", titles[version])
    return found
