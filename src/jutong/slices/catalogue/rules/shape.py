"""Checks that hold for every draft, finished or not: lengths, known codes, distinct item names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from jutong.kernel.levels import LEVELS, rank
from jutong.kernel.terms import (
    ITEM_STANDS,
    N_,
    SHARE_LIMITS,
    SHARE_MODE_CLASSES,
    SHARE_MODES,
    BasisRank,
    CatalogueClass,
    DataType,
    FormatClass,
    OpenType,
    ShareType,
    Term,
    UpdateCycle,
)
from jutong.slices.catalogue.rules.codes import BASE_CATEGORIES, THEMES
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.obligations import (
    BELOW,
    LABELS,
    LENGTHS,
    MOST_ITEMS,
    MOST_KEYWORDS,
)
from jutong.slices.catalogue.rules.specified import added_codes
from jutong.slices.catalogue.rules.zones import SECRETS
from jutong.wire.specification import Specification

ITEM_LABELS: Final[Mapping[str, str]] = {
    "name": N_("信息项名称"), "column": N_("信息项技术名称"), "type": N_("数据类型"), "length": N_("数据长度"),
    "share_type": N_("信息项共享类型"), "open_type": N_("信息项开放属性"), "base_item": N_("基础信息项"),
    "sensitive": N_("敏感"), "classified": N_("涉密"), "key": N_("主键"), "timestamp": N_("时间戳"),
    "security_level": N_("信息项分级"), "standard": N_("数据标准"), "code_table": N_("代码表"),
    "value_range": N_("数据值域"), "description": N_("信息项说明"),
    "source": N_("数源属性"), "refers": N_("引用的目录代码"),
    "not_personal": N_("不属于个人信息的理由"),
}  # fmt: skip
LONGEST_VALUE: Final = 65535


def _codes(terms: type[Term]) -> dict[str, str]:
    return {member.value: member.label for member in terms}


CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "resource_class": _codes(CatalogueClass),
    "format_class": _codes(FormatClass),
    "share_type": _codes(ShareType),
    "share_limit": SHARE_LIMITS,
    "share_mode_class": SHARE_MODE_CLASSES,
    "open_type": _codes(OpenType),
    "update_cycle": _codes(UpdateCycle),
    "security_level": LEVELS,
    "basis_rank": _codes(BasisRank),
    "secret": SECRETS,
}
"""Elements that hold a code, with the codes and what they are called."""
_ITEM_CODES: Final = {
    "type": _codes(DataType),
    "share_type": _codes(ShareType),
    "open_type": _codes(OpenType),
    "security_level": LEVELS,
    "source": ITEM_STANDS,
}


def shape(
    content: Content,
    *,
    categories: Mapping[str, Collection[str]] | None = None,
    specification: Specification | None = None,
) -> tuple[Finding, ...]:
    """Return what no draft may have: empty title, over-long text, unknown codes, repeated items.

    `categories` gives the profile's base categories and theme domains by class; unset, the guide's lists hold
    (R-CAT-010 to 012). `specification` may add codes to the open lists.
    """
    added = added_codes(specification)
    return (
        *_texts(content), *_coded(content, added), *_category(content, categories, added), *_items(content),
        *_levels(content),
    )  # fmt: skip


def _texts(content: Content) -> Iterator[Finding]:
    if not content.title:
        yield Finding("title", N_("信息资源名称不能为空"))
    for name, most in LENGTHS.items():
        value = "" if name.startswith("item.") else getattr(content, name)
        if len(value) > most:
            yield _too_long(name, LABELS[name], most)
    for name in ("keywords", "related_codes", "use_purposes", "format_types"):
        values = getattr(content, name)
        if len(values) > MOST_KEYWORDS or any(len(value) > LENGTHS["domain"] for value in values):
            yield Finding(name, N_("%(label)s最多 50 个，每个不超过 60 字"), {"label": LABELS[name]})


def _too_long(field: str, label: str, most: int) -> Finding:
    return Finding(field, N_("%(label)s不能超过 %(most)d 字，请精简"), {"label": label, "most": most})


def _coded(content: Content, added: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    for name, codes in CODES.items():
        value = getattr(content, name)
        if value and value not in codes and value not in added.get(name, ()):
            yield _unknown(name, LABELS[name], codes)
    if content.share_mode and content.share_mode not in SHARE_MODES.get(content.share_mode_class, {}):
        yield Finding("share_mode", N_("共享方式类型与共享方式分类不符，请重新选择"))


def _unknown(field: str, label: str, codes: Mapping[str, str]) -> Finding:
    accepted = "、".join(codes.values())
    return Finding(field, N_("%(label)s应为下列之一：%(accepted)s"), {"label": label, "accepted": accepted})


def _category(
    content: Content, categories: Mapping[str, Collection[str]] | None, added: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    guide: dict[str, Collection[str]] = {"base": BASE_CATEGORIES, "theme": THEMES}
    known = (categories or guide).get(content.resource_class) or guide.get(content.resource_class, ())
    if (
        content.category
        and known
        and content.category not in known
        and content.category not in added.get("category", ())
    ):
        yield Finding("category", N_("当前政策未列此类别，请选择列表中的基础库类别或主题领域，或由主管部门先增设"))


def _items(content: Content) -> Iterator[Finding]:
    if len(content.items) > MOST_ITEMS:
        yield Finding("items", N_("信息项不能超过 %(most)d 个"), {"most": MOST_ITEMS})
    counts = Counter(item.name for item in content.items)
    for name, times in counts.items():
        if times > 1:
            yield Finding("items", N_("信息项“%(item)s”重复出现，请合并或改名"), {"item": name})
    for item in content.items:
        yield from _item(item)


def _levels(content: Content) -> Iterator[Finding]:
    """Yield items above a stated level of their entry (R-SEC-040)."""
    for item in content.items if content.security_level else ():
        if rank(item.security_level) > rank(content.security_level):
            yield Finding("security_level", BELOW, {"item": item.name})


def _item(item: ItemContent) -> Iterator[Finding]:
    if not item.name:
        yield Finding("items", N_("信息项名称不能为空"))
    for name, most in LENGTHS.items():
        part = name.removeprefix("item.")
        if part != name and len(getattr(item, part)) > most:
            yield _too_long("items", ITEM_LABELS[part], most)
    for part, codes in _ITEM_CODES.items():
        value = getattr(item, part)
        if value and value not in codes:
            yield _unknown("items", ITEM_LABELS[part], codes)
    if item.length is not None and not 0 <= item.length <= LONGEST_VALUE:
        yield Finding("items", N_("信息项“%(item)s”的数据长度应为 0 至 65535 的整数"), {"item": item.name})
