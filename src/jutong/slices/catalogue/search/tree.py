"""The directory tree: what is in force by class, domain, department or region, counted by the tallies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.terms import N_, CatalogueClass
from jutong.slices.catalogue.models import ClassNode
from jutong.slices.catalogue.rules.codes import CLASS_DIGITS
from jutong.slices.catalogue.rules.listing import class_path
from jutong.slices.catalogue.search.tallies import tallied
from jutong.slices.parties import queries as parties

KINDS: Final = {
    "class": N_("按目录分类"),
    "domain": N_("按领域"),
    "department": N_("按部门"),
    "region": N_("按地区"),
}
"""The ways through the directory."""
UNFOLDED: Final = 150
"""So many places are shown at once; of a larger tree what stands at the top and what lies in the place that is opened."""
_PARAMETERS: Final = {"class": "class_code", "domain": "domain", "department": "provider_id", "region": "region"}


@dataclass(frozen=True, slots=True)
class Twig:
    """A place in the tree: what it is called, how deep it stands, entries in force in it and below, where it leads.

    parameter, value: the facet that shows its entries; empty for a place that only holds others.
    """

    label: str
    depth: int
    entries: int
    parameter: str
    value: str


def directory(kind: str) -> list[Twig]:
    """Return the directory by class, domain, department or region; each place before what lies in it."""
    counts = tallied([_PARAMETERS.get(kind, "class_code")])
    found = next(iter(counts.values()))
    if kind == "domain":
        return [Twig(v, 0, n, "domain", v) for v, n in sorted(found.items(), key=lambda row: (-row[1], row[0]))]
    if kind == "department":
        return _departments({int(value): count for value, count in found.items()})
    if kind == "region":
        return _regions(found)
    return _classes(found)


def folded(twigs: Sequence[Twig], opened: str = "") -> list[tuple[Twig, bool]]:
    """Return what is shown of a tree, each place with whether it can be opened: it holds places that are not shown."""
    if len(twigs) <= UNFOLDED:
        return [(twig, False) for twig in twigs]
    above: list[Twig] = []
    ways = [tuple(_above(above, twig)) for twig in twigs]
    holds = [after.depth > twig.depth for twig, after in pairwise((*twigs, twigs[0]))]
    chosen = next((way for way, holder in zip(ways, holds, strict=True) if holder and way[-1].value == opened), ())
    return [
        (twig, holder and twig not in chosen)
        for twig, way, holder in zip(twigs, ways, holds, strict=True)
        if set(way[:-1]) <= set(chosen)
    ]


def _above(above: list[Twig], twig: Twig) -> list[Twig]:
    """Return the way to a twig, itself last; `above` is the way to the one before and follows."""
    above[twig.depth :] = [twig]
    return above


def _classes(counts: Mapping[str, int]) -> list[Twig]:
    """Return the classes that hold entries, 类 over 项 over 目 over 细目; an 项 that was never named is called as its first 目."""
    sums = _gathered((path, count) for code, count in counts.items() if (path := class_path(code)))
    nodes = list(ClassNode.objects.filter(code__in=sums).values_list("code", "name", "region", "department"))
    regions = parties.region_names([region for _code, _name, region, department in nodes if region and not department])
    names = {code: name if department else regions.get(region, name) for code, name, region, department in nodes}
    digits = {digit: _(CatalogueClass(name).label) for name, digit in CLASS_DIGITS.items()}
    names = {code: digits.get(code) or names.get(code) or names.get(f"{code}001", code) for code in sums}
    twigs = []
    for code in sorted(sums):
        above = [step for step in class_path(code)[:-1] if step in sums]
        twigs.append(Twig(names[code], len(above), sums[code], "class_code", code))
    return twigs


def _gathered(rows: Iterable[tuple[Iterable[str], int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for path, count in rows:
        for step in path:
            sums[step] = sums.get(step, 0) + count
    return sums


def _regions(counts: Mapping[str, int]) -> list[Twig]:
    """Return the regions with entries below those they lie in; each counts its own departments' entries."""
    known = {code for region in counts for code in (region, *parties.regions_above(region))}
    names = parties.region_names(known)
    twigs = []
    for code in sorted(known & names.keys()):
        depth = sum(step in names for step in parties.regions_above(code))
        own = counts.get(code, 0)
        twigs.append(Twig(names[code], depth, own, "region" if own else "", code))
    return twigs


def _departments(counts: Mapping[int, int]) -> list[Twig]:
    """Return the departments with entries under their regions, those with most first."""
    regions: dict[str, list[Twig]] = {}
    for pk, seat in parties.seats(counts).items():
        regions.setdefault(seat.region, []).append(Twig(seat.name, 1, counts[pk], "provider_id", str(pk)))
    names = parties.region_names(regions)
    twigs = []
    for code in sorted(regions):
        below = sorted(regions[code], key=lambda twig: (-twig.entries, twig.label))
        total = sum(twig.entries for twig in below)
        twigs += [Twig(names.get(code, code), 0, total, "region", code), *below]
    return twigs
