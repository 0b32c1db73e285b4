"""The SM2 back ends, in order of preference, each admitted only after a self-test on the standard's example."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final, Protocol

from jutong.crypto import curve
from jutong.crypto.errors import DecryptionFailed

ORDER: Final = ("openssl", "gmssl_pyx", "gmalg")
"""System OpenSSL 3 (some 2,600 signatures a second), gmssl-pyx (compiled), gmalg (pure Python, 50 a second)."""

log = logging.getLogger(__name__)


class Sm2Backend(Protocol):
    """What a library must do; keys, digests and DER were checked by the caller, threads call at the same time.

    private: 32 bytes. public: x||y, 64 bytes. digest: e, 32 bytes. Signatures and cipher texts: DER (GM/T 0009).
    """

    name: str

    def public_from_private(self, private: bytes) -> bytes:
        """Give the public key of a private key."""
        ...

    def sign_digest(self, private: bytes, digest: bytes) -> bytes:
        """Sign a ready digest with a fresh random nonce."""
        ...

    def verify_digest(self, public: bytes, digest: bytes, signature: bytes) -> bool:
        """Tell whether the signature over the digest is good."""
        ...

    def encrypt(self, public: bytes, plaintext: bytes) -> bytes:
        """Encrypt a plain text of at least one byte."""
        ...

    def decrypt(self, private: bytes, ciphertext: bytes) -> bytes:
        """Decrypt, or raise `DecryptionFailed`, above all where C3 does not fit."""
        ...


# Example of GB/T 32918.5, annex A: key, digest e of "message digest", signature, cipher text of "encryption standard".
_PRIVATE: Final = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
_PUBLIC: Final = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
_DIGEST: Final = bytes.fromhex("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640")
_SIGNATURE: Final = (
    0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3,
    0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA,
)
_CIPHERTEXT: Final = (
    0x04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73,
    0xE858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0,
    bytes.fromhex("59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"),
    bytes.fromhex("21886CA989CA9C7D58087307CA93092D651EFA"),
)


def passes_self_test(backend: Sm2Backend) -> bool:
    """Tell whether a back end reproduces the standard's example and rejects a wrong digest and a forged C3."""
    signature = curve.encode_signature(*_SIGNATURE)
    wrong = bytes(32)
    x, y, digest, body = _CIPHERTEXT
    try:
        if (
            backend.public_from_private(_PRIVATE) != _PUBLIC
            or not backend.verify_digest(_PUBLIC, _DIGEST, signature)
            or backend.verify_digest(_PUBLIC, wrong, signature)
            or not backend.verify_digest(_PUBLIC, _DIGEST, backend.sign_digest(_PRIVATE, _DIGEST))
            or backend.decrypt(_PRIVATE, curve.encode_ciphertext(x, y, digest, body)) != b"encryption standard"
            or backend.decrypt(_PRIVATE, backend.encrypt(_PUBLIC, b"self-test")) != b"self-test"
        ):
            return False
    except (DecryptionFailed, OSError, RuntimeError):
        return False
    try:
        backend.decrypt(_PRIVATE, curve.encode_ciphertext(x, y, wrong, body))
    except DecryptionFailed:
        return True
    return False


@cache
def _load(name: str) -> Sm2Backend | None:
    """Load one back end, or None where its library is missing or fails the self-test (SM2 disabled, say)."""
    try:
        module = importlib.import_module(f"{__name__}.{name}")
        backend: Sm2Backend = module.Backend()
    except (ImportError, OSError):
        return None
    if passes_self_test(backend):
        return backend
    log.warning("SM2 后端 %s 未通过自检，已跳过。", name)
    return None


@cache
def _best() -> Sm2Backend:
    for name in ORDER:
        if backend := _load(name):
            return backend
    raise RuntimeError("没有可用的 SM2 实现：请安装 OpenSSL 3（libcrypto）、gmssl-pyx 或 gmalg。")


_chosen: Sm2Backend | None = None


def current() -> Sm2Backend:
    """Give the back end in use: the first of `ORDER` that passed its self-test, or the one `use` chose."""
    return _chosen or _best()


def available() -> tuple[str, ...]:
    """Name the back ends usable here, best first."""
    return tuple(name for name in ORDER if _load(name))


@contextmanager
def use(name: str) -> Iterator[Sm2Backend]:
    """Use one named back end in this process, all threads, until the block ends. Raises LookupError if not usable."""
    global _chosen  # noqa: PLW0603  one process has one SM2 back end
    backend = _load(name)
    if backend is None:
        raise LookupError(f"SM2 后端 {name} 在本机不可用；可用的有：{'、'.join(available())}。")
    before, _chosen = _chosen, backend
    try:
        yield backend
    finally:
        _chosen = before
