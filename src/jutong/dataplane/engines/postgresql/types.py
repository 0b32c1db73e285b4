"""PostgreSQL's types and the neutral ones, both ways."""

from __future__ import annotations

import re

from jutong.dataplane.engines.types import TEXT, Type
from jutong.wire.grants import Kind

NAME = "postgresql"
LONGEST = 10_485_760
MOST_DIGITS = 1000
_PLAIN = {
    "smallint": Type(Kind.INTEGER, bits=16),
    "integer": Type(Kind.INTEGER, bits=32),
    "bigint": Type(Kind.INTEGER, bits=64),
    "real": Type(Kind.NUMBER, bits=32),
    "double precision": Type(Kind.NUMBER, bits=64),
    "date": Type(Kind.DATE),
    "timestamp without time zone": Type(Kind.TIMESTAMP),
    "timestamp with time zone": Type(Kind.TIMESTAMP, zoned=True),
    "boolean": Type(Kind.BOOLEAN),
    "bytea": Type(Kind.BINARY),
}
_BASES = {neutral: base for base, neutral in _PLAIN.items()}
_NUMBERS = re.compile(r"\(([0-9]+)(?:,(-?[0-9]+))?\)")


def neutral(full: str, base: str) -> Type:
    """Return what a native type can hold; what has no kind of its own (uuid, json, arrays, enums) travels as text."""
    if base in _PLAIN:
        return _PLAIN[base]
    found = _NUMBERS.search(full)
    first, second = (int(found[1]), int(found[2] or 0)) if found else (0, 0)
    if base == "numeric":
        # a negative scale rounds to tens and hundreds and is written without a point
        return Type(Kind.NUMBER, precision=first + max(0, -second) if first else 0, scale=max(0, second))
    return Type(Kind.TEXT, length=first) if base in ("character varying", "bpchar", "character") else TEXT


def native(wanted: Type) -> tuple[str, str]:
    """Return the type, with and without its length, for a new column; PostgreSQL has one for every neutral type."""
    if wanted.kind is Kind.NUMBER and not wanted.floating:
        if not 0 < wanted.precision <= MOST_DIGITS:
            return "numeric", "numeric"
        return f"numeric({wanted.precision},{wanted.scale})", "numeric"
    if wanted.kind is Kind.TEXT:
        if 0 < wanted.length <= LONGEST:
            return f"character varying({wanted.length})", "character varying"
        return "text", "text"
    base = "bytea" if wanted.kind is Kind.BINARY else _BASES[wanted]
    return base, base
