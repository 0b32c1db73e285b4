"""Writing entries: who did or was refused what, for which department, from where, on what, with which result."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction

from jutong.crypto import sm3
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Refusal

COLUMNS: Final = (
    "id", "at", "actor_id", "actor_name", "acting_for", "department_id", "channel", "address", "trace", "verb",
    "subject_kind", "subject_id", "outcome", "code", "reason", "before", "after", "detail",
)  # fmt: skip
"""The columns an entry's digest covers, in the order an export lists them."""


@dataclass(slots=True)
class Act:
    """One act while it happens; filled by the engine, written once at its end."""

    verb: str
    by: Actor
    at: datetime
    subject_kind: str
    subject_id: str = ""
    acting_for: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    before: str = ""
    after: str = ""
    outcome: str = "success"
    code: str = ""
    reason: str = ""


_APPEND: Final = """
    insert into kernel_auditentry
           (at, actor_id, actor_name, acting_for, department_id, channel, address, trace, verb,
            subject_kind, subject_id, outcome, code, reason, before, after, detail)
    select at, actor_id, actor_name, acting_for, department_id, channel, address, trace, verb,
           subject_kind, subject_id, outcome, code, reason, before, after, detail
      from json_to_recordset(%s::json) as entry
           (at timestamptz, actor_id bigint, actor_name text, acting_for bigint, department_id bigint, channel text,
            address text, trace text, verb text, subject_kind text, subject_id text, outcome text, code text, reason text,
            before text, after text, detail jsonb)
"""
"""One parameter for a whole set: a seventh of what rows of the ORM cost, and every act writes here."""


def record(acts: Sequence[Act]) -> None:
    """Append one entry per act, in their order, in the transaction of the acts."""
    if not acts:
        return
    entries = json.dumps([_entry(act) for act in acts], cls=DjangoJSONEncoder, ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [entries])


def record_refusal(act: Act, refusal: Refusal) -> None:
    """Append the refusal of an act in a transaction of its own, after the act's was rolled back."""
    act.outcome, act.code, act.reason = "refused", refusal.code, refusal.sentence
    act.before = act.after = ""
    with transaction.atomic():
        record([act])
    refusal.audited = True


def _entry(act: Act) -> dict[str, Any]:
    by = act.by
    return {
        "at": act.at.isoformat(),
        "actor_id": by.account_id,
        "actor_name": by.name[:100],
        "acting_for": act.acting_for,
        "department_id": by.department_id,
        "channel": str(by.channel),
        "address": by.address[:64],
        "trace": by.trace[:64],
        "verb": act.verb,
        "subject_kind": act.subject_kind,
        "subject_id": act.subject_id[:64],
        "outcome": act.outcome,
        "code": act.code,
        "reason": act.reason.replace("\x00", ""),
        "before": act.before,
        "after": act.after,
        "detail": act.detail,
    }


def columns_of(row: models.Model) -> dict[str, Any]:
    """Return a row's columns by name."""
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}


def digest_of(row: models.Model) -> str:
    """Return the SM3 (hex) of a row's columns: what `before` and `after` of an entry hold."""
    return digest_of_columns(columns_of(row))


def digest_of_columns(values: Mapping[str, Any]) -> str:
    """Return the SM3 (hex) of a row's columns that were read before."""
    return sm3.hexdigest(orjson.dumps(values, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS))


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Return the bytes of an entry that its digest covers: all columns, sorted keys, times in UTC microseconds."""
    values = {name: entry[name] for name in COLUMNS}
    if isinstance(values["at"], datetime):
        values["at"] = values["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return orjson.dumps(values, default=_plain, option=orjson.OPT_SORT_KEYS)


def _plain(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return sm3.hexdigest(bytes(value))
    return str(value)
