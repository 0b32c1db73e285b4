"""What systems can call, how, and how much they did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.settings import settings
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.services import rules
from jutong.slices.services.models import Alert, UsageDay, UsageMinute
from jutong.wire.bundle import Endpoint

DAYS: Final = 30
HOUR: Final = 60
MOST_GRANTS: Final = 200


@dataclass(frozen=True, slots=True)
class DayUse:
    """Calls of one day."""

    day: date
    calls: int
    refused: int
    rows: int


@dataclass(frozen=True, slots=True)
class SystemUse:
    """Calls of one system over the days looked at."""

    system: str
    calls: int
    refused: int
    rows: int


@dataclass(frozen=True, slots=True)
class Use:
    """Use of one grant over the last 30 days, by day and by system."""

    grant_id: int
    days: tuple[DayUse, ...]
    systems: tuple[SystemUse, ...]
    interface: bool = False
    provided: bool = False

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(one.calls for one in self.days)


@dataclass(frozen=True, slots=True)
class Service:
    """One grant as an interface: address, OpenAPI, examples, the systems that may call it, and its use."""

    grant: grants.GrantRow
    gateway: str
    endpoints: tuple[Endpoint, ...]
    openapi: dict[str, Any]
    examples: tuple[tuple[str, str, str], ...]
    python: str
    systems: tuple[parties.SystemRow, ...]
    use: Use


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A granted interface in a list, with its calls of the last 30 days."""

    grant: grants.GrantRow
    calls: int
    refused: int


def services(
    actor: Actor, at: datetime, *, text: str = "", number: int = 1, size: int = 20
) -> tuple[list[ServiceLine], Page]:
    """Return what the actor's departments may call through the gateway, newest grant first."""
    shown, meta = grants.grants(
        actor, side="consumer", text=text, number=number, size=size, modes=tuple(map(str, rules.INTERFACE))
    )
    since = beijing_day(at) - timedelta(days=DAYS - 1)
    counted = (
        UsageDay.objects.filter(grant_id__in=[row.id for row in shown], day__gte=since)
        .values("grant_id")
        .annotate(called=Sum("calls"), denied=Sum("refused"))
    )
    use = {one["grant_id"]: (one["called"], one["denied"]) for one in counted}
    return [ServiceLine(row, *use.get(row.id, (0, 0))) for row in shown], meta


def service(grant_id: int, actor: Actor, at: datetime) -> Service:
    """Return one granted interface. NotThere unless the grant is the actor's departments' and opens the interface."""
    row = grants.grant(grant_id, actor)
    if row.consumer_id not in actor.serves or not rules.is_interface(row.modes):
        raise NotThere(_("没有找到该接口：授权不属于本部门，或共享方式不含接口调用。"))
    wire, gateway = grants.wire_grant(grant_id), settings().gateway_origin
    opened = tuple(each for each in grants.endpoints_of(row.resource_id) if each.name in row.endpoints)
    return Service(
        grant=row,
        gateway=gateway,
        endpoints=opened,
        openapi=rules.openapi(wire, gateway, opened),
        examples=rules.curl_examples(wire, gateway, opened),
        python=rules.python_example(wire, gateway),
        systems=tuple(parties.systems(department_id=row.consumer_id)),
        use=use(grant_id, actor, at),
    )


@dataclass(frozen=True, slots=True)
class Provided:
    """A grant as its provider sets its interface; endpoints: what could be passed through."""

    grant: grants.GrantRow
    endpoints: tuple[Endpoint, ...]


def provided(grant_id: int, actor: Actor) -> Provided:
    """Return a grant that the actor's departments provide. NotThere otherwise, and without an interface."""
    row = grants.grant(grant_id, actor)
    if row.provider_id not in actor.serves or not rules.is_interface(row.modes):
        raise NotThere(_("没有找到该接口：授权不由本部门提供，或共享方式不含接口调用。"))
    return Provided(row, grants.endpoints_of(row.resource_id))


def use(grant_id: int, actor: Actor, at: datetime) -> Use:
    """Return the use of a grant over 30 days, days without calls included. NotThere where the actor may not know of it."""
    row = grants.grant(grant_id, actor)
    today = beijing_day(at)
    first = today - timedelta(days=DAYS - 1)
    rows = UsageDay.objects.filter(grant_id=grant_id, day__gte=first).values("day", "system_id")
    by_day: dict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
    by_system: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    counted = rows.annotate(called=Sum("calls"), denied=Sum("refused"), handed=Sum("rows"))
    for day, system, *counts in counted.values_list("day", "system_id", "called", "denied", "handed"):
        for sums in (by_day[day], by_system[system]):
            for place, count in enumerate(counts):
                sums[place] += count
    names = {system.id: system.name for system in parties.systems(by_system)}
    days = [first + timedelta(days=n) for n in range(DAYS)]
    return Use(
        grant_id=grant_id,
        days=tuple(DayUse(day, *by_day.get(day, (0, 0, 0))) for day in days),
        systems=tuple(
            SystemUse(names.get(pk, str(pk)), *sums) for pk, sums in sorted(by_system.items(), key=lambda s: -s[1][0])
        ),
        interface=row.consumer_id in actor.serves and rules.is_interface(row.modes),
        provided=row.provider_id in actor.serves and rules.is_interface(row.modes),
    )


