"""Who this node is: its name, its secret for internal calls, its SM2 key, and the control plane's public key."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from jutong.crypto import CryptoRefused, Signer, keyfile, sm2
from jutong.crypto.errors import DecryptionFailed
from jutong.dataplane.errors import Unavailable
from jutong.wire.handover import Handover

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """A node as it knows itself. control: public keys (by key id) whose bundles and tickets it believes."""

    name: str
    secret: bytes = field(repr=False)
    signer: Signer
    control: dict[str, bytes]
    anchor: Path = field(default=Path(), repr=False)

    @property
    def tracing_key(self) -> bytes:
        """Return the key under which asked identifiers are hashed in the chain (HMAC-SM3 with the node's secret)."""
        return self.secret

    def learn(self, handovers: Iterable[Handover]) -> None:
        """Believe the keys that a believed key has signed in, from now on and after the next start (control.pub)."""
        for one in handovers:
            public = sm2.public_from_hex(one.new_public)
            if sm2.key_id(public) in self.control or not self._genuine(one):
                continue
            self.control[sm2.key_id(public)] = public
            known = "".join(f"{sm2.public_hex(key)}\n" for key in self.control.values())
            partial = self.anchor.with_name(f".{self.anchor.name}.{secrets.token_hex(4)}")
            partial.write_text(known, encoding="ascii")
            partial.replace(self.anchor)

    def _genuine(self, one: Handover) -> bool:
        """Tell whether a believed key and the new key both signed a statement that names both."""
        old, words = sm2.public_from_hex(one.old_public), one.statement.encode()
        named = one.statement.startswith(f"handover|instance|rotated|{one.old_public}|{one.new_public}|")
        try:
            return (
                named
                and sm2.key_id(old) in self.control
                and sm2.verify(old, words, bytes.fromhex(one.old_signature))
                and sm2.verify(sm2.public_from_hex(one.new_public), words, bytes.fromhex(one.new_signature))
            )
        except (CryptoRefused, ValueError):
            return False


@dataclass(frozen=True, slots=True)
class KeyRing:
    """A node's key in force, and those it had before, which still open what was sealed to them."""

    current: Signer
    retired: tuple[Signer, ...] = field(repr=False)

    @property
    def key_id(self) -> str:
        """Return the id of the key in force."""
        return self.current.key_id

    @property
    def public(self) -> bytes:
        """Return the public key in force."""
        return self.current.public

    def sign(self, message: bytes, /) -> bytes:
        """Sign with the key in force."""
        return self.current.sign(message)

    def unseal(self, data: bytes, /) -> bytes:
        """Open what was sealed to any of the keys. Raises `DecryptionFailed`."""
        for one in (self.current, *self.retired):
            with suppress(DecryptionFailed):
                return one.unseal(data)
        raise DecryptionFailed("密文不是封给本节点任何一把密钥的，请重新下发。")


def _write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 once; whoever came first has written it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def establish(folder: Path, *, at: datetime) -> Identity:
    """Create what is missing of a node's secret and key in its folder, and return the identity.

    `control.pub` is written by whoever registers the node; it may come later, then `control` is empty.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_private(folder / "secret", secrets.token_hex(SECRET_BYTES))
    _write_private(folder / "passphrase", secrets.token_urlsafe(SECRET_BYTES))
    signer = keyfile.load_or_create(folder / "key.json", keyfile.read_passphrase(folder / "passphrase"), at=at)
    return _load(folder, lambda: signer)


def load(folder: Path) -> Identity:
    """Open a node's identity. Raises `Unavailable` naming the missing or unfit file and the remedy."""
    if not (folder / "control.pub").exists():
        message = f"节点目录 {folder} 中没有控制面公钥 control.pub，请先在控制面登记本节点。"
        raise Unavailable(message)
    own = folder / "passphrase"
    return _load(folder, lambda: _ring(folder, keyfile.read_passphrase(own) if own.exists() else None))


def _ring(folder: Path, passphrase: str | None) -> Signer:
    """Open the key in force and the retired ones (the newest first)."""
    current = keyfile.load(folder / "key.json", passphrase)
    old = sorted((folder / "retired").glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    return KeyRing(current, tuple(keyfile.load(path, passphrase) for path in old)) if old else current


def _load(folder: Path, signer: Callable[[], Signer]) -> Identity:
    try:
        secret = bytes.fromhex(keyfile.read_passphrase(folder / "secret"))
        anchor = folder / "control.pub"
        publics = [sm2.public_from_hex(line) for line in anchor.read_text().split()] if anchor.exists() else []
        held = signer()
    except CryptoRefused as error:
        raise Unavailable(str(error)) from error
    except ValueError as error:
        raise Unavailable(f"节点密钥文件 {folder / 'secret'} 的内容不是十六进制，请在控制面重新登记本节点。") from error
    return Identity(folder.name, secret, held, {sm2.key_id(public): public for public in publics}, anchor)
