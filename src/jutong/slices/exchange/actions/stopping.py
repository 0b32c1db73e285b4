"""Scheduled deliveries that do not arrive because the source gives nothing: told to `services`, which puts them forward (W15)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.slices.exchange.models import Backflow, Run
from jutong.slices.exchange.rules import OPEN
from jutong.slices.grants.queries import Served
from jutong.slices.services.actions import Stopped


def stopped_deliveries(served: Mapping[int, Served], at: datetime) -> dict[int, Stopped]:
    """Return the resources of which nothing has arrived anywhere since a scheduled delivery failed at the source.

    What its consumer has paused or taken off is wanted by nobody; a run that failed for another reason, such as at the
    target, says nothing of the provider; a late back-flow is a finding of its own (national-2025#39(5)).
    """
    del at  # a schedule makes its next try by itself: what failed last is how it stands
    resource_of = {grant: resource for resource, one in served.items() for grant in one.granted}
    failed = [row for row in _failed() if row[0] in resource_of]
    arrived = _arrived({resource_of[grant] for grant, *_rest in failed})
    found: dict[int, Stopped] = {}
    for grant, since, message in failed:
        resource = resource_of[grant]
        if resource not in found and (resource not in arrived or since > arrived[resource]):
            found[resource] = Stopped("batches", _("定时交换没有送达：%s") % message, since)
    return found


def _failed() -> list[tuple[int, datetime, str]]:
    """Return runs that failed at the source, oldest first, each with its grant, where no later run of its task ended otherwise."""
    later = Run.objects.filter(task=OuterRef("task"), pk__gt=OuterRef("pk"), of_source=False).exclude(state__in=OPEN)
    rows: QuerySet[Run] = Run.objects.filter(
        Q(state__in=("rejected", "quarantined")) | Q(state__in=OPEN, round__gt=1),
        ~Exists(later),
        of_source=True,
        corrects=None,
        task__paused=False,
        task__deleted_at=None,
    )
    rows = rows.exclude(task__cron="").exclude(task__in=Backflow.objects.exclude(task=None).values("task"))
    named = ((run.grant_id, run.settled_at or run.ordered_at, run.message) for run in rows.order_by("pk"))
    return sorted(named, key=lambda row: row[1])


def _arrived(resources: Iterable[int]) -> dict[int, datetime]:
    """Return when a delivery of each resource last reached anybody."""
    rows = Run.objects.filter(grant__resource_id__in=list(resources), state="released", corrects=None)
    return dict(rows.order_by().values_list("grant__resource_id").annotate(Max("settled_at")))
