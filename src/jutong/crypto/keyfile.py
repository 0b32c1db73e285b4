"""Sealed key files: an SM2 private key under SM4-GCM, opened by a passphrase, and the signer it becomes."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from jutong.crypto import sm2, sm4
from jutong.crypto.errors import CryptoRefused, KeyFileRefused

PASSPHRASE_FILE: Final = "JUTONG_KEY_PASSPHRASE_FILE"  # noqa: S105  the name of a variable
"""Environment variable naming the file (mode 0600) that holds the passphrase, for services that start unattended."""

_FORMAT: Final = "jutong-key"
_SEALED: Final = "jutong-sealed"
_VERSION: Final = 1
_SALT_SIZE: Final = 16
_SCRYPT: Final = {"n": 1 << 15, "r": 8, "p": 3}
"""scrypt's cost: 32 MiB and some 0.2 s for each guess; stored in the file, so it may be raised later."""
_SCRYPT_LIMITS: Final = {"n": 1 << 20, "r": 16, "p": 16}
"""No file may ask for more than this: 2 GiB at most."""
_OTHERS: Final = 0o077


class Signer(Protocol):
    """A held private key. `SoftwareSigner` is ours; a driver of an SDF card or SKF token can stand in its place."""

    @property
    def key_id(self) -> str:
        """First 16 hex signs of SM3 of the public key."""
        ...

    @property
    def public(self) -> bytes:
        """Public key x||y, 64 bytes."""
        ...

    def sign(self, message: bytes, /) -> bytes:
        """Sign a message with SM2 and SM3 under the default signer id; gives DER."""
        ...

    def unseal(self, data: bytes, /) -> bytes:
        """Open what `sm2.seal` made for this key. Raises `DecryptionFailed`."""
        ...


@dataclass(frozen=True, slots=True)
class SoftwareSigner:
    """A private key in this process's memory; repr never shows it."""

    pair: sm2.KeyPair = field(repr=False)
    key_id: str

    @classmethod
    def of(cls, pair: sm2.KeyPair) -> SoftwareSigner:
        """Make a signer of a key pair."""
        return cls(pair, sm2.key_id(pair.public))

    @property
    def public(self) -> bytes:
        """Public key x||y, 64 bytes."""
        return self.pair.public

    def sign(self, message: bytes, /) -> bytes:
        """Sign a message with SM2 and SM3 under the default signer id; gives DER."""
        return sm2.sign(self.pair.private, message, public=self.pair.public)

    def unseal(self, data: bytes, /) -> bytes:
        """Open what `sm2.seal` made for this key. Raises `DecryptionFailed`."""
        return sm2.unseal(self.pair.private, data)


def read_passphrase(path: Path) -> str:
    """Read a passphrase from a file that only its owner may read; one line end at its end is dropped.

    Raises `KeyFileRefused`: missing, open to others (mode beyond 0600), not UTF-8, or empty.
    """
    try:
        passphrase = _read_private(path, "口令文件").decode()
    except UnicodeDecodeError:
        raise KeyFileRefused(f"口令文件 {path} 不是 UTF-8 文本，请重新写入口令。") from None
    passphrase = passphrase.removesuffix("\n").removesuffix("\r")
    if not passphrase:
        raise KeyFileRefused(f"口令文件 {path} 是空的，请写入口令。")
    return passphrase


def passphrase_from_environment(environ: Mapping[str, str] = os.environ) -> str:
    """Read the passphrase from the file that JUTONG_KEY_PASSPHRASE_FILE names. Raises `KeyFileRefused`."""
    named = environ.get(PASSPHRASE_FILE)
    if not named:
        raise KeyFileRefused(f"未设置密钥口令：请用环境变量 {PASSPHRASE_FILE} 指明口令文件（权限 0600）。")
    return read_passphrase(Path(named))


def load(path: Path, passphrase: str | None = None) -> SoftwareSigner:
    """Open a sealed key file. Without a passphrase, the one of `passphrase_from_environment`.

    Raises `KeyFileRefused`: missing, open to others, damaged, changed, or another passphrase.
    """
    passphrase = passphrase_from_environment() if passphrase is None else passphrase
    stored = _parse(path, _read_private(path, "密钥文件"))
    sealed = stored.pop("sealed")
    try:
        private = sm4.gcm_decrypt(_derive(passphrase, stored["kdf"]), sealed, aad=_canonical(stored))
        signer = SoftwareSigner.of(sm2.KeyPair(private, sm2.public_from_private(private)))
    except CryptoRefused:
        raise KeyFileRefused(f"密钥文件 {path} 打不开：口令不符，或文件被改动；请核对口令，或从备份恢复。") from None
    if (signer.public.hex(), signer.key_id) != (stored["public"], stored["key_id"]):
        raise KeyFileRefused(f"密钥文件 {path} 中的公钥与私钥不符，请从备份恢复。")
    return signer


