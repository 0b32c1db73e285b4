"""What the platform knows of a reporting period of one use record."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from jutong.kernel.clock import end_of_day
from jutong.slices.exchange import queries as exchange
from jutong.slices.services import queries as services
from jutong.slices.usage.models import UseRecord
from jutong.slices.usage.rules.records import Figures
from jutong.slices.usage.workflow.disposals import OPEN

UNREPORTED = tuple(state for state in OPEN if state != "reported")


def span(first: date, last: date) -> tuple[datetime, datetime]:
    """Return the moments between which the Beijing days from `first` to `last` lie."""
    return end_of_day(first - timedelta(days=1)), end_of_day(last)


def figures_of(record: UseRecord, first: date, last: date) -> Figures:
    """Return calls, deliveries, copies and disposals of a record from `first` to `last` (Beijing days)."""
    called = services.called_under(first, last, grants=[record.grant_id]).get(record.grant_id)
    delivered = exchange.delivered_under(*span(first, last), grants=[record.grant_id]).get(record.grant_id)
    held = list(
        record.copies.filter(disposed_on=None, first_at__lte=end_of_day(last)).values_list("storage", flat=True)
    )
    return Figures(
        calls=called.calls if called else 0,
        called_rows=called.rows if called else 0,
        deliveries=delivered.runs if delivered else 0,
        delivered_rows=delivered.rows if delivered else 0,
        copies=len(held),
        unplaced=sum(not place for place in held),
        undisposed=record.disposals.filter(state__in=UNREPORTED, began_at__lte=end_of_day(last)).count(),
    )
