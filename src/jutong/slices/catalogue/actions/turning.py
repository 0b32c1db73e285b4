"""Keeping each hand-in of an entry for review: begun with its submission, ended by the authority's word (R-CAT-058)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from jutong.kernel import jurisdiction
from jutong.kernel.clock import beijing_day
from jutong.kernel.workdays import workdays_between
from jutong.slices.catalogue.models import Entry, ReviewTurn


def begin_turns(entries: Sequence[Entry], *, at: datetime) -> None:
    """Note that entries were handed in; their authority is known by now. A turn that is still open goes on."""
    ReviewTurn.objects.bulk_create(
        [
            ReviewTurn(entry=entry, provider_id=entry.provider_id, authority_id=entry.authority_id, submitted_at=at)
            for entry in entries
        ],
        batch_size=500,
        ignore_conflicts=True,
    )


def end_turns(entries: Iterable[int], outcome: str, *, at: datetime) -> None:
    """Note the word on entries that wait: reviewed, returned or withdrawn; counts the working days it took."""
    waiting = ReviewTurn.objects.filter(entry__in=list(entries), outcome="").values_list("pk", "submitted_at")
    calendar, today = jurisdiction.calendar(), beijing_day(at)
    by_day: dict[int, list[int]] = defaultdict(list)
    for pk, submitted_at in waiting:
        by_day[max(0, workdays_between(beijing_day(submitted_at), today, calendar))].append(pk)
    for days, keys in by_day.items():
        ReviewTurn.objects.filter(pk__in=keys).update(outcome=outcome, decided_at=at, days=days)


def publish_turns(entries: Iterable[int], *, at: datetime) -> None:
    """Note that entries whose review was passed are in force."""
    passed = ReviewTurn.objects.filter(entry__in=list(entries), outcome="reviewed", published_at=None)
    passed.update(published_at=at)
