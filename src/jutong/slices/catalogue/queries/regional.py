"""Regional catalogues: their entries with origin and version, what is pending, conflicts, aggregations, what was reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.terms import N_, CatalogueClass, ShareType
from jutong.slices.catalogue.models import Aggregation, RegionalEntry, Reported
from jutong.slices.catalogue.queries.aggregating import pending_counts, pending_rows
from jutong.slices.catalogue.queries.exports import harvested_of
from jutong.slices.parties import queries as parties
from jutong.wire import catalogue as wire

KINDS: Final = {"added": N_("新增"), "changed": N_("变更"), "withdrawn": N_("撤销"), "conflict": N_("代码冲突")}
"""What an aggregation brings."""
STANDINGS: Final = {"held": N_("已纳入"), "conflict": N_("代码冲突，未纳入"), "left_out": N_("已裁定不纳入")}


@dataclass(frozen=True, slots=True)
class RegionalRow:
    """An entry in a regional catalogue. entry_id or reported_id tells where it is kept; kind: what the last aggregation did."""

    id: int
    region: str
    entry_id: int
    reported_id: int
    code: str
    title: str
    provider_name: str
    origin: str
    origin_name: str
    class_label: str
    share_label: str
    version: int
    standing: str
    standing_label: str
    kind: str
    kind_label: str


@dataclass(frozen=True, slots=True)
class AggregationRow:
    """One aggregation."""

    number: int
    entries: int
    added: int
    changed: int
    withdrawn: int
    conflicts: int
    account_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Regional:
    """A region's catalogue as a whole. regions: those that have one (code, name). authority_id: who aggregates it."""

    region: str
    region_name: str
    level_label: str
    authority_id: int
    authority_name: str
    last: AggregationRow | None
    regions: tuple[tuple[str, str], ...]
    origins: tuple[tuple[str, str, int], ...]
    conflicts: int
    may_aggregate: bool


@dataclass(frozen=True, slots=True)
class PendingRow:
    """A change that the next aggregation would bring."""

    kind: str
    kind_label: str
    entry_id: int
    reported_id: int
    code: str
    title: str
    provider_name: str
    origin_name: str
    version: int


@dataclass(frozen=True, slots=True)
class ReportedRow:
    """An entry that a government below reported from its own platform."""

    id: int
    region: str
    region_name: str
    code: str
    title: str
    provider_name: str
    version: int
    gone: bool
    account_name: str
    at: datetime


def regional(actor: Actor, *, region: str = "") -> Regional:
    """Return what there is to know of a region's catalogue; of the actor's own region, or the nearest with one, without it."""
    ruled = {row.region: row for row in parties.authorities()}
    chain = [actor.region, *parties.regions_above(actor.region)] if actor.region else []
    place = region or next((code for code in chain if code in ruled), "") or next(iter(ruled), "")
    if place not in ruled:
        raise NotThere(_("该地区没有登记主管部门，没有自己的地区目录；请查看其上级地区的目录。"))
    names = parties.region_names(ruled)
    ours = RegionalEntry.objects.filter(region=place, gone=None)
    counted = ours.filter(standing="held").order_by().values_list("origin").annotate(many=Count("pk"))
    origins = sorted(counted, key=lambda row: (row[0] != place, row[0]))
    called = parties.region_names(origin for origin, _many in origins)
    last = Aggregation.objects.filter(region=place).order_by("-number").first()
    level = next((row.level_label for row in parties.regions() if row.code == place), "")
    return Regional(
        region=place,
        region_name=parties.region_name(place),
        level_label=level,
        authority_id=ruled[place].department_id,
        authority_name=ruled[place].department_name,
        last=_aggregation(last) if last else None,
        regions=tuple((code, names.get(code, code)) for code in ruled),
        origins=tuple((origin, called.get(origin, origin), many) for origin, many in origins),
        conflicts=ours.filter(standing="conflict").count(),
        may_aggregate=actor.holds(
            Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, department_id=ruled[place].department_id
        ),
    )


def _aggregation(row: Aggregation) -> AggregationRow:
    return AggregationRow(
        row.number, row.entries, row.added, row.changed, row.withdrawn, row.conflicts, row.account_name, row.at
    )


@dataclass(frozen=True, slots=True)
class RegionalFilter:
    """What of a regional catalogue is asked for; change: added, changed or withdrawn in the last aggregation."""

    text: str = ""
    origin: str = ""
    resource_class: str = ""
    share_type: str = ""
    change: str = ""
    standing: str = "held"


def regional_entries(
    region: str, asked: RegionalFilter, *, number: int = 1, size: int = 20
) -> tuple[list[RegionalRow], Page]:
    """Return the entries of a region's catalogue, each once, last changed first."""
    last = latest_number(region)
    rows = _asked(RegionalEntry.objects.filter(region=region), asked, last).order_by("-changed", "title", "pk")
    found, meta = page(rows, number, size)
    names = parties.region_names({row.origin for row in found})
    return [_row(row, names, last) for row in found], meta


