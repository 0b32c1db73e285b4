"""Services that stopped without an end that was filed, as provider, consumers and authority see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.paging import Page, page
from jutong.slices.parties import queries as parties
from jutong.slices.services import rules
from jutong.slices.services.models import ServiceStop

OVERSEERS = (Role.PLATFORM_OPERATOR, Role.AUDITOR)
MOST_SHOWN = 5
"""Stops that a workbench shows."""


@dataclass(frozen=True, slots=True)
class StopRow:
    """A stop. consumers: how many departments it concerns; state: running, proposed or over, with its label and tone."""

    id: int
    resource_id: int
    title: str
    provider_name: str
    cause: str
    cause_label: str
    words: str
    since: datetime
    ended_at: datetime | None
    proposed_at: datetime | None
    consumers: int
    state: str
    state_label: str
    tone: str


def _known_to(actor: Actor) -> QuerySet[ServiceStop]:
    rows = ServiceStop.objects.all()
    if actor.account_id is None or actor.holds(*OVERSEERS):
        return rows
    mine = list(actor.serves)
    return rows.filter(Q(provider_id__in=mine) | Q(authority_id__in=mine) | Q(consumer_ids__overlap=mine))


def stops(actor: Actor, *, number: int = 1, size: int = 20) -> tuple[list[StopRow], Page]:
    """Return the stops that concern the actor's departments, those that go on first, then the newest."""
    found, meta = page(_known_to(actor).order_by("-ended_at", "-since", "-id"), number, size)
    return _rows(found), meta


def open_stops(actor: Actor, at: datetime) -> list[StopRow] | None:
    """Return the stops of the actor's own services that go on, for the workbench; None where there are none."""
    del at
    rows = ServiceStop.objects.filter(ended_at=None, provider_id__in=list(actor.serves)).order_by("since")
    return _rows(rows[:MOST_SHOWN]) or None


def _rows(found: Iterable[ServiceStop]) -> list[StopRow]:
    rows = list(found)
    names = parties.departments({row.provider_id for row in rows})
    return [_row(row, names[row.provider_id].name if row.provider_id in names else "") for row in rows]


def _row(stop: ServiceStop, provider: str) -> StopRow:
    state, label, tone = "running", _("停止中"), "wait"
    if stop.ended_at is not None:
        state, label, tone = "over", _("已恢复"), "good"
    elif stop.proposed_at is not None:
        state, label, tone = "proposed", _("已列为拟提问题"), "bad"
    return StopRow(
        stop.pk, stop.resource_id, stop.resource_title, provider, stop.cause, _(rules.STOP_CAUSES[stop.cause]), stop.words,
        stop.since, stop.ended_at, stop.proposed_at, len(stop.consumer_ids), state, label, tone,
    )  # fmt: skip