def use_of_entry(entry_id: int, at: datetime) -> list[DayUse]:
    """Return the calls of all grants of an entry over 30 days, day by day; they name no department."""
    today = beijing_day(at)
    first = today - timedelta(days=DAYS - 1)
    rows = UsageDay.objects.filter(grant_id__in=grants.grants_of_entry(entry_id), day__gte=first).values("day")
    counted = rows.annotate(called=Sum("calls"), denied=Sum("refused"), handed=Sum("rows"))
    found = {row["day"]: DayUse(row["day"], row["called"], row["denied"], row["handed"]) for row in counted}
    days = (first + timedelta(days=n) for n in range(DAYS))
    return [found.get(day, DayUse(day, 0, 0, 0)) for day in days]


@dataclass(frozen=True, slots=True)
class Span:
    """Calls of one stretch of time: failed is part of refused; p50, p95, p99 in milliseconds, None without answers."""

    since: datetime
    calls: int
    refused: int
    failed: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """The same for one grant and one system over the whole time looked at."""

    grant: grants.GrantRow
    system: str
    span: Span


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went through the gateway: stretch by stretch, and by grant and system, most calls first."""

    spans: tuple[Span, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class AlertRow:
    """Refused calls that look like misuse, as the provider sees them."""

    id: int
    grant_id: int
    reference: str
    resource_title: str
    department: str
    system: str
    kind: str
    kind_label: str
    day: date
    calls: int
    last_at: datetime
    traces: tuple[str, ...]


def traffic(actor: Actor, at: datetime, *, hours: int = 24, grant_id: int | None = None) -> Traffic:
    """Return the calls of the last `hours` under the grants that the actor may know (of one of them with `grant_id`)."""
    rows = [grants.grant(grant_id, actor)] if grant_id else grants.grants(actor, size=MOST_GRANTS)[0]
    known = {row.id: row for row in rows}
    step = timedelta(minutes=rules.STEPS[hours])
    first = at.replace(second=0, microsecond=0) - timedelta(hours=hours)
    first -= timedelta(minutes=first.minute % rules.STEPS[hours]) if rules.STEPS[hours] <= HOUR else timedelta()
    by_time: dict[int, Sums] = defaultdict(Sums)
    by_line: dict[tuple[int, int], Sums] = defaultdict(Sums)
    found = UsageMinute.objects.filter(grant_id__in=list(known), minute__gte=first, minute__lte=at)
    for row in found.iterator():
        for sums in (by_time[(row.minute - first) // step], by_line[row.grant_id, row.system_id]):
            sums.add(row)
    count = (at - first) // step + 1
    names = {one.id: one.name for one in parties.systems({system for _grant, system in by_line})}
    ordered = sorted(by_line.items(), key=lambda entry: -entry[1].calls)
    return Traffic(
        spans=tuple(by_time[n].span(first + n * step) for n in range(count)),
        lines=tuple(
            Line(known[grant], names.get(system, str(system)), sums.span(first)) for (grant, system), sums in ordered
        ),
    )


class Sums:
    """Counts being added up."""

    def __init__(self) -> None:
        self.calls = self.refused = self.failed = 0
        self.latency: list[int] = []

    def add(self, row: UsageMinute) -> None:
        """Add one minute."""
        self.calls += row.calls
        self.refused += row.refused
        self.failed += row.failed
        self.latency = rules.added(self.latency, row.latency)

    def span(self, since: datetime) -> Span:
        """Return what came together."""
        shares = (rules.percentile(self.latency, share) for share in (0.5, 0.95, 0.99))
        return Span(since, self.calls, self.refused, self.failed, *shares)


@dataclass(frozen=True, slots=True)
class Used:
    """What was obtained under one grant through the gateway: calls (refused ones among them) and rows."""

    calls: int
    refused: int
    rows: int


@dataclass(frozen=True, slots=True)
class UseLine:
    """Calls of one system under one grant on one Beijing day, in one mode, for one purpose."""

    day: date
    grant_id: int
    system: str
    mode: str
    purpose: str
    calls: int
    refused: int
    rows: int


def _used(grant_ids: Iterable[int], first: date | None, last: date | None) -> QuerySet[UsageDay]:
    rows = UsageDay.objects.filter(grant_id__in=list(grant_ids))
    rows = rows.filter(day__gte=first) if first else rows
    return rows.filter(day__lte=last) if last else rows


def used_of(grant_ids: Iterable[int], first: date | None = None, last: date | None = None) -> dict[int, Used]:
    """Return what was obtained under grants from one Beijing day to another, in one statement; without use: left out."""
    counted = _used(grant_ids, first, last).values("grant_id")
    found = counted.annotate(called=Sum("calls"), denied=Sum("refused"), handed=Sum("rows"))
    return {one["grant_id"]: Used(one["called"], one["denied"], one["handed"]) for one in found}


def use_lines(
    grant_ids: Iterable[int], first: date | None, last: date | None, *, number: int = 1, size: int = 50
) -> tuple[list[UseLine], Page]:
    """Return the calls under grants day by day, newest first, whoever asks: who obtained what, when and for what."""
    rows = _used(grant_ids, first, last).filter(calls__gt=F("refused"))
    found, meta = page(rows.order_by("-day", "grant_id", "system_id", "mode", "purpose"), number, size)
    names = {one.id: one.name for one in parties.systems({row.system_id for row in found})}
    return [
        UseLine(
            row.day, row.grant_id, names.get(row.system_id, str(row.system_id)), row.mode, row.purpose, row.calls,
            row.refused, row.rows,
        )
        for row in found
    ], meta  # fmt: skip


def alerts_by_id(ids: Iterable[int]) -> dict[int, AlertRow]:
    """Return alerts by id as they count now, whoever asks; for the case that gathers them."""
    return {row.id: row for row in _alert_rows(Alert.objects.filter(pk__in=list(ids)))}


def alerts(actor: Actor, *, number: int = 1, size: int = 20) -> tuple[list[AlertRow], Page]:
    """Return suspected misuse of what the actor's departments provide, newest first; all of it to an auditor."""
    rows = Alert.objects.order_by("-last_at", "-pk")
    rows = rows.exclude(kind=rules.ENDED, calls__lt=settings().ended_grant_alert_calls)
    if not actor.holds(Role.AUDITOR):
        rows = rows.filter(provider_id__in=actor.serves)
    found, meta = page(rows, number, size)
    return _alert_rows(found), meta