def _asked(rows: QuerySet[RegionalEntry], asked: RegionalFilter, last: int) -> QuerySet[RegionalEntry]:
    changes = {
        "added": Q(gone=None, added=last),
        "changed": Q(gone=None, changed=last, added__lt=last),
        "withdrawn": Q(gone=last),
    }
    rows = rows.filter(changes.get(asked.change, Q(gone=None)))
    if asked.standing:
        rows = rows.filter(standing=asked.standing)
    for name in ("origin", "resource_class", "share_type"):
        if value := getattr(asked, name):
            rows = rows.filter(**{name: value})
    if asked.text:
        named = Q(title__icontains=asked.text) | Q(provider_name__icontains=asked.text)
        rows = rows.filter(named | Q(code__startswith=asked.text))
    return rows


def latest_number(region: str) -> int:
    """Return the number of a region's last aggregation, 0 before the first."""
    newest = Aggregation.objects.filter(region=region).order_by("-number").values_list("number", flat=True).first()
    return newest or 0


def _row(row: RegionalEntry, names: dict[str, str], last: int) -> RegionalRow:
    kind = ""
    if row.gone == last:
        kind = "withdrawn"
    elif row.changed == last:
        kind = "added" if row.added == last else "changed"
    return RegionalRow(
        id=row.pk,
        region=row.region,
        entry_id=row.entry_id or 0,
        reported_id=row.reported_id or 0,
        code=row.code,
        title=row.title,
        provider_name=row.provider_name,
        origin=row.origin,
        origin_name=names.get(row.origin, row.origin),
        class_label=_known(CatalogueClass, row.resource_class),
        share_label=_known(ShareType, row.share_type),
        version=row.version,
        standing=row.standing,
        standing_label=_(STANDINGS[row.standing]),
        kind=kind,
        kind_label=_(KINDS[kind]) if kind else "",
    )


def _known(terms: type[Any], code: str) -> str:
    return next((_(label) for known, label in terms.choices() if known == code), code)


def regional_lines(region: str, asked: RegionalFilter) -> Iterator[RegionalRow]:
    """Return every entry of a list, page by page, for Excel."""
    return every(lambda number: regional_entries(region, asked, number=number, size=LARGEST))


def regional_row(row_id: int) -> RegionalRow:
    """Return one row of a regional catalogue. NotThere for an unknown one."""
    row = RegionalEntry.objects.filter(pk=row_id).first()
    if row is None:
        raise NotThere(_("没有找到该地区目录条目，请刷新页面。"))
    return _row(row, parties.region_names([row.origin]), latest_number(row.region))


def pending(region: str, *, kind: str = "", number: int = 1, size: int = 20) -> tuple[list[PendingRow], Page]:
    """Return what departments and the level below changed since the last aggregation."""
    counts = pending_counts(region)
    total = counts.get(kind, 0) if kind else sum(counts.values())
    meta = Page(number, size, total)
    meta = Page(min(max(1, number), meta.pages), size, total)
    found = pending_rows(region, kind, first=meta.first, most=size)
    names = parties.region_names({row[6] for row in found})
    rows = [
        PendingRow(
            one, _(KINDS[one]), entry or 0, reported or 0, code, title, provider, names.get(origin, origin), version
        )
        for one, entry, reported, code, title, provider, origin, version in found
    ]
    return rows, meta


def pending_lines(region: str, *, kind: str = "") -> Iterator[PendingRow]:
    """Return every pending change, page by page, for Excel."""
    return every(lambda number: pending(region, kind=kind, number=number, size=LARGEST))


def aggregations(region: str, *, number: int = 1, size: int = 20) -> tuple[list[AggregationRow], Page]:
    """Return the aggregations of a region, newest first."""
    found, meta = page(Aggregation.objects.filter(region=region).order_by("-number"), number, size)
    return [_aggregation(row) for row in found], meta


def reported_entries(
    *, region: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[ReportedRow], Page]:
    """Return what governments below reported from platforms of their own."""
    rows = Reported.objects.order_by("region", "title", "pk")
    if region:
        rows = rows.filter(region=region)
    if text:
        rows = rows.filter(Q(title__icontains=text) | Q(provider_name__icontains=text) | Q(code__startswith=text))
    found, meta = page(rows.defer("record"), number, size)
    names = parties.region_names({row.region for row in found})
    return [_reported(row, names) for row in found], meta


def _reported(row: Reported, names: dict[str, str]) -> ReportedRow:
    return ReportedRow(
        row.pk, row.region, names.get(row.region, row.region), row.code, row.title, row.provider_name, row.version,
        row.gone, row.account_name, row.at,
    )  # fmt: skip


def reported_entry(reported_id: int) -> tuple[ReportedRow, wire.Entry]:
    """Return one reported entry with everything its platform states of it. NotThere for an unknown one."""
    row = Reported.objects.filter(pk=reported_id).first()
    if row is None:
        raise NotThere(_("没有找到该报送目录，请刷新页面。"))
    return _reported(row, parties.region_names([row.region])), msgspec.convert(row.record, wire.Entry)


def records(region: str) -> Iterator[wire.Entry]:
    """Yield a region's catalogue in machine form, as the level above takes it: own entries and reported ones."""
    rows = RegionalEntry.objects.filter(region=region, gone=None, standing="held").order_by("pk")
    keys = list(rows.values_list("entry", "reported"))
    for first in range(0, len(keys), LARGEST):
        some = keys[first : first + LARGEST]
        yield from (form for form, _day in harvested_of([entry for entry, _r in some if entry]))
        kept = Reported.objects.filter(pk__in=[one for _e, one in some if one]).order_by("pk")
        yield from (msgspec.convert(record, wire.Entry) for record in kept.values_list("record", flat=True))
