"""The signed bundle: everything, or what changed since a serial."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from jutong.kernel import keys
from jutong.kernel.settings import settings
from jutong.slices.grants.models import BundleItem, BundleSerial
from jutong.wire.bundle import Bundle, Caller, Mark, Mount, Source
from jutong.wire.envelope import Envelope
from jutong.wire.grants import Grant

_KINDS: Final[dict[str, Any]] = {
    "grants": Grant, "mounts": Mount, "sources": Source, "callers": Caller, "marks": Mark,
}  # fmt: skip


def newest() -> int:
    """Return the serial of the newest change, 0 before the first."""
    return BundleSerial.objects.values_list("value", flat=True).first() or 0


def bundle(since: int, at: datetime) -> Envelope:
    """Return the signed bundle of all changes after serial `since` (0: everything), valid for the set minutes."""
    serial = newest()
    changed = BundleItem.objects.filter(serial__gt=since, serial__lte=serial)
    things: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    removed: dict[str, list[str]] = {}
    for kind, key, body, gone in changed.values_list("kind", "key", "body", "removed").iterator(chunk_size=1000):
        if gone:
            removed.setdefault(kind, []).append(key)
        else:
            things[kind].append(msgspec.json.decode(bytes(body), type=_KINDS[kind]))
    content = Bundle(
        instance=keys.instance().key_id,
        serial=serial,
        since=since,
        issued_at=at,
        valid_until=at + timedelta(minutes=settings().bundle_minutes),
        full=since == 0,
        removed={} if since == 0 else {kind: tuple(ids) for kind, ids in removed.items()},
        **{kind: tuple(found) for kind, found in things.items()},
    )
    payload = msgspec.json.encode(content)
    signer = keys.instance()
    return Envelope("bundle", payload, signer.sign(b"bundle\n" + payload), signer.key_id)
