"""Receipts: believed only with the node's signature and for this very order, and counter-signed by this instance."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.utils.translation import gettext as _

from jutong.crypto import CryptoRefused, sm3
from jutong.kernel import handovers, keys
from jutong.kernel.errors import Unavailable
from jutong.slices.exchange.formats import CENTRE, SIDES, Confirmation, is_signed, receipt_in, seal
from jutong.slices.exchange.models import Backflow, Run, RunReceipt
from jutong.slices.exchange.rules import apart, foreign, unreconciled
from jutong.slices.exchange.rules.backflow import unaccounted


def keep(run: Run, packed: bytes, *, node: str, at: datetime) -> str:
    """Store a receipt that the node has signed for this order; else return the sentence saying what is wrong."""
    try:
        envelope, receipt = receipt_in(packed)
        if run.sender:  # a half may hand on what the other has signed
            node = run.sender if receipt.side == "sender" else run.receiver
        signed = any(is_signed(envelope, "receipt", public) for public in handovers.publics_of(node))
        signed = signed and (not run.sender or receipt.node == node)
    except (msgspec.MsgspecError, CryptoRefused, Unavailable):
        signed = False
    if not signed:
        return _("节点“%s”的回执没有有效签名，数据已隔离，请平台管理员核查该节点。") % node
    if receipt.side not in SIDES:
        return _("回执没有说明是发送方还是接收方，数据已隔离，请平台管理员核查该节点。")
    if fault := foreign(receipt, order_id=run.order_id, grant_id=str(run.grant_id), digest=run.digest):
        return fault
    _store(run, receipt.side, packed, at)
    return ""


def _store(run: Run, side: str, packed: bytes, at: datetime) -> None:
    RunReceipt.objects.update_or_create(
        order_id=run.order_id,
        side=side,
        defaults={"run": run, "envelope": packed, "digest": sm3.hexdigest(packed), "at": at},
    )


def _kept(run: Run) -> dict[str, RunReceipt]:
    return {row.side: row for row in run.receipts.filter(order_id=run.order_id)}


def unproven(run: Run) -> str:
    """Return why the receiver's receipt does not prove the delivery, or an empty text when it does."""
    rows = _kept(run)
    row, other = rows.get("receiver"), rows.get("sender")
    if row is None:
        return _("运行节点报告已放行，但没有接收方的签名回执，数据已隔离。")
    if run.sender and other is None:
        return _("接收端报告已放行，但没有发送端的签名回执，数据已隔离。")
    _envelope, receipt = receipt_in(bytes(row.envelope))
    fault = unreconciled(receipt.source, receipt.target, said=receipt.reconciled)
    if run.sender and other is not None and not fault:
        fault = apart(receipt_in(bytes(other.envelope))[1], receipt)
    if fault or not run.terms.get("division_item"):
        return fault
    area = Backflow.objects.filter(task_id=run.task_id).values_list("prefixes", "moved_away").first()
    return unaccounted(receipt, *(area or ((), ())), repaired=bool(run.repair))


def countersign(run: Run, *, at: datetime) -> int:
    """Sign, with the instance's SM2 key, which receipts prove this delivery; returns the rows delivered."""
    rows = _kept(run)
    _envelope, receipt = receipt_in(bytes(rows["receiver"].envelope))
    signer = keys.instance()
    said = Confirmation(
        order_id=run.order_id,
        grant_id=str(run.grant_id),
        grant_version=receipt.grant_version,
        request_digest=run.digest,
        receipts={side: rows[side].digest for side in SIDES if side in rows},
        rows=receipt.target.rows,
        checksum=receipt.target.checksum,
        method=receipt.target.method,
        instance=signer.key_id,
        at=at,
    )
    _store(run, CENTRE, seal("proof", said, signer), at)
    return receipt.target.rows
