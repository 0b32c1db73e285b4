"""Sealing messages into signed envelopes and opening them again."""

from __future__ import annotations

from collections.abc import Mapping

from jutong.crypto import CryptoRefused, Signer, sm2
from jutong.dataplane.errors import Unauthenticated
from jutong.wire.envelope import Envelope


def signed_bytes(kind: str, payload: bytes) -> bytes:
    """Return what an envelope's signature covers."""
    return kind.encode() + b"\n" + payload


def seal(kind: str, payload: bytes, signer: Signer) -> Envelope:
    """Sign a message (JSON bytes) of a kind with SM2 and SM3."""
    return Envelope(
        kind=kind, payload=payload, signature=signer.sign(signed_bytes(kind, payload)), key_id=signer.key_id
    )


def opened(envelope: Envelope, kind: str, keys: Mapping[str, bytes]) -> bytes:
    """Return the payload of an envelope of this kind signed by one of `keys` (key id to public key).

    Raises `Unauthenticated` for another kind, an unknown key or a bad signature.
    """
    if envelope.kind != kind:
        raise Unauthenticated(f"签名信封的类型是“{envelope.kind}”，应为“{kind}”，请检查来源。")
    public = keys.get(envelope.key_id)
    if public is None:
        raise Unauthenticated(f"签名信封由未登记的密钥 {envelope.key_id} 签发，请先登记对方公钥。")
    try:
        good = sm2.verify(public, signed_bytes(kind, envelope.payload), envelope.signature)
    except CryptoRefused:
        good = False
    if not good:
        raise Unauthenticated("签名信封的签名无效，内容可能被改动，请向签发方重新获取。")
    return envelope.payload
