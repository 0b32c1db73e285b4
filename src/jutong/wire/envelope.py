"""Signed envelopes: how any message between planes, nodes and instances is carried and proven."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message with its proof.

    payload: the message, JSON bytes. kind: which struct it decodes to ("bundle", "receipt" …).
    signature: SM2-with-SM3 over kind, a line feed and the payload, in DER. key_id: first 16 hex signs of SM3(public key).
    """

    kind: str
    payload: bytes
    signature: bytes
    key_id: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A refusal as problem+json (RFC 9457); `detail` is the Chinese sentence a person reads."""

    title: str
    status: int
    code: str
    detail: str
    instance: str = ""


class NodeProof(msgspec.Struct, frozen=True):
    """How a gateway, runner or front-end node names itself to the control plane on every internal call.

    Carried in headers X-Jutong-Node, -Time (epoch milliseconds), -Nonce and -Signature, where the signature is
    HMAC-SM3 with the node's secret over method, path with query, time, nonce and the SM3 of the body, joined by newlines.
    """

    node: str
    time: int
    nonce: str
    signature: str


class Clock(msgspec.Struct, frozen=True):
    """The control plane's time, so that a node can measure its own drift."""

    at: datetime
