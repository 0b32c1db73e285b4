"""Grants as people see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

import msgspec
from django.db.models import Q
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.workflow import Button
from jutong.slices.grants.models import Grant, GrantVersion
from jutong.slices.grants.rules import Agreed
from jutong.slices.grants.workflow import GRANT, may_know


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant as its parties see it."""

    id: int
    reference: str
    version: int
    state: str
    state_label: str
    reason: str
    resource_id: int
    resource_title: str
    entry_code: str
    provider_id: int
    provider_name: str
    consumer_id: int
    consumer_name: str
    items: tuple[dict[str, Any], ...]
    key_items: tuple[str, ...]
    confirm_items: tuple[str, ...]
    conditions: tuple[dict[str, Any], ...]
    modes: tuple[str, ...]
    purposes: tuple[str, ...]
    basis: str
    scope: str
    remarks: str
    quota: dict[str, int]
    valid_from: datetime
    valid_until: datetime
    case_ref: str
    calls: int
    rows: int
    last_used_at: datetime | None
    buttons: tuple[Button, ...] = ()
    listing: bool = False
    portal: bool = False
    endpoints: tuple[str, ...] = ()
    marked: bool = False
    notice: str = ""
    receiver_key: str = ""
    origin: str = ""
    held_by: str = ""
    framed_by: str = ""

    @property
    def last_day(self) -> date:
        """The last Beijing day of use: a term that ends at 24:00 ends with the day before."""
        return beijing_day(self.valid_until - timedelta(microseconds=1))


@dataclass(frozen=True, slots=True)
class VersionRow:
    """An earlier or present version of a grant's terms."""

    version: int
    at: datetime
    by_name: str
    content: dict[str, Any]


def row_of(g: Grant, buttons: tuple[Button, ...] = ()) -> GrantRow:
    """Return a grant as its parties see it."""
    row = _row(g, buttons)
    return replace(row, origin=g.origin or g.case_ref, held_by=g.held_by, framed_by=g.framed_by)


def _row(g: Grant, buttons: tuple[Button, ...]) -> GrantRow:
    return GrantRow(
        id=g.pk,
        reference=f"G-{g.pk:06d}",
        version=g.version,
        state=g.state,
        state_label=GRANT.state_label(g.state),
        reason=g.reason,
        resource_id=g.resource_id,
        resource_title=g.resource_title,
        entry_code=g.entry_code,
        provider_id=g.provider_id,
        provider_name=g.provider.name,
        consumer_id=g.consumer_id,
        consumer_name=g.consumer.name,
        items=tuple(g.items),
        key_items=tuple(g.key_items),
        confirm_items=tuple(g.confirm_items),
        conditions=tuple(g.conditions),
        modes=tuple(g.modes),
        purposes=tuple(g.purposes),
        basis=g.basis,
        scope=g.scope,
        remarks=g.remarks,
        quota=g.quota,
        valid_from=g.valid_from,
        valid_until=g.valid_until,
        case_ref=g.case_ref,
        calls=g.calls,
        rows=g.rows,
        last_used_at=g.last_used_at,
        listing=g.listing,
        portal=g.portal,
        endpoints=tuple(g.endpoints),
        marked=g.marked,
        notice=g.notice,
        receiver_key=g.receiver_key,
        buttons=buttons,
    )


@dataclass(frozen=True, slots=True)
class Parties:
    """Between whom a grant is, and of what."""

    reference: str
    resource_title: str
    provider_id: int
    consumer_id: int


def parties_of(ids: Iterable[int]) -> dict[int, Parties]:
    """Return the parties of grants by id, whoever asks; for reports that come without a person."""
    rows = Grant.objects.filter(pk__in=set(ids)).only("resource_title", "provider_id", "consumer_id")
    return {g.pk: Parties(f"G-{g.pk:06d}", g.resource_title, g.provider_id, g.consumer_id) for g in rows}


def states_of(ids: Iterable[int]) -> dict[int, str]:
    """Return the states of grants by id, whoever asks; unknown ids are left out."""
    return dict(Grant.objects.filter(pk__in=set(ids)).values_list("pk", "state"))


def mine(actor: Actor) -> Q:
    """Return the condition of the grants an actor may know."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return Q()
    mine = actor.serves
    return Q(provider_id__in=mine) | Q(consumer_id__in=mine) | Q(authority_id__in=mine)


def grants(
    actor: Actor, *, side: str = "", state: str = "", text: str = "", modes: Sequence[str] = (), number: int = 1,
    size: int = 20,
) -> tuple[list[GrantRow], Page]:  # fmt: skip
    """Return the grants an actor may know, newest first; side: "consumer" or "provider" of the actor's department.

    modes: only grants that open one of these.
    """
    rows = Grant.objects.select_related("provider", "consumer").filter(mine(actor)).order_by("-id")
    if side in {"consumer", "provider"}:
        rows = rows.filter(**{f"{side}_id__in": actor.serves})
    if state:
        rows = rows.filter(state=state)
    if modes:
        rows = rows.filter(reduce(or_, (Q(modes__contains=[mode]) for mode in modes)))
    if text:
        rows = rows.filter(Q(resource_title__icontains=text) | Q(entry_code=text))
    found, meta = page(rows, number, size)
    return [row_of(g) for g in found], meta


def grant(grant_id: int, actor: Actor) -> GrantRow:
    """Return one grant with the buttons open to the actor. NotThere where the actor may not know of it."""
    found = Grant.objects.select_related("provider", "consumer").filter(pk=grant_id).first()
    if found is None or not may_know(actor, found):
        raise NotThere(_("没有找到该授权，或您无权知悉。"))
    return row_of(found, tuple(GRANT.open_to(actor, found)))


def versions(grant_id: int, actor: Actor) -> list[VersionRow]:
    """Return every version of a grant's terms, newest first."""
    grant(grant_id, actor)
    rows = GrantVersion.objects.filter(grant_id=grant_id).order_by("-version")
    return [VersionRow(v.version, v.at, v.by_name, v.content) for v in rows]


def agreed_of(grant_id: int) -> Agreed:
    """Return the widest terms a grant may have: those it was opened with, or to which the provider consented since."""
    rows = GrantVersion.objects.filter(Q(version=1) | Q(agreed=True), grant_id=grant_id)
    widest = rows.latest("version").content
    return msgspec.convert({name: widest[name] for name in Agreed.__struct_fields__}, Agreed)


def of_lines(beginning: str) -> dict[str, list[GrantRow]]:
    """Return the grants of an agreement by its lines, whose references begin so, oldest first.

    Those that the lines became themselves, and those of requests that were made under them.
    """
    named = Q(case_ref__startswith=beginning) | Q(framed_by__startswith=beginning)
    found: dict[str, list[GrantRow]] = {}
    for g in Grant.objects.select_related("provider", "consumer").filter(named).order_by("id"):
        found.setdefault(g.framed_by or g.case_ref, []).append(row_of(g))
    return found


def between(consumer_id: int, resource_id: int) -> GrantRow | None:
    """Return the working grant of a resource to a consumer, if there is one."""
    found = (
        Grant.objects.select_related("provider", "consumer")
        .filter(consumer_id=consumer_id, resource_id=resource_id, state="granted")
        .order_by("-id")
        .first()
    )
    return row_of(found) if found else None
