"""Facets: what results can be narrowed by, with counts: exact while all hits are looked at, of those looked at beyond."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.terms import N_, SHARE_MODE_LABELS, CatalogueClass, FormatClass, OpenType, ShareType, UpdateCycle
from jutong.slices.catalogue.models import ClassNode
from jutong.slices.catalogue.rules.words import SMALL_FACETS
from jutong.slices.catalogue.search.hits import Counts, Hits, Scope, hits
from jutong.slices.catalogue.search.tallies import tallied
from jutong.slices.parties import queries as parties
from jutong.slices.standards import queries as standards

SHOWN: Final = (*SMALL_FACETS, "domain", "region", "provider_id")
UNCOUNTED: Final = ("info_kind", "class_code")
"""Facets that are chosen elsewhere: kinds of information on the page of an entry, classes in the directory tree."""
FACETS: Final = (*SHOWN, *UNCOUNTED)
"""What results can be narrowed by, in the page's order (R-CAT-043)."""
MOST_VALUES: Final = 15
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
FACET_LABELS: Final = {
    "resource_class": N_("资源分类"), "share_type": N_("共享类型"), "format_class": N_("资源格式"), "share_mode": N_("共享方式"),
    "open_type": N_("开放属性"), "update_cycle": N_("更新周期"), "domain": N_("领域"), "region": N_("地区"), "provider_id": N_("提供部门"),
    "info_kind": N_("国家项目信息类别"), "class_code": N_("目录分类"),
}  # fmt: skip
_TERMS: Final[Mapping[str, Mapping[str, str]]] = {
    "resource_class": dict(CatalogueClass.choices()),
    "share_type": dict(ShareType.choices()),
    "format_class": dict(FormatClass.choices()),
    "open_type": dict(OpenType.choices()),
    "update_cycle": dict(UpdateCycle.choices()),
    "info_kind": standards.national_values("info_kind"),
    "share_mode": SHARE_MODE_LABELS,
}


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet, what it is called and how many results have it."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet and its commonest values."""

    name: str
    label: str
    values: tuple[FacetValue, ...]


def counted(scope: Scope, query: str, chosen: Mapping[str, Sequence[str]], found: Hits) -> Counts:
    """Return the counts of every facet's values; a chosen facet counts as if it were not chosen."""
    counts = dict(found.counts)
    for name in chosen:
        if name in counts:
            others = {other: values for other, values in chosen.items() if other != name}
            if others or query or not scope.public:
                counts[name] = hits(scope, query, others, best=0).counts[name]
            else:
                counts[name] = tallied([name])[name]
    return counts


def facets(counts: Counts, chosen: Mapping[str, Sequence[str]]) -> tuple[Facet, ...]:
    """Return the facets that have values, each with its commonest ones and those that are chosen."""
    kept = {name: _commonest(counts.get(name, {}), chosen.get(name, ())) for name in SHOWN}
    kept |= {name: [(value, 0) for value in chosen.get(name, ())] for name in UNCOUNTED}
    labels = {name: labels_of(name, [value for value, _count in rows]) for name, rows in kept.items() if rows}
    return tuple(
        Facet(
            name,
            _(FACET_LABELS[name]),
            tuple(FacetValue(v, labels[name][v], count, v in chosen.get(name, ())) for v, count in kept[name]),
        )
        for name in labels
    )


def _commonest(counts: Mapping[str, int], chosen: Iterable[str]) -> list[tuple[str, int]]:
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return [
        *rows[:MOST_VALUES],
        *((value, counts.get(value, 0)) for value in chosen if value not in dict(rows[:MOST_VALUES])),
    ]


def labels_of(name: str, values: Sequence[str]) -> dict[str, str]:
    """Return what people call these values of a facet."""
    if name == "provider_id":
        ids = {value: int(value) for value in values if _NUMBER.fullmatch(value)}
        known = parties.departments(ids.values())
        return {value: known[ids[value]].name if ids.get(value) in known else value for value in values}
    if name == "region":
        regions = parties.region_names(values)
        return {value: regions.get(value, value) for value in values}
    if name == "class_code":
        names = dict(ClassNode.objects.filter(code__in=values).values_list("code", "name"))
        return {value: names.get(value, value) for value in values}
    return {value: label(name, value) for value in values}


def label(name: str, code: str) -> str:
    """Return what people call a code of a small facet."""
    return _(_TERMS.get(name, {}).get(code, code)) if code else ""
