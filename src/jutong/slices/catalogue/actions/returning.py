"""Entries whose data an upper department returned: registering the source, and what it demands of the entry (R-CAS-017)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.catalogue.actions.refusing import refuse
from jutong.slices.catalogue.models import Entry, ReturnedData
from jutong.slices.catalogue.queries.contents import contents_of
from jutong.slices.catalogue.rules import returned as rules
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.workflow import ENTRY, PROVIDER


@action(
    "catalogue.register_returned",
    label=N_("登记回流数据的来源"),
    allow=PROVIDER | SYSTEM_ONLY,
    on=Entry,
    visible=ENTRY.visible,
)
def register_returned(
    entry: Entry, *, by: Actor, at: datetime, source_id: int, reference: str, duty: str, purposes: Sequence[str]
) -> None:
    """Register an entry as obtained by back-flow from the entry of an upper department (R-CAS-017).

    RuleBroken where its security level is below the source's; Conflict where it is registered with another source.
    """
    if source_id == entry.pk:
        raise RuleBroken(N_("回流数据的来源不能是目录本身，请选择下级部门自己的目录。"), field="entry_id")
    known = ReturnedData.objects.filter(entry=entry).first()
    if known and (known.source_id, known.reference) != (source_id, reference):
        raise Conflict(N_("该目录已登记了另一来源，不能再登记；请为不同来源的数据分别编目。"))
    values = {"reference": reference, "duty": duty, "purposes": list(purposes)}
    ReturnedData.objects.update_or_create(
        entry=entry,
        defaults={"source_id": source_id, "registered_at": at, "registered_by": by.name[:100], **values},
    )
    refuse(inherited([entry], contents_of([entry.working_id]))[entry.pk] if by.account_id else ())


def inherited(cases: Iterable[Entry], contents: Mapping[int, Content]) -> dict[int, list[Finding]]:
    """Return by entry what its source demands and it does not keep; nothing of entries whose data were not returned."""
    found: dict[int, list[Finding]] = defaultdict(list)
    by_id = {case.pk: case for case in cases}
    rows = ReturnedData.objects.filter(entry_id__in=by_id).select_related("source")
    sources = contents_of(row.source.published_id for row in rows)
    for row in rows:
        level = contents[by_id[row.entry_id].working_id or 0].security_level
        source = sources.get(row.source.published_id or 0)
        name = f"{row.source.provider_name}《{row.source.title}》"
        found[row.entry_id] += rules.graded(level, source.security_level if source else "", name)
    return found
