"""The data plane's nodes as this instance knows them: their secrets for internal calls and their public keys."""

from __future__ import annotations

import json
from collections.abc import Container
from functools import cache
from pathlib import Path
from typing import Final

from jutong.crypto import sm2
from jutong.kernel.errors import Unavailable
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_

LOCAL: Final = "local"
"""The node that `jutong setup` makes beside the control plane."""


def _folder(name: str) -> Path:
    return settings().home / "nodes" / name


def names() -> list[str]:
    """Return the registered nodes."""
    return sorted(path.parent.name for path in (settings().home / "nodes").glob("*/key.json"))


@cache
def public_key(name: str) -> bytes:
    """Return a node's public SM2 key (64 bytes). Unavailable, with the remedy, where the node was never set up."""
    try:
        return sm2.public_from_hex(json.loads((_folder(name) / "key.json").read_text())["public"])
    except (OSError, ValueError, KeyError):
        raise Unavailable(N_("数据面节点“%(node)s”尚未登记，请执行 jutong setup 后重试。"), node=name) from None


@cache
def secret(name: str) -> bytes:
    """Return the secret that a node and this instance share for internal calls."""
    try:
        return bytes.fromhex((_folder(name) / "secret").read_text().strip())
    except (OSError, ValueError):
        raise Unavailable(N_("数据面节点“%(node)s”没有通信密钥，请执行 jutong setup 后重试。"), node=name) from None


def seal(data: bytes, name: str = LOCAL) -> bytes:
    """Seal a secret so that only this node can open it: source credentials, call keys, hash keys."""
    return sm2.seal(public_key(name), data)


def node_of(writer: str, known: Container[str]) -> str | None:
    """Return the node whose key a chain's writer signs with: further processes of "local" write as "local-2" and so on."""
    return next((node for node in (writer, writer.rpartition("-")[0]) if node in known), None)


class PublicKeys:
    """Public keys (hex) of nodes by name, for the verifier of the trail."""

    def get(self, writer: str) -> str | None:
        """Return the key of a chain's writer, see `node_of`."""
        node = node_of(writer, names())
        return public_key(node).hex() if node else None
