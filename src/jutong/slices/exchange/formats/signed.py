"""Signed messages of the exchange: receipts of the nodes, our confirmation of them, download tickets, and the proof file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import orjson

from jutong.crypto import sm2
from jutong.crypto.keyfile import Signer
from jutong.wire.envelope import Envelope
from jutong.wire.transfers import Receipt

SIDES: Final = ("sender", "receiver")
CENTRE: Final = "centre"
PROOF_FORMAT: Final = "jutong-proof-1"


class Confirmation(msgspec.Struct, frozen=True):
    """What this instance signs: which receipts it has seen for which request, by their SM3 (hex); kind "proof"."""

    order_id: str
    grant_id: str
    grant_version: int
    request_digest: str
    receipts: dict[str, str]
    rows: int
    checksum: str
    method: str
    instance: str
    at: datetime


class Ticket(msgspec.Struct, frozen=True):
    """A person's leave to fetch one file once; kind "ticket". expires: aware; purpose: a code of the grant."""

    artefact: str
    person: str
    department: str
    nonce: str
    expires: datetime
    purpose: str


def signed_bytes(kind: str, payload: bytes) -> bytes:
    """Return what an envelope's signature covers."""
    return kind.encode() + b"\n" + payload


def seal(kind: str, message: msgspec.Struct, signer: Signer) -> bytes:
    """Return a message in a signed envelope, as JSON."""
    payload = msgspec.json.encode(message)
    signature = signer.sign(signed_bytes(kind, payload))
    return msgspec.json.encode(Envelope(kind, payload, signature, signer.key_id))


def is_signed(envelope: Envelope, kind: str, public: bytes) -> bool:
    """Tell whether an envelope is of this kind and signed by the holder of this public SM2 key (64 bytes)."""
    return envelope.kind == kind and sm2.verify(public, signed_bytes(kind, envelope.payload), envelope.signature)


def signing_key(packed: bytes | None, publics: Sequence[bytes]) -> str:
    """Return in hex which of a signer's keys signed a packed message; the first, in force, where none is named."""
    named = msgspec.json.decode(packed, type=Envelope).key_id if packed else ""
    return next((public for public in publics if sm2.key_id(public) == named), publics[0]).hex()


def receipt_in(packed: bytes) -> tuple[Envelope, Receipt]:
    """Return envelope and receipt of a packed receipt. msgspec.MsgspecError where it is none."""
    envelope = msgspec.json.decode(packed, type=Envelope)
    return envelope, msgspec.json.decode(envelope.payload, type=Receipt)


def ticket_text(packed: bytes) -> str:
    """Return a packed ticket as the gateway's form field takes it: base64url without padding."""
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def proof(statement: str, digest: str, receipts: Mapping[str, bytes], keys: Mapping[str, str]) -> bytes:
    """Return the proof file of a delivery: the request, its SM3, the signed envelopes by side, the public keys (hex).

    Anybody can check it with SM2 and SM3 alone: digest = SM3(request), each signature covers its kind, a line feed and
    the payload, and the centre's payload names the SM3 of the other envelopes as they stand here.
    """
    content: dict[str, Any] = {
        "format": PROOF_FORMAT,
        "request": statement,
        "request_digest": digest,
        "receipts": {side: packed.decode() for side, packed in receipts.items()},
        "public_keys": dict(keys),
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2)
