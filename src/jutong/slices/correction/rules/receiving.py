"""What a receiver may read of a correction: what its grants give it, no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What grants of a resource gave a department: items in the clear, masked items, whether records can be named."""

    clear: frozenset[str]
    masked: frozenset[str]
    keyed: bool


def granted(grants: Iterable[tuple[Iterable[Mapping[str, Any]], Iterable[str]]]) -> Granted:
    """Join grants, each as (items, key items)."""
    clear, masked, keyed = set[str](), set[str](), False
    for items, key_items in grants:
        for item in items:
            (clear if item.get("masking", "none") in {"", "none"} else masked).add(item["item"])
        keyed = keyed or bool(list(key_items))
    return Granted(clear=frozenset(clear), masked=frozenset(masked - clear), keyed=keyed)
