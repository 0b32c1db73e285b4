"""Small repairs to what people type into sheets, each named so that a person sees it before it is made."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from jutong.kernel.terms import N_
from jutong.slices.catalogue.rules.text import FULL_WIDTH, UNSEEN

REPAIRS: Final[Mapping[str, str]] = {
    "width": N_("全角数字和字母改为半角"),
    "hidden": N_("去掉看不见的字符"),
    "spaces": N_("去掉多余的空格"),
    "dates": N_("日期统一为 2025-08-01 的形式"),
    "numbers": N_("以文本保存的数字改为数字"),
    "drag_fill": N_("去掉下拉填充带出的序号"),
    "merged": N_("把合并单元格的内容填到每一行"),
}
"""What can be repaired safely, by kind (standards-facts section 4, rejects 2, 3 and 11)."""
_SUFFIX: Final = re.compile(r"\d{1,6}$")


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair of one cell: its element, the kind, the text before and after; item: place of the item, or -1."""

    field: str
    kind: str
    before: str
    after: str
    item: int = -1


def kinds_of(before: str, after: str) -> tuple[str, ...]:
    """Return the kinds of repair that lie between a text as typed and as cleaned; none for equal ones.

    >>> kinds_of("甲１ ", "甲1"), kinds_of("甲", "甲")
    (('width', 'spaces'), ())
    """
    if before == after:
        return ()
    found = []
    characters = set(before)
    if characters & FULL_WIDTH:
        found.append("width")
    if characters & UNSEEN:
        found.append("hidden")
    plain = "".join(char for char in before if char not in UNSEEN)
    if sum(map(str.isspace, plain)) != sum(map(str.isspace, after)) or not found:
        found.append("spaces")
    return tuple(found)


def without_suffix(text: str) -> str:
    """Return a text without the number at its end that drag-fill counts up; the same text where there is none."""
    return _SUFFIX.sub("", text)


def refused(kinds: Collection[str], allowed: Collection[str] | None) -> tuple[str, ...]:
    """Return the kinds a person did not agree to; None allows all."""
    return () if allowed is None else tuple(kind for kind in kinds if kind not in allowed)
