"""What a node is and can do: program version, algorithms, capabilities."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

ENCRYPTION: Final = ("SM4-GCM", "SM2")
AUTHENTICATION: Final = ("SM2", "HMAC-SM3")
CAPABILITIES: Final = ("online_query", "table_transfer", "parcels", "offline_parcels")


def program() -> str:
    """Return the version of the program."""
    return version("jutong")
