"""Looking at a file before anything is written: which repairs it needs, what it would change, what would come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from jutong.slices.catalogue.actions.sorting import OPEN, SortedSet, Sorting, manner_of
from jutong.slices.catalogue.formats.raw import RawEntry, Source
from jutong.slices.catalogue.formats.wording import said
from jutong.slices.catalogue.models import ImportRun
from jutong.slices.catalogue.queries.versions import in_words, label_of
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.differences import differences
from jutong.slices.catalogue.rules.repairs import Repair
from jutong.slices.parties import queries as parties

SET: Final = 500
MOST_SHOWN: Final = 100
"""Repairs of each kind, changes and reasons that the page shows; the counts are of all."""
_SHORT: Final = 120


@dataclass
class Plan:
    """What an import would do. repairs: per kind how often and examples (line, element, before, after).

    changes: (line, entry id, title, published, [(element, old, new)]) of entries that would change.
    """

    total: int
    fresh: int = 0
    unchanged: int = 0
    refused: int = 0
    changing: int = 0
    changing_published: int = 0
    notes: tuple[str, ...] = ()
    repairs: dict[str, list[Any]] = field(default_factory=dict)
    changes: list[list[Any]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def asks(self) -> bool:
        """Tell whether a person has to look before anything is written: repairs, or published entries that change."""
        return bool(self.repairs) or self.changing_published > 0

    def stored(self) -> dict[str, Any]:
        """Return the plan as the run keeps it."""
        kept = {
            name: getattr(self, name)
            for name in (
                "total",
                "fresh",
                "unchanged",
                "refused",
                "changing",
                "changing_published",
                "repairs",
                "changes",
            )
        }
        return kept | {"notes": list(self.notes), "reasons": [list(pair) for pair in self.reasons.most_common(20)]}


def plan(
    run: ImportRun, source: Source, entries: Sequence[RawEntry], *, at: datetime, watch: Callable[[int, int], None]
) -> Plan:
    """Return what an import would do with every repair made; nothing is written."""
    sorting = Sorting(run, manner_of(run, source, allowed=None, at=at), entries, _Strangers(run.region).meet)
    found = Plan(len(sorting.entries), notes=source.notes)
    for first in range(0, len(sorting.entries), SET):
        _count(found, sorting.sort(sorting.entries[first : first + SET]))
        watch(min(first + SET, found.total), found.total)
    return found


class _Strangers:
    """Departments by name; one that the region does not have yet gets a number below zero, which no entry has."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.last = 0

    def meet(self, names: Sequence[str]) -> Mapping[str, int]:
        """Return ids by name."""
        known = parties.departments_by_name(names, self.region)
        found: dict[str, int] = {}
        for name in names:
            if name not in known:
                self.last -= 1
            found[name] = known.get(name, self.last)
        return found


def _count(plan: Plan, found: SortedSet) -> None:
    plan.fresh += len(found.fresh)
    plan.unchanged += len(found.unchanged)
    plan.refused += len(found.back)
    for _draft, findings in found.back:
        plan.reasons.update(said(finding) for finding in findings if finding.grave)
    rows = [*found.fresh, *(one.row for one in found.changed)]
    for row in rows:
        for repair in row.draft.repairs:
            kept = plan.repairs.setdefault(repair.kind, [0, []])
            kept[0] += 1
            if len(kept[1]) < MOST_SHOWN:
                kept[1].append([row.draft.raw.number, _label(row.content, repair), repair.before, repair.after])
    for one in found.changed:
        published = one.entry.state not in OPEN
        plan.changing += 1
        plan.changing_published += published
        if len(plan.changes) < MOST_SHOWN:
            told = [
                [label_of(d.element), in_words(d.element, d.old)[:_SHORT], in_words(d.element, d.new)[:_SHORT]]
                for d in differences(one.present, one.content)
            ]
            plan.changes.append([one.row.draft.raw.number, one.entry.pk, one.entry.title, published, told])


def _label(content: Content, repair: Repair) -> str:
    """Return what the repaired cell is called, an item's with the item's name."""
    if not repair.field.startswith("item."):
        return label_of(repair.field)
    name = content.items[repair.item].name if 0 <= repair.item < len(content.items) else ""
    return label_of(f"items.{name.replace('.', '．')}.{repair.field.removeprefix('item.')}")
