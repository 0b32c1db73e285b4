"""What the index knows of an entry: its words by weight, the marks it is filtered by, how well it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.words import HOT, SMALL_FACETS, indexed, mark, vector

USED_FOR: Final = timedelta(days=365)
"""So long after it was last granted or called an entry counts as used."""
HOT_FROM: Final = 60
"""Standing from which an entry comes first among thousands of hits."""
_CLASS_STEPS: Final = (1, 3, 6)
_LONGEST_NAME: Final = 12
_USED, _FRESH, _ENDLESS, _COMPLETE, _LOST = 35, 35, 15, 30, 20


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What of an entry does not stand in its content: its provider, region, class and resource code."""

    provider_id: int
    provider_name: str
    region: str
    class_code: str
    code: str


def search_row(content: Content, where: Whereabouts, standing: int) -> str:
    """Return the text form of an entry's tsvector: its words, the marks of all facets, and whether it comes first."""
    labels = [
        where.provider_name, content.domain, content.industry, content.system, content.matter, where.code,
        *content.keywords, *(item.name for item in content.items), *(item.column for item in content.items),
    ]  # fmt: skip
    return vector(content.title, labels, content.abstract, _marks(content, where, standing))


def _marks(content: Content, where: Whereabouts, standing: int) -> Iterator[str]:
    for name in SMALL_FACETS:
        if value := str(getattr(content, name)):
            yield mark(name, value)
    if content.domain:
        yield mark("domain", content.domain)
    if kind := content.extra.get("info_kind"):
        yield mark("info_kind", kind)
    yield mark("region", where.region)
    yield mark("provider_id", where.provider_id)
    for code in class_path(where.class_code):
        yield mark("class_code", code)
    if standing >= HOT_FROM:
        yield HOT


def class_path(code: str) -> tuple[str, ...]:
    """Return the codes of the classes that a class lies in, 类 first, itself last (GB/T 21063.4: 类, 项, 目, 细目)."""
    return tuple(
        dict.fromkeys([*(code[:step] for step in _CLASS_STEPS if len(code) > step), *([code] if code else [])])
    )


def vocabulary(content: Content) -> set[str]:
    """Return the words of an entry that people may mean when they mistype or spell by sound: of its title and items."""
    names = {item.name for item in content.items if 1 < len(item.name) <= _LONGEST_NAME and item.name.isalnum()}
    words = indexed(content.title, singles=False)
    for item in content.items:
        words |= indexed(item.name, singles=False)
    return {word for word in words | names if len(word) > 1 and not word.isdigit()}


def standing_of(
    *,
    used_on: date | None,
    due_on: date | None,
    endless: bool,
    mounted: bool,
    lost: bool,
    completeness: int,
    today: date,
) -> int:
    """Return how well a published entry stands, 0 to 100: used, fresh, complete, with its source.

    used_on: last day it was granted to somebody or called. due_on: last day for its next update. endless: its cycle knows no
    such day. completeness: percent.
    """
    score = completeness * _COMPLETE // 100
    if used_on and today - used_on <= USED_FOR:
        score += _USED
    if mounted or (due_on and due_on >= today):
        score += _FRESH
    elif endless and not lost:
        score += _ENDLESS
    return max(0, score - (_LOST if lost else 0))
