"""The projection that the data plane follows: each thing once, with the serial of its newest change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from django.db.models import F

from jutong.slices.grants.models import BundleItem, BundleSerial


def _next_serial() -> int:
    """Return the next serial; the row lock lasts until commit, so serials become visible in order."""
    only = BundleSerial.objects.filter(pk=1)
    if not only.update(value=F("value") + 1):
        BundleSerial.objects.get_or_create(pk=1)
        only.update(value=F("value") + 1)
    return only.values_list("value", flat=True).get()


def put(kind: str, things: Iterable[tuple[str, msgspec.Struct]]) -> None:
    """Tell the data plane of things (key, wire struct) of one kind, new or changed, in the current transaction."""
    put_all([(kind, key, thing) for key, thing in things])


def put_all(things: Sequence[tuple[str, str, msgspec.Struct]]) -> None:
    """Tell the data plane of things (kind, key, wire struct) that change together."""
    serial = _next_serial()
    rows = [BundleItem(kind=kind, key=key, serial=serial, body=msgspec.json.encode(it)) for kind, key, it in things]
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
