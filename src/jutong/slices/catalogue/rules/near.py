"""Entries that are probably the same: titles that differ in a word that says nothing, or the very same items."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from jutong.slices.catalogue.rules.text import title_key

_SAYS_NOTHING: Final = re.compile(
    r"(信息资源|数据资源|信息|数据|资源|情况|名单|清单|台账|目录|记录|列表|一览表|汇总表|统计表|登记表|明细表|表|库|集)$"
)
_YEARS: Final = re.compile(r"^\d{4}年(?:度)?|\d{4}年(?:度)?$")
LEAST_ITEMS: Final = 3
"""So many items at least make the same list of items a sign of the same resource."""
_SHORTEST: Final = 2


def stem(title: str) -> str:
    """Return the part of a title that distinguishes a resource, without years and words that say nothing.

    >>> stem("2024年城乡低保对象信息表") == stem("城乡低保对象名单")
    True
    """
    text = title_key(title)
    while True:
        shorter = _SAYS_NOTHING.sub("", _YEARS.sub("", text))
        if shorter == text or len(shorter) < _SHORTEST:
            return text
        text = shorter


def item_key(names: Iterable[str]) -> str:
    """Return a key of a set of item names; "" for a set too small to say anything."""
    kept = sorted({title_key(name) for name in names} - {""})
    return "|".join(kept) if len(kept) >= LEAST_ITEMS else ""
