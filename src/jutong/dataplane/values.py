"""Canonical texts of values: checking what a caller or a grant gives, and comparing texts as a database would.

Whatever its engine, a value has one canonical text, by which it is shown, masked, hashed, summed and moved:

* text: as it is; a CHAR column without the blanks behind. The empty text and a missing value are two things.
* integer: decimal digits, a minus before a negative number, no leading zeros.
* fixed number: never with an exponent, with all digits behind the point that its type has (`1.50`).
* floating number: the shortest digits that read back as the same double, written as PostgreSQL writes a double: plain
  from 1e-4 up to below 1e15, else `1.5e+15`, `1e-05`; `NaN`, `Infinity`, `-Infinity`;
  a zero has no sign. (Of some doubles above 2^53 PostgreSQL writes one digit more than the others; between two
  engines such a value does not reconcile and is quarantined, never changed.)
* date: `2026-01-31`. time: `2026-01-31 08:30:00`, with a fraction of up to six digits without trailing zeros; a time with
  a zone in Beijing's with its offset, `2026-01-31 08:30:00+08`. Years after 9999 have five digits, years before the
  first end with ` BC`; `infinity`, `-infinity`.
* boolean: `true`, `false`. binary: lower-case hex.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from jutong.dataplane.errors import RuleBroken
from jutong.wire.grants import Kind, Operator

BEIJING = timezone(timedelta(hours=8))
TEXT_LIMIT = 4000
_NUMBER = re.compile(r"[+-]?[0-9]{1,100}(\.[0-9]{1,100})?")
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_BITS_64 = 2**63
_NULL_TESTS = (Operator.IS_NULL, Operator.NOT_NULL)
_EQUALITIES = (Operator.EQ, Operator.NE, Operator.IN, *_NULL_TESTS)


def _integer(text: str) -> str | None:
    """Return the plain digits of a 64-bit number."""
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text) or not -_BITS_64 <= int(text) < _BITS_64:
        return None
    return str(int(text))


def _date(text: str) -> str | None:
    """Return an ISO date; eight digits are taken too."""
    try:
        return date.fromisoformat(text).isoformat() if re.fullmatch(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}", text) else None
    except ValueError:
        return None


def _timestamp(text: str) -> str | None:
    """Return an ISO time in Beijing wall time; a time with an offset is converted."""
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(BEIJING).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError):
        return None
    return found.isoformat(sep=" ")


def _boolean(text: str) -> str | None:
    """Return true or false."""
    return text.lower() if text.lower() in {"true", "false"} else None


def _binary(text: str) -> str | None:
    """Return lower-case hex."""
    return text.lower() if re.fullmatch(r"([0-9a-fA-F]{2})*", text) else None


_RULES: dict[Kind, tuple[Callable[[str], str | None], str]] = {
    Kind.TEXT: (lambda text: text, "文本"),
    Kind.INTEGER: (_integer, "64 位以内的整数，如 42"),
    Kind.NUMBER: (lambda text: text if _NUMBER.fullmatch(text) else None, "十进制数，如 3.14"),
    Kind.DATE: (_date, "日期，如 2026-01-31"),
    Kind.TIMESTAMP: (_timestamp, "时间，如 2026-01-31 08:30:00"),
    Kind.BOOLEAN: (_boolean, "true 或 false"),
    Kind.BINARY: (_binary, "十六进制字节串"),
}


def canonical(kind: Kind, text: str) -> str | None:
    """Return the canonical text of a value as a file writes it, or None when it is of another kind."""
    return _RULES[kind][0](text)


def check(item: str, kind: Kind, value: object) -> str:
    """Return the canonical text of a given value, or refuse naming the item, the rule and the remedy."""
    if not isinstance(value, str):
        raise RuleBroken(f"数据项“{item}”的值应写成字符串。")
    if len(value) > TEXT_LIMIT:
        raise RuleBroken(f"数据项“{item}”的值超过 {TEXT_LIMIT} 个字符，请缩短。")
    if _UNWRITABLE.search(value):
        raise RuleBroken(f"数据项“{item}”的值含有空字符或残缺的字符编码，请去除后重试。")
    rule, shape = _RULES[kind]
    found = rule(value)
    if found is None:
        raise RuleBroken(f"数据项“{item}”的值应为{shape}，请修改后重试。")
    return found


def check_condition(item: str, kind: Kind, operator: Operator, given: Sequence[str]) -> tuple[str, ...]:
    """Return the canonical texts of a condition's values, or refuse a condition that means nothing."""
    wanted = 0 if operator in _NULL_TESTS else 1
    many = operator in (Operator.IN, Operator.PREFIX)
    if (many and not given) or (not many and len(given) != wanted):
        raise RuleBroken(f"数据项“{item}”的筛选条件 {operator} 的值个数不对，请补正。")
    if operator is Operator.PREFIX and kind is not Kind.TEXT:
        raise RuleBroken(f"数据项“{item}”不是文本，不能按前缀筛选。")
    if kind in (Kind.BINARY, Kind.BOOLEAN) and operator not in _EQUALITIES:
        raise RuleBroken(f"数据项“{item}”不能比较大小，请改用等于或不等于。")
    return tuple(check(item, kind, value) for value in given)


def _dated(text: str) -> tuple[int, int, str]:
    """Order a date or time text: infinities at the ends, years before Christ counted down, the rest as written."""
    if text.endswith("infinity"):
        return (-1 if text.startswith("-") else 1, 0, "")
    bare, before = (text[:-3], True) if text.endswith(" BC") else (text, False)
    year, rest = bare.split("-", 1)
    rest = rest.rstrip("0").rstrip(".") if "." in rest else rest
    return (0, -int(year) if before else int(year), rest)


def _timed(text: str) -> tuple[int, int, str]:
    """Order a time: with an offset it is first turned into Beijing wall time, like PostgreSQL in a Beijing session."""
    text = re.sub(r"\+08( BC)?$", r"\1", text)
    if re.search(r"[+-][0-9]{2}(:?[0-9]{2})?$", text[10:]):
        text = datetime.fromisoformat(text).astimezone(BEIJING).replace(tzinfo=None).isoformat(sep=" ")
    return _dated(text)


def order(kind: Kind, text: str) -> Any:
    """Return what a canonical text sorts and compares by, as PostgreSQL does; NaN is above every number."""
    if kind in (Kind.INTEGER, Kind.NUMBER):
        number = Decimal(text)
        return (1, Decimal(0)) if number.is_nan() else (0, number)
    if kind is Kind.DATE:
        return _dated(text)
    return _timed(text) if kind is Kind.TIMESTAMP else text


def passes(text: str | None, kind: Kind, operator: Operator, given: Sequence[str]) -> bool:
    """Tell whether a value passes one test; a missing value passes IS_NULL only, texts compare by code point."""
    if text is None or operator in _NULL_TESTS:
        return (text is None) is (operator is Operator.IS_NULL) if operator in _NULL_TESTS else False
    if operator is Operator.PREFIX:
        return text.startswith(tuple(given))
    mine, theirs = order(kind, text), [order(kind, value) for value in given]
    if operator in (Operator.EQ, Operator.IN):
        return mine in theirs
    told: dict[Operator, bool] = {
        Operator.NE: mine != theirs[0],
        Operator.LT: mine < theirs[0],
        Operator.LE: mine <= theirs[0],
        Operator.GT: mine > theirs[0],
        Operator.GE: mine >= theirs[0],
    }
    return told[operator]
