"""Checking the proof of a delivery offline: nothing but SM2, SM3 and the public keys one trusts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from jutong.crypto import CryptoRefused, sm2, sm3
from jutong.wire.envelope import Envelope
from jutong.wire.transfers import Receipt

FORMAT = "jutong-proof-1"
CENTRE = "centre"
RECEIVER = "receiver"


class _Proof(msgspec.Struct):
    format: str
    request: str
    request_digest: str
    receipts: dict[str, str]


class _Confirmation(msgspec.Struct):
    order_id: str
    grant_id: str
    request_digest: str
    receipts: dict[str, str]
    rows: int
    checksum: str
    method: str
    instance: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a proof shows: the order, the rows both ends agreed on, the partitions, and everything that is wrong with it."""

    order_id: str = ""
    rows: int = 0
    parts: int = 0
    faults: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the proof proves the delivery."""
        return not self.faults


def verify(content: bytes, centre: bytes, nodes: Mapping[str, bytes]) -> Verdict:
    """Check a proof file against the public SM2 keys (64 bytes) of the instance and, by name, of the nodes.

    The keys inside the file are never trusted. Faults are Chinese sentences; none means that the request's SM3 stands in
    every receipt, each receipt is signed by its node, both ends agree in total and in each partition, and the instance
    has counter-signed exactly these receipts.
    """
    try:
        proof = msgspec.json.decode(content, type=_Proof)
        envelopes = {side: msgspec.json.decode(packed, type=Envelope) for side, packed in proof.receipts.items()}
        confirmation = msgspec.json.decode(envelopes[CENTRE].payload, type=_Confirmation)
        sides = [side for side in envelopes if side != CENTRE]
        receipts = {side: msgspec.json.decode(envelopes[side].payload, type=Receipt) for side in sides}
    except (ValueError, KeyError, RecursionError):  # msgspec's are ValueErrors, and so are bytes that are no UTF-8
        return Verdict(faults=("文件不是完整的交付证明，请重新从任务页面下载。",))
    if proof.format != FORMAT:
        return Verdict(faults=(f"证明的格式是“{proof.format}”，本程序只认识 {FORMAT}。",))
    faults = [
        *_request_faults(proof, confirmation, receipts),
        *_signature_faults(envelopes, receipts, centre, nodes),
        *_agreement_faults(proof, confirmation, receipts),
    ]
    parts = receipts[RECEIVER].parts if RECEIVER in receipts else ()
    return Verdict(confirmation.order_id, confirmation.rows, len(parts), tuple(faults))


def _request_faults(proof: _Proof, said: _Confirmation, receipts: Mapping[str, Receipt]) -> Iterator[str]:
    if sm3.hexdigest(proof.request.encode()) != proof.request_digest:
        yield "请求内容与其摘要不符，请求被改动过。"
    if said.request_digest != proof.request_digest:
        yield "平台会签的请求摘要与证明中的不符。"
    for side, receipt in receipts.items():
        if receipt.side != side:
            yield f"回执“{side}”自称属于“{receipt.side}”。"
        if receipt.request_digest != proof.request_digest:
            yield f"回执“{side}”针对的是另一个请求。"
        if (receipt.order_id, receipt.grant_id) != (said.order_id, said.grant_id):
            yield f"回执“{side}”属于另一个任务或授权。"


def _signature_faults(
    envelopes: Mapping[str, Envelope], receipts: Mapping[str, Receipt], centre: bytes, nodes: Mapping[str, bytes]
) -> Iterator[str]:
    if not _signed(envelopes[CENTRE], "proof", centre):
        yield "平台会签的签名无效，或不是由给定的平台公钥签署。"
    for side, receipt in receipts.items():
        key = nodes.get(receipt.node)
        if key is None:
            yield f"没有节点“{receipt.node}”的公钥，无法核对回执“{side}”的签名。"
        elif not _signed(envelopes[side], "receipt", key):
            yield f"回执“{side}”的签名无效，或不是由节点“{receipt.node}”签署。"


def _signed(envelope: Envelope, kind: str, public: bytes) -> bool:
    try:
        message = kind.encode() + b"\n" + envelope.payload
        return envelope.kind == kind and sm2.verify(public, message, envelope.signature)
    except CryptoRefused:
        return False


def _agreement_faults(proof: _Proof, said: _Confirmation, receipts: Mapping[str, Receipt]) -> Iterator[str]:
    digests = {side: sm3.hexdigest(packed.encode()) for side, packed in proof.receipts.items() if side != CENTRE}
    if said.receipts != digests:
        yield "平台会签的回执与证明中的回执不是同一组。"
    if RECEIVER not in receipts:
        yield "缺少接收方回执。"
        return
    for side, receipt in receipts.items():
        if receipt.source != receipt.target or not receipt.reconciled:
            yield f"回执“{side}”表明两端不一致。"
    arrived = receipts[RECEIVER]
    if any(receipt.target != arrived.source for side, receipt in receipts.items() if side != RECEIVER):
        yield "发送方送出的与接收方收到的不一致。"
    if (said.rows, said.checksum, said.method) != (arrived.target.rows, arrived.target.checksum, arrived.target.method):
        yield "平台会签的行数或校验和与接收方回执不符。"
    for part in arrived.parts:
        if part.source != part.target:
            yield f"分区“{part.name}”两端不一致。"
    if arrived.parts and sum(part.target.rows for part in arrived.parts) != arrived.target.rows:
        yield "各分区行数之和与总行数不符。"
