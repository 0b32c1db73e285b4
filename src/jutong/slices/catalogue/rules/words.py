"""Words of Chinese text for search: what is written into an entry's index and what a typed query asks for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import rjieba

_RUNS: Final = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+(?:[._-][a-z0-9]+)*")
_LONGEST: Final = 80
_MOST_WORDS: Final = 20
WEIGHTS: Final = "ABC"
IN_FORCE: Final = "in_force"
"""The mark that changes with what is published."""
SMALL_FACETS: Final = ("resource_class", "share_type", "format_class", "share_mode", "open_type", "update_cycle")
"""Facets with few values each: their codes stand joined in one column, so that one pass counts them all."""


def indexed(text: str, *, singles: bool = True) -> set[str]:
    """Return every word a query could mean: all dictionary words in the text, and with `singles` each character."""
    found: set[str] = set()
    for run in _RUNS.findall(_plain(text)):
        if run[0] > "\u33ff":
            words = rjieba.cut_all(run)
            found.update(words if singles else (word for word in words if len(word) > 1))
        else:
            found.add(run[:_LONGEST])
            found.update(part for part in re.split(r"[._-]", run[:_LONGEST]) if part)
    return found


def asked(text: str) -> tuple[str, ...]:
    """Return the words of a query, at most 20; each is one that `indexed` yields for any text containing it.

    Single characters are asked for only when the query has no longer word: they are indexed for titles only.
    """
    found: list[str] = []
    for run in _RUNS.findall(_plain(text)[:400]):
        found += rjieba.cut(run, False) if run[0] > "\u33ff" else [run[:_LONGEST]]
    longer = [word for word in found if len(word) > 1]
    return tuple(dict.fromkeys(longer or found))[:_MOST_WORDS]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def vector(title: str, labels: Iterable[str], abstract: str) -> str:
    """Return the text form of a tsvector: words of the title weigh A, of labels B, of the abstract least.

    Each word stands once, with its best weight; words of the abstract carry no place, which keeps rows small.
    Words hold no quote or backslash (`indexed` finds only letters, digits and Chinese characters).
    """
    places: dict[str, str] = {}
    parts = (title, " ".join(labels), abstract)
    for position, (weight, text) in enumerate(zip(WEIGHTS, parts, strict=True), 1):
        where = f":{position}{weight}" if weight != WEIGHTS[-1] else ""
        for word in indexed(text, singles=weight == WEIGHTS[0]):
            places.setdefault(word, where)
    return " ".join(f"'{word}'{where}" for word, where in places.items())