def _alert_rows(rows: Iterable[Alert]) -> list[AlertRow]:
    found = list(rows)
    systems = {one.id: one for one in parties.systems({row.system_id for row in found})}
    return [
        AlertRow(
            id=row.pk,
            grant_id=row.grant_id,
            reference=row.reference,
            resource_title=row.resource_title,
            department=systems[row.system_id].department_name if row.system_id in systems else "",
            system=systems[row.system_id].name if row.system_id in systems else str(row.system_id),
            kind=row.kind,
            kind_label=_(rules.MISUSE_KINDS[row.kind]),
            day=row.day,
            calls=row.calls,
            last_at=row.last_at,
            traces=tuple(row.traces),
        )
        for row in found
    ]


def panel(actor: Actor, at: datetime, *, grant_id: int) -> Use | None:
    """Return what the grant's page shows of its use."""
    return use(grant_id, actor, at)


@dataclass(frozen=True, slots=True)
class Called:
    """Answered calls under one grant over some time, and the rows they handed out."""

    calls: int
    rows: int


def called_under(first: date, last: date, *, grants: Iterable[int] | None = None) -> dict[int, Called]:
    """Return the calls answered from `first` to `last` (Beijing days) by grant (of some grants); refused ones do not count."""
    days = UsageDay.objects.filter(day__gte=first, day__lte=last)
    if grants is not None:
        days = days.filter(grant_id__in=set(grants))
    counted = days.values("grant_id").annotate(n=Sum("calls") - Sum("refused"), handed=Sum("rows")).order_by("grant_id")
    return {row["grant_id"]: Called(row["n"], row["handed"]) for row in counted if row["n"]}


def called_on(grant_id: int, days: Iterable[date]) -> dict[date, Called]:
    """Return the calls answered under one grant on some Beijing days."""
    found = UsageDay.objects.filter(grant_id=grant_id, day__in=set(days)).values("day")
    counted = found.annotate(n=Sum("calls") - Sum("refused"), handed=Sum("rows")).order_by("day")
    return {row["day"]: Called(row["n"], row["handed"]) for row in counted}


def systems_under(grant_id: int) -> list[str]:
    """Return the names of the business systems that called under a grant."""
    ids = set(UsageDay.objects.filter(grant_id=grant_id, calls__gt=F("refused")).values_list("system_id", flat=True))
    return sorted(system.name for system in parties.systems(ids))
