"""MySQL's and MariaDB's types and the neutral ones, both ways."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jutong.dataplane.engines.types import TEXT, Type
from jutong.dataplane.errors import RuleBroken
from jutong.wire.grants import Kind

NAME = "mysql"
MOST_DIGITS, MOST_SCALE = 65, 30
SHORT_TEXT, KEY_TEXT, ROW_BYTES = 255, 255, 60_000
BITS = {"tinyint": 16, "smallint": 16, "mediumint": 32, "int": 32, "bigint": 64, "year": 16, "bit": 64}
UNSIGNED = {"tinyint": 16, "smallint": 32, "mediumint": 32, "int": 64}
CHARACTERS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
BINARIES = frozenset(
    {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob",
     "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection"}
)  # fmt: skip
"""Types that leave as bytes; a geometry leaves in the server's own form, four bytes of SRID before its WKB."""

_LENGTHS = re.compile(r"\(([0-9]+)(?:,([0-9]+))?\)")


def neutral(full: str, base: str, kind: Kind | None = None) -> Type:
    """Return what a native type can hold. kind: what the item is mounted as; it makes a boolean of a tinyint or a bit.

    A tinyint is a number unless somebody says otherwise: `tinyint(1)` may hold any number from -128 to 127.
    """
    found = _LENGTHS.search(full)
    first, second = (int(found[1]), int(found[2] or 0)) if found else (0, 0)
    if kind is Kind.BOOLEAN and (base == "tinyint" or (base, first) == ("bit", 1)):
        return Type(Kind.BOOLEAN)
    if base in BITS:
        if (base, first) == ("bit", 64) or (base == "bigint" and "unsigned" in full):
            return Type(Kind.NUMBER, precision=20)
        return Type(Kind.INTEGER, bits=UNSIGNED.get(base, 64) if "unsigned" in full else BITS[base])
    if base == "decimal":
        return Type(Kind.NUMBER, precision=first or 10, scale=second)
    simple = {"float": Type(Kind.NUMBER, bits=64), "double": Type(Kind.NUMBER, bits=64), "date": Type(Kind.DATE)}
    simple |= {"datetime": Type(Kind.TIMESTAMP), "timestamp": Type(Kind.TIMESTAMP, zoned=True)}
    if base in BINARIES:
        return Type(Kind.BINARY, length=first)
    return simple.get(base) or (Type(Kind.TEXT, length=first) if base in ("char", "varchar") else TEXT)


def _number(name: str, wanted: Type) -> str:
    """Return the type of a fixed number, or refuse one that has no equal here: nothing is ever rounded."""
    if not 0 < wanted.precision <= MOST_DIGITS or wanted.scale > MOST_SCALE:
        given = f"精度 {wanted.precision}、小数 {wanted.scale} 位" if wanted.precision else "没有声明精度"
        message = (
            f"来源列 {name} 的数值{given}，MySQL/MariaDB 最多 {MOST_DIGITS} 位、小数 {MOST_SCALE} 位，平台不作舍入，"
            "请先在目标库建表并将该列定为文本类型，或由来源声明精度。"
        )
        raise RuleBroken(message)
    return f"decimal({wanted.precision},{wanted.scale})"


def native(columns: Sequence[tuple[str, Type]], keys: Sequence[str]) -> list[str]:
    """Return the types of a new table's columns; `keys` are kept short enough for an index.

    A time with a zone becomes a DATETIME in Beijing time: a TIMESTAMP here ends at 1970 and 2038.
    """
    widths = sum(4 * kind.length for _, kind in columns if kind.kind is Kind.TEXT and kind.length <= SHORT_TEXT)
    roomy = widths <= ROW_BYTES
    found = []
    for name, wanted in columns:
        if wanted.kind is Kind.NUMBER:
            found.append("double" if wanted.floating else _number(name, wanted))
        elif wanted.kind in (Kind.TEXT, Kind.BINARY):
            plain, binary = ("varbinary", "longblob") if wanted.kind is Kind.BINARY else ("varchar", "longtext")
            short = 0 < wanted.length <= SHORT_TEXT and roomy
            length = wanted.length if short else KEY_TEXT if name in keys else 0
            found.append(f"{plain}({length})" if length else binary)
        else:
            integer = {16: "smallint", 32: "int", 64: "bigint"}
            fixed = {Kind.DATE: "date", Kind.TIMESTAMP: "datetime(6)", Kind.BOOLEAN: "boolean"}
            found.append(fixed.get(wanted.kind) or integer[wanted.bits])
    return found
