"""A key gives way to another: how it is done, and which keys of instance and nodes are believed afterwards."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.crypto.keyfile import Signer
from jutong.kernel import keys, nodes
from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor
from jutong.kernel.audit import export, sealing
from jutong.kernel.audit.succession import INSTANCE, LOST, ROTATED, Handover, reigns, statement_of
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import AuditSeal, KeyHandover
from jutong.kernel.terms import N_

LONGEST_REASON: Final = 500


def stored(owner: str = "") -> list[Handover]:
    """Return the handovers of one owner, or all, oldest first."""
    return [one for one in export.stored_handovers() if owner in {"", one.owner}]


def publics_of(node: str) -> list[bytes]:
    """Return the public keys of a node: the one in force, then those it had before."""
    now = nodes.public_key(node)
    return [now, *(bytes.fromhex(one.public) for one in reversed(reigns(now.hex(), stored(node))[:-1]))]


def instance_publics() -> list[bytes]:
    """Return this instance's public keys, the one in force first."""
    now = keys.instance().public.hex()
    return [bytes.fromhex(one.public) for one in reversed(reigns(now, stored(INSTANCE)))]


@action("keys.rotate_instance", label=N_("轮换平台密钥"), allow=SYSTEM_ONLY)
def rotate_instance(*, by: Actor, at: datetime, reason: str) -> str:
    """Give this instance a new SM2 key; the old one signs it in and is destroyed. Returns the new public key (hex).

    Seals, bundles, tickets and proofs made from now on carry the new key; everything signed before stays believed.
    RuleBroken without a reason.
    """
    _check_reason(reason)
    old = keys.instance()
    new = keys.prepare_successor(at)
    with transaction.atomic():
        sealing.hold()
        last = AuditSeal.objects.order_by("-number").values_list("number", flat=True).first() or 0
        keys.note(_enter(INSTANCE, ROTATED, old, new, last, by, at, reason))
        keys.enthrone(new)
    keys.note("")
    return new.public.hex()


def finish() -> None:
    """Enter a rotation that was cut off after the new key was in place and before the database had the handover."""
    words = json.loads(keys.noted() or "{}")
    if not words:
        return
    known = KeyHandover.objects.filter(statement=words["statement"]).exists()
    if not known and keys.instance().public.hex() == words["new_public"]:
        signed = {name: bytes.fromhex(words.pop(name)) for name in ("old_signature", "new_signature")}
        KeyHandover.objects.create(**{**words, **signed, "at": datetime.fromisoformat(words["at"])})
    keys.note("")


@action("keys.replace_lost", label=N_("启用新的平台密钥"), allow=SYSTEM_ONLY)
def replace_lost(*, by: Actor, at: datetime, reason: str) -> str:
    """Give this instance a new key after the old one was lost; what was sealed to it (passwords at rest) is lost with it.

    The handover carries the new key's signature only: nodes elsewhere must be told the new public key by hand.
    """
    _check_reason(reason)
    last = AuditSeal.objects.order_by("-number").first()
    old = keys.stored_public() or (last.public if last else "")
    new = keys.prepare_successor(at, lost=True)
    with transaction.atomic():
        keys.note(_enter(INSTANCE, LOST, old, new, last.number if last else 0, by, at, reason))
        keys.enthrone(new)
    keys.note("")
    return new.public.hex()


@action("keys.rotate_node", label=N_("轮换节点密钥"), allow=SYSTEM_ONLY)
def rotate_node(*, by: Actor, at: datetime, node: str, reason: str) -> str:
    """Give the node beside the control plane a new SM2 key while it does not run. Returns the new public key (hex).

    Its old key stays with it, sealed, for files made before; its chains and receipts of before stay believed.
    """
    _check_reason(reason)
    with transaction.atomic():
        old, new = nodes.replace_key(node, at)
        _enter(node, ROTATED, old, new, 0, by, at, reason)
    return new.public.hex()


def _check_reason(reason: str) -> None:
    if not reason.strip() or "|" in reason or len(reason) > LONGEST_REASON:
        raise RuleBroken(_("请用一句话说明更换密钥的原因（不超过 500 字，不含竖线）。"), field="reason")


def _enter(
    owner: str, kind: str, old: Signer | str, new: Signer, upto: int, by: Actor, at: datetime, reason: str
) -> str:
    """Write the handover into the database and return the same words as JSON."""
    former = old if isinstance(old, str) else old.public.hex()
    bound = statement_of(owner, kind, former, new.public.hex(), upto)
    statement = f"{bound}|{at.isoformat()}|{by.name}|{reason.strip()}"
    ours, theirs = new.sign(statement.encode()), b"" if isinstance(old, str) else old.sign(statement.encode())
    words: dict[str, Any] = {
        "owner": owner, "kind": kind, "old_public": former, "new_public": new.public.hex(), "upto": upto,
        "reason": reason.strip(), "statement": statement,
    }  # fmt: skip
    KeyHandover.objects.create(**words, at=at, old_signature=theirs, new_signature=ours)
    return json.dumps({**words, "at": at.isoformat(), "old_signature": theirs.hex(), "new_signature": ours.hex()})
