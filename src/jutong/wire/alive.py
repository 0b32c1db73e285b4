"""Signs of life: what a process of the data plane tells the control plane every few seconds."""

from __future__ import annotations

import msgspec


class Alive(msgspec.Struct, frozen=True):
    """One process says that it lives. process: its own name, unique on the node; kind: runner, gateway.

    busy: pieces of work under way. stopping: the last word of a process that ends in order.
    """

    process: str
    kind: str
    busy: int = 0
    stopping: bool = False
    version: str = ""
