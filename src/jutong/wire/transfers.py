"""Orders for the movers of data, and what they report back: progress, receipts, differing partitions, dirty rows."""

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
    FILES = "files"  # files as they are, from a folder of the provider into a folder of the consumer


class TableMode(StrEnum):
    """How rows enter the target table."""

    APPEND = "append"
    REPLACE = "replace"
    UPSERT = "upsert"


class Read(StrEnum):
    """Which rows of the source one run takes."""

    FULL = "full"
    WATERMARK = "watermark"  # what is newer than the last landed run of the task, with an overlap
    CHANGES = "changes"  # what the source's own change log tells, deletes included
    COMPARE = "compare"  # what differs from the target, where a source offers neither


class Check(StrEnum):
    """How both ends are held against each other; counts are always compared."""

    CONTENT = "content"  # an order-independent checksum of all values, computed at both ends
    STREAM = "stream"  # a digest of the bytes handed over, as sent and as taken in


class SplitBy(StrEnum):
    """How a column divides a run into partitions that are reconciled and repaired one by one."""

    VALUE = "value"
    YEAR = "year"
    MONTH = "month"
    PREFIX = "prefix"  # the first `size` characters of the canonical text
    HASH = "hash"  # `size` buckets of a hash of the canonical text


class Half(StrEnum):
    """Which half of an order a node carries out where its two ends sit behind two front-end nodes."""

    BOTH = ""  # one data plane reaches both ends
    SENDER = "sender"  # reads, and packs what it read into a parcel
    RECEIVER = "receiver"  # lands what the parcel brings


class Split(msgspec.Struct, frozen=True):
    """A run's partitions: by a granted, unmasked item."""

    item: str
    by: SplitBy
    size: int = 0


class Watermark(msgspec.Struct, frozen=True):
    """The item that grows with every change, and how far back a run reads again for what committed late.

    overlap: seconds for times and dates, units for numbers.
    """

    item: str
    overlap: int = 0


class Order(msgspec.Struct, frozen=True):
    """One run under one grant, ordered once; a runner leases it, and a second runner can go on after a crash.

    digest: SM3 (hex) of the request that asked for it, bound into the receipt. task_id: runs of one task share position,
    watermark and change log, and never run at once. shape: digest of the source's columns that a person accepted; empty
    at first, and a source that differs from it stops the run (drift). repair: partitions that a red run of this task
    named, moved again alone. most_dirty: rows that may be set aside before the run is rejected. not_before, not_after:
    the window in which it may work; change capture without an end stops when it has caught up, with one it follows until
    then. rows_per_second: 0 for no limit. priority: 1 (first) to 9. node: the node that has
    to run it, empty for any. receiver_key: hex public SM2 key to which a batch file's key is sealed. canary: a secret
    of this consumer that orders the rows of a batch file, so that a copy can be traced; notice: stands visibly in it.
    corrected: the earlier order whose rows, set aside then, are all that this one delivers; corrects: those rows as they
    were reported (`DirtyRows.content`); corrections: what was put right in them, a JSON list of `CorrectedValue` sealed
    (SM2) to the node.
    division_item: of a back-flow, the item that holds the division; source rows without one are counted beside.
    half: the half that is this node's, peer: the node with the other one. since: of a sending half, how far the target has
    come: the watermark, or the order whose files arrived last.
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
    task_id: str = ""
    read: Read = Read.FULL
    watermark: Watermark | None = None
    check: Check = Check.CONTENT
    split: Split | None = None
    repair: tuple[str, ...] = ()
    shape: str = ""
    most_dirty: int = 0
    priority: int = 5
    not_before: datetime | None = None
    not_after: datetime | None = None
    rows_per_second: int = 0
    node: str = ""
    receiver_key: str = ""
    canary: str = ""
    notice: str = ""
    corrected: str = ""
    corrects: tuple[bytes, ...] = ()
    corrections: bytes = b""
    division_item: str = ""
    half: Half = Half.BOTH
    peer: str = ""
    since: str = ""


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


class Part(msgspec.Struct, frozen=True):
    """Both ends of one partition; `name` is its value in words, empty for rows without one."""

    name: str
    source: Tally
    target: Tally


class DirtyRow(msgspec.Struct, frozen=True):
    """A row that was set aside: its place in the source (line or row number), column, value (masked) and reason.

    key: the row's key as people may see it, empty where the resource has none.
    """

    number: int
    item: str
    value: str
    reason: str
    key: str = ""


class KeptRow(msgspec.Struct, frozen=True, array_like=True):
    """A line of `DirtyRows.content`: the row's number and cells.

    masked: the cells are the granted columns, masked already; else all columns that the grant reads, as they were read.
    """

    number: int
    cells: tuple[str | None, ...]
    masked: bool = False


class CorrectedValue(msgspec.Struct, frozen=True, array_like=True):
    """A value put right: in which of the order's parcels (`Order.corrects`), in which line of it, which item."""

    parcel: int
    place: int
    item: str
    value: str


