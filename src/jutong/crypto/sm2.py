"""SM2 signatures, encryption and sealed envelopes (GB/T 32918, GM/T 0009) over whichever back end is at hand."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from jutong.crypto import curve, sm3, sm4
from jutong.crypto.backends import available, current, use
from jutong.crypto.errors import DecryptionFailed, KeyRefused

__all__ = [
    "DEFAULT_SIGNER_ID",
    "KeyPair",
    "available",
    "decrypt",
    "encrypt",
    "generate",
    "key_id",
    "message_digest",
    "public_from_hex",
    "public_from_private",
    "public_hex",
    "seal",
    "seal_many",
    "sign",
    "sign_digest",
    "unseal",
    "use",
    "verify",
    "verify_digest",
]

DEFAULT_SIGNER_ID: Final = b"1234567812345678"
"""The signer's distinguishing id where the parties agreed on none (GM/T 0009)."""

_CURVE_BYTES: Final = b"".join(value.to_bytes(curve.SIZE, "big") for value in (curve.A, curve.B, curve.GX, curve.GY))
_LONGEST_SIGNER_ID: Final = 8191
_ENVELOPE: Final = b"JTSE\x01"
"""First bytes of a sealed envelope: magic and version."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An SM2 key pair. private: 32 bytes, never shown by repr. public: x||y, 64 bytes."""

    private: bytes = field(repr=False)
    public: bytes


def generate() -> KeyPair:
    """Make a new key pair, uniformly from 1..n-2 (GB/T 32918.1, 6.1)."""
    private = (secrets.randbelow(curve.N - 2) + 1).to_bytes(curve.SIZE, "big")
    return KeyPair(private, public_from_private(private))


def public_from_private(private: bytes) -> bytes:
    """Give the public key x||y of a private key. Raises `KeyRefused`."""
    curve.check_private(private)
    return current().public_from_private(private)


def public_hex(public: bytes) -> str:
    """Give a public key as 128 lower-case hex signs (x||y), the form in which it is exchanged and shown."""
    curve.check_public(public)
    return public.hex()


def public_from_hex(text: str) -> bytes:
    """Read a public key from 128 hex signs, or 130 with a leading 04 (uncompressed point). Raises `KeyRefused`."""
    try:
        raw = bytes.fromhex(text.strip())
    except ValueError:
        raise KeyRefused("SM2 公钥应为十六进制字符（128 位，或以 04 开头的 130 位），请检查公钥。") from None
    public = raw[1:] if len(raw) == 2 * curve.SIZE + 1 and raw[0] == 4 else raw  # noqa: PLR2004  04: uncompressed
    curve.check_public(public)
    return public


def key_id(public: bytes) -> str:
    """Name a public key: the first 16 hex signs of SM3(x||y). Raises `KeyRefused`."""
    curve.check_public(public)
    return sm3.hexdigest(public)[:16]


@lru_cache(maxsize=1024)
def _identity(public: bytes, signer_id: bytes) -> bytes:
    """Give Z, the digest of signer, curve and key that goes before every message (GB/T 32918.2, 5.5)."""
    if len(signer_id) > _LONGEST_SIGNER_ID:
        raise KeyRefused(f"签名者标识不得超过 {_LONGEST_SIGNER_ID} 字节，请缩短标识。")
    return sm3.digest((len(signer_id) * 8).to_bytes(2, "big") + signer_id + _CURVE_BYTES + public)


def message_digest(public: bytes, message: bytes, signer_id: bytes = DEFAULT_SIGNER_ID) -> bytes:
    """Give e = SM3(Z || message), 32 bytes: what is signed. Raises `KeyRefused`."""
    curve.check_public(public)
    running = sm3.new(_identity(public, signer_id))
    running.update(message)
    return running.digest()


