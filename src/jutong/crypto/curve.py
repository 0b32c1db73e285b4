"""The curve sm2p256v1: its numbers, the checks of keys and points, and their DER forms (GB/T 32918.5)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from jutong.crypto.errors import DecryptionFailed, KeyRefused

P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC
B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
GX: Final = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY: Final = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
SIZE: Final = 32
"""Bytes of a private key, of a coordinate and of a digest."""

# SubjectPublicKeyInfo and PKCS#8 around a raw SM2 key: everything before the key itself is constant.
_SPKI_HEAD: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
_PKCS8_HEAD: Final = bytes.fromhex("3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420")


@asn1.sequence
@dataclass(frozen=True)
class Ciphertext:
    """An SM2 cipher text as GM/T 0009 writes it: C1 (x, y), C3 (SM3 digest), C2 (as long as the plain text)."""

    x: int
    y: int
    digest: bytes
    body: bytes


def on_curve(x: int, y: int) -> bool:
    """Tell whether (x, y) is a point of sm2p256v1; the point at infinity has no such form."""
    return 0 <= x < P and 0 <= y < P and (y * y - (x * x * x + A * x + B)) % P == 0


@lru_cache(maxsize=4096)
def check_public(public: bytes) -> None:
    """Refuse a public key that is not x||y (64 bytes) on the curve. Raises `KeyRefused`."""
    if len(public) != 2 * SIZE:
        raise KeyRefused(f"SM2 公钥应为 64 字节（x 与 y 各 32 字节），实为 {len(public)} 字节，请检查公钥。")
    if not on_curve(int.from_bytes(public[:SIZE], "big"), int.from_bytes(public[SIZE:], "big")):
        raise KeyRefused("SM2 公钥不是曲线上的点，请向对方重新索取公钥。")


def check_private(private: bytes) -> None:
    """Refuse a private key that is not 32 bytes in 1..n-2 (GB/T 32918.1). Raises `KeyRefused`."""
    if len(private) != SIZE:
        raise KeyRefused(f"SM2 私钥应为 32 字节，实为 {len(private)} 字节，请检查密钥文件。")
    if not 1 <= int.from_bytes(private, "big") <= N - 2:
        raise KeyRefused("SM2 私钥超出规定范围（1 至 n-2），请重新生成密钥。")


def check_digest(digest: bytes) -> None:
    """Refuse a digest (the value e of the standard) that is not 32 bytes. Raises `KeyRefused`."""
    if len(digest) != SIZE:
        raise KeyRefused(f"待签名的摘要应为 32 字节，实为 {len(digest)} 字节，请先用 SM3 计算摘要。")


def spki(public: bytes) -> bytes:
    """Give the DER SubjectPublicKeyInfo of a public key x||y."""
    return _SPKI_HEAD + public


def pkcs8(private: bytes) -> bytes:
    """Give the DER PrivateKeyInfo (unencrypted) of a private key of 32 bytes."""
    return _PKCS8_HEAD + private


def encode_signature(r: int, s: int) -> bytes:
    """Give the DER SEQUENCE of r and s (GM/T 0009)."""
    return encode_dss_signature(r, s)


def decode_signature(signature: bytes) -> tuple[int, int] | None:
    """Give r and s of a strict DER signature, or None where it is malformed or r, s or r+s is out of range."""
    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        return None
    return (r, s) if 1 <= r < N and 1 <= s < N and r + s != N else None


def encode_ciphertext(x: int, y: int, digest: bytes, body: bytes) -> bytes:
    """Give the DER SEQUENCE x, y, C3, C2 (GM/T 0009)."""
    return asn1.encode_der(Ciphertext(x, y, digest, body))


def decode_ciphertext(sealed: bytes) -> Ciphertext:
    """Parse a strict DER cipher text and check that C1 is on the curve. Raises `DecryptionFailed`."""
    try:
        parsed = asn1.decode_der(Ciphertext, sealed)
    except ValueError:
        raise DecryptionFailed("SM2 密文格式有误（应为 GM/T 0009 的 DER 编码），请检查密文是否完整。") from None
    if not on_curve(parsed.x, parsed.y):
        raise DecryptionFailed("SM2 密文中的 C1 不在曲线上，密文系伪造或已损坏，请向对方重新索取。")
    if len(parsed.digest) != SIZE or not parsed.body:
        raise DecryptionFailed("SM2 密文的 C3 长度有误或 C2 为空，请检查密文是否完整。")
    return parsed
