"""Who is served with a resource now: what may not be taken away without W15 (national-2025#27)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel import queries as kernel
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import WrongState
from jutong.slices.grants.models import Grant, ServiceChange
from jutong.slices.grants.rules import check_served


@dataclass(slots=True)
class Served:
    """A resource with grants that are in force. granted, suspended: their ids; suspended ones only where no case of misuse keeps them."""

    resource_id: int
    title: str
    region: str
    provider_id: int
    consumers: set[int] = field(default_factory=set)
    granted: list[int] = field(default_factory=list)
    suspended: list[int] = field(default_factory=list)


def served(at: datetime) -> dict[int, Served]:
    """Return the resources that are served now, or would be if the provider did not withhold them, by id."""
    rows = Grant.objects.filter(state__in=["granted", "suspended"], held_by="", valid_from__lte=at, valid_until__gt=at)
    columns = ("pk", "state", "resource_id", "resource_title", "region", "provider_id", "consumer_id")
    found: dict[int, Served] = {}
    for pk, state, resource, title, region, provider, consumer in rows.values_list(*columns).iterator(chunk_size=2000):
        one = found.setdefault(resource, Served(resource, title, region, provider))
        one.consumers.add(consumer)
        (one.granted if state == "granted" else one.suspended).append(pk)
    return found


def withheld_since(ids: Iterable[int], provider_id: int) -> datetime | None:
    """Return since when the provider's own people keep all of some suspended grants from their consumers; None if not all."""
    acts = kernel.acts_on("grant", ids := list(ids), "grant.suspend")
    newest = [acts[str(pk)][-1] for pk in ids if str(pk) in acts]
    if not ids or len(newest) < len(ids) or any(act.department_id != provider_id for act in newest):
        return None
    return max(act.at for act in newest)


def check_dropped(*, resource_id: int, items: Collection[str], at: datetime) -> None:
    """Refuse (WrongState) to stop providing items that a running grant gives, where the rules ask for W15."""
    running = Grant.objects.filter(
        resource_id=resource_id, state__in=["granted", "suspended"], valid_from__lte=at, valid_until__gt=at
    )
    held = [(grant.consumer_id, {item["item"] for item in grant.items} & set(items), grant.region) for grant in running]
    concerned = [(consumer, lost) for consumer, lost, _region in held if lost]
    if not concerned:
        return
    if jurisdiction.policy_for(held[0][2], beijing_day(at)).list("service_change_control"):
        check_served(
            set().union(*(lost for _consumer, lost in concerned)), len({consumer for consumer, _ in concerned})
        )


def check_preparing(*, resource_id: int) -> None:
    """Refuse (WrongState) another form than the one that was filed, while its day is waited for."""
    waiting = ServiceChange.objects.filter(
        resource_id=resource_id, kind="change", case_ref="", state__in=["filed", "announced"]
    ).first()
    if waiting is not None:
        raise WrongState(_("变更服务 %s 已备案，变更后的挂接不能再改；需要改动的，请先取消该事项。") % waiting.number)
