"""What a parcel carries of an order between two front-end nodes: words between the frames of its one file.

The file is a sequence of frames, each led by its length (4 bytes, big-endian). A `Heading`; of a table its rows in pieces
of canonical text lines, then an empty frame; of a folder for each file a `FileHead`, its bytes in pieces, an empty frame
and a `FileEnd`, then after the last one an empty frame; at the end a `Closing`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from jutong.wire.grants import Column, Kind
from jutong.wire.transfers import Tally

FRAME = 4
"""Bytes of a frame's length."""
LONGEST_FRAME = 64 << 20
ROWS, FILES = "rows", "files"
"""The name of the parcel's one file, by what it holds."""


class CarriedType(msgspec.Struct, frozen=True):
    """A column as it left the source, in no engine's words (see the data plane's `engines.types.Type`)."""

    name: str
    kind: Kind
    length: int = 0
    precision: int = 0
    scale: int = 0
    bits: int = 0
    zoned: bool = False


class Heading(msgspec.Struct, frozen=True):
    """Which order this is of, and how its rows are to be read; masking has been applied.

    columns: the granted items with their masking; unique: those of their columns that identify a row. since: the
    watermark from which was read, position: up to which. unassigned: of a back-flow, rows of the source without a division.
    """

    order_id: str
    grant_id: str
    request_digest: str
    made_at: datetime
    columns: tuple[Column, ...] = ()
    types: tuple[CarriedType, ...] = ()
    unique: tuple[str, ...] = ()
    since: str = ""
    position: str = ""
    unassigned: int = 0


class FileHead(msgspec.Struct, frozen=True):
    """A file that follows. name: below the resource's folder, UTF-8 with foreign bytes as they are; mark: the source's."""

    name: bytes
    size: int
    mark: str


class FileEnd(msgspec.Struct, frozen=True):
    """A file that came to its end; its SM3, hex."""

    sm3: str


class Closing(msgspec.Struct, frozen=True):
    """What the sending half counted, in all and by partition."""

    tally: Tally
    parts: dict[str, Tally] = {}
