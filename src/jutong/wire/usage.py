"""What was used, and the sealed pieces of a gateway's own audit chain."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Usage(msgspec.Struct, frozen=True):
    """Calls of one system under one grant in one minute, as counted by a gateway."""

    grant_id: str
    system_id: str
    minute: datetime
    mode: str
    purpose: str
    calls: int
    refused: int
    rows: int


class ChainRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a gateway's or node's chain file: JSON, one object a line, never rewritten.

    n: position in the whole chain of the writer, from 1. prev: SM3 hex of the previous line's bytes without newline
    (64 zeros for the first). who: system id; act: query, confirm, download, refused …
    person, service_item: whom and which service item (事项) the calling system named, signed by it.
    """

    n: int
    prev: str
    at: datetime
    who: str
    department: str
    act: str
    grant: str
    purpose: str
    outcome: str
    rows: int = 0
    key: str = ""  # HMAC-SM3 of the asked key, never the key itself
    reason: str = ""
    address: str = ""
    trace: str = ""
    person: str = ""
    service_item: str = ""


class Segment(msgspec.Struct, frozen=True):
    """A closed, sealed piece of a chain file, shipped into the centre. Carried in an envelope of kind "segment".

    first, last: positions n of its lines. head: SM3 hex of its last line. prev: SM3 hex of the line before its first.
    digest: SM3 hex of the whole file. number: 1, 2, 3 … per writer; a gap is an error.
    """

    writer: str
    number: int
    first: int
    last: int
    prev: str
    head: str
    digest: str
    closed_at: datetime
