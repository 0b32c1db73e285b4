"""The register of authoritative sources: who provides an item, what an entry's items are against it, what is stale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotThere
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.terms import ITEM_STANDS, N_
from jutong.slices.catalogue.models import Entry, Homonym, ItemSource
from jutong.slices.catalogue.queries.contents import content_of
from jutong.slices.catalogue.queries.keys import COLLECTED, keys_of
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.workflow import ENTRY, has_one_source, may_know

GROUNDS: Final = {"published": N_("目录登记"), "designated": N_("主管部门认定")}
SETTLED: Final = ("published", "withdrawn")
"""States of an entry whose old claim is a reference by what was settled since; in a new version it would clash."""
MOST_OVERLAPS: Final = 5000
"""Items looked at in one check of a region; a later check finds the rest."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """The authoritative source of an item. entry_id 0: its department has no published entry with it yet.

    days_late: days past the update cycle of its entry, 0 within it.
    """

    id: int
    name: str
    region: str
    provider_id: int
    provider_name: str
    entry_id: int
    title: str
    code: str
    ground_label: str
    designation_id: int
    since: date
    until: date | None
    days_late: int


@dataclass(frozen=True, slots=True)
class ItemStand:
    """What an item of an entry is: source, reference, open, or a claim that meets another department's (conflict)."""

    name: str
    stand_label: str
    conflict: bool
    refers: str
    source: SourceRow | None


@dataclass(frozen=True, slots=True)
class EntryStands:
    """The items of an entry against the register. may_change: the actor can turn its claims into references."""

    entry_id: int
    title: str
    provider_name: str
    items: tuple[ItemStand, ...]
    may_change: bool

    @property
    def conflicts(self) -> tuple[ItemStand, ...]:
        """The claims that meet another department's."""
        return tuple(item for item in self.items if item.conflict)


def in_force(region: str) -> QuerySet[ItemSource]:
    """Return the sources of a region that hold now."""
    return ItemSource.objects.filter(region=region, until=None).select_related("provider", "entry__pulse")


def sources_of(region: str, names: Iterable[str], *, at: datetime) -> dict[str, SourceRow]:
    """Return the source of each named item that has one; names used for different things have none."""
    keys = keys_of(names)
    free = set(Homonym.objects.filter(region=region, key__in=keys.values()).values_list("key", flat=True))
    found = {row.key: _row(row, beijing_day(at)) for row in in_force(region).filter(key__in=set(keys.values()) - free)}
    return {name: found[key] for name, key in keys.items() if key in found}


def _row(row: ItemSource, today: date) -> SourceRow:
    entry = row.entry
    pulse = getattr(entry, "pulse", None) if entry else None
    late = (today - pulse.due_on).days if pulse and pulse.due_on and not pulse.mounted else 0
    return SourceRow(
        id=row.pk,
        name=row.name,
        region=row.region,
        provider_id=row.provider_id,
        provider_name=row.provider.name,
        entry_id=entry.pk if entry else 0,
        title=entry.title if entry else "",
        code=(entry.code or "") if entry else "",
        ground_label=_(GROUNDS[row.ground]),
        designation_id=row.designation_id or 0,
        since=row.since,
        until=row.until,
        days_late=max(0, late),
    )


def sources(
    actor: Actor, *, at: datetime, text: str = "", stale: bool = False, number: int = 1, size: int = 20
) -> tuple[list[SourceRow], Page]:
    """Return the authoritative sources in force, by item; `stale`: only those older than their update cycle (R-CEN-026).

    Everybody may read who provides what; what is stale its department and its authority see, and auditors.
    """
    rows = ItemSource.objects.filter(until=None).select_related("provider", "entry__pulse").order_by("name", "pk")
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(provider__name__icontains=text))
    if stale:
        rows = rows.filter(entry__pulse__due_on__lt=beijing_day(at), entry__pulse__mounted=False)
        if not actor.holds(Role.AUDITOR):
            rows = rows.filter(Q(provider__in=actor.serves) | Q(entry__authority__in=actor.serves))
    found, meta = page(rows, number, size)
    return [_row(row, beijing_day(at)) for row in found], meta


