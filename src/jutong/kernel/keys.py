"""The instance's own keys: the SM2 key that signs seals, bundles and tickets, and the SM4 key for secrets at rest."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from jutong.crypto import keyfile, sm2, sm4
from jutong.crypto.keyfile import Signer
from jutong.kernel import clock
from jutong.kernel.settings import settings

_KEY_SIZE: Final = 16


def folder() -> Path:
    """Return where the instance's key files lie, made with mode 0700."""
    path = settings().home / "keys"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@cache
def instance() -> Signer:
    """Return the instance's signer, made on first use.

    Its passphrase stands in the file that JUTONG_KEY_PASSPHRASE_FILE names, else in a file of its own beside it.
    """
    path = settings().key_passphrase_file or _own_passphrase(folder() / "passphrase")
    return keyfile.load_or_create(folder() / "instance.json", keyfile.read_passphrase(path), at=clock.now())


def _own_passphrase(path: Path) -> Path:
    _write_once(path, secrets.token_urlsafe(32).encode())
    return path


def _write_once(path: Path, content: bytes) -> None:
    """Write a file of mode 0600, complete or not at all; of two processes at once the first wins."""
    if path.exists():
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(temporary, path)
    temporary.unlink()


@cache
def _at_rest() -> bytes:
    """Return the SM4 key for secrets in the database; it lies sealed to the instance's SM2 key."""
    path = folder() / "at-rest.sealed"
    _write_once(path, sm2.seal(instance().public, secrets.token_bytes(_KEY_SIZE)))
    return instance().unseal(path.read_bytes())


def conceal(secret: bytes) -> bytes:
    """Encrypt a secret (data source password, TOTP seed) for the database: SM4-GCM."""
    return sm4.gcm_encrypt(_at_rest(), secret)


def reveal(concealed: bytes) -> bytes:
    """Decrypt what `conceal` made."""
    return sm4.gcm_decrypt(_at_rest(), bytes(concealed))


def django_secret() -> str:
    """Return Django's secret key, made once for this instance."""
    path = folder() / "django-secret"
    _write_once(path, secrets.token_urlsafe(48).encode())
    return path.read_text()
