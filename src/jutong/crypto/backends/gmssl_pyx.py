"""SM2 by gmssl-pyx (GmSSL compiled into a wheel); what it cannot do falls to gmalg: long texts, public keys."""

from __future__ import annotations

from typing import Final

import gmssl_pyx

from jutong.crypto import curve
from jutong.crypto.backends import gmalg
from jutong.crypto.errors import DecryptionFailed

_LONGEST_PLAINTEXT: Final = 255


class Backend:
    """SM2 through GmSSL's C code."""

    name = "gmssl_pyx"

    def __init__(self) -> None:
        self._other = gmalg.Backend()

    def public_from_private(self, private: bytes) -> bytes:
        """Give the public key of a private key."""
        return self._other.public_from_private(private)

    def sign_digest(self, private: bytes, digest: bytes) -> bytes:
        """Sign a ready digest."""
        return bytes(gmssl_pyx.sm2_sign_sm3_digest(private, digest))

    def verify_digest(self, public: bytes, digest: bytes, signature: bytes) -> bool:
        """Tell whether the signature over the digest is good."""
        try:
            return bool(gmssl_pyx.sm2_verify_sm3_digest(public, digest, signature))
        except gmssl_pyx.GmsslInnerError:
            return False

    def encrypt(self, public: bytes, plaintext: bytes) -> bytes:
        """Encrypt a plain text of any length."""
        if len(plaintext) > _LONGEST_PLAINTEXT:
            return self._other.encrypt(public, plaintext)
        return bytes(gmssl_pyx.sm2_encrypt(public, plaintext))

    def decrypt(self, private: bytes, ciphertext: bytes) -> bytes:
        """Decrypt, or raise `DecryptionFailed`."""
        if len(curve.decode_ciphertext(ciphertext).body) > _LONGEST_PLAINTEXT:
            return self._other.decrypt(private, ciphertext)
        try:
            return bytes(gmssl_pyx.sm2_decrypt(private, ciphertext))
        except gmssl_pyx.GmsslInnerError:
            raise DecryptionFailed("SM2 解密失败：密文被改动，或不是用本密钥加密的。") from None
