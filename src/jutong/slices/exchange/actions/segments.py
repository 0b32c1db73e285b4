"""Sealed pieces of the nodes' audit chains, kept beside the centre's own trail; a gap or a wrong seal is refused."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import msgspec
from django.db import IntegrityError, transaction

from jutong.crypto import CryptoRefused, sm3
from jutong.kernel import handovers, nodes
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.models import AuditSegment
from jutong.kernel.terms import N_
from jutong.slices.exchange.formats import is_signed
from jutong.wire.envelope import Envelope
from jutong.wire.usage import Segment

GENESIS: Final = "0" * 64


def take_segment(envelope: Envelope, lines: bytes, *, node: str, at: datetime) -> bool:
    """Keep a sealed segment of a node's chain with its lines (national-2025#29); returns False when it was kept before.

    RuleBroken for a seal that is not this node's or does not fit the lines; Conflict, naming the segment expected, for a
    gap, and for another segment of a number already kept.
    """
    segment = _sealed(envelope, lines, node)
    kept = AuditSegment.objects.filter(writer=segment.writer)
    same = kept.filter(number=segment.number).first()
    if same is not None:
        if same.digest == segment.digest and same.head == segment.head:
            return False
        raise Conflict(N_("同一编号的审计段已经存在且内容不同，请平台管理员核查该节点。"))
    last = kept.order_by("-number").first()
    expected = (last.number + 1, last.last + 1, last.head) if last else (1, 1, GENESIS)
    if (segment.number, segment.first, segment.prev) != expected:
        raise Conflict(
            N_("审计段不连续：“%(writer)s”应送第 %(expected)d 段，收到第 %(number)d 段。"),
            writer=segment.writer,
            expected=expected[0],
            number=segment.number,
        )
    _store(segment, envelope, lines, at)
    return True


def _sealed(envelope: Envelope, lines: bytes, node: str) -> Segment:
    publics = handovers.publics_of(node)
    try:
        signed = any(is_signed(envelope, "segment", public) for public in publics)
        segment = msgspec.json.decode(envelope.payload, type=Segment) if signed else None
    except (CryptoRefused, msgspec.MsgspecError):
        segment = None
    if segment is None:
        raise RuleBroken(N_("审计段没有该节点的有效签名，已拒收。"))
    if segment.writer != node and (
        not re.fullmatch(rf"{re.escape(node)}-[0-9]{{1,4}}", segment.writer) or segment.writer in nodes.names()
    ):
        raise RuleBroken(N_("审计段的写入者不属于该节点，已拒收。"))
    if sm3.hexdigest(lines) != segment.digest or segment.last < segment.first:
        raise RuleBroken(N_("审计段的内容与签名的摘要不符，已拒收。"))
    return segment


def _store(segment: Segment, envelope: Envelope, lines: bytes, at: datetime) -> None:
    try:
        with transaction.atomic():
            AuditSegment.objects.create(
                writer=segment.writer,
                number=segment.number,
                first=segment.first,
                last=segment.last,
                prev=segment.prev,
                head=segment.head,
                digest=segment.digest,
                closed_at=segment.closed_at,
                received_at=at,
                envelope=msgspec.json.encode(envelope),
                lines=lines,
            )
    except IntegrityError:
        raise Conflict(N_("同一审计段正在由另一请求写入，请重新发送。")) from None
