"""Questions the control plane asks about a data source; only the data plane ever connects to one."""

from __future__ import annotations

import msgspec

from jutong.wire.grants import Column, Kind


class ProbeRequest(msgspec.Struct, frozen=True):
    """`what`: test, tables, schema or preview. `sealed`: an `Access`, SM2-sealed to the data plane's key."""

    what: str
    engine: str
    sealed: bytes
    schema: str = ""
    table: str = ""
    columns: tuple[Column, ...] = ()
    limit: int = 20


class FoundColumn(msgspec.Struct, frozen=True):
    """A column as the source describes it."""

    name: str
    kind: Kind
    native: str
    comment: str
    nullable: bool
    primary_key: bool


class FoundTable(msgspec.Struct, frozen=True):
    """A table as the source describes it; `rows` is the source's estimate."""

    schema: str
    name: str
    comment: str
    rows: int
    columns: tuple[FoundColumn, ...] = ()


class ProbeAnswer(msgspec.Struct, frozen=True):
    """`ok` with what was asked, or not `ok` with a Chinese sentence in `message`."""

    ok: bool
    message: str = ""
    version: str = ""
    tables: tuple[FoundTable, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
