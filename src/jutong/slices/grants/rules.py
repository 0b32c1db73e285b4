"""What a grant may contain; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.terms import MASKING_LABELS, MODE_LABELS, N_, DeliveryMode
from jutong.wire.grants import Column, Condition, Kind, Masking, Operator, Quota

LONGEST_TERM: Final = timedelta(days=5 * 366)
"""No grant runs longer than five years without a new decision (default; the texts name no number)."""

MASKING_FOR_DATES: Final = frozenset({Masking.NONE, Masking.YEAR, Masking.SUPPRESS, Masking.KEYED_HASH})
_NULL_TESTS: Final = frozenset({Operator.IS_NULL, Operator.NOT_NULL})
INSTANT: Final = timedelta(microseconds=1)
"""A term that ends at 24:00 ends with the Beijing day before."""
_ORIGIN: Final = re.compile(r"[a-z_]+(?::[\w-]+)+")
"""What a grant came from: the kind of case and its id."""
LONGEST_VALUE: Final = 200
LONGEST_NOTICE: Final = 200
MOST_VALUES: Final = 1000


OWN_GROUNDS: Final[Mapping[str, str]] = {
    "purpose_reached": N_("共享目的已实现"),
    "purpose_unreachable": N_("共享目的无法实现"),
    "no_longer_necessary": N_("为实现共享目的不再必要"),
}
"""Why a consumer ends its use (national-2025#27)."""


class Kept(msgspec.Struct, frozen=True):
    """An item that stays granted, with its masking."""

    item: str
    masking: Masking = Masking.NONE


class Adjustment(msgspec.Struct, frozen=True):
    """New terms of a grant, within what was agreed; use_until is the last Beijing day of use."""

    items: tuple[Kept, ...]
    modes: tuple[str, ...]
    purposes: tuple[str, ...]
    use_until: date
    conditions: tuple[Condition, ...] = ()
    key_items: tuple[str, ...] = ()
    confirm_items: tuple[str, ...] = ()
    quota: Quota = Quota()
    remarks: str = ""


class Wider(msgspec.Struct, frozen=True, kw_only=True):
    """What a consent adds to a grant: items, purposes, words of scope; conditions: the row conditions from now on (None: as before)."""

    items: tuple[Kept, ...] = ()
    purposes: tuple[str, ...] = ()
    scope: str = ""
    conditions: tuple[Condition, ...] | None = None


class Agreed(msgspec.Struct, frozen=True):
    """What was agreed when the grant was opened: the widest that any later version may allow."""

    items: tuple[Column, ...]
    conditions: tuple[Condition, ...]
    key_items: tuple[str, ...]
    confirm_items: tuple[str, ...]
    modes: tuple[str, ...]
    purposes: tuple[str, ...]
    quota: Quota
    valid_until: datetime


def check_wider(wider: Wider, *, held: Collection[str], purposes: Collection[str], known: Mapping[str, Column]) -> None:
    """Refuse to widen a grant by what the entry has not, or by nothing."""
    for one in wider.items:
        if one.item not in known:
            raise RuleBroken(N_("信息项“%(item)s”不在目录中，请从目录所列信息项中选择。"), field="items", item=one.item)
    fresh = {one.item for one in wider.items} - set(held) or set(wider.purposes) - set(purposes) or wider.scope.strip()
    if not fresh and wider.conditions is None:
        raise RuleBroken(N_("内容没有变化，无需调整。"), field="items")


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
        many = condition.operator in {Operator.IN, Operator.PREFIX}
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


def check_origin(case_ref: str) -> None:
    """Refuse a grant that comes from nothing: what is shared follows a stated need (R-SHR-035)."""
    if not _ORIGIN.fullmatch(case_ref):
        raise RuleBroken(
            N_("授权没有来源：须由共享申请、协商、协调或者协议产生，请从相应的事项办理。"), field="case_ref"
        )


def check_ground(ground: str) -> str:
    """Return the ground on which a consumer ends its use; RuleBroken for none (R-SHR-046)."""
    if ground not in OWN_GROUNDS:
        raise RuleBroken(
            N_("请选择结束使用的情形：共享目的已实现、无法实现，或者为实现共享目的不再必要。"), field="ground"
        )
    return ground


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


def check_level(modes: Collection[str], allowed: Collection[str], level: str) -> None:
    """Refuse modes that the grade of the data does not allow by the catalogue of grades in force (R-SEC-040)."""
    if refused := [_(MODE_LABELS[DeliveryMode(mode)]) for mode in modes if mode not in allowed]:
        raise RuleBroken(
            N_("数据分级为“%(level)s”，按现行分级目录不得以%(modes)s提供，请改选共享方式。"),
            field="modes",
            level=level,
            modes="、".join(refused),
        )


def check_reach(modes: Sequence[str], *, online: bool) -> None:
    """Refuse an online mode where the source sits behind a front-end node that keeps no tunnel."""
    if not online and set(modes) & {"online_query", "system_docking"}:
        raise RuleBroken(
            N_("该资源的数据源位于没有联机通道的前置机之后，不能提供联机查询；请改选前置机共享或批量下载。"),
            field="modes",
        )


def check_keys(key_items: Collection[str], known: Collection[str], modes: Collection[str]) -> None:
    """Refuse an online query without an item to ask by, or by an unknown item."""
    if DeliveryMode.ONLINE_QUERY in modes and not key_items:
        raise RuleBroken(N_("联机查询须指定至少一个查询条件项，请勾选。"), field="key_items")
    for item in key_items:
        if item not in known:
            raise RuleBroken(N_("查询条件项“%(item)s”不在目录中，请重新选择。"), field="key_items", item=item)


def check_endpoints(chosen: Collection[str], known: Collection[str]) -> None:
    """Refuse endpoints that the interface behind the resource has not."""
    for name in chosen:
        if name not in known:
            raise RuleBroken(
                N_("接口“%(name)s”不在该资源的接口数据源登记之内，可开放的有：%(known)s。"),
                field="endpoints",
                name=name[:60],
                known="、".join(known) or "—",
            )


def check_notice(notice: str) -> str:
    """Return a notice as one line. RuleBroken for one that is too long or holds control characters."""
    line = " ".join(notice.split())
    if len(line) > LONGEST_NOTICE or not line.isprintable():
        raise RuleBroken(
            N_("“使用须知”应为一行，最多 %(most)d 个字符，不含控制字符，请修改。"),
            field="notice",
            most=LONGEST_NOTICE,
        )
    return line


def maskings_within(agreed: Column) -> tuple[Masking, ...]:
    """Return the maskings an item may have: the agreed one, one that hides all, and any that fits where none was agreed."""
    dated = agreed.kind in {Kind.DATE, Kind.TIMESTAMP}
    if agreed.masking is Masking.NONE:
        return tuple(m for m in Masking if (m in MASKING_FOR_DATES if dated else m is not Masking.YEAR))
    return tuple(dict.fromkeys((agreed.masking, Masking.SUPPRESS)))


def check_within(terms: Adjustment, valid_until: datetime, agreed: Agreed) -> None:
    """Refuse terms wider than what was agreed: more needs a new request (national-2025#25)."""
    wide = N_("“%(what)s”超出了原同意的范围：授权只能在原范围内收窄，需要扩大的，请使用方重新申请。")
    columns = {column.item: column for column in agreed.items}
    for kept in terms.items:
        if kept.item not in columns:
            raise RuleBroken(wide, field="items", what=kept.item)
        if kept.masking not in maskings_within(columns[kept.item]):
            raise RuleBroken(
                N_("信息项“%(item)s”的脱敏方式比原同意的宽，请选原方式或“全部隐去”。"), field="items", item=kept.item
            )
    lists: dict[str, tuple[Collection[Any], Collection[Any], str]] = {
        "key_items": (terms.key_items, agreed.key_items, N_("查询条件项")),
        "confirm_items": (terms.confirm_items, agreed.confirm_items, N_("仅供核对的信息项")),
        "modes": (terms.modes, agreed.modes, N_("共享方式")),
        "purposes": (terms.purposes, agreed.purposes, N_("准许的使用用途")),
        "conditions": (agreed.conditions, terms.conditions, N_("行条件")),
    }
    for field, (less, more, label) in lists.items():
        if any(one not in more for one in less):
            raise RuleBroken(wide, field=field, what=label)
    if valid_until > agreed.valid_until:
        raise RuleBroken(wide, field="use_until", what=N_("使用截止日期"))
    for name in Quota.__struct_fields__:
        asked, most = getattr(terms.quota, name), getattr(agreed.quota, name)
        if most and not 0 < asked <= most:
            raise RuleBroken(N_("额度不得高于原同意的 %(most)d，也不能改为不限，请改小。"), field=name, most=most)


CHANGE_KINDS: Final = {"end": N_("停止提供"), "change": N_("变更服务")}
HEARD: Final = {"agreed": N_("同意"), "disagreed": N_("不同意")}
"""Results of the negotiation with a consumer; a disagreement is recorded, it does not block (national-2025#27)."""


def check_ending(cause: str, stop_on: date | None, *, today: date) -> date:
    """Return the day of the end; refuse one without proper cause or date, or that is not after today (R-SHR-026)."""
    remarks: dict[str, str] = {}
    if not cause.strip():
        remarks["cause"] = N_("停止或者变更服务须有正当理由，请填写。")
    if stop_on is None:
        remarks["stop_on"] = N_("请填写停止或者变更的日期。")
    elif not today < stop_on <= today + LONGEST_TERM:
        remarks["stop_on"] = N_("停止或者变更的日期须晚于今天，请修改。")
    if remarks or stop_on is None:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    return stop_on


def check_what(what: str) -> None:
    """Refuse a change that does not say what it is."""
    if not what.strip():
        raise RuleBroken(N_("请写明变更后的服务形式，使用方据此协商。"), field="what")


def check_prepared(prepared: str) -> None:
    """Refuse the filing of a change whose new form does not stand ready: on its day the platform serves it by itself."""
    if not prepared:
        raise RuleBroken(N_("请先在资源挂接页面准备变更后的挂接，到期由平台启用。"), field="what")


def check_filing(stop_on: date, *, today: date) -> None:
    """Refuse a filing on or after the day of the end: it goes before (inner-mongolia-2018#18)."""
    if today >= stop_on:
        raise RuleBroken(N_("停止日期须晚于备案日期，请取消后以新的日期重新提出。"), field="stop_on")


def check_heard(result: str, text: str) -> None:
    """Refuse a result of the negotiation that is none, or a disagreement without its reason."""
    if result not in HEARD:
        raise RuleBroken(N_("请选择协商结果：同意或不同意。"), field="result")
    if result == "disagreed" and not text.strip():
        raise RuleBroken(N_("不同意的，请写明理由。"), field="text")


def check_cancelled(reason: str) -> str:
    """Return the reason for which an end is cancelled; RuleBroken for an empty one."""
    if not reason.strip():
        raise RuleBroken(N_("请说明取消的理由。"), field="reason")
    return reason.strip()


def check_served(items: Collection[str], consumers: int) -> None:
    """Refuse to take items away from those who are served with them: an end or change goes through W15 (national-2025#27)."""
    if items:
        raise WrongState(
            N_(
                "%(n)d 个部门正在使用“%(items)s”，不得自行停止或者变更；请先提出停止提供或者变更服务，协商并备案（条例第二十七条）。"
            ),
            n=consumers,
            items="、".join(sorted(items)[:5]),
        )
