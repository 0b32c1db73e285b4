"""Parcels between front-end nodes: the centre stores and relays what it cannot read, and keeps the receivers' receipts."""

from __future__ import annotations

import os
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from django.db import transaction

from jutong.crypto import CryptoRefused
from jutong.kernel import nodes
from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor, system_actor
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, Unavailable
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.exchange.actions.setting_aside import ORDER
from jutong.slices.exchange.formats import is_signed
from jutong.slices.exchange.models import Parcel, Run
from jutong.slices.exchange.queries.parcels import folder, state_of
from jutong.slices.exchange.rules import check_route, check_term
from jutong.slices.grants import queries as grants
from jutong.slices.sources import queries as sources
from jutong.wire.envelope import Envelope
from jutong.wire.nodes import ParcelReceipt, ParcelState, Slip

KEY: Final = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
LARGEST: Final = 1 << 40
RESERVE_BYTES: Final = 1 << 30


def take_slip(envelope: Envelope, *, node: str, at: datetime) -> ParcelState:
    """Let a node announce a parcel, once; asked again, say how much of it is here.

    NotAllowed, and audited, where there is no route: another zone (R-EXC-016), other departments than the grant's, a mode
    that was not granted. RuleBroken for a slip that the node did not sign. Unavailable while the disk is full.
    """
    try:
        slip = msgspec.json.decode(envelope.payload, type=Slip)
        signed = is_signed(envelope, "slip", nodes.public_key(node)) and slip.sender == node
    except (CryptoRefused, msgspec.MsgspecError):
        signed = False
    if not signed or not KEY.fullmatch(slip.id) or not 0 < slip.size <= LARGEST:
        raise RuleBroken(N_("包裹清单没有该前置机的有效签名，已拒收。"))
    known = Parcel.objects.filter(key=slip.id).first()
    if known is None:
        known = _announce(by=system_actor(f"node:{node}"), at=at, slip=slip, envelope=envelope)
    if known.sender != node or known.digest != slip.digest:
        raise RuleBroken(N_("同一编号的包裹已经存在且内容不同，已拒收。"))
    return state_of(known)


@action("exchange.announce_parcel", label=N_("登记包裹"), allow=SYSTEM_ONLY)
def _announce(*, by: Actor, at: datetime, slip: Slip, envelope: Envelope) -> Parcel:
    """A node announces a parcel under a grant; where no route exists it is refused, and the attempt audited."""
    sender, receiver = sources.wire_node(slip.sender), sources.wire_node(slip.receiver)
    if sender is None or receiver is None:
        raise NotAllowed(N_("收件前置机未登记，没有可用的通路。"))
    check_route(sender, receiver)
    grant = grants.grant(int(slip.grant_id), by) if slip.grant_id.isdecimal() else None
    if grant is None:
        raise NotThere(N_("没有找到该授权。"))
    check_term(grant.state, grant.valid_from, grant.valid_until, at)
    if slip.order_id:
        _check_order(slip, grant.id)
    parties = (str(grant.provider_id), str(grant.consumer_id))
    if (sender.department_id, receiver.department_id) != parties or "front_end_node" not in grant.modes:
        raise NotAllowed(N_("包裹的收发部门与授权不符，或授权不含前置机共享，没有可用的通路。"))
    if shutil.disk_usage(settings().home).free - slip.size < RESERVE_BYTES:
        raise Unavailable(N_("平台存储空间不足，暂不能接收包裹，请稍后重试。"))
    return Parcel.objects.create(
        key=slip.id,
        grant_id=grant.id,
        number=slip.number,
        sender=slip.sender,
        receiver=slip.receiver,
        slip=msgspec.json.encode(envelope),
        size=slip.size,
        digest=slip.digest,
        made_at=slip.made_at,
        announced_at=at,
        order_id=slip.order_id,
    )


def _check_order(slip: Slip, grant_id: int) -> None:
    """Refuse a parcel of an order that has its halves elsewhere; of one that has ended it goes on, and is dropped there."""
    named = ORDER.fullmatch(slip.order_id)
    run = Run.objects.filter(pk=int(named[1]), round__gte=int(named[2]), grant_id=grant_id).first() if named else None
    if run is None or (run.sender, run.receiver) != (slip.sender, slip.receiver):
        raise NotAllowed(N_("包裹所列的交换任务不是交给这两台前置机的，没有可用的通路。"))


@transaction.atomic
def take_piece(key: str, offset: int, piece: bytes, *, node: str, at: datetime) -> ParcelState:
    """Keep the next piece of a parcel; a piece that does not join on changes nothing, and the answer says where to go on."""
    parcel = Parcel.objects.select_for_update().filter(key=key, sender=node).first()
    if parcel is None:
        raise NotThere(N_("没有找到该包裹，请重新提交清单。"))
    if offset != parcel.received or not piece or offset + len(piece) > parcel.size:
        return state_of(parcel)
    _write(folder() / key, offset, piece)
    parcel.received += len(piece)
    if parcel.received == parcel.size:
        parcel.arrived_at = at
    parcel.save(update_fields=["received", "arrived_at"])
    return state_of(parcel)


def _write(path: Path, offset: int, piece: bytes) -> None:
    """Write a piece at its place, durable; what a crash left behind the last committed byte is overwritten."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, offset)
            os.pwrite(descriptor, piece, offset)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        raise Unavailable(N_("平台存储暂不可写，请稍后重试。")) from None


def take_parcel_receipt(envelope: Envelope, *, node: str, at: datetime) -> None:
    """Keep the receipt of a parcel that landed, and let its bytes go; the same receipt twice is the same as once.

    RuleBroken for a receipt that the receiving node did not sign, or for other content than was sent.
    """
    try:
        said = msgspec.json.decode(envelope.payload, type=ParcelReceipt)
        signed = is_signed(envelope, "parcel_receipt", nodes.public_key(node))
    except (CryptoRefused, msgspec.MsgspecError):
        signed = False
    parcel = Parcel.objects.filter(key=said.id, receiver=node).first() if signed else None
    if parcel is None or parcel.digest != said.digest:
        raise RuleBroken(N_("包裹回执没有收件前置机的有效签名，或与包裹不符，已拒收。"))
    if parcel.landed_at is None:
        _landed(parcel.pk, by=system_actor(f"node:{node}"), at=at, envelope=envelope)
    (folder() / parcel.key).unlink(missing_ok=True)


@action("exchange.parcel_landed", label=N_("包裹落地"), allow=SYSTEM_ONLY, on=Parcel)
def _landed(parcel: Parcel, *, by: Actor, at: datetime, envelope: Envelope) -> None:
    """The receiving node proved that the very files that were sent have landed (R-EXC-004)."""
    parcel.receipt, parcel.landed_at = msgspec.json.encode(envelope), at
    parcel.save(update_fields=["receipt", "landed_at"])


def receipt_collected(key: str, *, node: str, at: datetime) -> None:
    """The sending node has its receipt."""
    Parcel.objects.filter(key=key, sender=node, landed_at__isnull=False).update(collected_at=at)
