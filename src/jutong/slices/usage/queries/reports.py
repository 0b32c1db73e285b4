"""What is granted and available against what is used, and who takes part at all (R-SHR-024, R-SHR-034)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.terms import ShareType
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.exchange import queries as exchange
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.services import queries as services
from jutong.slices.sources import queries as sources
from jutong.slices.usage.queries.figures import span

WATCHERS: Final = (Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, Role.PLATFORM_OPERATOR, Role.AUDITOR)
"""Who sees all departments of the instance; others see their own."""


@dataclass(frozen=True, slots=True)
class UtilisationRow:
    """One consumer over a period. available: entries of others that can be shared; granted: in force at some moment."""

    department_id: int
    department: str
    available: int
    granted: int
    used: int
    calls: int
    called_rows: int
    deliveries: int
    delivered_rows: int

    @property
    def unused(self) -> int:
        """Grants that were in force and not used."""
        return self.granted - self.used

    @property
    def share(self) -> int:
        """Used grants in percent of those granted."""
        return self.used * 100 // self.granted if self.granted else 0


@dataclass(frozen=True, slots=True)
class UnusedGrant:
    """A grant that was in force in a period and not used once."""

    grant_id: int
    reference: str
    title: str
    department: str
    provider: str
    valid_from: datetime
    valid_until: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Utilisation:
    """The utilisation report of a period, department by department, with the grants that nobody used."""

    first: date
    last: date
    rows: tuple[UtilisationRow, ...]
    unused: tuple[UnusedGrant, ...]


def watches(actor: Actor) -> bool:
    """Tell whether an actor sees the figures of all departments."""
    return actor.account_id is None or actor.holds(*WATCHERS)


def utilisation(actor: Actor, first: date, last: date) -> Utilisation:
    """Return what each department was granted and used from `first` to `last` (Beijing days): five statements.

    Empty for a period in which nothing was granted, not an error (R-SHR-024).
    """
    held = grants.in_force(*span(first, last), consumers=None if watches(actor) else actor.serves)
    ids = [grant.id for grant in held]
    called = services.called_under(first, last, grants=ids)
    delivered = exchange.delivered_under(*span(first, last), grants=ids)
    names = _names({party for grant in held for party in (grant.consumer_id, grant.provider_id)})
    offered = catalogue.counted_published() if held else {}
    by_consumer: dict[int, list[grants.Facts]] = defaultdict(list)
    for grant in held:
        by_consumer[grant.consumer_id].append(grant)
    rows = [
        UtilisationRow(
            department_id=consumer,
            department=names[consumer],
            available=_available(offered, consumer),
            granted=len(own),
            used=sum(grant.id in called or grant.id in delivered for grant in own),
            calls=sum(called[grant.id].calls for grant in own if grant.id in called),
            called_rows=sum(called[grant.id].rows for grant in own if grant.id in called),
            deliveries=sum(delivered[grant.id].runs for grant in own if grant.id in delivered),
            delivered_rows=sum(delivered[grant.id].rows for grant in own if grant.id in delivered),
        )
        for consumer, own in by_consumer.items()
    ]
    unused = [
        UnusedGrant(
            grant.id, grant.reference, grant.resource_title, names[grant.consumer_id], names[grant.provider_id],
            grant.valid_from, grant.valid_until, grant.last_used_at,
        )
        for grant in held
        if grant.id not in called and grant.id not in delivered
    ]  # fmt: skip
    return Utilisation(first, last, tuple(sorted(rows, key=lambda row: (-row.unused, row.department))), tuple(unused))


def _names(ids: Iterable[int]) -> dict[int, str]:
    return {pk: row.name for pk, row in parties.departments(ids).items()}


def _available(offered: Mapping[tuple[int, str], int], consumer: int) -> int:
    return sum(n for (provider, kind), n in offered.items() if provider != consumer and kind != ShareType.WITHHELD)


@dataclass(frozen=True, slots=True)
class ParticipationRow:
    """How one department takes part: what it has published, whether it is connected, what it provided and obtained.

    provided, obtained: resources; their deliveries and calls as the exchange logs count them.
    """

    department_id: int
    department: str
    published: int
    connected: bool
    provided: int
    provided_deliveries: int
    provided_calls: int
    obtained: int
    obtained_deliveries: int
    obtained_calls: int

    @property
    def providing(self) -> bool:
        """Whether anything of it was provided in the period."""
        return self.provided > 0

    @property
    def using(self) -> bool:
        """Whether it obtained anything in the period."""
        return self.obtained > 0


@dataclass(frozen=True, slots=True)
class Participation:
    """The participation view of a period with its sums."""

    first: date
    last: date
    rows: tuple[ParticipationRow, ...]

    @property
    def connected(self) -> int:
        """How many are connected."""
        return sum(row.connected for row in self.rows)

    @property
    def providing(self) -> int:
        """How many provide."""
        return sum(row.providing for row in self.rows)

    @property
    def using(self) -> int:
        """How many use."""
        return sum(row.using for row in self.rows)


class _Sums:
    """What one department provided, or obtained."""

    def __init__(self) -> None:
        self.resources: set[int] = set()
        self.deliveries = self.calls = 0

    def add(self, resource: int, deliveries: int, calls: int) -> None:
        """Count one grant."""
        self.resources.add(resource)
        self.deliveries += deliveries
        self.calls += calls


def participation(actor: Actor, first: date, last: date) -> Participation:
    """Return which departments are connected, providing and using from `first` to `last`; the counts are the logs' own."""
    called = services.called_under(first, last)
    delivered = exchange.delivered_under(*span(first, last))
    provided: dict[int, _Sums] = defaultdict(_Sums)
    obtained: dict[int, _Sums] = defaultdict(_Sums)
    for pk, grant in grants.facts_by_ids({*called, *delivered}).items():
        runs = delivered[pk].runs if pk in delivered else 0
        calls = called[pk].calls if pk in called else 0
        provided[grant.provider_id].add(grant.resource_id, runs, calls)
        obtained[grant.consumer_id].add(grant.resource_id, runs, calls)
    published: dict[int, int] = defaultdict(int)
    for (provider, _kind), count in catalogue.counted_published().items():
        published[provider] += count
    connected = sources.connected_departments() | parties.departments_with_systems() | {*provided, *obtained}
    wanted = {*published, *connected}
    names = _names(wanted if watches(actor) else wanted & actor.serves)
    rows = [
        ParticipationRow(
            pk, name, published[pk], pk in connected, len(provided[pk].resources), provided[pk].deliveries,
            provided[pk].calls, len(obtained[pk].resources), obtained[pk].deliveries, obtained[pk].calls,
        )
        for pk, name in names.items()
    ]  # fmt: skip
    return Participation(first, last, tuple(sorted(rows, key=lambda row: (row.connected, row.department))))


def year_so_far(at: datetime) -> tuple[date, date]:
    """Return the period that a report shows when none is named: from the first of January to today."""
    today = beijing_day(at)
    return today.replace(month=1, day=1), today
