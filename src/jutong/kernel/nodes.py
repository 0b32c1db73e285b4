"""The data plane's nodes as this instance knows them: their secrets for internal calls and their public keys.

A node beside the control plane is known by its folder; front-end nodes elsewhere by a register that a slice brings.
"""

from __future__ import annotations

import json
import os
from collections.abc import Container, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Protocol

from jutong.crypto import keyfile, sm2
from jutong.crypto.keyfile import Signer
from jutong.kernel.errors import Unavailable
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_

LOCAL: Final = "local"
"""The node that `jutong setup` makes beside the control plane."""


class Register(Protocol):
    """Knows the front-end nodes that signed for themselves."""

    def names(self) -> list[str]:
        """Return every name that a node ever had: chains of retired nodes stay verifiable."""

    def public_key(self, name: str) -> bytes | None:
        """Return the public key of a node, retired and revoked ones included; a name never changes its key."""

    def secret(self, name: str, at: datetime) -> bytes | None:
        """Return the secret of a node that may call now; None for any other."""


_REGISTERS: Final[list[Register]] = []


def known_by(register: Register) -> None:
    """Let a slice's register be asked, too."""
    _REGISTERS.append(register)


def _folder(name: str) -> Path:
    return settings().home / "nodes" / name


def names() -> list[str]:
    """Return the nodes that this instance knows or knew."""
    beside = {path.parent.name for path in (settings().home / "nodes").glob("*/key.json")}
    return sorted(beside.union(*(register.names() for register in _REGISTERS)))


def public_key(name: str) -> bytes:
    """Return a node's public SM2 key (64 bytes). Unavailable, with the remedy, where the node was never set up.

    Kept in memory until the node's key file is another: a node beside us may be given a new key.
    """
    try:
        changed = (_folder(name) / "key.json").stat().st_mtime_ns
    except OSError:
        changed = 0
    return _public_key(name, str(_folder(name)), changed)


def every_key(name: str) -> list[bytes]:
    """Return the public keys under which a node signed, now and before a new key; none for a name nobody knows.

    For signatures on what was handed over long ago: they stay good when the node is given a new key.
    """
    keys = []
    with suppress(Unavailable):
        keys.append(public_key(name))
    if name in names():
        for path in sorted((_folder(name) / "retired").glob("*.json")):
            with suppress(OSError, ValueError, KeyError):
                keys.append(sm2.public_from_hex(json.loads(path.read_text())["public"]))
    return keys


@lru_cache(maxsize=1024)
def _public_key(name: str, _folder_now: str, _changed: int) -> bytes:
    try:
        return sm2.public_from_hex(json.loads((_folder(name) / "key.json").read_text())["public"])
    except (OSError, ValueError, KeyError):
        for register in _REGISTERS:
            if key := register.public_key(name):
                return key
        raise Unavailable(N_("数据面节点“%(node)s”尚未登记，请执行 jutong setup 后重试。"), node=name) from None


@cache
def secret(name: str) -> bytes:
    """Return the secret that a node beside us and this instance share for internal calls."""
    try:
        return bytes.fromhex((_folder(name) / "secret").read_text().strip())
    except (OSError, ValueError):
        raise Unavailable(N_("数据面节点“%(node)s”没有通信密钥，请执行 jutong setup 后重试。"), node=name) from None


def replace_key(name: str, at: datetime) -> tuple[Signer, Signer]:
    """Give a node beside us a new key; the old one moves to its folder `retired`. Returns (old, new)."""
    own, path = _folder(name), _folder(name) / "key.json"
    passphrase = keyfile.read_passphrase(own / "passphrase")
    old = keyfile.load(path, passphrase)
    (own / "retired").mkdir(mode=0o700, exist_ok=True)
    (own / "next-key.json").unlink(missing_ok=True)
    new = keyfile.load_or_create(own / "next-key.json", passphrase, at=at)
    with suppress(FileExistsError):
        os.link(path, own / "retired" / f"{old.key_id}.json")
    (own / "next-key.json").replace(path)
    return old, new


def calling_secret(name: str, at: datetime) -> bytes | None:
    """Return the secret with which a node may prove its calls at this moment; None for one unknown, suspended or revoked."""
    for register in _REGISTERS:
        if found := register.secret(name, at):
            return found
    try:
        return secret(name) if (_folder(name) / "key.json").exists() else None
    except Unavailable:
        return None


def elsewhere(name: str) -> bool:
    """Tell whether a node is a front-end node of a register, and not one beside us."""
    return any(register.public_key(name) for register in _REGISTERS)


def seal(data: bytes, name: str = LOCAL) -> bytes:
    """Seal a secret so that only this node can open it: source credentials, call keys, hash keys."""
    return sm2.seal(public_key(name), data)


def seal_many(things: Sequence[bytes], name: str = LOCAL) -> list[bytes]:
    """Seal secrets that one act makes together, so that only this node can open them."""
    return sm2.seal_many(public_key(name), things)


def node_of(writer: str, known: Container[str]) -> str | None:
    """Return the node whose key a chain's writer signs with: further processes of "local" write as "local-2" and so on."""
    return next((node for node in (writer, writer.rpartition("-")[0]) if node in known), None)


class PublicKeys:
    """Public keys (hex) of nodes by name, for the verifier of the trail."""

    def get(self, writer: str) -> str | None:
        """Return the key of a chain's writer, see `node_of`."""
        node = node_of(writer, names())
        return public_key(node).hex() if node else None
