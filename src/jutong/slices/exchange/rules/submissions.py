"""What a submitted batch must keep to: the entry's format, items, types and code lists; and when the next is due. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import CYCLE_DAYS, N_, Term, UpdateCycle
from jutong.wire.grants import Kind

MOST_ROWS: Final = 1_000_000
MOST_FAULTS: Final = 10_000
"""Faults kept of one batch; the count goes on, and the rows beyond are told again when they are handed back."""
FILE_TYPES: Final[Mapping[str, str]] = {"csv": "csv", "xlsx": "xlsx", "json": "jsonl"}
"""Declared format types that are files this platform writes, and the format's name in an order."""
OFF_PLATFORM_ALLOWED: Final = "in_principle"
"""Value of the profile parameter `off_platform_delivery` that leaves room for recorded exceptions."""

_SPLIT: Final = re.compile(r"[、,，;；\n]+")
_TRUTH: Final = frozenset({"1", "0", "true", "false", "是", "否", "t", "f"})
_DAY: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")


class Rule(Term):
    """Which rule a value breaks."""

    TYPE = "type", N_("数据类型")
    LENGTH = "length", N_("长度")
    EMPTY = "empty", N_("主键不得为空")
    CODE = "code", N_("代码表")
    SHORT = "short", N_("列数")
    ROUNDED = "rounded", N_("数值精度")


class Rounded(str):
    """A number of a workbook with more than 15 digits: what was typed is lost, Excel kept the first 15 of them."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """An item as the entry declares it. codes: the values of its code list, values: that list as the entry writes it.

    standard: what binds it, in words; code_table: the code list among that, empty where it has none.
    """

    name: str
    column: str
    kind: Kind
    length: int | None
    key: bool
    sensitive: bool
    standard: str
    codes: frozenset[str]
    values: str = ""
    code_table: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that breaks a rule: row number in the file, item, value (shortened, masked where sensitive), rule, reason."""

    number: int
    item: str
    value: str
    rule: str
    reason: str


def codes_in(text: str) -> frozenset[str]:
    """Return the codes of a declared value range such as "1 男；2 女" or "A、B"; a single value or prose is none."""
    parts = [part.strip() for part in _SPLIT.split(text) if part.strip()]
    codes = [re.split(r"[ ：:=\t|]", part, maxsplit=1)[0].strip() for part in parts]
    return frozenset(codes) if len(parts) > 1 and all(len(code) <= 20 for code in codes) else frozenset()  # noqa: PLR2004 - a code is short


def unchecked(items: Sequence[Expected]) -> list[str]:
    """Return the items bound to a code list whose codes the entry does not give: their values cannot be held against it."""
    return [item.name for item in items if item.code_table and not item.codes]


def check_header(items: Sequence[Expected], header: Sequence[str]) -> dict[str, int]:
    """Return the place of each item in the header, by item name; RuleBroken naming the items that are missing."""
    places: dict[str, int] = {}
    names = [text.strip() for text in header]
    for item in items:
        for wanted in (item.name, item.column):
            if wanted and wanted in names:
                places.setdefault(item.name, names.index(wanted))
    if missing := [item.name for item in items if item.name not in places]:
        raise RuleBroken(
            N_("报送的文件缺少目录声明的信息项：%(missing)s；请按目录补齐后重新报送。"),
            field="file",
            missing="、".join(missing[:20]),
        )
    return places


def faults_of(items: Sequence[Expected], places: Mapping[str, int], number: int, row: Sequence[str]) -> Iterator[Fault]:
    """Yield what is wrong with a row."""
    for item in items:
        place = places[item.name]
        if place >= len(row):
            yield Fault(number, item.name, "", Rule.SHORT, _("该行的列数少于表头，请检查分隔符和换行。"))
            continue
        value = row[place] if isinstance(row[place], Rounded) else row[place].strip()
        if found := _fault(item, value):
            rule, reason = found
            yield Fault(number, item.name, _shown(value, sensitive=item.sensitive), rule, reason)


