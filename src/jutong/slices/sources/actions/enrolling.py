"""A front-end node signs for itself with a one-time code, tells how it is, and is missed when it is silent."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.crypto import CryptoRefused, sm2, sm3
from jutong.kernel import inbox, jurisdiction, keys, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken, Unauthenticated
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.sources import events
from jutong.slices.sources.formats import is_signed, seal
from jutong.slices.sources.models import FrontEndNode
from jutong.slices.sources.rules import CODE_SHAPE, MOST_ALGORITHMS, check_algorithms, check_code
from jutong.slices.sources.workflow import FRONT_END_NODE
from jutong.wire.envelope import Envelope
from jutong.wire.nodes import (
    Certificate,
    Enrolled,
    Enrolment,
    Heartbeat,
    HeartbeatAnswer,
    NodeConfig,
    Opening,
)

CODE_LIFE: Final = timedelta(hours=24)
RENEWED_BEFORE: Final = timedelta(days=60)
SECRET_BYTES: Final = 32
GIGABYTE: Final = 1 << 30
LINES_KEPT: Final = 50
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def issue_code(node_id: int, *, by: Actor, at: datetime) -> str:
    """Return a one-time code with which the node signs for itself within a day; an earlier one is void.

    It names the key of this centre, so that the node cannot be led to another. Kept only as its SM3.
    """
    signs = "".join(secrets.choice(_ALPHABET) for _n in range(16))
    code = f"{signs[:4]}-{signs[4:8]}-{signs[8:12]}-{signs[12:]}-{keys.instance().key_id}"
    _issue(node_id, by=by, at=at, digest=sm3.hexdigest(code.encode()))
    return code


@FRONT_END_NODE.action("issue_code")
def _issue(node: FrontEndNode, *, by: Actor, at: datetime, digest: str) -> None:
    node.code_digest, node.code_until = digest, at + CODE_LIFE


@action("sources.enrol", label=N_("接纳前置机"), allow=SYSTEM_ONLY)
def enrol(*, by: Actor, at: datetime, envelope: Envelope) -> Enrolled:
    """Take in a node that signs for itself: its key, its secret, and what it can do (R-EXC-004, R-SEC-006).

    Unauthenticated for a signature that is not the key's, or a code that is unknown, used or over; NotAllowed where the
    profile asks for national cryptography and the node offers none. Returns the node's certificate and configuration.
    """
    enrolment, opening = _opened(envelope)
    known = CODE_SHAPE.fullmatch(opening.code) is not None
    digest = sm3.hexdigest(opening.code.encode())
    node = FrontEndNode.objects.select_for_update().filter(code_digest=digest).first() if known else None
    check_code(known=node is not None, fresh=bool(node and node.code_until and node.code_until > at))
    assert node is not None  # noqa: S101 - check_code refuses without one
    _check_offer(node, enrolment.encryption, enrolment.authentication, at)
    signed = sign_for(node, by=system_actor(f"node:{node.name}"), at=at, enrolment=enrolment, secret=opening.secret)
    return Enrolled(signed.name, msgspec.json.decode(bytes(signed.certificate), type=Envelope), configuration(signed))


def _opened(envelope: Envelope) -> tuple[Enrolment, Opening]:
    try:
        enrolment = msgspec.json.decode(envelope.payload, type=Enrolment)
        public = sm2.public_from_hex(enrolment.public)
        if not is_signed(envelope, "enrolment", public):
            raise Unauthenticated(N_("签收请求的签名与所带公钥不符，请在前置机上重新执行签收。"))
        opening = msgspec.json.decode(keys.instance().unseal(enrolment.sealed), type=Opening)
        size = len(bytes.fromhex(opening.secret))
    except (CryptoRefused, msgspec.MsgspecError, ValueError):
        raise RuleBroken(N_("签收请求的内容不符合约定，请检查前置机的程序版本。")) from None
    if size != SECRET_BYTES or len(enrolment.encryption) + len(enrolment.authentication) > MOST_ALGORITHMS:
        raise RuleBroken(N_("签收请求的内容不符合约定，请检查前置机的程序版本。"))
    return enrolment, opening


def _check_offer(
    node: FrontEndNode, encryption: tuple[str, ...], authentication: tuple[str, ...], at: datetime
) -> None:
    """Ask the rules that hold today, not those of the application: a connection is made now."""
    policy = jurisdiction.policy_for(node.region, beijing_day(at))
    check_algorithms(encryption, authentication, policy, settings().node_algorithms)


@FRONT_END_NODE.action("sign_for")
def sign_for(node: FrontEndNode, *, by: Actor, at: datetime, enrolment: Enrolment, secret: str) -> None:
    """The node brought its own key and a valid code: it gets its certificate, and the code is used up."""
    node.public = enrolment.public.lower()[-128:]
    node.secret = keys.conceal(bytes.fromhex(secret))
    node.code_digest, node.code_until = "", None
    node.encryption, node.authentication = list(enrolment.encryption), list(enrolment.authentication)
    node.version, node.capabilities = enrolment.version[:40], [name[:40] for name in enrolment.capabilities[:40]]
    node.signed_at = node.last_seen_at = at
    _certify(node, at)


def _certify(node: FrontEndNode, at: datetime) -> None:
    node.serial += 1
    node.certificate_until = at + timedelta(days=settings().node_certificate_days)
    said = Certificate(
        serial=node.serial,
        node=node.name,
        title=node.title,
        department_id=str(node.department_id),
        zone=node.zone,
        public=node.public,
        issued_at=at,
        valid_until=node.certificate_until,
    )
    node.certificate = msgspec.json.encode(seal("certificate", said, keys.instance()))


def configuration(node: FrontEndNode) -> Envelope:
    """Return what the node has to keep to, signed."""
    given: dict[str, Any] = dict(node.config)
    gateway = settings().gateway_origin
    queue = int(given.pop("queue_gigabytes", 50)) * GIGABYTE
    said = NodeConfig(node=node.name, revision=node.config_revision, queue_bytes=queue, gateway=gateway, **given)
    return seal("node_config", said, keys.instance())


def take_heartbeat(heartbeat: Heartbeat, *, node: str, at: datetime) -> HeartbeatAnswer:
    """Keep what a node says of itself; answer with a newer configuration, and a new certificate when the old one ends.

    NotAllowed where it offers no algorithm that the rules of today accept (R-SEC-006).
    """
    row = FrontEndNode.objects.filter(name=node).first()
    if row is None:
        return HeartbeatAnswer(at)
    _check_offer(row, heartbeat.encryption, heartbeat.authentication, at)
    row.health = {
        "tunnel": heartbeat.tunnel,
        "queued": heartbeat.queued,
        "queued_bytes": heartbeat.queued_bytes,
        "disk_free": heartbeat.disk_free,
        "message": heartbeat.message[:300].replace("\x00", ""),
        "drift_seconds": round((heartbeat.at - at).total_seconds(), 1),
        "config_revision": heartbeat.config_revision,
        "log": [line[:300].replace("\x00", "") for line in heartbeat.log[-LINES_KEPT:]],
    }
    row.version, row.last_seen_at = heartbeat.version[:40].replace("\x00", ""), at
    row.encryption, row.authentication = list(heartbeat.encryption)[:20], list(heartbeat.authentication)[:20]
    renewed = row.certificate_until is not None and row.certificate_until - at < RENEWED_BEFORE
    if renewed:
        _certify(row, at)
    if row.silent:
        row.silent = False
        _publish(events.NODE_BACK, row, at)
    row.save(
        update_fields=[
            "health", "version", "last_seen_at", "encryption", "authentication", "silent", "serial", "certificate",
            "certificate_until",
        ]
    )  # fmt: skip
    behind = heartbeat.config_revision < row.config_revision
    return HeartbeatAnswer(
        at,
        config=configuration(row) if behind else None,
        certificate=(
            msgspec.json.decode(bytes(row.certificate), type=Envelope)
            if heartbeat.certificate_serial < row.serial
            else None
        ),
    )


def watch(at: datetime) -> int:
    """Note the nodes that were silent for longer than their limit: an event, and a notice to department and operator."""
    found = 0
    for row in FrontEndNode.objects.filter(state="signed_for", silent=False, last_seen_at__isnull=False):
        limit = timedelta(seconds=int(row.config.get("silent_seconds", 90)))
        if row.last_seen_at is None or at - row.last_seen_at <= limit:
            continue
        found += FrontEndNode.objects.filter(pk=row.pk, silent=False).update(silent=True)
        _publish(events.NODE_SILENT, row, at)
        title = _("前置机“%(title)s”已离线：超过 %(seconds)d 秒没有心跳") % {
            "title": row.title,
            "seconds": int(limit.total_seconds()),
        }
        link = reverse("sources_node", args=[row.pk])
        inbox.tell(title=title, department_id=row.department_id, role=Role.SYSTEM_ENGINEER, link=link, at=at)
        inbox.tell(title=title, role=Role.PLATFORM_OPERATOR, link=link, at=at)
    return found


def _publish(name: str, row: FrontEndNode, at: datetime) -> None:
    payload = {"id": row.pk, "name": row.name, "department_id": row.department_id}
    outbox.publish(name, f"node:{row.pk}", payload, at=at, by=system_actor(f"node:{row.name}"))
