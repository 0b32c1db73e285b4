"""Exports of the trail (JSON lines), and the only deletion there is: export, then purge, signed by the audit administrator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import orjson
from django.db import connection
from django.db.models import Model, QuerySet

from jutong.kernel.audit.chain import Purge, Seal
from jutong.kernel.audit.entries import COLUMNS
from jutong.kernel.audit.succession import Handover
from jutong.kernel.models import AuditEntry, AuditPurge, AuditSeal, AuditSegment, KeyHandover

M = TypeVar("M", bound=Model)

FORMAT: Final = "jutong-audit-1"
_BATCH: Final = 50


def stored_seals() -> Iterator[Seal]:
    """Yield every seal in order."""
    for row in _in_batches(AuditSeal.objects.order_by("number")):
        yield Seal(
            row.number,
            row.sealed_at.astimezone(UTC).isoformat(timespec="microseconds"),
            row.entry_ids,
            bytes(row.digests),
            row.prev,
            row.head,
            row.key_id,
            row.public,
            bytes(row.signature),
        )


def _in_batches(rows: QuerySet[M]) -> Iterator[M]:
    yield from rows.iterator(chunk_size=_BATCH)


def stored_purges() -> list[Purge]:
    """Return the statements of every purge that was carried out, oldest first."""
    rows = AuditPurge.objects.filter(done_at__isnull=False).order_by("upto_seal")
    return [Purge(row.upto_seal, row.statement, bytes(row.signature)) for row in rows]


def stored_entries(ids: list[int]) -> dict[int, dict[str, Any]]:
    """Return the entries of these ids, as the digest sees them."""
    return {row["id"]: dict(row) for row in AuditEntry.objects.filter(pk__in=ids).values(*COLUMNS)}


def unsealed_strays() -> list[int]:
    """Return ids of entries that stand in no seal and do not wait for one: written past the trail (inserted)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """with sealed as (select unnest(entry_ids) as id from kernel_auditseal)
                select e.id from kernel_auditentry e left join sealed s on s.id = e.id
                left join kernel_auditpending p on p.entry_id = e.id
                where s.id is null and p.entry_id is null order by e.id limit 100"""
        )
        return [row[0] for row in cursor.fetchall()]


def lines(at: datetime) -> Iterator[bytes]:
    """Yield an export as JSON lines: head, purge statements, per seal its entries and itself, the shipped segments."""
    yield orjson.dumps({"format": FORMAT, "made_at": at.isoformat()}) + b"\n"
    for purge in stored_purges():
        words = {"upto_seal": purge.upto_seal, "statement": purge.statement, "signature": purge.signature.hex()}
        yield orjson.dumps({"purge": words}) + b"\n"
    for one in KeyHandover.objects.order_by("id"):
        yield orjson.dumps({"handover": _handover(one)}) + b"\n"
    for seal in stored_seals():
        entries = stored_entries(list(seal.entry_ids))
        for entry_id in seal.entry_ids:
            if entry := entries.get(entry_id):
                entry["at"] = entry["at"].astimezone(UTC).isoformat(timespec="microseconds")
                yield orjson.dumps({"entry": entry}) + b"\n"
        yield orjson.dumps({"seal": seal_as_json(seal)}) + b"\n"
    for segment in _in_batches(AuditSegment.objects.order_by("writer", "number")):
        yield (
            orjson.dumps(
                {
                    "segment": {
                        "writer": segment.writer,
                        "number": segment.number,
                        "envelope": bytes(segment.envelope).hex(),
                        "lines": bytes(segment.lines).hex(),
                    }
                }
            )
            + b"\n"
        )


def _handover(row: KeyHandover) -> dict[str, Any]:
    names = ("owner", "kind", "old_public", "new_public", "upto", "statement")
    signatures = {name: bytes(getattr(row, name)).hex() for name in ("old_signature", "new_signature")}
    return {**{name: getattr(row, name) for name in names}, **signatures}


def stored_handovers() -> list[Handover]:
    """Return every handover of a key, oldest first."""
    return [Handover(**_handover(row)) for row in KeyHandover.objects.order_by("id")]


def seal_as_json(seal: Seal) -> dict[str, Any]:
    """Return a seal in the form an export carries."""
    return {
        "number": seal.number,
        "sealed_at": seal.sealed_at,
        "entry_ids": list(seal.entry_ids),
        "digests": seal.digests.hex(),
        "prev": seal.prev,
        "head": seal.head,
        "key_id": seal.key_id,
        "public": seal.public,
        "signature": seal.signature.hex(),
    }


def purge_from_json(values: dict[str, Any]) -> Purge:
    """Read a purge's statement from an export's line."""
    return Purge(values["upto_seal"], values["statement"], bytes.fromhex(values["signature"]))


def seal_from_json(values: dict[str, Any]) -> Seal:
    """Read a seal from an export's line."""
    return Seal(
        values["number"],
        values["sealed_at"],
        values["entry_ids"],
        bytes.fromhex(values["digests"]),
        values["prev"],
        values["head"],
        values["key_id"],
        values["public"],
        bytes.fromhex(values["signature"]),
    )
