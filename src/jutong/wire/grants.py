"""What a consumer may have: columns, rows, masking, purpose, term, quotas and modes, as the data plane enforces them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class Mode(StrEnum):
    """Delivery modes of the local texts (glossary `DeliveryMode`)."""

    SYSTEM_DOCKING = "system_docking"
    FRONT_END_NODE = "front_end_node"
    ONLINE_QUERY = "online_query"
    BATCH_DOWNLOAD = "batch_download"


class Operator(StrEnum):
    """Comparisons a row filter may use; typed, never raw SQL."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    IN = "in"
    PREFIX = "prefix"
    IS_NULL = "is_null"
    NOT_NULL = "not_null"


class Masking(StrEnum):
    """How an item is shown (the data plane does it; the keyed hash is never pushed into a source)."""

    NONE = "none"
    IDENTITY = "identity"  # 110105********002X
    NAME = "name"  # 张*
    PHONE = "phone"  # 138****1234
    ADDRESS = "address"  # first six characters, then ***
    BANK_CARD = "bank_card"  # last four digits
    EMAIL = "email"  # a***@host
    YEAR = "year"  # a date's year
    SUPPRESS = "suppress"  # always empty
    KEYED_HASH = "keyed_hash"  # HMAC-SM3 with a key of this grant


class Kind(StrEnum):
    """The canonical types of columns (standards-facts 2.4, folded)."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"
    BINARY = "binary"


class Column(msgspec.Struct, frozen=True):
    """One item of a resource as it is mounted: `item` is its name in the catalogue, `column` its name at the source."""

    item: str
    column: str
    kind: Kind = Kind.TEXT
    masking: Masking = Masking.NONE


class Condition(msgspec.Struct, frozen=True):
    """One row condition; conditions of a grant are joined by AND. `values`: one for comparisons, many (any of them) for IN and PREFIX, none for NULL tests."""

    item: str
    operator: Operator
    values: tuple[str, ...] = ()


class Quota(msgspec.Struct, frozen=True):
    """Limits of one grant; 0 means no limit of its own. Days are Beijing days."""

    calls_per_day: int = 0
    rows_per_batch: int = 0
    batches_per_day: int = 0


class Grant(msgspec.Struct, frozen=True):
    """A directed authorisation (定向授权) as the data plane enforces it.

    key_items: items by which single records may be asked for. columns: the granted items only, with their masking.
    hash_key: sealed (SM2) to the data plane, for KEYED_HASH. purposes: codes that a call must name one of. listing: records
    may be listed page by page without naming their keys. portal: used by the service portal, so that every call has to name
    the service item (R-EXC-021). endpoints: names of the source's endpoints that may be passed through to. classified: the
    resource belongs to the classified catalogue or has an item marked so, and is used on the inner network only (R-EXC-016). document: document,
    licence or contract, whose answers carry a proof (`wire.proofs`); empty for all other data.
    """

    id: str
    version: int
    resource_id: str
    resource_title: str
    entry_code: str
    provider_id: str
    consumer_id: str
    systems: tuple[str, ...]
    columns: tuple[Column, ...]
    key_items: tuple[str, ...]
    conditions: tuple[Condition, ...]
    modes: tuple[Mode, ...]
    purposes: tuple[str, ...]
    basis: str
    valid_from: datetime
    valid_until: datetime
    quota: Quota = Quota()
    state: str = "active"  # active, suspended, ended
    reason: str = ""  # the sentence shown when it is not active
    hash_key: bytes = b""
    confirm_items: tuple[str, ...] = ()
    details: dict[str, Any] = {}
    listing: bool = False
    portal: bool = False
    endpoints: tuple[str, ...] = ()
    classified: bool = False
    document: str = ""