def load_or_create(path: Path, passphrase: str | None = None, *, at: datetime) -> SoftwareSigner:
    """Open a sealed key file, or make one with a new key where there is none, created at `at` (an aware time).

    Made complete and flushed under another name, then linked into place, mode 0600: of two processes at once the
    first wins and both get its key. Raises `KeyFileRefused` as `load` does, OSError where the folder is not writable.
    """
    passphrase = passphrase_from_environment() if passphrase is None else passphrase
    if not path.exists():
        if not passphrase:
            raise KeyFileRefused("密钥口令不能为空，请提供口令。")
        _create(path, passphrase, at)
    return load(path, passphrase)


def seal_bytes(data: bytes, passphrase: str) -> bytes:
    """Seal some kilobytes under a passphrase (scrypt, SM4-GCM), as JSON text; `open_bytes` opens it again."""
    head: dict[str, Any] = {
        "format": _SEALED,
        "version": _VERSION,
        "kdf": {"name": "scrypt", **_SCRYPT, "salt": secrets.token_hex(_SALT_SIZE)},
    }
    sealed = sm4.gcm_encrypt(_derive(passphrase, head["kdf"]), data, aad=_canonical(head))
    return json.dumps({**head, "sealed": sealed.hex()}).encode()


def open_bytes(sealed: bytes, passphrase: str) -> bytes:
    """Open what `seal_bytes` made. Raises `KeyFileRefused`: another passphrase, damaged, or something else altogether."""
    try:
        head = json.loads(sealed)
        body = bytes.fromhex(head.pop("sealed"))
        bounded = all(1 <= head["kdf"][name] <= most for name, most in _SCRYPT_LIMITS.items())
        known = bounded and (head["format"], head["version"]) == (_SEALED, _VERSION)
        key = _derive(passphrase, head["kdf"]) if known else b""
        return sm4.gcm_decrypt(key, body, aad=_canonical(head))
    except CryptoRefused:
        raise KeyFileRefused("密钥备份打不开：口令不符，或文件被改动，请核对口令与文件。") from None
    except (ValueError, KeyError, TypeError):
        raise KeyFileRefused("文件不是本系统的密钥备份，或已损坏，请核对文件。") from None


def _create(path: Path, passphrase: str, at: datetime) -> None:
    pair = sm2.generate()
    stored: dict[str, Any] = {
        "format": _FORMAT,
        "version": _VERSION,
        "algorithm": "SM2",
        "key_id": sm2.key_id(pair.public),
        "public": sm2.public_hex(pair.public),
        "created": at.isoformat(timespec="seconds"),
        "kdf": {"name": "scrypt", **_SCRYPT, "salt": secrets.token_hex(_SALT_SIZE)},
    }
    sealed = sm4.gcm_encrypt(_derive(passphrase, stored["kdf"]), pair.private, aad=_canonical(stored))
    text = json.dumps({**stored, "sealed": sealed.hex()}, ensure_ascii=False, indent=2) + "\n"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: its key stands
            os.link(temporary, path)
    finally:
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_private(path: Path, what: str) -> bytes:
    """Read a file that no one but its owner may read."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise KeyFileRefused(f"{what} {path} 的权限过宽，其他用户可读写，请执行 chmod 600 {path}。")
            return file.read()
    except FileNotFoundError:
        raise KeyFileRefused(f"{what} {path} 不存在，请检查路径。") from None
    except (PermissionError, IsADirectoryError):
        raise KeyFileRefused(f"{what} {path} 无法读取，请检查路径以及运行账户对它的权限。") from None


def _parse(path: Path, raw: bytes) -> dict[str, Any]:
    """Check the shape of a key file; its `sealed` comes back as bytes."""
    damaged = KeyFileRefused(f"密钥文件 {path} 已损坏或不是本系统的密钥文件，请从备份恢复。")
    try:
        stored = json.loads(raw)
        kdf = stored["kdf"]
        bytes.fromhex(kdf["salt"])
        bounded = all(type(kdf[name]) is int and 1 <= kdf[name] <= most for name, most in _SCRYPT_LIMITS.items())
        stored["sealed"] = bytes.fromhex(stored["sealed"])
        known = (stored["format"], stored["version"], stored["algorithm"], kdf["name"])
        texts = isinstance(stored["public"], str) and isinstance(stored["key_id"], str)
    except (ValueError, KeyError, TypeError):
        raise damaged from None
    if not bounded or not texts or known != (_FORMAT, _VERSION, "SM2", "scrypt"):
        raise damaged
    return dict(stored)


def _derive(passphrase: str, kdf: Mapping[str, Any]) -> bytes:
    n, r, p = kdf["n"], kdf["r"], kdf["p"]
    memory = 128 * r * (n + p + 2)
    salt = bytes.fromhex(kdf["salt"])
    try:
        return hashlib.scrypt(passphrase.encode(), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=sm4.KEY_SIZE)
    except ValueError:  # a cost that is no power of two
        raise CryptoRefused("密钥文件的派生参数有误。") from None


def _canonical(stored: Mapping[str, Any]) -> bytes:
    """Give the bytes of the open fields, all bound into the seal."""
    return json.dumps(stored, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