def _fault(item: Expected, value: str) -> tuple[str, str] | None:
    if isinstance(value, Rounded):
        return Rule.ROUNDED, _("“%s”以数值保存，超过 15 位的部分已丢失；请把该列设为文本格式后重新填写。") % item.name
    if not value:
        return (Rule.EMPTY, _("“%s”是主键，不得为空。") % item.name) if item.key else None
    if not is_of(item.kind, value):
        return Rule.TYPE, _("“%(item)s”应为%(kind)s，请修改。") % {"item": item.name, "kind": _(KIND_WORDS[item.kind])}
    if item.length and item.kind is Kind.TEXT and len(value) > item.length:
        return Rule.LENGTH, _("“%(item)s”最长 %(length)d 个字符，请修改。") % {"item": item.name, "length": item.length}
    if item.codes and value not in item.codes:
        return Rule.CODE, _("“%(item)s”的取值不在“%(standard)s”内，请按代码表修改。") % {
            "item": item.name,
            "standard": item.standard or _("目录声明的值域"),
        }
    return None


KIND_WORDS: Final = {
    Kind.TEXT: N_("文本"),
    Kind.INTEGER: N_("整数"),
    Kind.NUMBER: N_("数字"),
    Kind.DATE: N_("日期"),
    Kind.TIMESTAMP: N_("日期时间"),
    Kind.BOOLEAN: N_("是或否"),
    Kind.BINARY: N_("二进制"),
}


def is_of(kind: Kind, value: str) -> bool:
    """Tell whether a text is a value of a canonical type."""
    try:
        if kind is Kind.INTEGER:
            return re.fullmatch(r"[+-]?[0-9]{1,19}", value) is not None
        if kind is Kind.NUMBER:
            return Decimal(value).is_finite()
        if kind is Kind.DATE:
            found = _DAY.fullmatch(value)
            return found is not None and date(*(int(part) for part in found.groups())) is not None
        if kind is Kind.TIMESTAMP:
            return datetime.fromisoformat(value.replace("/", "-")) is not None
    except (ValueError, InvalidOperation):
        return False
    return kind is not Kind.BOOLEAN or value.lower() in _TRUTH


def _shown(value: str, *, sensitive: bool) -> str:
    return value[:1] + "***" if sensitive and value else value[:200]


def due_after(cycle: str, day: date) -> date | None:
    """Return the last Beijing day on which the next batch is in time; None for entries without update limit."""
    return day + timedelta(days=CYCLE_DAYS[UpdateCycle(cycle)]) if cycle in CYCLE_DAYS else None


def accepts(file_format: str, declared: Sequence[str]) -> bool:
    """Tell whether an entry takes and gives files of a format; one that declares no file format takes all."""
    known = [FILE_TYPES[kind] for kind in declared if kind in FILE_TYPES]
    return not known or file_format in known


def check_declared(file_format: str, declared: Sequence[str]) -> None:
    """Refuse a batch format that the entry does not declare, where it declares files at all (R-EXC-018)."""
    if not accepts(file_format, declared):
        known = [FILE_TYPES[kind] for kind in declared if kind in FILE_TYPES]
        raise RuleBroken(
            N_("目录声明的文件格式为：%(known)s，请按声明的格式获取。"), field="format", known="、".join(known)
        )


def check_off_platform(policy: str, reason: str) -> None:
    """Refuse the record of a delivery outside the platform where the profile forbids it, or without a reason (R-SHR-025)."""
    if policy != OFF_PLATFORM_ALLOWED:
        raise RuleBroken(
            N_("有条件共享的数据应当统一通过平台提供，不得在平台外提供；请通过平台办理。"), field="delivered_on"
        )
    if not reason.strip():
        raise RuleBroken(N_("请说明在平台外提供的理由。"), field="reason")
