"""Signed statements of this instance about front-end nodes, and the signatures of nodes."""

from __future__ import annotations

import msgspec

from jutong.crypto import CryptoRefused, Signer, sm2
from jutong.wire.envelope import Envelope


def seal(kind: str, message: msgspec.Struct, signer: Signer) -> Envelope:
    """Sign a message with SM2 and SM3."""
    payload = msgspec.json.encode(message)
    return Envelope(kind, payload, signer.sign(kind.encode() + b"\n" + payload), signer.key_id)


def is_signed(envelope: Envelope, kind: str, public: bytes) -> bool:
    """Tell whether an envelope is of this kind and signed with this key."""
    if envelope.kind != kind:
        return False
    try:
        return sm2.verify(public, kind.encode() + b"\n" + envelope.payload, envelope.signature)
    except CryptoRefused:
        return False
