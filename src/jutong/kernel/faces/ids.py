"""Ids that come with a form or an address, read without trusting them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 16
"""So many digits no id has: a bigint holds all below."""


def id_in(text: str) -> int | None:
    """Return the id that a text is; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST else None


def ids_in(texts: Iterable[str]) -> list[int]:
    """Return the ids among some texts; what is none is left out."""
    return [pk for text in texts if (pk := id_in(text)) is not None]
