"""A key of the control plane that gave way to another, in words that a node can check with the key it knows."""

from __future__ import annotations

import msgspec


class Handover(msgspec.Struct, frozen=True):
    """One handover. Public keys (x‖y) and signatures in hex; both keys signed `statement`, which names both keys."""

    old_public: str
    new_public: str
    statement: str
    old_signature: str
    new_signature: str
