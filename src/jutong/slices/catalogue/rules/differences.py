"""What changed between two versions of an entry, element by element and item by item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from jutong.slices.catalogue.rules.content import Content, ItemContent

LAPSING = (
    "share_type", "share_limit", "share_scope", "use_purposes", "share_conditions", "basis_rank", "basis_instrument",
    "basis_article", "basis_wording", "withheld_reason", "share_mode_class", "share_mode", "security_level",
    "data_category", "personal",
)  # fmt: skip
"""Elements whose change makes assessment and approval lapse, besides the items (W01)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed element: its name (items as ``items.<name>`` or ``items.<name>.<element>``), old and new value.

    An added item has no old value, a removed one no new value.
    """

    element: str
    old: object
    new: object


def differences(old: Content, new: Content) -> tuple[Difference, ...]:
    """Return every difference, elements first in their declared order, then items in the new version's order."""
    found = [
        Difference(name, getattr(old, name), getattr(new, name))
        for name in Content.__struct_fields__
        if name != "items" and getattr(old, name) != getattr(new, name)
    ]
    before, after = ({item.name: item for item in content.items} for content in (old, new))
    for name in dict.fromkeys([*after, *before]):
        found += _item_differences(name, before.get(name), after.get(name))
    return tuple(found)


def _item_differences(name: str, old: ItemContent | None, new: ItemContent | None) -> list[Difference]:
    if old is None or new is None:
        return [Difference(f"items.{name}", _plain(old), _plain(new))]
    return [
        Difference(f"items.{name}.{part}", getattr(old, part), getattr(new, part))
        for part in ItemContent.__struct_fields__
        if getattr(old, part) != getattr(new, part)
    ]


def _plain(item: ItemContent | None) -> dict[str, Any] | None:
    return None if item is None else msgspec.to_builtins(item)


def lapses(old: Content, new: Content) -> bool:
    """Tell whether an edit ends assessment and leader's approval: items, sharing, conditions or level changed (W01)."""
    return old.items != new.items or any(getattr(old, name) != getattr(new, name) for name in LAPSING)
