"""Parcels between front-end nodes: what waits for a node, the bytes it asks for, the receipts of what it sent."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from jutong.kernel.errors import NotThere
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.exchange.models import Parcel
from jutong.wire.envelope import Envelope
from jutong.wire.nodes import ParcelState

AT_ONCE: Final = 50
LARGEST_PIECE: Final = 4 << 20


def folder() -> Path:
    """Return where the sealed bodies lie."""
    return settings().home / "parcels"


def state_of(parcel: Parcel) -> ParcelState:
    """Return how much of a parcel is here, and its receipt once it landed."""
    done = parcel.received == parcel.size
    return ParcelState(parcel.key, parcel.received, done, bytes(parcel.receipt))


def waiting_parcels(node: str) -> list[Envelope]:
    """Return the slips of whole parcels that wait for a node, oldest first."""
    rows = Parcel.objects.filter(receiver=node, arrived_at__isnull=False, landed_at__isnull=True).order_by("key")
    return [msgspec.json.decode(bytes(slip), type=Envelope) for slip in rows.values_list("slip", flat=True)[:AT_ONCE]]


def piece_of(key: str, offset: int, length: int, *, node: str) -> bytes:
    """Return bytes of a parcel's sealed body to its receiver. NotThere for any other node."""
    parcel = Parcel.objects.filter(key=key, receiver=node, arrived_at__isnull=False).first()
    if parcel is None:
        raise NotThere(N_("没有找到该包裹，或不是发给本前置机的。"))
    try:
        with (folder() / parcel.key).open("rb") as file:
            file.seek(max(0, offset))
            return file.read(min(max(0, length), LARGEST_PIECE))
    except OSError:
        raise NotThere(N_("包裹的内容已不在平台，请由发送方重新发送。")) from None


def parcel_receipts(node: str) -> list[ParcelState]:
    """Return what a node sent and has landed, until it says that it has the receipt."""
    rows = Parcel.objects.filter(sender=node, landed_at__isnull=False, collected_at__isnull=True).order_by("key")
    return [state_of(parcel) for parcel in rows[:AT_ONCE]]
