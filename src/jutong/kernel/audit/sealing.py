"""The sealer: chains pending entries with SM3 and signs each piece with the instance's SM2 key, every second or so."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection, transaction

from jutong.crypto import sm3
from jutong.kernel import keys
from jutong.kernel.audit.chain import GENESIS, Seal, link, statement
from jutong.kernel.audit.entries import COLUMNS, canonical
from jutong.kernel.models import AuditEntry, AuditPending, AuditSeal

SEAL_LOCK = 0x6A75746F
"""Advisory lock: one sealer at a time."""


def seal(at: datetime, *, limit: int = 5000) -> int:
    """Seal up to `limit` pending entries into one seal; returns how many. Safe to run from several workers."""
    with transaction.atomic():
        hold()
        ids = list(AuditPending.objects.order_by("entry_id").values_list("entry_id", flat=True)[:limit])
        if not ids:
            return 0
        digests = [
            sm3.digest(canonical(row)) for row in AuditEntry.objects.filter(pk__in=ids).order_by("id").values(*COLUMNS)
        ]
        _append(ids, digests, at)
        AuditPending.objects.filter(entry_id__in=ids).delete()
    return len(ids)


def hold() -> None:
    """Keep every sealer waiting until the current transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [SEAL_LOCK])


def _append(ids: list[int], digests: list[bytes], at: datetime) -> None:
    last = AuditSeal.objects.order_by("-number").only("number", "head").first()
    prev = last.head if last else GENESIS
    signer = keys.instance()
    row = Seal(
        number=last.number + 1 if last else 1,
        sealed_at=at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry_ids=ids,
        digests=b"".join(digests),
        prev=prev,
        head=link(prev, digests),
        key_id=signer.key_id,
        public=signer.public.hex(),
        signature=b"",
    )
    AuditSeal.objects.create(
        number=row.number,
        sealed_at=at,
        entry_ids=ids,
        digests=row.digests,
        prev=row.prev,
        head=row.head,
        key_id=row.key_id,
        public=row.public,
        signature=signer.sign(statement(row)),
    )


def lag(at: datetime) -> float:
    """Return for how many seconds the oldest unsealed entry has waited (0 when nothing waits): shown and alarmed."""
    oldest = AuditPending.objects.order_by("entry_id").values_list("entry_id", flat=True).first()
    if oldest is None:
        return 0.0
    since = AuditEntry.objects.filter(pk=oldest).values_list("at", flat=True).first()
    return max(0.0, (at - since).total_seconds()) if since else 0.0