class DirtyRows(msgspec.Struct, frozen=True):
    """Rows set aside by one attempt; `batch` counts the parcels of one landing, so that each is taken once.

    group: of an order that lands in steps, the position behind which the step began. aside: how many rows this landing
    set aside altogether, listed or not. look: grows with every attempt, and when rows are looked at once more; what a
    later look says of the same landing takes the place of what an earlier one said, since that one's rows never landed.
    A parcel without rows says that there are none any more.
    content: the rows themselves as JSON lines (`KeptRow`), in the order of `rows`, SM2-sealed to the node that set them
    aside, for correction; empty where they are too large for a report.
    """

    order_id: str
    batch: int
    rows: tuple[DirtyRow, ...]
    content: bytes = b""
    group: str = ""
    look: int = 0
    aside: int = 0


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
    parts: tuple[Part, ...] = ()  # where the order asks for partitions
    dirty: int = 0  # rows set aside, neither sent nor received
    position: str = ""  # how far the task has come: watermark or place in the change log
    corrected: str = ""  # the earlier order whose rows, set aside then, were delivered after correction
    unassigned: int = 0  # of a back-flow: rows of the source without a division, in the state that the run read


class Progress(msgspec.Struct, frozen=True):
    """One report about one order, or of a node about its half; `receipt` is a msgspec-JSON envelope once the run ended.

    position: how far the target has come, told where a sending half went by something else. of_source: the attempt ended
    because the source did not give what was asked of it; otherwise the reason lies elsewhere, or nobody can say.
    """

    order_id: str
    attempt: int
    state: RunState
    at: datetime
    rows_done: int = 0
    rows_total: int = 0
    message: str = ""  # a Chinese sentence for people
    receipt: bytes = b""
    artefact_id: str = ""
    bytes_done: int = 0
    dirty: int = 0
    lag_seconds: float = 0.0  # of change capture: age of the newest landed change
    differing: tuple[str, ...] = ()  # partitions that did not reconcile
    drift: str = ""  # digest of the columns found, when they are not the accepted ones
    drift_text: str = ""  # what changed, a Chinese sentence
    alarm: str = ""  # "growing", "dropped": `message` is about the source's change log, not the run, and moves no state
    position: str | None = None
    of_source: bool = False


class Manifest(msgspec.Struct, frozen=True):
    """What accompanies a batch download (R-EXC-007).

    bytes, sm3: of the file as it is handed over. envelope: not empty where the file is encrypted for its receiver: the
    key of the SM4 container, sealed (SM2) to the receiver; plain_bytes, plain_sm3 then tell of the text within. notice:
    stands visibly at the beginning. marked: the order of the rows traces a copy to this consumer.
    """

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
    envelope: builtins.bytes = b""
    plain_bytes: int = 0
    plain_sm3: str = ""
    notice: str = ""
    marked: bool = False
