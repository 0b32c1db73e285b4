"""Services that stop without an end that was filed: noticed from what is known, and put forward once they last (W15)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Max, Min, Q
from django.utils.translation import gettext as _

from jutong.kernel import inbox, jurisdiction, outbox, retention
from jutong.kernel.actors import Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.settings import settings
from jutong.kernel.workdays import add_workdays
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.grants import queries as grants
from jutong.slices.grants.queries import Served
from jutong.slices.parties import queries as parties
from jutong.slices.services import events, rules
from jutong.slices.services.models import ServiceStop, UsageMinute
from jutong.slices.sources import queries as sources

PLATFORM: Final = system_actor("services")
RECENT: Final = timedelta(hours=24)
"""How old the newest failed call may be for an interface to count as failing still."""
ADDRESS: Final = "/services/stops/"


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a service gives nothing, and since when."""

    cause: str
    words: str
    since: datetime


Look = Callable[[Mapping[int, Served], datetime], Mapping[int, Stopped]]
_LOOKS: Final[list[Look]] = []


def look_also(look: Look) -> None:
    """Let a slice above name those of the served resources that give nothing for a reason only it sees."""
    _LOOKS.append(look)


def find_stops(at: datetime) -> int:
    """Notice services that stopped or are back, and put forward those that lasted; returns how many were put forward.

    What is known: mounts that were taken off, sources that do not answer, grants that the provider suspends by itself,
    interfaces whose every call fails on our side, and what slices above see (`look_also`). An end that was filed (W15) has ended its grants, so it is none of these.
    """
    served = grants.served(at)
    stopped = _stopped(served, at)
    open_stops = {stop.resource_id: stop for stop in ServiceStop.objects.filter(ended_at=None)}
    gone = [stop.pk for resource, stop in open_stops.items() if resource not in stopped]
    ServiceStop.objects.filter(pk__in=gone).update(ended_at=at)
    for resource, found in stopped.items():
        stop = open_stops.get(resource) or ServiceStop(resource_id=resource, since=found.since, found_at=at)
        one = served[resource]
        stop.resource_title, stop.provider_id = one.title, one.provider_id
        stop.authority_id, stop.consumer_ids = _authority(one.region), sorted(one.consumers)
        stop.cause, stop.words = found.cause, found.words[:300]
        stop.save()
    return sum(
        _propose(stop, at) for stop in ServiceStop.objects.filter(ended_at=None, proposed_at=None).order_by("pk")
    )


def forget_stops(at: datetime) -> int:
    """Forget stops that are over for as long as the audit trail is kept; returns how many."""
    before = at - timedelta(days=366 * settings().audit_retention_years)
    keys = list(ServiceStop.objects.filter(ended_at__lt=before).values_list("pk", flat=True)[: retention.AT_ONCE])
    return ServiceStop.objects.filter(pk__in=keys).delete()[0]


def _authority(region: str) -> int | None:
    try:
        return parties.authority_of(region)
    except RuleBroken:
        return None


def _stopped(served: Mapping[int, Served], at: datetime) -> dict[int, Stopped]:
    mounts = datacentre.standing(served.keys())
    lost = sources.unanswering({mount.source_id for mount in mounts.values() if mount.active})
    calls = _Calls([pk for one in served.values() for pk in one.granted], at)
    found: dict[int, Stopped] = {}
    for resource, one in served.items():
        mount = mounts.get(resource)
        if mount is not None and not mount.active:
            found[resource] = Stopped("unmounted", _("资源已取消挂接"), mount.changed_at)
        elif mount is not None and mount.source_id in lost:
            since, words = lost[mount.source_id]
            found[resource] = Stopped("source", words, since)
        elif one.suspended and (since_then := grants.withheld_since(one.suspended, one.provider_id)):
            words = _("提供方自行暂停授权 %d 项") % len(one.suspended)
            found[resource] = Stopped("suspended", words, since_then)
        elif one.granted and (begun := calls.failing_since(one.granted)):
            found[resource] = Stopped("failing", _("接口的调用全部因提供方一侧的原因失败"), begun)
    for look in _LOOKS:
        found = {**look(served, at), **found}
    return found


class _Calls:
    """Since when the interfaces of grants fail on our side, and when they last succeeded."""

    def __init__(self, grant_ids: Iterable[int], at: datetime) -> None:
        rows = UsageMinute.objects.filter(grant_id__in=list(grant_ids)).values("grant_id")
        seen = rows.annotate(
            good=Max("minute", filter=Q(calls__gt=F("refused"))), bad=Max("minute", filter=Q(failed__gt=0))
        )
        self.good = {row["grant_id"]: row["good"] for row in seen if row["good"] is not None}
        late = [row["grant_id"] for row in seen if row["bad"] is not None and row["bad"] >= at - RECENT]
        self.bad = {pk: first for pk in late if (first := self._first(pk)) is not None}

    def _first(self, grant_id: int) -> datetime | None:
        after = UsageMinute.objects.filter(grant_id=grant_id, failed__gt=0)
        after = after.filter(minute__gt=self.good[grant_id]) if grant_id in self.good else after
        first: datetime | None = after.aggregate(first=Min("minute"))["first"]
        return first

    def failing_since(self, grant_ids: Iterable[int]) -> datetime | None:
        """Return the first failure of an interface that has not worked for anybody since; None where it works, or nobody calls."""
        begun = [self.bad[pk] for pk in grant_ids if pk in self.bad]
        if not begun or any(self.good[pk] > min(begun) for pk in grant_ids if pk in self.good):
            return None
        return min(begun)


def _propose(stop: ServiceStop, at: datetime) -> bool:
    """Put a stop that lasted longer than the configured working days forward as a possible finding, once."""
    region = parties.department(stop.provider_id).region
    if not jurisdiction.policy_for(region, beijing_day(at)).list("service_change_control"):
        return False
    limit = add_workdays(beijing_day(stop.since), settings().service_stop_days, jurisdiction.calendar())
    if beijing_day(at) <= limit.day:
        return False
    ServiceStop.objects.filter(pk=stop.pk).update(proposed_at=at)
    words = _("%(title)s自 %(day)s 起停止提供，没有备案：%(why)s。") % {
        "title": stop.resource_title, "day": beijing_day(stop.since), "why": stop.words,
    }  # fmt: skip
    payload = {
        "kind": "service_stopped", "department_id": stop.provider_id, "authority_id": stop.authority_id,
        "subject": stop.resource_title, "words": words, "source": ADDRESS, "article": rules.STOP_ARTICLE,
    }  # fmt: skip
    outbox.publish(events.FINDING_PROPOSED, f"service_stop:{stop.pk}", payload, at=at, by=PLATFORM)
    _tell(stop, words, at)
    return True


def _tell(stop: ServiceStop, words: str, at: datetime) -> None:
    title = _("服务未经备案停止：%s") % words
    inbox.tell(
        department_id=stop.provider_id, role=Role.SHARING_UNIT_HEAD, title=title[:200], link=ADDRESS, at=at,
        text=_("请恢复服务；确需停止的，先与使用方协商并报主管部门备案（条例第二十七条）。"),
    )  # fmt: skip
    for department_id in filter(None, (stop.authority_id, *stop.consumer_ids)):
        inbox.tell(department_id=department_id, title=title[:200], link=ADDRESS, at=at)
