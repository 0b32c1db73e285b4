"""What systems can call, how, and how much they did."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Sum
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page
from jutong.kernel.settings import settings
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.services import rules
from jutong.slices.services.models import UsageDay

DAYS: Final = 30


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

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(one.calls for one in self.days)


@dataclass(frozen=True, slots=True)
class Service:
    """One grant as an interface: address, OpenAPI, examples, the systems that may call it, and its use."""

    grant: grants.GrantRow
    gateway: str
    openapi: dict[str, Any]
    curl: str
    python: str
    systems: tuple[parties.SystemRow, ...]
    use: Use


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A granted interface in a list, with its calls of the last 30 days."""

    grant: grants.GrantRow
    calls: int
    refused: int


def services(actor: Actor, at: datetime, *, text: str = "", number: int = 1) -> tuple[list[ServiceLine], Page]:
    """Return what the actor's departments may call through the gateway, newest grant first."""
    rows, meta = grants.grants(actor, side="consumer", text=text, number=number)
    shown = [row for row in rows if rules.is_interface(row.modes)]
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
    return Service(
        grant=row,
        gateway=gateway,
        openapi=rules.openapi(wire, gateway),
        curl=rules.curl_example(wire, gateway),
        python=rules.python_example(wire, gateway),
        systems=tuple(parties.systems(department_id=row.consumer_id)),
        use=use(grant_id, actor, at),
    )


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
    )


def panel(actor: Actor, at: datetime, *, grant_id: int) -> Use | None:
    """Return what the grant's page shows of its use."""
    return use(grant_id, actor, at)
