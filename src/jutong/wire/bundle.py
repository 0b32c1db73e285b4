"""The signed, versioned bundle from which the data plane works while the control plane is away."""

from __future__ import annotations

from datetime import datetime

import msgspec

from jutong.wire.grants import Column, Grant
from jutong.wire.nodes import NodePass


class Endpoint(msgspec.Struct, frozen=True):
    """One call of a department's HTTP interface that may be passed through to it.

    name: how it is called at the gateway, and what a grant names. method: GET or POST, there as here. path: at the
    department. rows: JSON pointer to the records in the answer. params: all that a caller may hand over.
    """

    name: str
    method: str
    path: str
    rows: str = ""
    params: tuple[str, ...] = ()


class Source(msgspec.Struct, frozen=True):
    """A registered data source. `sealed`: msgspec JSON of `Access`, SM2-sealed to the key of whoever reaches it.

    node: the front-end node behind which it sits; empty for one that the data plane beside the centre reaches.
    endpoints: of an HTTP interface, what can be passed through; which of it a consumer may call is in its grant.
    """

    id: str
    department_id: str
    engine: str  # postgresql, mysql, sqlite, csv …
    title: str
    sealed: bytes
    active: bool = True
    node: str = ""
    endpoints: tuple[Endpoint, ...] = ()


class Access(msgspec.Struct, frozen=True):
    """How to reach a source, only ever carried sealed. statement_seconds: the longest a reading statement may take, 0 for no limit."""

    host: str = ""
    port: int = 0
    database: str = ""
    user: str = ""
    password: str = ""
    tls: str = "verify-full"  # verify-full, require, disable (only where the zone allows it)
    options: dict[str, str] = {}
    statement_seconds: int = 0


class Mount(msgspec.Struct, frozen=True):
    """A table resource mounted on a source, with every item that has a column there."""

    resource_id: str
    source_id: str
    schema: str
    table: str
    columns: tuple[Column, ...]
    key_columns: tuple[str, ...]
    version: int = 1


class Caller(msgspec.Struct, frozen=True):
    """A registered business system. `sealed_key`: its HMAC-SM3 key, SM2-sealed to the data plane's key.

    scheme: how it signs its calls: empty for our own way, else a pattern of `dataplane/signatures.py`.
    """

    system_id: str
    title: str
    department_id: str
    key_id: str
    sealed_key: bytes
    zone: str
    active: bool = True
    addresses: tuple[str, ...] = ()
    scheme: str = ""


class Mark(msgspec.Struct, frozen=True):
    """A mark shown with the data: objection, under verification, corrected."""

    resource_id: str
    kind: str
    text: str
    key: str = ""  # value of the key item, or empty for the whole resource


class Bundle(msgspec.Struct, frozen=True):
    """Everything (`full`) or what changed since `since`; entries with the same id replace earlier ones.

    serial: grows by one with each change. valid_until: after it the data plane refuses, saying why.
    Removed ids are listed by kind ("grants", "mounts", "sources", "callers", "marks", "nodes"). A front-end node's
    bundle holds only what concerns it, and no callers.
    """

    instance: str
    serial: int
    since: int
    issued_at: datetime
    valid_until: datetime
    full: bool
    grants: tuple[Grant, ...] = ()
    mounts: tuple[Mount, ...] = ()
    sources: tuple[Source, ...] = ()
    callers: tuple[Caller, ...] = ()
    marks: tuple[Mark, ...] = ()
    nodes: tuple[NodePass, ...] = ()
    removed: dict[str, tuple[str, ...]] = {}
