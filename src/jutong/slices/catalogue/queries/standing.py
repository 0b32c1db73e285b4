"""How well published entries stand in the ranking: read from their pulses, and written into the index where it changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Q

from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue.models import Pulse
from jutong.slices.catalogue.rules.listing import HOT_FROM, USED_FOR, standing_of
from jutong.slices.catalogue.rules.words import HOT, quoted

_LOOKED_BACK = timedelta(days=3)
_SET = 5_000


def standings(ids: Iterable[int], *, at: datetime) -> dict[int, int]:
    """Return the standing of published entries, 0 to 100; entries without a pulse are left out."""
    today = beijing_day(at)
    return {
        pulse.pk: standing_of(
            used_on=max((day for day in (pulse.used_on, _day(pulse.granted_at)) if day), default=None),
            due_on=pulse.due_on,
            endless=pulse.due_on is None,
            mounted=pulse.mounted,
            lost=pulse.lost_on is not None,
            completeness=pulse.completeness,
            today=today,
        )
        for pulse in Pulse.objects.filter(pk__in=list(ids))
    }


def _day(moment: datetime | None) -> date | None:
    return beijing_day(moment) if moment else None


def restand(ids: Sequence[int], *, at: datetime) -> int:
    """Write the standing of entries into their search rows; returns how many changed."""
    found = standings(ids, at=at)
    with connection.cursor() as cursor:
        cursor.execute(_RESTAND, [quoted(HOT), HOT, HOT_FROM, list(found), list(found.values())])
        return int(cursor.rowcount)


_RESTAND = """
    update catalogue_listing l
       set standing = s.standing,
           search = case when s.hot then l.search || %s::tsvector else ts_delete(l.search, %s) end
      from (select entry_id, standing, standing >= %s as hot
              from unnest(%s::bigint[], %s::int[]) as given(entry_id, standing)) s
     where l.entry_id = s.entry_id and l.in_force and l.standing <> s.standing
"""


def growing_old(*, at: datetime) -> list[int]:
    """Return the entries whose update fell due, or whose last grant stopped to count, in the last days."""
    today = beijing_day(at)
    due = Q(due_on__range=(today - _LOOKED_BACK, today))
    forgotten = Q(granted_at__date__range=(today - USED_FOR - _LOOKED_BACK, today - USED_FOR))
    return list(Pulse.objects.filter(due | forgotten).values_list("pk", flat=True)[:_SET])
