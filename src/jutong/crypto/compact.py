"""A signed message as one line of text: what a person pastes, a header carries, or a QR code holds."""

from __future__ import annotations

import base64
import binascii
from typing import Final, NamedTuple

from jutong.crypto import sm2
from jutong.crypto.errors import CryptoRefused

LONGEST: Final = 64 * 1024
"""Longest line that is read, in characters."""
_PARTS: Final = 3
_NONE: Final = "证明码不完整，请完整复制后再核验。"


class Signed(NamedTuple):
    """A message and who signed it how: SM2 over kind, a line feed and the message; key_id as `sm2.key_id` gives it."""

    message: bytes
    signature: bytes
    key_id: str


def packed(signed: Signed) -> str:
    """Return the line: message and signature in base64url without padding, and the key's id, joined by full stops."""
    return ".".join((_text(signed.message), _text(signed.signature), signed.key_id))


def unpacked(line: str) -> Signed:
    """Read a line again; white space, as mail programs and forms add it, does not matter. `CryptoRefused` for what is none."""
    parts = "".join(line.split()).split(".")
    if len(line) > LONGEST or len(parts) != _PARTS or not all(parts):
        raise CryptoRefused(_NONE)
    try:
        return Signed(_bytes(parts[0]), _bytes(parts[1]), parts[2])
    except (ValueError, binascii.Error) as error:
        raise CryptoRefused(_NONE) from error


def signed_by(public: bytes, kind: str, signed: Signed) -> bool:
    """Tell whether the holder of this public SM2 key (64 bytes) signed the message as one of this kind."""
    try:
        return signed.key_id == sm2.key_id(public) and sm2.verify(
            public, kind.encode() + b"\n" + signed.message, signed.signature
        )
    except CryptoRefused:
        return False


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
