"""What an entry states once another was merged into it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.obligations import MOST_KEYWORDS
from jutong.slices.catalogue.rules.text import title_key


def merged_content(stays: Content, merged: Content) -> Content:
    """Return the content of the entry that stays with the items it lacks of the other, and the other's labels.

    An item keeps the sharing and opening of the entry it comes from where that is another than its new entry's.
    """
    known = {title_key(item.name) for item in stays.items}
    more = tuple(_moved(item, merged, stays) for item in merged.items if title_key(item.name) not in known)
    return msgspec.structs.replace(
        stays,
        items=(*stays.items, *more),
        keywords=_joined(stays.keywords, merged.keywords),
        related_codes=_joined(stays.related_codes, merged.related_codes),
        personal=stays.personal or merged.personal,
        extra={**merged.extra, **stays.extra},
    )


def _moved(item: ItemContent, source: Content, target: Content) -> ItemContent:
    own = {
        name: getattr(item, name) or getattr(source, name)
        for name in ("share_type", "open_type", "security_level")
        if getattr(source, name) != getattr(target, name)
    }
    return msgspec.structs.replace(item, **own)


def _joined(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*first, *second]))[:MOST_KEYWORDS]
