"""The signed bundle: everything, or what changed since a serial; and, for a front-end node, what concerns it alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from jutong.kernel import keys, nodes
from jutong.kernel.settings import settings
from jutong.slices.grants.models import BundleItem, BundleSerial
from jutong.slices.grants.models import Grant as GrantCase
from jutong.slices.sources import queries as sources
from jutong.slices.sources.queries import NodeScope
from jutong.wire.bundle import Bundle, Caller, Mark, Mount, Source
from jutong.wire.envelope import Envelope
from jutong.wire.grants import Grant
from jutong.wire.nodes import NodePass

_KINDS: Final[dict[str, Any]] = {
    "grants": Grant, "mounts": Mount, "sources": Source, "callers": Caller, "marks": Mark, "nodes": NodePass,
}  # fmt: skip


def newest() -> int:
    """Return the serial of the newest change, 0 before the first."""
    return BundleSerial.objects.values_list("value", flat=True).first() or 0


def bundle(since: int, at: datetime) -> Envelope:
    """Return the signed bundle of all changes after serial `since` (0: everything), valid for the set minutes."""
    serial = newest()
    changed = BundleItem.objects.filter(serial__gt=since, serial__lte=serial)
    things: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    removed: dict[str, list[str]] = {}
    for kind, key, body, gone in changed.values_list("kind", "key", "body", "removed").iterator(chunk_size=1000):
        if gone:
            removed.setdefault(kind, []).append(key)
        else:
            things[kind].append(msgspec.json.decode(bytes(body), type=_KINDS[kind]))
    content = Bundle(
        instance=keys.instance().key_id,
        serial=serial,
        since=since,
        issued_at=at,
        valid_until=at + timedelta(minutes=settings().bundle_minutes),
        full=since == 0,
        removed={} if since == 0 else {kind: tuple(ids) for kind, ids in removed.items()},
        **{kind: tuple(found) for kind, found in things.items()},
    )
    return _signed(content)


def node_bundle(name: str, at: datetime) -> Envelope:
    """Return what a front-end node has to know, always in full: its department's grants, its sources, its neighbours.

    A node is told of grants that its department provides or consumes, of mounts and sources behind itself, and of the
    nodes of its own zone that it may exchange parcels with (R-EXC-016). No call keys: a node answers gateways, not
    callers. Secrets are sealed to it.
    """
    scope = sources.scope_of(name)
    found: dict[str, Any] = _of_node(scope, at) if scope else {}
    content = Bundle(
        instance=keys.instance().key_id,
        serial=newest(),
        since=0,
        issued_at=at,
        valid_until=at + timedelta(minutes=settings().bundle_minutes),
        full=True,
        **found,
    )
    return _signed(content)


def _of_node(scope: NodeScope, at: datetime) -> dict[str, Any]:
    own = str(scope.department_id)
    mounts = {m.resource_id: m for m in _things("mounts", Mount) if int(m.source_id) in scope.sources}
    held = [g for g in _things("grants", Grant) if own in {g.provider_id, g.consumer_id} and g.valid_until > at]
    others = {own, *(g.provider_id for g in held), *(g.consumer_id for g in held)}
    keys_at_rest = dict(
        GrantCase.objects.filter(pk__in=[int(g.id) for g in held if g.resource_id in mounts])
        .exclude(own_hash_key=b"")
        .values_list("pk", "own_hash_key")
    )
    return {
        "grants": tuple(_sealed_to(scope.name, grant, bytes(keys_at_rest.get(int(grant.id), b""))) for grant in held),
        "mounts": tuple(mounts.values()),
        "sources": tuple(sources.wire_sources(scope.sources)),
        "marks": tuple(mark for mark in _things("marks", Mark) if mark.resource_id in mounts),
        "nodes": tuple(n for n in _things("nodes", NodePass) if n.zone == scope.zone and n.department_id in others),
    }


def _things(kind: str, shape: Any) -> list[Any]:
    rows = BundleItem.objects.filter(kind=kind, removed=False).order_by("pk").values_list("body", flat=True)
    return [msgspec.json.decode(bytes(body), type=shape) for body in rows.iterator(chunk_size=1000)]


def _sealed_to(node: str, grant: Grant, concealed: bytes) -> Grant:
    """Return a grant with its hash key sealed to a node, or without where the node reads no source of it."""
    sealed = nodes.seal(keys.reveal(concealed), node) if concealed else b""
    return msgspec.structs.replace(grant, hash_key=sealed)


def _signed(content: Bundle) -> Envelope:
    payload = msgspec.json.encode(content)
    signer = keys.instance()
    return Envelope("bundle", payload, signer.sign(b"bundle\n" + payload), signer.key_id)
