"""SM3 digests and HMAC-SM3 (GB/T 32905): by the interpreter's OpenSSL, else by the cryptography package."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, Self

from cryptography.hazmat.primitives import hashes

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Sm3(Protocol):
    """A running SM3 digest, used as hashlib's."""

    @property
    def name(self) -> str:
        """Name of the algorithm: sm3."""
        ...

    @property
    def digest_size(self) -> int:
        """Bytes of a digest: 32."""
        ...

    @property
    def block_size(self) -> int:
        """Bytes of a block: 64."""
        ...

    def update(self, data: ReadableBuffer, /) -> None:
        """Take in more bytes."""
        ...

    def digest(self) -> bytes:
        """Give the digest of the bytes so far, 32 bytes; more may follow."""
        ...

    def hexdigest(self) -> str:
        """Give the digest of the bytes so far as 64 lower-case hex signs."""
        ...

    def copy(self) -> Self:
        """Give an independent digest that has taken in the same bytes."""
        ...


class PortableSm3:
    """A running SM3 digest by the cryptography package, for interpreters whose OpenSSL has no SM3."""

    name = "sm3"
    digest_size = 32
    block_size = 64

    def __init__(self, data: ReadableBuffer = b"", context: hashes.Hash | None = None) -> None:
        self._context = context or hashes.Hash(hashes.SM3())
        self._context.update(memoryview(data))

    def update(self, data: ReadableBuffer, /) -> None:
        """Take in more bytes."""
        self._context.update(memoryview(data))

    def digest(self) -> bytes:
        """Give the digest of the bytes so far, 32 bytes."""
        return self._context.copy().finalize()

    def hexdigest(self) -> str:
        """Give the digest of the bytes so far in hex."""
        return self.digest().hex()

    def copy(self) -> Self:
        """Give an independent digest that has taken in the same bytes."""
        return type(self)(context=self._context.copy())


def _native() -> bool:
    try:
        hashlib.new("sm3")
    except ValueError:
        return False
    return True


NATIVE: Final = _native()
"""True where hashlib itself knows SM3 (some 190 to 270 MB/s either way)."""


_EMPTY: Final = hashlib.new("sm3") if NATIVE else None
"""Copied for each digest: OpenSSL looks an algorithm up by name anew each time, at more than a short digest's cost."""


def _hashlib_sm3(data: ReadableBuffer = b"") -> Sm3:
    begun: Sm3 = _EMPTY.copy()  # type: ignore[union-attr]
    begun.update(data)
    return begun


new: Final[Callable[..., Sm3]] = _hashlib_sm3 if NATIVE else PortableSm3
"""Start a digest, with first bytes or none; it can be copied."""
_HMAC_DIGEST: Final = "sm3" if NATIVE else new
_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


def digest(data: ReadableBuffer) -> bytes:
    """Give the SM3 digest of bytes, 32 bytes."""
    return new(data).digest()


def hexdigest(data: ReadableBuffer) -> str:
    """Give the SM3 digest of bytes as 64 lower-case hex signs."""
    return new(data).hexdigest()


def hmac_sm3(key: bytes, data: ReadableBuffer) -> bytes:
    """Give HMAC-SM3 (RFC 2104 over SM3), 32 bytes. Compare two with `hmac.compare_digest`."""
    return hmac.digest(key, data, _HMAC_DIGEST)


class Keyed:
    """HMAC-SM3 under one key, made ready once; for a key that is used again and again. Never shows the key."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = (key if len(key) <= _BLOCK else digest(key)).ljust(_BLOCK, b"\0")
        self._inner = new(block.translate(_INNER))
        self._outer = new(block.translate(_OUTER))

    def hexdigest(self, data: ReadableBuffer) -> str:
        """Give HMAC-SM3 of bytes as 64 lower-case hex signs."""
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()
