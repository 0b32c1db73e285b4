"""Front-end nodes as people see them, as the kernel knows them for calls and signatures, and as gateways do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.crypto import sm2
from jutong.kernel import keys
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.terms import N_, Zone
from jutong.kernel.workflow import Button
from jutong.slices.sources.models import DataSource, FrontEndNode
from jutong.slices.sources.rules import NODE_WATCHERS
from jutong.slices.sources.workflow import FRONT_END_NODE, WORKING, may_know
from jutong.wire.nodes import NodePass

ENDED: Final = ("declined", "revoked", "retired")


class Registered:
    """The register as the kernel asks it (`kernel.nodes.Register`)."""

    def names(self) -> list[str]:
        """Return every name that was ever given."""
        return list(FrontEndNode.objects.exclude(public="").values_list("name", flat=True))

    def public_key(self, name: str) -> bytes | None:
        """Return a node's public key, of ended ones too."""
        public = FrontEndNode.objects.filter(name=name).exclude(public="").values_list("public", flat=True).first()
        return bytes.fromhex(public) if public else None

    def secret(self, name: str, at: datetime) -> bytes | None:
        """Return the secret of a node that signed, is neither suspended nor ended, and has a certificate in force."""
        held = FrontEndNode.objects.filter(name=name, state__in=WORKING, certificate_until__gt=at)
        concealed = held.values_list("secret", flat=True).first()
        return keys.reveal(bytes(concealed)) if concealed else None


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A front-end node without its secret. presence: online, offline, or nothing for one that cannot call."""

    id: int
    name: str
    title: str
    department_id: int
    department_name: str
    zone: str
    address_note: str
    purpose: str
    state: str
    state_label: str
    presence: str
    version: str
    capabilities: tuple[str, ...]
    encryption: tuple[str, ...]
    authentication: tuple[str, ...]
    key_id: str
    serial: int
    certificate_until: datetime | None
    config: dict[str, Any]
    config_revision: int
    health: dict[str, Any]
    last_seen_at: datetime | None
    code_until: datetime | None
    remark: str
    applied_at: datetime
    allocated_at: datetime | None
    signed_at: datetime | None
    ended_at: datetime | None
    buttons: tuple[Button, ...] = ()

    @property
    def zone_label(self) -> str:
        """Chinese name of the zone, translated."""
        return _(Zone(self.zone).label)


def _presence(node: FrontEndNode, at: datetime) -> str:
    if node.state not in WORKING or node.last_seen_at is None:
        return ""
    limit = timedelta(seconds=int(node.config.get("silent_seconds", 90)))
    return "online" if at - node.last_seen_at <= limit else "offline"


def _row(node: FrontEndNode, at: datetime, actor: Actor | None = None) -> NodeRow:
    return NodeRow(
        id=node.pk,
        name=node.name,
        title=node.title,
        department_id=node.department_id,
        department_name=node.department.name,
        zone=node.zone,
        address_note=node.address_note,
        purpose=node.purpose,
        state=node.state,
        state_label=FRONT_END_NODE.state_label(node.state),
        presence=_presence(node, at),
        version=node.version,
        capabilities=tuple(node.capabilities),
        encryption=tuple(node.encryption),
        authentication=tuple(node.authentication),
        key_id=sm2.key_id(bytes.fromhex(node.public)) if node.public else "",
        serial=node.serial,
        certificate_until=node.certificate_until,
        config=node.config,
        config_revision=node.config_revision,
        health=node.health,
        last_seen_at=node.last_seen_at,
        code_until=node.code_until,
        remark=node.remark,
        applied_at=node.applied_at,
        allocated_at=node.allocated_at,
        signed_at=node.signed_at,
        ended_at=node.ended_at,
        buttons=tuple(FRONT_END_NODE.open_to(actor, node)) if actor else (),
    )


def _open_to(actor: Actor) -> QuerySet[FrontEndNode]:
    rows = FrontEndNode.objects.select_related("department").order_by("department__name", "title", "id")
    if actor.account_id is None or actor.holds(*NODE_WATCHERS):
        return rows
    return rows.filter(department_id__in=actor.serves)


def nodes(
    actor: Actor, at: datetime, *, fold: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[NodeRow], Page]:
    """Return the nodes an actor may know of; fold: "" held or applied for, "offline", "ended"."""
    rows = _open_to(actor)
    rows = rows.filter(state__in=ENDED) if fold == "ended" else rows.exclude(state__in=ENDED)
    if fold == "offline":
        rows = rows.filter(silent=True)
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(Q(title__icontains=text) | Q(name=text) | Q(department__name__icontains=text))
    found, meta = page(rows, number, size)
    return [_row(node, at) for node in found], meta


def node(node_id: int, actor: Actor, at: datetime) -> NodeRow:
    """Return one node with the buttons open to the actor. NotThere where the actor may not know of it."""
    found = FrontEndNode.objects.select_related("department").filter(pk=node_id).first()
    if found is None or not may_know(actor, found):
        raise NotThere(N_("没有找到该前置机，或您无权知悉。"))
    return _row(found, at, actor)


def working_nodes(department_id: int, zone: str) -> list[tuple[int, str]]:
    """Return (id, title) of the nodes behind which a department's source of this zone can be placed."""
    rows = FrontEndNode.objects.filter(department_id=department_id, zone=zone, state__in=WORKING)
    return list(rows.order_by("title").values_list("pk", "title"))


