"""The end of use records: kept as long as they have to be, archived, then purged (national-2025#29; R-SHR-055)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from jutong.crypto import sm3
from jutong.kernel import archive, files
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.slices.usage.actions.recording import PLATFORM, retain_record
from jutong.slices.usage.models import Disposal, UsePeriod, UseRecord, UseVersion
from jutong.slices.usage.workflow import USE_RECORD


def due_for_purge(at: datetime, most: int) -> list[int]:
    """Return records whose retention is over, those first that could have gone first. The day it ends is still kept."""
    due = UseRecord.objects.filter(state__in=["final", "retained"], kept_until__lt=beijing_day(at))
    return list(due.order_by("kept_until", "pk").values_list("pk", flat=True)[:most])


def content_of_record(record_id: int) -> dict[str, Any]:
    """Return everything that stands under a record, for the archive."""
    return _all_of(UseRecord.objects.get(pk=record_id))


def proofs_of_record(record_id: int) -> list[archive.Attached]:
    """Return the proofs of disposal that lie with a record."""
    proofs = Disposal.objects.filter(record=record_id).exclude(proof=None).order_by("proof").distinct("proof")
    return [archive.Attached(name, files.path(pk)) for pk, name in proofs.values_list("proof_id", "proof__name")]


def purge_kept(record_id: int, at: datetime) -> None:
    """Purge a record that an archive package holds (R-SHR-055)."""
    record = UseRecord.objects.get(pk=record_id)
    if record.state == "final":
        retain_record(record, by=PLATFORM, at=at)
    purge_record(record_id, by=PLATFORM, at=at)


@USE_RECORD.action("purge")
def purge_record(record: UseRecord, *, by: Actor, at: datetime) -> None:
    """Forget what a record says, with ledger, disposals and proofs; that it was kept, until when and its digest remain."""
    record.digest = sm3.hexdigest(orjson.dumps(_all_of(record), default=str))
    record.purged_at, record.personal_basis, record.lacking = at, "", []
    proofs = set(record.disposals.exclude(proof=None).values_list("proof_id", flat=True))
    for rows in (
        record.disposals,
        record.provisions,
        record.copies,
        record.holders,
        record.inspections,
        record.periods,
    ):
        rows.all().delete()
    for proof in proofs:
        files.discard(proof)


def _all_of(record: UseRecord) -> dict[str, Any]:
    """Return everything that stands under a record, for its digest."""
    own = [field.attname for field in UseRecord._meta.concrete_fields if field.attname != "digest"]
    versions = UseVersion.objects.filter(period__record=record).order_by("pk")
    return {
        "record": {name: getattr(record, name) for name in own},
        "periods": list(UsePeriod.objects.filter(record=record).order_by("number").values()),
        "versions": list(versions.values()),
        "copies": list(record.copies.order_by("pk").values()),
        "holders": list(record.holders.order_by("pk").values()),
        "provisions": list(record.provisions.order_by("pk").values()),
        "disposals": list(record.disposals.order_by("pk").values()),
        "inspections": list(record.inspections.order_by("pk").values()),
    }
