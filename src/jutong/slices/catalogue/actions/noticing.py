"""What an import or a submission has people look at: items another department provides, resources that may be there already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from jutong.kernel import jurisdiction
from jutong.kernel.clock import beijing_day
from jutong.kernel.terms import N_
from jutong.slices.catalogue.actions.refusing import remarks
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries.neighbours import twins
from jutong.slices.catalogue.queries.sources import SourceRow, sources_of, where
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.workflow import has_one_source

MOST_WARNINGS: Final = 20
_MOST_NAMED: Final = 10


def collected_elsewhere(region: str, rows: Sequence[tuple[int, Content]], *, at: datetime) -> list[tuple[Finding, ...]]:
    """Warn of items that another department of the region provides with authority, with the remedy (R-CAT-046, R-CEN-025).

    rows: (provider, content); returns the warnings of each. References are in order; profiles without one source of an
    item ask for nothing.
    """
    named = [[item.name for item in content.items if item.source != "reference"] for _provider, content in rows]
    if not any(named) or not has_one_source(jurisdiction.policy_for(region, beijing_day(at))):
        return [() for _row in rows]
    known = sources_of(region, [name for names in named for name in names], at=at)
    return [tuple(_elsewhere(provider, names, known)) for (provider, _content), names in zip(rows, named, strict=True)]


def _elsewhere(provider: int, names: Sequence[str], known: Mapping[str, SourceRow]) -> Iterator[Finding]:
    places: dict[tuple[str, str], list[str]] = {}
    for name in names:
        if (source := known.get(name)) and source.provider_id != provider:
            places.setdefault((source.provider_name, where(source)), []).append(name)
    for (department, place), items in places.items():
        words = {"items": "、".join(items[:_MOST_NAMED]), "department": department, "where": place}
        yield Finding("items", _ELSEWHERE, words, grave=False)


def notice(pairs: Sequence[tuple[Entry, Content]], *, at: datetime) -> None:
    """Note on entries that are submitted what their reviewers should look at; the caller saves `warnings`."""
    for region in {entry.region for entry, _content in pairs}:
        here = [(entry, content) for entry, content in pairs if entry.region == region]
        elsewhere = collected_elsewhere(region, [(entry.provider_id, content) for entry, content in here], at=at)
        same = twins([entry for entry, _content in here])
        for (entry, _content), findings in zip(here, elsewhere, strict=True):
            near = [Finding("title", NEAR, {"title": same[entry.pk]}, grave=False)] if entry.pk in same else []
            said = [list(pair) for pair in remarks((*near, *findings)).items()]
            entry.warnings = [*entry.warnings, *(one for one in said if one not in entry.warnings)][:MOST_WARNINGS]


_ELSEWHERE: Final = N_(
    "信息项“%(items)s”的权威来源是%(department)s（%(where)s）；取自该部门的请在数源属性中标为引用，确由本部门收集的请提请主管部门裁定"
)
NEAR: Final = N_("与“%(title)s”疑似重复：名称只差套话，或信息项完全相同；确属同一资源的请合并")
