"""What a grant may contain; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import MASKING_LABELS, N_, DeliveryMode, Purpose
from jutong.wire.grants import Column, Condition, Kind, Masking, Operator

LONGEST_TERM: Final = timedelta(days=5 * 366)
"""No grant runs longer than five years without a new decision (default; the texts name no number)."""

MASKING_FOR_DATES: Final = frozenset({Masking.NONE, Masking.YEAR, Masking.SUPPRESS, Masking.KEYED_HASH})
_NULL_TESTS: Final = frozenset({Operator.IS_NULL, Operator.NOT_NULL})
LONGEST_VALUE: Final = 200
MOST_VALUES: Final = 1000


def check_columns(columns: Sequence[Column], known: Mapping[str, Kind]) -> None:
    """Refuse items the entry does not have, items named twice, and maskings that do not fit a date."""
    if not columns:
        raise RuleBroken(N_("授权至少须包含一个信息项，请勾选。"), field="items")
    seen: set[str] = set()
    for column in columns:
        if column.item not in known:
            raise RuleBroken(
                N_("信息项“%(item)s”不在目录中，请从目录所列信息项中选择。"), field="items", item=column.item
            )
        if column.item in seen:
            raise RuleBroken(N_("信息项“%(item)s”重复，请只保留一个。"), field="items", item=column.item)
        seen.add(column.item)
        dated = column.kind in {Kind.DATE, Kind.TIMESTAMP}
        if (dated and column.masking not in MASKING_FOR_DATES) or (column.masking is Masking.YEAR and not dated):
            label = MASKING_LABELS[column.masking]
            raise RuleBroken(
                N_("信息项“%(item)s”的类型不适用“%(label)s”，请另选脱敏方式。"),
                field="items",
                item=column.item,
                label=label,
            )


def check_conditions(conditions: Sequence[Condition], known: Mapping[str, Kind]) -> None:
    """Refuse row conditions on unknown items, with the wrong number of values, or with values of the wrong type."""
    for condition in conditions:
        kind = known.get(condition.item)
        if kind is None:
            raise RuleBroken(
                N_("行条件中的信息项“%(item)s”不在目录中，请重新选择。"), field="conditions", item=condition.item
            )
        wanted = 0 if condition.operator in _NULL_TESTS else 1
        many = condition.operator is Operator.IN
        count = len(condition.values)
        if (many and not 1 <= count <= MOST_VALUES) or (not many and count != wanted):
            raise RuleBroken(N_("行条件“%(item)s”的取值个数不对，请检查。"), field="conditions", item=condition.item)
        for value in condition.values:
            _check_value(condition, kind, value)


def _check_value(condition: Condition, kind: Kind, value: str) -> None:
    if len(value) > LONGEST_VALUE or not value.isprintable():
        raise RuleBroken(
            N_("行条件“%(item)s”的取值过长或含不可见字符，请修改。"), field="conditions", item=condition.item
        )
    if condition.operator is Operator.PREFIX and kind is not Kind.TEXT:
        raise RuleBroken(
            N_("“%(item)s”不是文本，不能按开头匹配，请换一种比较方式。"), field="conditions", item=condition.item
        )
    try:
        match kind:
            case Kind.INTEGER:
                int(value)
            case Kind.NUMBER:
                Decimal(value)
            case Kind.DATE | Kind.TIMESTAMP:
                datetime.fromisoformat(value)
            case Kind.BOOLEAN:
                {"true": True, "false": False}[value]
    except (ValueError, KeyError, InvalidOperation):
        raise RuleBroken(
            N_("行条件“%(item)s”的取值“%(value)s”与其数据类型不符，请修改。"),
            field="conditions",
            item=condition.item,
            value=value,
        ) from None


def check_term(valid_from: datetime, valid_until: datetime, at: datetime) -> None:
    """Refuse a term that is over, upside down or too long."""
    if valid_until <= at or valid_until <= valid_from:
        raise RuleBroken(N_("使用时限的截止日期须晚于今天和起始日期，请修改。"), field="valid_until")
    if valid_until - valid_from > LONGEST_TERM:
        raise RuleBroken(N_("使用时限最长五年，期满可重新申请，请缩短。"), field="valid_until")


def check_modes(modes: Collection[str], offered: Collection[str]) -> None:
    """Refuse modes the entry does not offer (R-SHR-036: only a sharing mode the entry offers)."""
    if not modes:
        raise RuleBroken(N_("请至少选择一种共享方式。"), field="modes")
    for mode in modes:
        if mode not in set(DeliveryMode) or (offered and mode not in offered):
            raise RuleBroken(N_("所选共享方式不在目录提供的方式之内，请重新选择。"), field="modes")


def check_reach(modes: Sequence[str], *, online: bool) -> None:
    """Refuse an online mode where the source sits behind a front-end node that keeps no tunnel."""
    if not online and set(modes) & {"online_query", "system_docking"}:
        raise RuleBroken(
            N_("该资源的数据源位于没有联机通道的前置机之后，不能提供联机查询；请改选前置机共享或批量下载。"),
            field="modes",
        )


def check_purposes(purposes: Collection[str]) -> None:
    """Refuse purposes outside the code list."""
    if not purposes or not set(purposes) <= {p.value for p in Purpose}:
        raise RuleBroken(N_("请从使用用途清单中至少选择一项。"), field="purposes")


def check_keys(key_items: Collection[str], known: Collection[str], modes: Collection[str]) -> None:
    """Refuse an online query without an item to ask by, or by an unknown item."""
    if DeliveryMode.ONLINE_QUERY in modes and not key_items:
        raise RuleBroken(N_("联机查询须指定至少一个查询条件项，请勾选。"), field="key_items")
    for item in key_items:
        if item not in known:
            raise RuleBroken(N_("查询条件项“%(item)s”不在目录中，请重新选择。"), field="key_items", item=item)
