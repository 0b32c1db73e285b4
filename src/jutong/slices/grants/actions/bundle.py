"""The projection that the data plane follows: each thing once, with the serial of its newest change."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jutong.slices.grants.models import BundleItem, BundleSerial


def _next_serial() -> int:
    """Return the next serial; the row lock lasts until commit, so serials become visible in order."""
    BundleSerial.objects.get_or_create(pk=1)
    row = BundleSerial.objects.select_for_update().get(pk=1)
    row.value += 1
    row.save(update_fields=["value"])
    return row.value


def put(kind: str, things: Iterable[tuple[str, msgspec.Struct]]) -> None:
    """Tell the data plane of things (key, wire struct) of one kind, new or changed, in the current transaction."""
    serial = _next_serial()
    rows = [BundleItem(kind=kind, key=k, serial=serial, body=msgspec.json.encode(v), removed=False) for k, v in things]
    BundleItem.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["kind", "key"],
        update_fields=["serial", "body", "removed"],
        batch_size=1000,
    )


def remove(kind: str, keys: Iterable[str]) -> None:
    """Tell the data plane that things are gone."""
    BundleItem.objects.filter(kind=kind, key__in=list(keys), removed=False).update(
        serial=_next_serial(), body=b"", removed=True
    )
