"""What was used, and the sealed pieces of a gateway's own audit chain."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

LATENCY_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""Upper bounds, in milliseconds, of the classes in which the time to an answer is counted; one more class lies above."""


class Evidence(msgspec.Struct, frozen=True):
    """One refused call that looks like misuse (R-SHR-017); `trace` names its line in the gateway's chain.

    kind: purpose (another than granted), system (not registered for the grant), scope (records outside the grant's rows),
    item (an item that is not granted), ended (under a grant that is suspended or over).
    """

    kind: str
    trace: str
    at: datetime


class Usage(msgspec.Struct, frozen=True):
    """Calls of one system under one grant in one minute, as counted by a gateway.

    refused, part of calls: said no. failed, part of refused: for a reason on our side (503, 500). latency: calls that were
    answered, by class of `LATENCY_MS`. evidence: the first refused calls that look like misuse.
    """

    grant_id: str
    system_id: str
    minute: datetime
    mode: str
    purpose: str
    calls: int
    refused: int
    rows: int
    failed: int = 0
    latency: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class UsageBatch(msgspec.Struct, frozen=True):
    """What one gateway process counted since its batch before; sent again with the same number until it was answered.

    writer: a name of the process, new with each start. number: 1, 2, 3 … per writer; each counts once.
    """

    writer: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{1,64}$")]
    number: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    counts: tuple[Usage, ...]


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
