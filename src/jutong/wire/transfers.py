"""Orders for the movers of data, and what they report back: progress, receipts, quarantined rows."""

from __future__ import annotations

import builtins
from datetime import datetime
from enum import StrEnum

import msgspec

from jutong.wire.grants import Column


class OrderKind(StrEnum):
    """What a runner is asked to do."""

    TABLE = "table"  # into the consumer's own database
    BATCH = "batch"  # into an encrypted file, served by the gateway


class TableMode(StrEnum):
    """How rows enter the target table."""

    APPEND = "append"
    REPLACE = "replace"
    UPSERT = "upsert"


class Order(msgspec.Struct, frozen=True):
    """One run under one grant, ordered once; a runner leases it, and a second runner can go on after a crash.

    digest: SM3 (hex) of the request that asked for it, bound into the receipt.
    """

    id: str
    kind: OrderKind
    grant_id: str
    grant_version: int
    ordered_at: datetime
    digest: str
    target_source_id: str = ""
    target_schema: str = ""
    target_table: str = ""
    target_mode: TableMode = TableMode.REPLACE
    format: str = "csv"
    encoding: str = "utf-8"
    expires_at: datetime | None = None
    cancelled: bool = False


class RunState(StrEnum):
    """States of W22 as a runner knows them. Success is only `released`, and only with a reconciled receipt."""

    QUEUED = "queued"
    SENT = "sent"
    RECEIVED = "received"
    VALIDATED = "validated"
    RELEASED = "released"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"


class Tally(msgspec.Struct, frozen=True):
    """Count and order-independent content checksum of one side. `method` says how it was computed."""

    rows: int
    checksum: str
    method: str


class Receipt(msgspec.Struct, frozen=True):
    """What one side says it sent or received; carried in a signed envelope of kind "receipt"."""

    order_id: str
    grant_id: str
    grant_version: int
    request_digest: str
    side: str  # sender, receiver
    source: Tally
    target: Tally
    reconciled: bool
    started_at: datetime
    finished_at: datetime
    columns: tuple[Column, ...]
    artefact_digest: str = ""  # SM3 of the file, for a batch
    bytes: int = 0
    node: str = ""


class Progress(msgspec.Struct, frozen=True):
    """One report about one order; `receipt` is a msgspec-JSON envelope once the run ended."""

    order_id: str
    attempt: int
    state: RunState
    at: datetime
    rows_done: int = 0
    rows_total: int = 0
    message: str = ""  # a Chinese sentence for people
    receipt: bytes = b""
    artefact_id: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """What accompanies a batch download (R-EXC-007)."""

    artefact_id: str
    order_id: str
    grant_id: str
    resource_title: str
    entry_code: str
    consumer_id: str
    rows: int
    bytes: int
    sm3: str
    checksum: str
    method: str
    format: str
    encoding: str
    columns: tuple[Column, ...]
    purpose: str
    made_at: datetime
    expires_at: datetime
    receipt: builtins.bytes = b""
