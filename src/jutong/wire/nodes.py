"""Front-end nodes: how they sign for themselves, what they are told and say, questions through their tunnel, parcels."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from jutong.wire.envelope import Envelope
from jutong.wire.grants import Condition
from jutong.wire.probe import ProbeRequest


class NodePass(msgspec.Struct, frozen=True):
    """A front-end node as gateways know it. public: hex SM2 key. active, tunnel: only with both its tunnel is let in."""

    name: str
    title: str
    department_id: str
    zone: str
    public: str
    active: bool = True
    tunnel: bool = True


class Opening(msgspec.Struct, frozen=True):
    """What only the centre may read of an enrolment: the one-time code, and the secret (hex) for the node's later calls."""

    code: str
    secret: str


class Enrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A node signs for itself; carried in an envelope of kind "enrolment", signed with the very key it brings.

    sealed: an `Opening`, SM2-sealed to the centre's key. public: hex SM2 key. encryption, authentication: algorithms
    it offers for payloads and for proving itself. at: its clock.
    """

    sealed: bytes
    public: str
    version: str
    encryption: tuple[str, ...]
    authentication: tuple[str, ...]
    capabilities: tuple[str, ...]
    at: datetime


class Anchor(msgspec.Struct, frozen=True):
    """The centre's public key (hex), asked for before an enrolment; its key id stands in the one-time code."""

    public: str


class Certificate(msgspec.Struct, frozen=True):
    """What the centre states about a node's key, in a signed envelope of kind "certificate"."""

    serial: int
    node: str
    title: str
    department_id: str
    zone: str
    public: str
    issued_at: datetime
    valid_until: datetime


class NodeConfig(msgspec.Struct, frozen=True):
    """What a node has to keep to, in a signed envelope of kind "node_config"; a higher revision replaces a lower.

    bytes_per_second: limit for parcels in each direction, 0 for none. window_from, window_to: Beijing time "HH:MM"
    between which parcels travel, both empty for always. heartbeat_seconds: between two heartbeats; a node silent for
    `silent_seconds` counts as offline. queue_bytes: most bytes that wait in its outbox. gateway: where its tunnel leads,
    http(s) address; tunnel: whether it keeps one, without which sources behind it cannot be queried online.
    """

    node: str
    revision: int
    bytes_per_second: int = 0
    window_from: str = ""
    window_to: str = ""
    heartbeat_seconds: int = 20
    silent_seconds: int = 90
    queue_bytes: int = 53_687_091_200
    gateway: str = ""
    tunnel: bool = True


class Enrolled(msgspec.Struct, frozen=True):
    """The centre's answer to an enrolment."""

    node: str
    certificate: Envelope
    config: Envelope


class Heartbeat(msgspec.Struct, frozen=True):
    """What a node says of itself. queued: parcels waiting to leave, with their bytes; disk_free: bytes."""

    at: datetime
    version: str
    encryption: tuple[str, ...]
    authentication: tuple[str, ...]
    capabilities: tuple[str, ...] = ()
    config_revision: int = 0
    tunnel: bool = False
    queued: int = 0
    queued_bytes: int = 0
    disk_free: int = 0
    certificate_serial: int = 0
    message: str = ""
    log: tuple[str, ...] = ()


class HeartbeatAnswer(msgspec.Struct, frozen=True):
    """The centre's clock, the configuration where the node's is older, the certificate where it was renewed."""

    at: datetime
    config: Envelope | None = None
    certificate: Envelope | None = None


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a gateway asks a node through its tunnel, in words of the wire: never SQL.

    what: "lookup", "confirm", "through" or "probe". The node looks the grant up in its own bundle and enforces it itself.
    keys: each names the same items. endpoint, given: of what is passed through, the endpoint's name and its parameters.
    """

    id: int
    what: str
    grant_id: str = ""
    keys: tuple[dict[str, str], ...] = ()
    items: tuple[str, ...] = ()
    filters: tuple[Condition, ...] = ()
    facts: dict[str, str] = {}
    probe: ProbeRequest | None = None
    endpoint: str = ""
    given: dict[str, Any] = {}


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node's answer. code: empty when it is one, else a refusal's code with its sentence in `message`.

    rows: per asked key the found rows, granted item to canonical text. found, match: of a confirmation.
    probe: msgspec JSON of a ProbeAnswer.
    """

    id: int
    code: str = ""
    message: str = ""
    rows: tuple[tuple[dict[str, str | None], ...], ...] = ()
    found: bool = False
    match: bool = False
    probe: bytes = b""


class Slip(msgspec.Struct, frozen=True):
    """What stands on a parcel, signed by the sending node in an envelope of kind "slip"; what is inside is sealed.

    id: of the parcel, chosen by the sender. number: 1, 2, 3 … from this sender to this receiver, so that a missing one
    can be named. sealed: a `Contents`, SM2-sealed to the receiver's key. size, digest: bytes and SM3 (hex) of the body.
    order_id: of the order whose sending half packed it; empty where people dropped the files.
    """

    id: str
    number: int
    grant_id: str
    sender: str
    receiver: str
    zone: str
    sealed: bytes
    size: int
    digest: str
    made_at: datetime
    order_id: str = ""


class FileNote(msgspec.Struct, frozen=True):
    """One file of a parcel: its name below the grant's folder, its bytes, its SM3 (hex)."""

    name: str
    size: int
    digest: str


class Contents(msgspec.Struct, frozen=True):
    """What only the receiver learns. key: of the body (SM4). files: in the order in which the body holds them.

    receipt: of the sending half of an order (envelope JSON, kind "receipt"); its one file is a consignment.
    """

    key: bytes
    files: tuple[FileNote, ...]
    receipt: bytes = b""


class ParcelState(msgspec.Struct, frozen=True):
    """How much of a parcel the centre has; `done` once it is whole. receipt: of the receiver, as envelope JSON."""

    id: str
    received: int
    done: bool = False
    receipt: bytes = b""


class ParcelReceipt(msgspec.Struct, frozen=True):
    """What the receiver signs, in an envelope of kind "parcel_receipt". digest, size: of the body, as on the slip."""

    id: str
    grant_id: str
    sender: str
    receiver: str
    digest: str
    size: int
    landed_at: datetime


class ParcelManifest(msgspec.Struct, frozen=True):
    """What the receiver keeps beside the files: which they are (names as they landed), the slip and its own receipt."""

    number: int
    files: tuple[FileNote, ...]
    slip: Envelope
    receipt: Envelope
