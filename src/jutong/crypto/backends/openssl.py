"""SM2 by the system's OpenSSL 3 through ctypes: constant-time enough, fast, and nothing to install."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from functools import lru_cache
from typing import Any, Final

from jutong.crypto import curve
from jutong.crypto.errors import DecryptionFailed

_POINTER: Final = ctypes.c_void_p
_BYTES: Final = ctypes.c_char_p
_SIZE: Final = ctypes.c_size_t
_LENGTH_OUT: Final = ctypes.POINTER(ctypes.c_size_t)
_TRANSFORM: Final = (ctypes.c_int, [_POINTER, _BYTES, _LENGTH_OUT, _BYTES, _SIZE])
_INIT: Final = (ctypes.c_int, [_POINTER])

_PROTOTYPES: Final[dict[str, tuple[Any, list[Any]]]] = {
    "d2i_AutoPrivateKey": (_POINTER, [_POINTER, ctypes.POINTER(_BYTES), ctypes.c_long]),
    "d2i_PUBKEY": (_POINTER, [_POINTER, ctypes.POINTER(_BYTES), ctypes.c_long]),
    "i2d_PUBKEY": (ctypes.c_int, [_POINTER, ctypes.POINTER(_POINTER)]),
    "EVP_PKEY_free": (None, [_POINTER]),
    "EVP_PKEY_CTX_new_from_pkey": (_POINTER, [_POINTER, _POINTER, _POINTER]),
    "EVP_PKEY_CTX_free": (None, [_POINTER]),
    "EVP_PKEY_sign_init": _INIT,
    "EVP_PKEY_sign": _TRANSFORM,
    "EVP_PKEY_verify_init": _INIT,
    "EVP_PKEY_verify": (ctypes.c_int, [_POINTER, _BYTES, _SIZE, _BYTES, _SIZE]),
    "EVP_PKEY_encrypt_init": _INIT,
    "EVP_PKEY_encrypt": _TRANSFORM,
    "EVP_PKEY_decrypt_init": _INIT,
    "EVP_PKEY_decrypt": _TRANSFORM,
    "ERR_clear_error": (None, []),
    "OPENSSL_version_major": (ctypes.c_uint, []),  # exists since OpenSSL 3
}
_DER_OVERHEAD: Final = 160
"""More bytes than the DER around an SM2 signature's or cipher text's payload can take (66 + 2 + 34 + 2 × 6)."""


class Backend:
    """SM2 through EVP_PKEY. Parsed keys are kept, contexts are made per call, so threads may share one instance."""

    name = "openssl"

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise ImportError("ctypes on the system's libcrypto is only safe on Linux")
        self._lib = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
        for function, (result, arguments) in _PROTOTYPES.items():
            bound = getattr(self._lib, function, None)
            if bound is None:
                raise OSError(f"this libcrypto is no OpenSSL 3: it lacks {function}")
            bound.restype, bound.argtypes = result, arguments
        self._private_key = lru_cache(maxsize=64)(self._parse_private)
        self._public_key = lru_cache(maxsize=1024)(self._parse_public)

    def public_from_private(self, private: bytes) -> bytes:
        """Give the public key of a private key."""
        key = self._private_key(private)  # held until the call is over: the cache may keep another thread's
        out = ctypes.create_string_buffer(_DER_OVERHEAD)
        written = self._lib.i2d_PUBKEY(key.handle, ctypes.byref(_POINTER(ctypes.addressof(out))))
        return out.raw[written - 2 * curve.SIZE : written]

    def sign_digest(self, private: bytes, digest: bytes) -> bytes:
        """Sign a ready digest."""
        signature = self._run(self._private_key(private), "sign", digest, _DER_OVERHEAD)
        if signature is None:
            raise RuntimeError("OpenSSL 未能完成 SM2 签名。")
        return signature

    def verify_digest(self, public: bytes, digest: bytes, signature: bytes) -> bool:
        """Tell whether the signature over the digest is good."""
        key = self._public_key(public)
        context = self._lib.EVP_PKEY_CTX_new_from_pkey(None, key.handle, None)
        try:
            good = bool(
                self._lib.EVP_PKEY_verify_init(context) == 1
                and self._lib.EVP_PKEY_verify(context, signature, len(signature), digest, len(digest)) == 1
            )
        finally:
            self._lib.EVP_PKEY_CTX_free(context)
        if not good:
            self._lib.ERR_clear_error()
        return good

    def encrypt(self, public: bytes, plaintext: bytes) -> bytes:
        """Encrypt a plain text of any length."""
        sealed = self._run(self._public_key(public), "encrypt", plaintext, len(plaintext) + _DER_OVERHEAD)
        if sealed is None:
            raise RuntimeError("OpenSSL 未能完成 SM2 加密。")
        return sealed

    def decrypt(self, private: bytes, ciphertext: bytes) -> bytes:
        """Decrypt, or raise `DecryptionFailed`."""
        plaintext = self._run(self._private_key(private), "decrypt", ciphertext, len(ciphertext))
        if plaintext is None:
            raise DecryptionFailed("SM2 解密失败：密文被改动，或不是用本密钥加密的。")
        return plaintext

    def _run(self, key: _Key, operation: str, data: bytes, capacity: int) -> bytes | None:
        """Run EVP_PKEY_<operation>; None where OpenSSL refuses."""
        out, length = ctypes.create_string_buffer(capacity), _SIZE(capacity)
        context = self._lib.EVP_PKEY_CTX_new_from_pkey(None, key.handle, None)
        try:
            done = (
                getattr(self._lib, f"EVP_PKEY_{operation}_init")(context) == 1
                and getattr(self._lib, f"EVP_PKEY_{operation}")(context, out, ctypes.byref(length), data, len(data))
                == 1
            )
        finally:
            self._lib.EVP_PKEY_CTX_free(context)
        if not done:
            self._lib.ERR_clear_error()
            return None
        return out.raw[: length.value]

    def _parse_private(self, private: bytes) -> _Key:
        return _Key(self._lib, self._lib.d2i_AutoPrivateKey, curve.pkcs8(private))

    def _parse_public(self, public: bytes) -> _Key:
        return _Key(self._lib, self._lib.d2i_PUBKEY, curve.spki(public))


class _Key:
    """An EVP_PKEY that is freed with its last reference."""

    __slots__ = ("_lib", "handle")

    def __init__(self, lib: ctypes.CDLL, parse: Any, der: bytes) -> None:
        self._lib = lib
        self.handle: int | None = parse(None, ctypes.byref(_BYTES(der)), len(der))
        if not self.handle:
            lib.ERR_clear_error()
            raise OSError("OpenSSL on this machine does not accept SM2 keys")

    def __del__(self) -> None:
        if self.handle:
            self._lib.EVP_PKEY_free(self.handle)
