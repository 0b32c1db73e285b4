"""What an entry compiled from a table proposes: title, items with types and lengths, keys, sensitivity; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.personal import named, trait_of
from jutong.kernel.terms import N_, DataType, Masking
from jutong.slices.datacentre.rules.naming import suggested_name, suggested_title
from jutong.wire.grants import Kind
from jutong.wire.probe import ColumnProfile, FoundColumn, FoundTable, Meaning, Profile

LONGEST_TEXT: Final = 4000
"""Texts that may be longer, or are without limit, are 备注型."""
WHYS: Final = {
    "comment": N_("取自列注释"),
    "name": N_("按列名识别"),
    "parts": N_("按列名各部分拼出，请核对"),
    "values": N_("按数据内容识别，请核对"),
    "unknown": N_("没有认出，请填写中文名称"),
}
MEANINGS: Final = {
    Meaning.IDENTITY: N_("公民身份号码（校验码正确）"),
    Meaning.CREDIT_CODE: N_("统一社会信用代码（校验码正确）"),
    Meaning.PHONE: N_("电话号码"),
    Meaning.BANK_CARD: N_("银行卡号"),
    Meaning.EMAIL: N_("电子邮箱地址"),
    Meaning.NAME: N_("人名"),
    Meaning.ORGANISATION: N_("单位的名称"),
    Meaning.ADDRESS: N_("地址文字"),
    Meaning.DIVISION: N_("行政区划代码"),
    Meaning.DATE: N_("以文字写的日期"),
    Meaning.AMOUNT: N_("有两位小数的金额"),
}
"""What the values are, in words; a percentage stands beside them."""
_MONEY: Final = re.compile(r"金额|资本|收入|工资|费$|费用|价格|余额|税额|补贴|补助|待遇")
_SIZES: Final = re.compile(r"\((\d+)")
_FLOATS: Final = {"real": DataType.FLOAT, "float": DataType.FLOAT, "float4": DataType.FLOAT, "double": DataType.DOUBLE,
                  "double precision": DataType.DOUBLE, "float8": DataType.DOUBLE, "binary_double": DataType.DOUBLE}  # fmt: skip
_DIGITS: Final = {"smallint": 5, "integer": 10, "int": 10, "mediumint": 8, "tinyint": 3, "bigint": 19}
_KINDS: Final = {
    Kind.DATE: DataType.DATE,
    Kind.TIMESTAMP: DataType.TIMESTAMP,
    Kind.BOOLEAN: DataType.LOGICAL,
    Kind.BINARY: DataType.GENERAL,
    Kind.INTEGER: DataType.INTEGER,
}


@dataclass(frozen=True, slots=True)
class ProposedItem:
    """An item as it is proposed for a column. why: a code of `WHYS`; meaning: what the values are, with its share.

    type: a letter of `DataType`; length: characters or digits, None without. left_out: a technical column that is
    proposed to stay out of the catalogue.
    """

    column: str
    name: str
    why: str
    type: str
    length: int | None
    key: bool
    sensitive: bool
    timestamp: bool
    meaning: Meaning | None
    share: int
    masking: Masking
    description: str
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class ProposedTable:
    """An entry as it is proposed for a table. personal: an item is about natural persons."""

    title: str
    why: str
    abstract: str
    personal: bool
    items: tuple[ProposedItem, ...]


def proposed(table: FoundTable, profile: Profile | None) -> ProposedTable:
    """Return what to catalogue of a table; names are made distinct, the person confirms them all."""
    looked = {column.name: column for column in profile.columns} if profile else {}
    items = [proposed_item(column, looked.get(column.name)) for column in table.columns]
    title, why = suggested_title(table.name, table.comment)
    return ProposedTable(
        title=title,
        why=why,
        abstract=table.comment.strip()[:2000],
        personal=any(item.sensitive for item in items),
        items=tuple(_distinct(items)),
    )


def proposed_item(column: FoundColumn, looked: ColumnProfile | None) -> ProposedItem:
    """Return what to catalogue of a column."""
    meaning = looked.meaning if looked else None
    name, why = suggested_name(column.name, column.comment, meaning)
    letter, length = _typed(column, name, meaning)
    trait = trait_of(meaning) if meaning else None
    sensitive = trait is not None or (letter != DataType.LOGICAL and named(name) is not None)
    return ProposedItem(
        column=column.name,
        name=name,
        why=why,
        type=str(letter),
        length=length,
        key=column.primary_key,
        sensitive=sensitive,
        timestamp=column.kind is Kind.TIMESTAMP and name in {"更新时间", "创建时间"},
        meaning=meaning,
        share=looked.share if looked else 0,
        masking=trait.masking if trait else Masking.NONE,
        description=_described(column.comment, name),
        left_out=name in {"删除标志", "创建人", "更新人"} or (name == "主键" and not column.primary_key),
    )


def _described(comment: str, name: str) -> str:
    """Return what a comment says beyond the name."""
    text = comment.strip()
    return "" if text in {"", name} else text[:500]


def _typed(column: FoundColumn, name: str, meaning: Meaning | None) -> tuple[DataType, int | None]:
    """Return the national type and length of a column (standards-facts 2.4)."""
    native = column.native.casefold()
    word, found = native.partition("(")[0].strip(), _SIZES.search(native)
    size = int(found[1]) if found else None
    if column.kind in _KINDS:
        return _KINDS[column.kind], _DIGITS.get(word) if column.kind is Kind.INTEGER else None
    if column.kind is Kind.NUMBER:
        if word in _FLOATS:
            return _FLOATS[word], None
        money = meaning is Meaning.AMOUNT or bool(_MONEY.search(name))
        return (DataType.MONEY if money else DataType.NUMERIC), size
    if size is None or size > LONGEST_TEXT:
        return (DataType.CHARACTER if word == "uuid" else DataType.MEMO), 36 if word == "uuid" else None
    return DataType.CHARACTER, size


def _distinct(items: Sequence[ProposedItem]) -> list[ProposedItem]:
    """Return items whose names are all different: those named alike carry their column."""
    times = Counter(item.name for item in items)
    return [
        replace(item, name=f"{item.name}（{item.column}）"[:128]) if times[item.name] > 1 else item for item in items
    ]


def check_title(title: str, items: Sequence[str]) -> None:
    """Refuse an entry without a title or without an item; the catalogue's own rules look at the rest."""
    if not title.strip():
        raise RuleBroken(N_("请填写目录名称。"), field="title")
    if not items:
        raise RuleBroken(N_("请至少保留一个信息项。"), field="items")
