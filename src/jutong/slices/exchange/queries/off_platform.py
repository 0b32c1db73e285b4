"""Deliveries outside the platform as people see them, and under which grants one can be recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.paging import Page, page
from jutong.slices.exchange.models import OffPlatform
from jutong.slices.exchange.rules.submissions import OFF_PLATFORM_ALLOWED
from jutong.slices.exchange.workflow import OVERSEERS
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties


@dataclass(frozen=True, slots=True)
class OffPlatformRow:
    """A recorded delivery outside the platform; profile: the policy that let it be."""

    id: int
    grant_id: int
    grant: str
    title: str
    provider_name: str
    consumer_name: str
    delivered_on: date
    reason: str
    profile: str
    by_name: str
    at: datetime


def _mine(actor: Actor) -> QuerySet[OffPlatform]:
    rows = OffPlatform.objects.select_related("provider", "consumer").order_by("-delivered_on", "-id")
    if actor.account_id is None or actor.holds(*OVERSEERS):
        return rows
    return rows.filter(Q(provider_id__in=actor.serves) | Q(consumer_id__in=actor.serves))


def off_platform(actor: Actor, *, text: str = "", number: int = 1, size: int = 20) -> tuple[list[OffPlatformRow], Page]:
    """Return the recorded deliveries outside the platform that concern the actor's departments, newest first."""
    rows = _mine(actor)
    if text := text.replace("\x00", "").strip()[:100]:
        rows = rows.filter(Q(title__icontains=text) | Q(provider__name__icontains=text) | Q(reason__icontains=text))
    found, meta = page(rows, number, size)
    return [_row(each) for each in found], meta


def all_off_platform(actor: Actor) -> Iterator[OffPlatformRow]:
    """Yield every recorded delivery that concerns the actor's departments, for a sheet."""
    return (_row(each) for each in _mine(actor).iterator(chunk_size=500))


def deliverable(actor: Actor) -> list[tuple[str, str]]:
    """Return the grants that the actor's department gives, as (id, name): under one of them something was delivered."""
    rows, _meta = grants.grants(actor, side="provider", size=200)
    return [(str(row.id), f"{row.reference} {row.resource_title}（{row.consumer_name}）") for row in rows]


def off_platform_lawful(actor: Actor, day: date) -> bool:
    """Tell whether the profile of the actor's region lets a delivery outside the platform be, on a Beijing day."""
    if actor.department_id is None:
        return False
    policy = jurisdiction.policy_for(parties.department(actor.department_id).region, day)
    return policy.text("off_platform_delivery") == OFF_PLATFORM_ALLOWED


def _row(found: OffPlatform) -> OffPlatformRow:
    return OffPlatformRow(
        id=found.pk,
        grant_id=found.grant_id,
        grant=f"G-{found.grant_id:06d}",
        title=found.title,
        provider_name=found.provider.name,
        consumer_name=found.consumer.name,
        delivered_on=found.delivered_on,
        reason=found.reason,
        profile=found.profile,
        by_name=found.account_name,
        at=found.at,
    )
