"""What a department already has, by the keys in which near-duplicates agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from django.contrib.postgres.aggregates import ArrayAgg

from jutong.slices.catalogue.models import Entry, Item
from jutong.slices.catalogue.rules.near import item_key, stem

MOST: Final = 20_000
"""Entries of one department that an import compares."""
NEWEST: Final = 2_000
"""Entries of one department that a submission compares."""


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


def twins(entries: Sequence[Entry]) -> dict[int, str]:
    """Return {id: title} of another entry of the same department whose title differs only in what says nothing."""
    known: dict[tuple[int, str], list[tuple[int, str]]] = defaultdict(list)
    for provider in {entry.provider_id for entry in entries}:
        rows = Entry.objects.filter(provider=provider).exclude(state="withdrawn").order_by("-changed_at", "-pk")
        for pk, title in rows.values_list("pk", "title")[:NEWEST]:
            known[provider, stem(title)].append((pk, title))
    found = ((entry.pk, known[entry.provider_id, stem(entry.title)]) for entry in entries)
    return {pk: other for pk, alike in found for one, other in alike[:2] if one != pk}