def source_lines(actor: Actor, *, at: datetime, text: str = "", stale: bool = False) -> Iterator[SourceRow]:
    """Return every source of a list, page by page, for Excel."""
    return every(lambda number: sources(actor, at=at, text=text, stale=stale, number=number, size=LARGEST))


def stands(entry_id: int, *, actor: Actor, at: datetime) -> EntryStands:
    """Return an entry's items against the register, in the version the actor may see. NotThere for an unknown entry."""
    case = Entry.objects.filter(pk=entry_id).first()
    if case is None or not may_know(actor, case):
        raise NotThere(_("没有找到该目录条目，或您无权知悉。"))
    inside = bool(actor.serves & {case.provider_id, case.authority_id}) or case.published_id is None
    content = content_of((case.working_id if inside else case.published_id) or 0)
    known = sources_of(case.region, [item.name for item in content.items], at=at)
    one = has_one_source(case.policy)
    items = []
    for item in content.items:
        source = known.get(item.name)
        elsewhere = source is not None and source.provider_id != case.provider_id
        clash = one and elsewhere and item.source == "own" and case.state not in SETTLED
        stand = "reference" if elsewhere and not clash else "own" if source and not elsewhere else item.source
        items.append(ItemStand(item.name, _(ITEM_STANDS.get(stand, N_("未说明"))), clash, item.refers, source))
    verbs = {button.verb for button in ENTRY.open_to(actor, case)}
    may_change = bool(verbs & {"edit", "amend", "amend_revision"})
    return EntryStands(case.pk, case.title, case.provider_name, tuple(items), may_change)


def check_service(entry_id: int, names: Iterable[str], *, at: datetime) -> None:
    """Refuse to offer items whose designated source is another department: Conflict naming its service (R-CEN-026)."""
    case = Entry.objects.get(pk=entry_id)
    for name, source in sources_of(case.region, names, at=at).items():
        if source.designation_id and source.provider_id != case.provider_id:
            raise Conflict(
                _("信息项“%(item)s”由数源部门%(department)s统一提供（%(where)s），请引用其服务，不要另行提供。")
                % {"item": name, "department": source.provider_name, "where": where(source)}
            )


def where(source: SourceRow) -> str:
    """Say where a source provides: the entry's title and code, or that it is not published yet."""
    if not source.entry_id:
        return _("目录待发布")
    return _("《%(title)s》%(code)s") % {"title": source.title, "code": source.code}


_OVERLAPS: Final = f"""
with {COLLECTED}
select c.bare, min(c.name), array_agg(distinct c.provider_id)
  from collected c
 where c.bare <> ''
   and not exists (select 1 from catalogue_homonym h where h.region = %(region)s and h.key = c.bare)
   and not exists (select 1 from catalogue_itemsource s
                    where s.region = %(region)s and s.key = c.bare and s.until is null)
   and not exists (select 1 from catalogue_designateditem i join catalogue_designation d on d.id = i.designation_id
                    where i.key = c.bare and d.region = %(region)s
                      and d.state in ('overlap_found', 'opinions', 'designated'))
 group by c.bare having count(distinct c.provider_id) > 1
 order by count(*) desc, c.bare limit %(most)s
"""  # noqa: S608 - put together from constants
_HOLDERS: Final = f"""
with {COLLECTED}
select distinct on (provider_id, bare) provider_id, bare, entry_id from collected
 where bare = any(%(keys)s) order by provider_id, bare, entry_id desc
"""  # noqa: S608 - put together from constants


def overlaps(region: str) -> list[tuple[str, str, list[int]]]:
    """Return items (key, name, departments) that several departments of a region collect and nobody has settled yet."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERLAPS, {"region": region, "zone": here(), "most": MOST_OVERLAPS})
        return [(key, name, list(departments)) for key, name, departments in cursor.fetchall()]


def holders(region: str, keys: Sequence[str]) -> dict[tuple[int, str], int]:
    """Return the newest published entry by department and key that collects one of the items."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, {"region": region, "zone": here(), "keys": list(keys)})
        return {(provider, key): entry for provider, key, entry in cursor.fetchall()}