def sign(private: bytes, message: bytes, *, public: bytes, signer_id: bytes = DEFAULT_SIGNER_ID) -> bytes:
    """Sign a message with SM2 and SM3; gives DER. `public` must belong to `private`. Raises `KeyRefused`."""
    return sign_digest(private, message_digest(public, message, signer_id))


def verify(public: bytes, message: bytes, signature: bytes, signer_id: bytes = DEFAULT_SIGNER_ID) -> bool:
    """Tell whether `signature` (DER) over the message is good. Raises `KeyRefused` for a public key that is none."""
    return verify_digest(public, message_digest(public, message, signer_id), signature)


def sign_digest(private: bytes, digest: bytes) -> bytes:
    """Sign a ready digest e (32 bytes, see `message_digest`); gives DER. Raises `KeyRefused`."""
    curve.check_private(private)
    curve.check_digest(digest)
    return current().sign_digest(private, digest)


def verify_digest(public: bytes, digest: bytes, signature: bytes) -> bool:
    """Tell whether `signature` (strict DER, r and s in range) over the digest e is good. Raises `KeyRefused`."""
    curve.check_public(public)
    curve.check_digest(digest)
    return curve.decode_signature(signature) is not None and current().verify_digest(public, digest, signature)


def encrypt(public: bytes, plaintext: bytes) -> bytes:
    """Encrypt at least one byte to a public key; gives DER, C1 C3 C2. For more than a key's length use `seal`."""
    curve.check_public(public)
    if not plaintext:
        raise KeyRefused("SM2 加密的明文不能为空，请提供至少一个字节。")
    while True:
        sealed = current().encrypt(public, plaintext)
        # A key stream of zeros, likely for very short texts, must be drawn again (GB/T 32918.4, 6.1 A5).
        if curve.decode_ciphertext(sealed).body != plaintext:
            return sealed


def decrypt(private: bytes, ciphertext: bytes) -> bytes:
    """Decrypt DER C1 C3 C2. Raises `DecryptionFailed` for damage, C1 off the curve or a wrong C3, else `KeyRefused`."""
    curve.check_private(private)
    body = curve.decode_ciphertext(ciphertext).body
    plaintext = current().decrypt(private, ciphertext)
    if plaintext == body:
        raise DecryptionFailed("SM2 解密失败：密钥流全为零，密文不合规范，请向对方重新索取。")
    return plaintext


def seal(public: bytes, data: bytes) -> bytes:
    """Seal bytes of any length to a public key: a fresh SM4 key under SM2, the data under SM4-GCM.

    Form: magic and version (5 bytes), length of the wrapped key (2), wrapped key, nonce (12), cipher text, tag (16);
    everything before the nonce is authenticated with the data. Raises `KeyRefused`.
    """
    return seal_many(public, [data])[0]


def seal_many(public: bytes, things: Sequence[bytes]) -> list[bytes]:
    """Seal things that are made together, each to be opened alone by `unseal`: they share the wrapped key, no nonce.

    The costly step, SM2, is done once. Raises `KeyRefused`.
    """
    key = secrets.token_bytes(sm4.KEY_SIZE)
    wrapped = encrypt(public, key)
    head = _ENVELOPE + len(wrapped).to_bytes(2, "big") + wrapped
    return [head + sm4.gcm_encrypt(key, data, aad=head) for data in things]


def unseal(private: bytes, data: bytes) -> bytes:
    """Open what `seal` made for this key. Raises `DecryptionFailed` or `KeyRefused`."""
    start = len(_ENVELOPE) + 2
    if not data.startswith(_ENVELOPE) or len(data) < start:
        raise DecryptionFailed("不是本系统的密封信封，请检查数据来源和完整性。")
    end = start + int.from_bytes(data[start - 2 : start], "big")
    key = decrypt(private, data[start:end])
    if len(key) != sm4.KEY_SIZE:
        raise DecryptionFailed("密封信封内的密钥长度有误，请向对方重新索取。")
    return sm4.gcm_decrypt(key, data[end:], aad=data[:end])
