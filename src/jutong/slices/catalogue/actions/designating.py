"""W28: finding what several departments collect, their opinions, and the authority's designation of the source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel import inbox, jurisdiction, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.kernel.workdays import add_workdays
from jutong.slices.catalogue.actions.following import follow_designation
from jutong.slices.catalogue.actions.sourcing import claims_met
from jutong.slices.catalogue.events import SOURCE_NOT_DESIGNATED
from jutong.slices.catalogue.models import DesignatedItem, Designation, Entry, Homonym, ItemSource, Party
from jutong.slices.catalogue.queries.contents import content_of
from jutong.slices.catalogue.queries.keys import keys_of
from jutong.slices.catalogue.queries.sources import holders, overlaps, sources_of
from jutong.slices.catalogue.rules.sources import (
    check_effect,
    check_opinion,
    check_reason,
    check_replaced,
    grouped,
    item_names,
)
from jutong.slices.catalogue.workflow import AUTHORITY, DESIGNATION, PROVIDER, has_one_source
from jutong.slices.catalogue.workflow.sources import PARTY
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("catalogue")
MOST_OPENED: Final = 200
"""Cases that one check opens; it is run again for the rest."""
_OPEN: Final = ("overlap_found", "opinions")


@DESIGNATION.opens("find")
def open_designation(
    *,
    by: Actor,
    at: datetime,
    region: str,
    authority_id: int,
    items: Sequence[tuple[str, str]],
    departments: Sequence[int],
    found_by: str,
    reason: str = "",
) -> Designation:
    """Open the task to designate the source of items (key, name) that these departments collect (national-2025#19)."""
    today = beijing_day(at)
    case = Designation.objects.create(
        region=region,
        authority_id=authority_id,
        found_by=found_by,
        reason=reason,
        target_on=add_workdays(today, settings().designation_days, jurisdiction.calendar()).day,
        started_on=today,
        at=at,
    )
    DesignatedItem.objects.bulk_create(DesignatedItem(designation=case, key=key, name=name) for key, name in items)
    places: dict[int, int] = {}
    for (department, _key), entry in holders(region, [key for key, _name in items]).items():
        places[department] = max(entry, places.get(department, 0))
    Party.objects.bulk_create(
        Party(designation=case, department_id=pk, entry_id=places.get(pk)) for pk in sorted(set(departments))
    )
    return case


@action("catalogue.find_overlaps", label=N_("检查多部门收集"), allow=AUTHORITY)
def find_overlaps(*, by: Actor, at: datetime, authority_id: int) -> int:
    """Look through the published entries of the authority's area for items that several departments collect (R-CEN-025).

    Opens one task per set of departments, those with most items first, at most 200; returns how many. Items that are
    settled, have a source or stand in an open task already are left alone. WrongState where the profile has no source.
    """
    opened = 0
    for region in _regions(authority_id):
        if not has_one_source(jurisdiction.policy_for(region, beijing_day(at))):
            continue
        groups = grouped(overlaps(region))
        for departments, items in sorted(groups.items(), key=lambda group: -len(group[1])):
            if opened == MOST_OPENED:
                return opened
            open_designation(
                by=by, at=at, region=region, authority_id=authority_id, items=items, departments=departments,
                found_by="check",
            )  # fmt: skip
            opened += 1
    return opened


def _regions(authority_id: int) -> list[str]:
    mine = Entry.objects.filter(authority=authority_id, published__isnull=False)
    return sorted(mine.order_by().values_list("region", flat=True).distinct())


@action("catalogue.ask_settlement", label=N_("提请裁定数源"), allow=PROVIDER, on=Entry)
def ask_settlement(entry: Entry, *, by: Actor, at: datetime, items: Sequence[str], reason: str) -> Designation:
    """Ask the authority to settle whose item it is, where the own claim meets another department's (R-CAT-046).

    RuleBroken for items that do not clash; Conflict where a task for one of them is open already.
    """
    chosen, why = item_names(items), check_reason(reason)
    content = content_of(entry.working_id or 0)
    known = sources_of(entry.region, chosen, at=at)
    clash = claims_met([(entry, content)], at=at)
    if not clash or any(name not in known or known[name].provider_id == entry.provider_id for name in chosen):
        raise RuleBroken(_("所选信息项与其他部门的权威来源没有冲突，请刷新后重新选择。"), field="items")
    keys = keys_of(chosen)
    _refuse_doubled(entry.region, keys.values())
    return open_designation(
        by=PLATFORM,
        at=at,
        region=entry.region,
        authority_id=parties.authority_of(entry.region),
        items=[(keys[name], name) for name in chosen],
        departments=[entry.provider_id, *(known[name].provider_id for name in chosen)],
        found_by="report",
        reason=why,
    )


def _refuse_doubled(region: str, keys: Iterable[str]) -> None:
    waiting = DesignatedItem.objects.filter(key__in=set(keys), designation__region=region)
    if found := waiting.filter(designation__state__in=[*_OPEN, "designated"]).first():
        raise Conflict(_("信息项“%s”已有认定任务在办，请在该任务中反映意见。") % found.name)


@action("catalogue.report_overlap", label=N_("登记多部门收集"), allow=AUTHORITY)
def report_overlap(
    *, by: Actor, at: datetime, authority_id: int, region: str, items: Sequence[str], departments: Sequence[int], reason: str
) -> Designation:  # fmt: skip
    """Open a task for items that departments are known to collect, whatever their entries say, or to change a source.

    RuleBroken without items, reason or two departments of the region; Conflict where a task is open already.
    """
    chosen, why = item_names(items), check_reason(reason)
    if parties.authority_of(region) != authority_id:
        raise NotAllowed(_("只能登记本主管部门所辖地区的多部门收集。"))
    known = parties.departments(departments)
    if len(known) < 2 or any(row.region != region for row in known.values()):  # noqa: PLR2004 - an overlap takes two
        raise RuleBroken(_("请选择本地区收集这些信息项的至少两个部门。"), field="departments")
    keys = keys_of(chosen)
    _refuse_doubled(region, keys.values())
    return open_designation(
        by=by, at=at, region=region, authority_id=authority_id, items=[(keys[name], name) for name in chosen],
        departments=list(known), found_by="report", reason=why,
    )  # fmt: skip


@DESIGNATION.action("ask_opinions")
def ask_opinions(case: Designation, *, by: Actor, at: datetime) -> None:
    """Ask the departments concerned for their opinions (W28)."""


@action("catalogue.give_source_opinion", label=N_("回复数源意见"), allow=PARTY, on=Party)
def give_source_opinion(party: Party, *, by: Actor, at: datetime, opinion: str) -> None:
    """A department says which department ought to be the source; it can say so until the authority decides."""
    if party.designation.state not in _OPEN:
        raise WrongState(_("主管部门已作出认定，不再接收意见。"))
    party.opinion, party.given_by, party.given_at = check_opinion(opinion), by.name[:100], at
    party.save(update_fields=["opinion", "given_by", "given_at"])


@DESIGNATION.action("designate")
def designate(
    case: Designation,
    *,
    by: Actor,
    at: datetime,
    source_id: int,
    document: str,
    effective_on: date | None,
    replaces: int | None = None,
) -> None:
    """Name the lead collecting department as source of the items, from a day on (national-2025#19).

    RuleBroken without number or date, or for a department that does not collect them; Conflict where an item has a
    designated source already that is not replaced: two sources of one item cannot be.
    """
    case.effective_on = check_effect(document, effective_on, today=beijing_day(at))
    if not case.parties.filter(department=source_id).exists():
        raise RuleBroken(_("请从收集这些信息项的部门中选择牵头收集部门。"), field="source_id")
    case.document, case.source_id = document.strip(), source_id
    names = dict(case.items.values_list("key", "name"))
    if replaces:
        old = Designation.objects.filter(pk=replaces, region=case.region, state="in_force").first()
        if old is None:
            raise NotThere(_("没有找到要替代的生效认定，请刷新后重新选择。"))
        check_replaced(names, old.items.values_list("key", "name"))
        case.replaces = old
    held = ItemSource.objects.filter(region=case.region, key__in=names, until=None, ground="designated")
    if other := held.exclude(designation=replaces).select_related("provider").first():
        words = {"item": other.name, "department": other.provider.name}
        raise Conflict(
            _(
                "信息项“%(item)s”已由%(department)s作为数源部门，一项数据只能有一个数源；请选择所替代的认定，或先终止原认定。"
            )
            % words
        )


@DESIGNATION.action("distinguish")
def distinguish(case: Designation, *, by: Actor, at: datetime, reason: str) -> None:
    """Settle that the departments use one name for different things; each keeps its own item."""
    case.ended_for = check_reason(reason)
    Homonym.objects.bulk_create(
        [Homonym(region=case.region, key=key, designation=case) for key in case.items.values_list("key", flat=True)],
        ignore_conflicts=True,
    )


@DESIGNATION.action("end")
def end_designation(case: Designation, *, by: Actor, at: datetime, reason: str) -> None:
    """End a designation: its items have no designated source any more."""
    case.ended_for = check_reason(reason)
    ItemSource.objects.filter(designation=case, until=None).update(until=beijing_day(at))


def enter_into_force(*, at: datetime) -> int:
    """Let designations whose day has come enter into force, each in one transaction; returns how many."""
    due = Designation.objects.filter(state="designated", effective_on__lte=beijing_day(at)).order_by("pk")
    cases = list(due[:MOST_OPENED])
    for case in cases:
        with transaction.atomic():
            _enter(case, at)
    return len(cases)


def _enter(case: Designation, at: datetime) -> None:
    if not DESIGNATION.advance_many("enter", [case.pk], by=PLATFORM, at=at).done:
        return
    if case.replaces_id:
        DESIGNATION.advance_many("supersede", [case.replaces_id], by=PLATFORM, at=at)
    names, today = dict(case.items.values_list("key", "name")), beijing_day(at)
    Homonym.objects.filter(region=case.region, key__in=names).delete()
    ItemSource.objects.filter(region=case.region, key__in=names, until=None).update(until=today)
    places = holders(case.region, list(names))
    ItemSource.objects.bulk_create(
        ItemSource(
            region=case.region, key=key, name=name, provider_id=case.source_id or 0, ground="designated",
            entry_id=places.get((case.source_id or 0, key)), designation=case, since=case.effective_on or today,
        )
        for key, name in names.items()
    )  # fmt: skip
    follow_designation(case, at=at)


def tell_of_open(*, at: datetime) -> int:
    """Tell the superior authority once of tasks open beyond the internal target; returns how many (national-2025#41(1))."""
    late = list(
        Designation.objects.select_for_update(of=("self",), skip_locked=True).filter(
            state__in=_OPEN, target_on__lt=beijing_day(at), superior_id=None
        )[:MOST_OPENED]
    )
    for case in late:
        above = case.superior_id = parties.authority_above(case.region)
        payload = {"id": case.pk, "finding": "source_not_designated", "superior_id": above, **case.event_payload()}
        outbox.publish(SOURCE_NOT_DESIGNATED, f"{DESIGNATION.name}:{case.pk}", payload, at=at, by=PLATFORM)
        inbox.tell(
            department_id=above,
            title=_("数源部门认定超过内部时限：涉及 %d 个信息项") % case.items.count(),
            link=f"/catalogue/sources/designations/{case.pk}/",
            at=at,
        )
    Designation.objects.bulk_update(late, ["superior_id"])
    return len(late)
