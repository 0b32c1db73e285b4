"""Laying what a file states over what the platform holds: what the file leaves out stays, what says the same changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from jutong.kernel.terms import BasisRank
from jutong.slices.catalogue.rules.content import Content, ItemContent

_TOGETHER = {"share_type": ("share_type", "share_confirmed"), "format_types": ("format_types",)}
_NEVER = frozenset({"items", "extra", "specification", "catalogue_level", "share_confirmed"})


def stated_conditions(content: Content) -> str:
    """Return what 共享条件/不予共享依据 holds of a content: scope and conditions, or the withheld entry's basis."""
    if content.share_type == "withheld":
        rank = BasisRank(content.basis_rank).label if content.basis_rank else ""
        parts = (rank and f"〔{rank}〕", content.basis_instrument, content.basis_article)
        return "".join(part for part in parts if part)
    scope = f"共享范围：{content.share_scope}" if content.share_scope else ""
    return "；".join(part for part in (scope, content.share_conditions) if part)


def overlaid(present: Content, brought: Content, stated: Collection[str]) -> Content:
    """Return the present content with the elements that a file stated on top.

    Conditions in one cell that say what the entry already says change nothing; items are taken item by item, by name,
    so that what a template has no column for stays. `stated` names elements, items' as ``item.<name>``.
    """
    changes: dict[str, Any] = {}
    for name in Content.__struct_fields__:
        if name in stated and name not in _NEVER:
            for one in _TOGETHER.get(name, (name,)):
                changes[one] = getattr(brought, one)
    if brought.share_mode_class and {"share_mode", "share_mode_class"} & set(stated):
        changes["share_mode_class"] = brought.share_mode_class
    if "share_conditions" in stated and "share_scope" not in stated:
        changes |= _conditions(present, brought)
    if brought.items:
        changes["items"] = _items(present, brought, stated)
    changes["extra"] = {**present.extra, **brought.extra}
    return msgspec.structs.replace(present, **changes)


def _conditions(present: Content, brought: Content) -> dict[str, Any]:
    """Return the elements that one cell of conditions says together; the present ones where it says the same."""
    text = brought.basis_instrument if brought.share_type == "withheld" else brought.share_conditions
    names = ("share_scope", "share_conditions", "basis_rank", "basis_instrument", "basis_article")
    if present.share_type == brought.share_type and stated_conditions(present) == text:
        return {name: getattr(present, name) for name in names}
    if brought.share_type == "withheld":
        return {"basis_instrument": brought.basis_instrument}
    return {"share_conditions": brought.share_conditions}


def _items(present: Content, brought: Content, stated: Collection[str]) -> tuple[ItemContent, ...]:
    before = {item.name: item for item in present.items}
    parts = [name for name in ItemContent.__struct_fields__ if f"item.{name}" in stated and name != "extra"]
    return tuple(_item(before.get(item.name), item, parts, present) for item in brought.items)


def _item(before: ItemContent | None, item: ItemContent, parts: Collection[str], present: Content) -> ItemContent:
    if before is None:
        return item
    usual: Mapping[str, str] = {name: getattr(present, name) for name in ("share_type", "open_type")}
    changes: dict[str, Any] = {}
    for name in parts:
        value = getattr(item, name)
        inherited = name in usual and not getattr(before, name) and value == usual[name]
        if not inherited and (value or isinstance(value, bool)):
            changes[name] = value
    return msgspec.structs.replace(before, **changes, extra={**before.extra, **item.extra})


def same(first: Content, second: Content) -> bool:
    """Tell whether two contents state the same, whatever specification they were compiled under."""
    return msgspec.structs.replace(first, specification=second.specification) == second
