"""How an item is masked: one rule as a Python function and as an expression of PostgreSQL and MySQL, equal to the byte.

Every rule works on the canonical text of a value (see `policy`), counts characters (code points), keeps a missing value
missing, and never returns more than it names (national-2025#35, standards-facts section 6: masking before exchange).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from jutong.crypto import sm3
from jutong.wire.grants import Masking

_YEAR = re.compile(r"([0-9]{4,6})-")
_FOUR_DIGITS = re.compile(r"[0-9]{4}")


def _identity(text: str) -> str:
    """Keep six in front and four behind; eleven characters or more, else nothing."""
    hidden = len(text) - 10
    return text[:6] + "*" * hidden + text[-4:] if hidden > 0 else "*" * len(text)


def _name(text: str) -> str:
    """Keep the first character of two or more."""
    return text[0] + "*" * (len(text) - 1) if len(text) > 1 else "*" * len(text)


def _phone(text: str) -> str:
    """Keep three in front and four behind of eleven or more, four behind of eight to ten, else nothing."""
    size = len(text)
    if size > 10:  # noqa: PLR2004 - a mobile number has eleven digits
        return text[:3] + "*" * (size - 7) + text[-4:]
    return "*" * (size - 4) + text[-4:] if size > 7 else "*" * size  # noqa: PLR2004 - a fixed line has eight


def _address(text: str) -> str:
    """Keep the first six characters, then three stars."""
    return text[:6] + "***" if text else ""


def _bank_card(text: str) -> str:
    """Keep the last four of five or more."""
    hidden = len(text) - 4
    return "*" * hidden + text[-4:] if hidden > 0 else "*" * len(text)


def _email(text: str) -> str:
    """Keep the first character of the name and everything from the last @; without @ nothing."""
    at = text.rfind("@")
    return (text[:1] if at > 0 else "") + "***" + (text[at:] if at >= 0 else "")


def _year(text: str) -> str:
    """Keep the year of an ISO date or of eight digits (with its BC); anything else becomes empty."""
    found = _YEAR.match(text)
    if found:
        return found.group(1) + (" BC" if text.endswith(" BC") else "")
    return text[:4] if _FOUR_DIGITS.match(text) else ""


_FUNCTIONS: dict[Masking, Callable[[str], str | None]] = {
    Masking.NONE: lambda text: text,
    Masking.IDENTITY: _identity,
    Masking.NAME: _name,
    Masking.PHONE: _phone,
    Masking.ADDRESS: _address,
    Masking.BANK_CARD: _bank_card,
    Masking.EMAIL: lambda text: _email(text) if text else "",
    Masking.YEAR: _year,
    Masking.SUPPRESS: lambda _text: None,
}

_STARS = "repeat('*', char_length({v}))"
_EXPRESSIONS: dict[Masking, str] = {
    Masking.NONE: "{v}",
    Masking.IDENTITY: "case when char_length({v}) > 10 then left({v}, 6) || repeat('*', char_length({v}) - 10)"
    " || right({v}, 4) else " + _STARS + " end",
    Masking.NAME: "case when char_length({v}) > 1 then left({v}, 1) || repeat('*', char_length({v}) - 1)"
    " else " + _STARS + " end",
    Masking.PHONE: "case when char_length({v}) > 10 then left({v}, 3) || repeat('*', char_length({v}) - 7)"
    " || right({v}, 4) when char_length({v}) > 7 then repeat('*', char_length({v}) - 4) || right({v}, 4) else "
    + _STARS
    + " end",
    Masking.ADDRESS: "case when {v} = '' then '' else left({v}, 6) || '***' end",
    Masking.BANK_CARD: "case when char_length({v}) > 4 then repeat('*', char_length({v}) - 4) || right({v}, 4)"
    " else " + _STARS + " end",
    Masking.EMAIL: "case when {v} = '' then '' when strpos({v}, '@') = 0 then '***'"
    " else case when strpos(reverse({v}), '@') < char_length({v}) then left({v}, 1) else '' end"
    " || '***' || right({v}, strpos(reverse({v}), '@')) end",
    Masking.YEAR: "case when {v} ~ '^[0-9]{{4,6}}-' then substring({v} from '^([0-9]{{4,6}})-')"
    " || case when right({v}, 3) = ' BC' then ' BC' else '' end"
    " when {v} ~ '^[0-9]{{4}}' then left({v}, 4) when {v} is null then null else '' end",
    Masking.SUPPRESS: "null::text",
}

_MYSQL_STARS = "repeat('*', char_length({v}))"
_MYSQL_EXPRESSIONS: dict[Masking, str] = {
    Masking.NONE: "{v}",
    Masking.IDENTITY: "if(char_length({v}) > 10, concat(left({v}, 6), repeat('*', char_length({v}) - 10),"
    " right({v}, 4)), " + _MYSQL_STARS + ")",
    Masking.NAME: "if(char_length({v}) > 1, concat(left({v}, 1), repeat('*', char_length({v}) - 1)), "
    + _MYSQL_STARS
    + ")",
    Masking.PHONE: "case when char_length({v}) > 10 then concat(left({v}, 3), repeat('*', char_length({v}) - 7),"
    " right({v}, 4)) when char_length({v}) > 7 then concat(repeat('*', char_length({v}) - 4), right({v}, 4)) else "
    + _MYSQL_STARS
    + " end",
    Masking.ADDRESS: "if(char_length({v}) = 0, '', concat(left({v}, 6), '***'))",
    Masking.BANK_CARD: "if(char_length({v}) > 4, concat(repeat('*', char_length({v}) - 4), right({v}, 4)), "
    + _MYSQL_STARS
    + ")",
    Masking.EMAIL: "case when char_length({v}) = 0 then '' when locate('@', {v}) = 0 then '***'"
    " else concat(if(locate('@', reverse({v})) < char_length({v}), left({v}, 1), ''), '***',"
    " right({v}, locate('@', reverse({v})))) end",
    Masking.YEAR: "case when {v} regexp '^[0-9]{{4,6}}-' then concat(substring_index({v}, '-', 1),"
    " if(right({v}, 3) = ' BC', ' BC', '')) when {v} regexp '^[0-9]{{4}}' then left({v}, 4)"
    " when {v} is null then null else '' end",
    Masking.SUPPRESS: "null",
}

POSTGRESQL = "postgresql"
MYSQL = "mysql"
_DIALECTS = {POSTGRESQL: _EXPRESSIONS, MYSQL: _MYSQL_EXPRESSIONS}

PUSHED = frozenset(_EXPRESSIONS)
"""Maskings that a source does itself; the keyed hash is never pushed, its key stays in the data plane."""


def mask(masking: Masking, value: str | None, key: bytes = b"") -> str | None:
    """Return the canonical text `value` as `masking` shows it; `key` is the grant's own, for the keyed hash only.

    The keyed hash is HMAC-SM3 of the UTF-8 text, 64 hex signs: equal values stay joinable under one grant only.
    """
    if value is None:
        return None
    if masking is Masking.KEYED_HASH:
        return sm3.hmac_sm3(key, value.encode()).hex()
    return _FUNCTIONS[masking](value)


def expression(masking: Masking, text: str, dialect: str = POSTGRESQL) -> str:
    """Return a dialect's expression masking the text expression `text`; KeyError for what is not `PUSHED`.

    MYSQL: `text` compares by code point (collation utf8mb4_bin).
    """
    return _DIALECTS[dialect][masking].format(v=text)
