"""SM2 by gmalg: pure Python, slow and not constant-time, so only where nothing compiled is at hand."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import gmalg
from gmalg.ellipticcurve import ECDLP
from gmalg.errors import GMError
from gmalg.sm2 import SM2Core

from jutong.crypto import curve
from jutong.crypto.errors import DecryptionFailed


class Backend:
    """SM2 on gmalg's curve arithmetic. `random_bits(k)` gives k random bits; only the standard's examples fix it."""

    name = "gmalg"

    def __init__(self, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        self._random_bits = random_bits
        self._curve = ECDLP(curve.P, curve.A, curve.B, (curve.GX, curve.GY), curve.N)

    def public_from_private(self, private: bytes) -> bytes:
        """Give the public key of a private key."""
        x, y = self._curve.kG(int.from_bytes(private, "big"))
        return bytes(x.to_bytes(curve.SIZE, "big") + y.to_bytes(curve.SIZE, "big"))

    def sign_digest(self, private: bytes, digest: bytes) -> bytes:
        """Sign a ready digest (GB/T 32918.2, 6.1)."""
        d, e = int.from_bytes(private, "big"), int.from_bytes(digest, "big")
        while True:
            k = self._random_bits(curve.N.bit_length())
            if not 1 <= k < curve.N:
                continue
            r = (e + self._curve.kG(k)[0]) % curve.N
            s = pow(1 + d, -1, curve.N) * (k - r * d) % curve.N
            if r and s and r + k != curve.N:
                return curve.encode_signature(r, s)

    def verify_digest(self, public: bytes, digest: bytes, signature: bytes) -> bool:
        """Tell whether the signature over the digest is good (GB/T 32918.2, 7.1)."""
        parsed = curve.decode_signature(signature)
        if parsed is None:
            return False
        r, s = parsed
        ec = self._curve.ec
        point = ec.add(self._curve.kG(s), ec.mul((r + s) % curve.N, _point(public)))
        return bool(point != ec.INF and (int.from_bytes(digest, "big") + point[0]) % curve.N == r)

    def encrypt(self, public: bytes, plaintext: bytes) -> bytes:
        """Encrypt a plain text of any length."""
        (x, y), body, digest = self._core().encrypt(plaintext, _point(public))
        return curve.encode_ciphertext(x, y, digest, body)

    def decrypt(self, private: bytes, ciphertext: bytes) -> bytes:
        """Decrypt, or raise `DecryptionFailed`."""
        sealed = curve.decode_ciphertext(ciphertext)
        try:
            plaintext = self._core().decrypt(
                (sealed.x, sealed.y), sealed.body, sealed.digest, int.from_bytes(private, "big")
            )
        except GMError:
            raise DecryptionFailed("SM2 解密失败：密文被改动，或不是用本密钥加密的。") from None
        return bytes(plaintext)

    def _core(self) -> SM2Core:
        """Make gmalg's engine anew: it keeps a hash state, which threads must not share."""
        return SM2Core(self._curve, gmalg.SM3(), self._random_bits)


def _point(public: bytes) -> tuple[int, int]:
    return int.from_bytes(public[: curve.SIZE], "big"), int.from_bytes(public[curve.SIZE :], "big")
