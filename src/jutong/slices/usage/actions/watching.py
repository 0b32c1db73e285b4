"""Accesses to batches that were recorded as destroyed, found in the audit trail (R-SHR-047)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel.queries import AuditRow, trail_after
from jutong.slices.usage.actions.opening import gather_alert
from jutong.slices.usage.models import Copy, LateAccess, TrailMark
from jutong.slices.usage.rules.disposals import Method
from jutong.slices.usage.rules.misuse import DESTROYED

FETCHING: Final = "exchange.download"
"""The act by which a person fetches a batch file."""
OVERLAP: Final = 1000
"""Entries of the trail looked at again: an act that began earlier can be entered later."""
MOST: Final = 20_000


def find_late_accesses(at: datetime) -> int:
    """Find fetches of destroyed batches, tried or done, since the trail was last looked through; returns how many.

    Each is kept as evidence with its audit entry and opens, or joins, a case of suspected misuse; once.
    """
    with transaction.atomic():
        mark, _new = TrailMark.objects.select_for_update().get_or_create(pk=1)
        entries = trail_after(mark.upto - OVERLAP, most=MOST)
        fetches = [entry for entry in entries if entry.verb == FETCHING]
        destroyed = _destroyed({f"run:{entry.subject_id}" for entry in fetches})
        found = 0
        for entry in fetches:
            copy = destroyed.get(f"run:{entry.subject_id}")
            if copy is not None and copy.disposed_on and entry.at > _destroyed_at(copy):
                found += _note(copy, entry, at)
        if entries:
            mark.upto = max(mark.upto, entries[-1].id)
            mark.save()
    return found


def _destroyed(sources: set[str]) -> dict[str, Copy]:
    rows = Copy.objects.filter(kind="batch", source__in=sources, disposed_how=Method.DESTROYED).select_related("record")
    return {copy.source: copy for copy in rows} if sources else {}


def _destroyed_at(copy: Copy) -> datetime:
    """Return the moment from which an access contradicts the record: when its destruction was reported."""
    reported = copy.disposals.exclude(reported_at=None).order_by("-pk").values_list("reported_at", flat=True).first()
    return reported or copy.obtained_at


def _note(copy: Copy, entry: AuditRow, at: datetime) -> bool:
    """Keep one access as evidence and tell of it; nothing where it is known."""
    told = {"copy": copy, "by_name": entry.actor_name, "outcome": entry.outcome, "at": entry.at}
    row, new = LateAccess.objects.get_or_create(entry_id=entry.id, defaults=told)
    if not new:
        return False
    words = _("已登记销毁的批次 %(copy)s 又被%(name)s获取（%(outcome)s），审计记录 %(entry)d。") % {
        "copy": copy.title,
        "name": entry.actor_name,
        "outcome": _("成功") if entry.outcome == "success" else _("被拒绝"),
        "entry": entry.id,
    }
    gather_alert(-row.pk, grant_id=copy.record.grant_id, kind=DESTROYED, words=words, at=at)
    return True
