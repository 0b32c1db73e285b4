"""What identifies a person is kept sealed; a keyed digest finds it again."""

from __future__ import annotations

import secrets
from typing import Any, Final

from jutong.crypto import sm3
from jutong.kernel import keys
from jutong.slices.correction.rules.identity import masked_number

_CODE_SIGNS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CODE_LENGTH: Final = 12


def sealed(text: str) -> bytes:
    """Encrypt a text for the database; nothing stays nothing."""
    return keys.conceal(text.encode()) if text else b""


def opened(concealed: bytes | memoryview[int]) -> str:
    """Decrypt what `sealed` made."""
    return keys.reveal(bytes(concealed)).decode() if concealed else ""


def digest_of(*parts: str) -> str:
    """Return a digest that only this instance can make, 64 hex signs: equal texts are found, none can be guessed at."""
    return sm3.hmac_sm3(keys.django_secret().encode(), "\0".join(parts).encode()).hex()


def record_digest(resource_id: int, record: str) -> str:
    """Return the digest under which a record of a resource is found; nothing for the whole resource."""
    return digest_of("record", str(resource_id), record) if record else ""


def record_columns(resource_id: int, record: str) -> dict[str, Any]:
    """Return the columns that name a record: sealed, as a digest, and masked for people."""
    if not record:
        return {}
    return {
        "record": sealed(record),
        "record_digest": record_digest(resource_id, record),
        "record_shown": masked_number(record),
    }


def new_code() -> str:
    """Return a code with which somebody without an account follows a case: 12 signs, 59 bits."""
    return "".join(secrets.choice(_CODE_SIGNS) for _n in range(_CODE_LENGTH))


def code_digest(code: str) -> str:
    """Return the digest under which a code is kept; blanks, hyphens and case do not matter."""
    return digest_of("code", "".join(sign for sign in code.upper() if sign.isalnum()))
