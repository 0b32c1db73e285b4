"""Which network this platform works in: of the other network's catalogue it shows nothing (R-CAT-015)."""

from __future__ import annotations

from jutong.kernel.settings import settings


def here() -> str:
    """Return the zone of the entries that this platform holds, a value of `Zone`."""
    return settings().zone