def placed(node_id: int) -> list[tuple[int, str, bool]]:
    """Return (id, title, active) of the data sources behind a node."""
    return list(DataSource.objects.filter(node_id=node_id).order_by("title").values_list("pk", "title", "active"))


def node_names(source_ids: Iterable[int]) -> dict[int, str]:
    """Return, by source, the name of the node behind which it sits; sources without one are left out."""
    rows = DataSource.objects.filter(pk__in=list(source_ids), node__isnull=False)
    return {pk: name for pk, name in rows.values_list("pk", "node__name") if name}


def answers_online(source_id: int) -> bool:
    """Tell whether a source can be queried online: not one behind a node that keeps no tunnel."""
    found = DataSource.objects.select_related("node").filter(pk=source_id).first()
    return found is None or found.node is None or bool(found.node.config.get("tunnel", True))


@dataclass(frozen=True, slots=True)
class NodeScope:
    """What a node's bundle is about: its department, its zone, the sources behind it."""

    name: str
    department_id: int
    zone: str
    sources: frozenset[int]


def scope_of(name: str) -> NodeScope | None:
    """Return what concerns a registered node; None for a node that is none of the register's."""
    found = FrontEndNode.objects.filter(name=name).first()
    if found is None:
        return None
    behind = DataSource.objects.filter(node=found).values_list("pk", flat=True)
    return NodeScope(name, found.department_id, found.zone, frozenset(behind))


def node_of_department(department_id: int, zone: str) -> NodePass | None:
    """Return the node in which parcels for a department are handed over: of its working nodes the one signed for first."""
    rows = FrontEndNode.objects.filter(department_id=department_id, zone=zone, state__in=WORKING)
    found = rows.order_by("signed_at", "pk").first()
    return _pass(found) if found else None


def wire_nodes(ids: Iterable[int]) -> list[NodePass]:
    """Return nodes as gateways keep them; those that may not call are marked so."""
    return [_pass(row) for row in FrontEndNode.objects.filter(pk__in=list(ids)).exclude(public="")]


def wire_node(name: str) -> NodePass | None:
    """Return one node by its name, as gateways keep it."""
    found = FrontEndNode.objects.filter(name=name).exclude(public="").first()
    return _pass(found) if found else None


def _pass(row: FrontEndNode) -> NodePass:
    return NodePass(
        name=row.name,
        title=row.title,
        department_id=str(row.department_id),
        zone=row.zone,
        public=row.public,
        active=row.state in WORKING,
        tunnel=bool(row.config.get("tunnel", True)),
    )


def nodes_watched(at: datetime) -> list[tuple[str, bool, datetime | None]]:
    """Return title, silence and end of the certificate of every front-end node that should be working."""
    rows = FrontEndNode.objects.filter(state__in=WORKING).order_by("name")
    return [(row.title, _presence(row, at) != "online", row.certificate_until) for row in rows]
