"""Signed files in which disputes travel between instances: sealing and opening them."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from django.utils.translation import gettext as _

from jutong.crypto import CryptoRefused, Signer, sm2, sm3
from jutong.kernel.errors import RuleBroken
from jutong.wire.envelope import Envelope

M = TypeVar("M", bound=msgspec.Struct)
DISPUTE: Final = "dispute"
ANSWER: Final = "dispute_answer"
MOST_BYTES: Final = 5 * 1024 * 1024


def sealed(kind: str, message: msgspec.Struct, signer: Signer) -> tuple[bytes, str]:
    """Return a message in a signed envelope as JSON, and the SM3 (hex) of its payload."""
    payload = msgspec.json.encode(message)
    envelope = Envelope(kind, payload, signer.sign(kind.encode() + b"\n" + payload), signer.key_id)
    return msgspec.json.encode(envelope), sm3.hexdigest(payload)


def read_envelope(packed: bytes, kind: str) -> Envelope:
    """Return the envelope in a file. RuleBroken for what is no file of this kind."""
    try:
        envelope = msgspec.json.decode(packed, type=Envelope)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise RuleBroken(_("该文件不是聚通平台导出的争议文件，请重新选择。"), field="file") from None
    if envelope.kind != kind:
        raise RuleBroken(_("该文件的种类不对，请选择对方平台导出的争议文件。"), field="file")
    return envelope


def check_signed(envelope: Envelope, public: str, name: str) -> None:
    """Refuse a file that the named authority's instance did not sign."""
    try:
        good = sm2.verify(bytes.fromhex(public), envelope.kind.encode() + b"\n" + envelope.payload, envelope.signature)
    except (CryptoRefused, ValueError):
        good = False
    if not good:
        raise RuleBroken(_("文件的签名与登记的“%s”的公钥不符，不能导入。") % name, field="file")


def opened(envelope: Envelope, message: type[M]) -> M:
    """Return what an envelope carries. RuleBroken where it cannot be read."""
    try:
        return msgspec.json.decode(envelope.payload, type=message)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise RuleBroken(_("争议文件的内容不完整，请对方平台重新导出。"), field="file") from None
