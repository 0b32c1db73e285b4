"""Registered business systems, and what the data plane has to know of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.queries import AuditRow
from jutong.kernel.terms import Zone
from jutong.kernel.workflow import Button
from jutong.slices.parties.models import BusinessSystem
from jutong.slices.parties.rules.access import Network, Signing, Transport
from jutong.slices.parties.workflow import BUSINESS_SYSTEM, PEOPLE_READERS
from jutong.wire.bundle import Caller


@dataclass(frozen=True, slots=True)
class SystemRow:
    """A registered business system; its key is known by `key_id` only."""

    id: int
    name: str
    purpose: str
    department_id: int
    department_name: str
    zone: str
    addresses: tuple[str, ...]
    active: bool
    state: str
    network: str
    network_exception: str
    hosting: str
    cross_department: bool
    transport: str
    protection: str
    connected_on: date | None
    connection_record: str
    operating_since: date | None
    key_id: str
    key_made_at: datetime
    registered_at: datetime
    signing: str

    @property
    def zone_label(self) -> str:
        """Chinese name of the network zone, translated."""
        return _(Zone(self.zone).label)

    @property
    def signing_label(self) -> str:
        """Chinese name of how it signs its calls, translated."""
        return _(Signing(self.signing).label)

    @property
    def network_label(self) -> str:
        """Chinese name of the network that carries it, translated."""
        return _(Network(self.network).label)

    @property
    def transport_label(self) -> str:
        """Chinese name of how it protects what it sends, translated; empty before it is connected."""
        return _(Transport(self.transport).label) if self.transport else ""

    @property
    def state_label(self) -> str:
        """Chinese name of the access state, translated."""
        return BUSINESS_SYSTEM.state_label(self.state)


@dataclass(frozen=True, slots=True)
class SystemDetail:
    """A system with what happened to it and the moves open to the actor."""

    row: SystemRow
    history: tuple[AuditRow, ...]
    buttons: tuple[Button, ...]


def _row(s: BusinessSystem) -> SystemRow:
    return SystemRow(
        s.pk, s.name, s.purpose, s.department_id, s.department.short_name or s.department.name, s.zone,
        tuple(s.addresses), s.active, s.state, s.network, s.network_exception, s.hosting, s.cross_department, s.transport,
        s.protection, s.connected_on, s.connection_record, s.operating_since, s.key_id, s.key_made_at, s.registered_at,
        s.signing,
    )  # fmt: skip


def _open_to(actor: Actor) -> QuerySet[BusinessSystem]:
    rows = BusinessSystem.objects.select_related("department")
    if actor.account_id is None or actor.roles & PEOPLE_READERS:
        return rows
    own = {post.department_id for post in actor.posts} | {actor.department_id}
    return rows.filter(department_id__in=[pk for pk in own if pk is not None])


def systems(ids: Iterable[int] | None = None, *, department_id: int | None = None) -> list[SystemRow]:
    """Return systems by id, or the active ones of a department, by name."""
    rows = BusinessSystem.objects.select_related("department").order_by("name")
    if ids is not None:
        rows = rows.filter(pk__in=set(ids))
    if department_id is not None:
        rows = rows.filter(department_id=department_id, active=True)
    return [_row(s) for s in rows[:1000]]


def departments_with_systems() -> set[int]:
    """Return the departments that have an active business system at the platform."""
    return set(BusinessSystem.objects.filter(active=True).values_list("department_id", flat=True))


def systems_page(
    actor: Actor, *, text: str = "", department_id: int | None = None, number: int = 1, size: int = 20
) -> tuple[list[SystemRow], Page]:
    """Return one page of the systems the actor may see."""
    rows = _open_to(actor).order_by("department__name", "name", "pk")
    if text := " ".join(text.split())[:60]:
        rows = rows.filter(name__icontains=text)
    if department_id:
        rows = rows.filter(department_id=department_id)
    found, meta = page(rows, number, size)
    return [_row(s) for s in found], meta


def system(system_id: int, actor: Actor) -> SystemRow:
    """Return a system. NotThere for one that the actor may not know of."""
    return _row(_found(system_id, actor))


def _found(system_id: int, actor: Actor) -> BusinessSystem:
    found = _open_to(actor).filter(pk=system_id).first()
    if found is None:
        raise NotThere(_("没有找到该业务系统，或您无权知悉。"))
    return found


def system_detail(system_id: int, actor: Actor) -> SystemDetail:
    """Return a system with its history and the moves open to the actor. NotThere as `system`."""
    found = _found(system_id, actor)
    return SystemDetail(
        _row(found),
        tuple(kernel.history(BUSINESS_SYSTEM.name, found.pk)),
        tuple(BUSINESS_SYSTEM.open_to(actor, found)),
    )


def callers(ids: Iterable[int] | None = None) -> tuple[Caller, ...]:
    """Return the systems as the data plane's bundle carries them, disabled ones included as inactive."""
    rows = BusinessSystem.objects.order_by("pk")
    if ids is not None:
        rows = rows.filter(pk__in=set(ids))
    return tuple(
        Caller(
            system_id=str(s.pk),
            title=s.name,
            department_id=str(s.department_id),
            key_id=s.key_id,
            sealed_key=bytes(s.sealed_key),
            zone=s.zone,
            active=s.active,
            addresses=tuple(s.addresses),
            scheme="" if s.signing == Signing.OWN else s.signing,
        )
        for s in rows
    )
