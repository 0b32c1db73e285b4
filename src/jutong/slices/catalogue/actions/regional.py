"""Aggregating a region's catalogue, settling codes that clash there, and reporting a catalogue from a platform of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotAllowed, NotThere, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue.events import REGION_AGGREGATED
from jutong.slices.catalogue.models import Aggregation, RegionalEntry, Reported, Settlement
from jutong.slices.catalogue.queries.aggregating import bring_up, lock
from jutong.slices.catalogue.queries.regional import latest_number
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.rules.reported import check_report
from jutong.slices.catalogue.rules.sources import check_reason
from jutong.slices.catalogue.workflow import AUTHORITY
from jutong.slices.parties import queries as parties
from jutong.wire import catalogue as wire


@action("catalogue.aggregate", label=N_("汇总地区目录"), allow=AUTHORITY)
def aggregate(*, by: Actor, at: datetime, authority_id: int, region: str) -> Aggregation:
    """Aggregate what departments published and the level below aggregated into the region's catalogue (R-CAT-024).

    Each entry once, with origin and version; what is under review is not in it; of entries with one code none is until
    that is settled. WrongState when nothing has changed since.
    """
    if parties.authority_of(region) != authority_id:
        raise NotAllowed(_("只能汇总本主管部门所辖地区的目录。"))
    lock(region)
    number = latest_number(region) + 1
    added, changed, withdrawn = bring_up(region, number)
    ours = RegionalEntry.objects.filter(region=region, gone=None)
    moved = ours.filter(changed=number).exists() or RegionalEntry.objects.filter(region=region, gone=number).exists()
    if not moved:
        raise WrongState(_("自上次汇总以来没有新的变化，无需重新汇总。"))
    row = Aggregation.objects.create(
        region=region, number=number, authority_id=authority_id, entries=ours.filter(standing="held").count(),
        added=added, changed=changed, withdrawn=withdrawn, conflicts=ours.filter(standing="conflict").count(),
        account_name=by.name[:100], at=at,
    )  # fmt: skip
    names = ("number", "entries", "added", "changed", "withdrawn", "conflicts")
    payload = {"region": region, "authority_id": authority_id, **{name: getattr(row, name) for name in names}}
    outbox.publish(REGION_AGGREGATED, f"catalogue.region:{region}", payload, at=at, by=by)
    return row


@action("catalogue.settle_code", label=N_("裁定代码冲突"), allow=AUTHORITY)
def settle_code(*, by: Actor, at: datetime, authority_id: int, row_id: int, reason: str) -> Settlement:
    """Decide that of several entries with one code this one stands in the region's catalogue; the others are left out."""
    row = RegionalEntry.objects.select_for_update(of=("self",)).filter(pk=row_id, gone=None).first()
    if row is None or parties.authority_of(row.region) != authority_id:
        raise NotThere(_("没有找到该地区目录条目，请刷新页面。"))
    why = check_reason(reason)[:500]
    twins = RegionalEntry.objects.filter(region=row.region, code=row.code, gone=None)
    if row.standing == "held" or twins.count() == 1:
        raise WrongState(_("该代码没有冲突，或已裁定纳入本条，请刷新页面。"))
    twins.update(standing="left_out")
    RegionalEntry.objects.filter(pk=row.pk).update(standing="held")
    settled, _made = Settlement.objects.update_or_create(
        region=row.region, code=row.code, defaults={"key": row.key, "reason": why, "account_name": by.name[:100], "at": at}
    )  # fmt: skip
    return settled


@action("catalogue.report_catalogue", label=N_("报送地区目录"), allow=AUTHORITY)
def report_catalogue(
    *, by: Actor, at: datetime, authority_id: int, region: str, entries: Sequence[wire.Entry]
) -> dict[str, int]:
    """Take the whole catalogue of a government that has a platform of its own, in machine form (R-CAT-025).

    By its own authority or the one above. What the report does not hold any more counts as withdrawn at the next
    aggregation. Returns how many came, how many of them are new and how many went.
    """
    if authority_id not in {parties.authority_of(region), parties.authority_above(region)}:
        raise NotAllowed(_("地区目录由本级主管部门报送，或由上一级主管部门代为登记。"))
    check_report(entries, here=here())
    before = {(provider, code) for _pk, provider, code in _keys(region)}
    came = {(entry.provider, entry.code): entry for entry in entries}
    Reported.objects.bulk_create(
        [
            Reported(
                region=region, code=entry.code, title=entry.title, provider_name=entry.provider,
                resource_class=entry.catalogue_class, share_type=entry.share_type, version=entry.version,
                record=msgspec.to_builtins(entry), account_name=by.name[:100], at=at,
            )
            for entry in entries
        ],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["region", "provider_name", "code"],
        update_fields=["title", "resource_class", "share_type", "version", "record", "gone", "account_name", "at"],
    )  # fmt: skip
    gone = [pk for pk, *key in _keys(region) if tuple(key) not in came]
    Reported.objects.filter(pk__in=gone).update(gone=True, at=at)
    return {"entries": len(came), "added": len(came.keys() - before), "withdrawn": len(gone)}


def _keys(region: str) -> list[tuple[int, str, str]]:
    return list(Reported.objects.filter(region=region, gone=False).values_list("pk", "provider_name", "code"))
