"""What a column can hold, in no engine's words: the middle of every type mapping, native to neutral to native."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.wire.grants import Kind

DIGITS = {16: 5, 32: 10, 64: 19}
"""Decimal digits that an integer of so many bits may need."""


@dataclass(frozen=True, slots=True)
class Type:
    """A column's type as every engine can read it; its values travel as canonical texts (see `values`).

    length: most characters of a text or bytes of a binary, 0 without limit. precision, scale: decimal digits of a fixed
    number in all and behind the point; precision 0 for a number of any width. bits: 16, 32 or 64 of an integer; of a
    NUMBER it means floating. zoned: a time with its offset.
    """

    kind: Kind
    length: int = 0
    precision: int = 0
    scale: int = 0
    bits: int = 0
    zoned: bool = False

    @property
    def floating(self) -> bool:
        """Tell a floating number from a fixed one."""
        return self.kind is Kind.NUMBER and self.bits > 0


TEXT = Type(Kind.TEXT)
"""Text of any length: what every canonical text fits into."""


def _fixed(source: Type, target: Type) -> bool:
    """Tell whether a whole or fixed number keeps its digits, and the zeros behind the point that belong to its text."""
    if target.precision == 0:
        return True
    whole = source.kind is Kind.INTEGER
    precision, scale = (DIGITS[source.bits], 0) if whole else (source.precision, source.scale)
    return 0 < precision <= target.precision and scale == target.scale


def holds(target: Type, source: Type) -> bool:
    """Tell whether every value of `source` comes back from `target` with the same canonical text.

    Lengths are left to the target, which refuses the single value that is too long.
    """
    if target.kind is Kind.TEXT:
        return True
    if source.kind is Kind.INTEGER and target.kind is Kind.INTEGER:
        return source.bits <= target.bits
    if source.floating or target.floating:
        return source.floating and target.floating and source.bits <= target.bits
    if target.kind is Kind.NUMBER:
        return source.kind in (Kind.INTEGER, Kind.NUMBER) and _fixed(source, target)
    return source.kind is target.kind and source.zoned == target.zoned
