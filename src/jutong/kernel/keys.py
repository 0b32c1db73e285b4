"""The instance's own keys: the SM2 key that signs seals, bundles and tickets, and the SM4 key for secrets at rest."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from jutong.crypto import keyfile, sm2, sm4
from jutong.crypto.errors import DecryptionFailed
from jutong.crypto.keyfile import Signer
from jutong.kernel import clock
from jutong.kernel.settings import settings

_KEY_SIZE: Final = 16


def folder() -> Path:
    """Return where the instance's key files lie, made with mode 0700."""
    path = settings().home / "keys"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def instance() -> Signer:
    """Return the instance's signer, made on first use; a key that took its place meanwhile counts at once.

    Its passphrase stands in the file that JUTONG_KEY_PASSPHRASE_FILE names, else in a file of its own beside it.
    """
    try:
        found = os.stat(_key_file())  # noqa: PTH116 - asked for with every signature
    except FileNotFoundError:
        keyfile.load_or_create(_key_file(), _passphrase(), at=clock.now())
        found = _key_file().stat()
    return _opened(str(_key_file()), found.st_ino, found.st_mtime_ns)


def _key_file() -> Path:
    return folder() / "instance.json"


def _passphrase() -> str:
    path = settings().key_passphrase_file or _own_passphrase(folder() / "passphrase")
    return keyfile.read_passphrase(path)


@lru_cache(maxsize=2)
def _opened(path: str, _inode: int, _changed: int) -> Signer:
    return keyfile.load(Path(path), _passphrase())


def stored_public() -> str:
    """Return the public key (hex) that the key file names, even where it cannot be opened; nothing without a file."""
    with suppress(OSError, ValueError, KeyError):
        return str(json.loads(_key_file().read_text())["public"])
    return ""


def prepare_successor(at: datetime, *, lost: bool = False) -> Signer:
    """Make the key that is to follow, with the at-rest key sealed to it, beside the present ones; nothing changes yet.

    lost: the present key cannot be opened, so a new at-rest key is made and what the old one concealed is lost.
    """
    secret = secrets.token_bytes(_KEY_SIZE) if lost else _at_rest()
    for left in (_next("instance.json"), _next("at-rest.sealed")):
        left.unlink(missing_ok=True)
    new = keyfile.load_or_create(_next("instance.json"), _passphrase(), at=at)
    _write_once(_next("at-rest.sealed"), sm2.seal(new.public, secret))
    return new


def enthrone(new: Signer) -> None:
    """Put the prepared key in the place of the present one, which is destroyed; then both files are the new ones."""
    sealed = _next("at-rest.sealed")
    sealed.replace(folder() / "at-rest.sealed")
    _next("instance.json").replace(_key_file())
    if instance().key_id != new.key_id:
        raise RuntimeError("the key file is not the one that was prepared")


def note(text: str) -> None:
    """Keep the words of the handover beside the keys until the database has them; an empty text: it has."""
    path = folder() / "handover.json"
    path.unlink(missing_ok=True)
    if text:
        _write_once(path, text.encode())


def noted() -> str:
    """Return the words of a handover that was cut off before the database had them."""
    path = folder() / "handover.json"
    return path.read_text() if path.exists() else ""


def _next(name: str) -> Path:
    return folder() / f"next-{name}"


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
    try:
        return instance().unseal(path.read_bytes())
    except DecryptionFailed:
        if not _next("instance.json").exists():
            raise
        return keyfile.load(_next("instance.json"), _passphrase()).unseal(path.read_bytes())  # cut off in `enthrone`


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
