"""Between a driver's Python values and canonical texts (see `values`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from jutong.dataplane.engines.types import Type
from jutong.dataplane.values import BEIJING
from jutong.wire.grants import Kind

_TIME = re.compile(
    r"([0-9]{4,}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]+)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
_LEAST, _MOST = Decimal("1e-4"), Decimal("1e15")


def floating(value: float) -> str:
    """Return a double as PostgreSQL writes it."""
    text = repr(float(value))
    if text in ("inf", "-inf", "nan"):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[text]
    exact = Decimal(text)
    if exact == 0:
        return "0"
    if _LEAST <= abs(exact) < _MOST:
        return format(exact, "f").removesuffix(".0")
    sign, digits, _ = exact.as_tuple()
    shown = "".join(map(str, digits)).rstrip("0") or "0"
    power = exact.adjusted()
    fraction = f".{shown[1:]}" if len(shown) > 1 else ""
    return f"{'-' if sign else ''}{shown[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"


def fixed(value: Decimal, scale: int) -> str:
    """Return a fixed number with the digits behind the point that its type has; further ones are kept."""
    text = format(value, "f")
    have = len(text.partition(".")[2])
    if have < scale:
        text += ("" if have else ".") + "0" * (scale - have)
    return text


def _time(text: str, *, zoned: bool) -> str:
    """Return a time text with its fraction trimmed and its zone as the type says; anything else as it is."""
    found = _TIME.fullmatch(text)
    if not found:
        return text
    day, minute, second, fraction, zone, _ = found.groups()
    plain = f"{day} {minute}{second or ':00'}{(fraction or '').rstrip('0').rstrip('.')}"
    if zone and zoned and zone != "+08":
        try:
            return _moment(datetime.fromisoformat(f"{plain}{zone}"), zoned=True)
        except (ValueError, OverflowError):
            return text
    return plain + ("+08" if zoned else zone or "")


def _moment(value: datetime, *, zoned: bool) -> str:
    """Return a time of the driver; one without a zone in a column with one is Beijing's, as the session is."""
    if zoned and value.tzinfo:
        value = value.astimezone(BEIJING)
    text = value.replace(tzinfo=None).isoformat(sep=" ")
    return (text.rstrip("0") if "." in text else text) + ("+08" if zoned else "")


def _number(value: float | Decimal, wanted: Type) -> str:
    """Return a number as its column says, one that does not fit as it is; 1 and 0 are also truth and falsehood."""
    if isinstance(value, bool) or (wanted.kind is Kind.BOOLEAN and value in (0, 1)):
        return "true" if value else "false"
    if wanted.floating or (isinstance(value, float) and wanted.kind is not Kind.NUMBER):
        return floating(float(value))
    whole = wanted.kind is Kind.INTEGER and value == int(value)
    return str(int(value)) if whole else fixed(Decimal(str(value)), wanted.scale)


def _date(value: date, wanted: Type) -> str:
    """Return a date or a time as its column says."""
    if isinstance(value, datetime):
        return value.date().isoformat() if wanted.kind is Kind.DATE else _moment(value, zoned=wanted.zoned)
    return value.isoformat()


def _text(value: str, wanted: Type) -> str:
    """Return a text that stands for a value of its column."""
    if wanted.kind is Kind.TIMESTAMP:
        return _time(value, zoned=wanted.zoned)
    return value.encode().hex() if wanted.kind is Kind.BINARY else value


_TOLD: tuple[tuple[Any, Callable[[Any, Type], str]], ...] = (
    ((int, float, Decimal), _number),
    (date, _date),
    (str, _text),
    ((bytes, bytearray, memoryview), lambda value, _: bytes(value).hex()),
)


def canonical(value: Any, wanted: Type) -> str | None:
    """Return a driver's value as canonical text.

    What is not of its column's kind (SQLite lets it be) is written as it is, for whoever takes it to refuse.
    """
    if value is None:
        return None
    return next((told(value, wanted) for kinds, told in _TOLD if isinstance(value, kinds)), str(value))


_READ: dict[Kind, Callable[[str], Any]] = {
    Kind.INTEGER: int,
    Kind.BOOLEAN: {"true": True, "false": False}.__getitem__,
    Kind.BINARY: bytes.fromhex,
    Kind.DATE: date.fromisoformat,
    Kind.TIMESTAMP: datetime.fromisoformat,
    Kind.TEXT: str,
}


def python(text: str | None, wanted: Type) -> Any:
    """Return the Python value a driver is given for a canonical text; ValueError when it is none of its kind."""
    if text is None:
        return None
    if wanted.kind is Kind.NUMBER:
        return float(text) if wanted.floating else Decimal(text)
    return _READ[wanted.kind](text)
