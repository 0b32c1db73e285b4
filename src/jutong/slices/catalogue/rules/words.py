"""Words of Chinese text for search: what is written into an entry's index and what a typed query asks for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import rjieba

RUNS: Final = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+(?:[._-][a-z0-9]+)*")
_LONGEST: Final = 80
_MOST_WORDS: Final = 20
WEIGHTS: Final = "ABC"
HOT: Final = "~hot"
"""The mark of entries that are fresh and used; no word of a text can be spelled like it."""
SHELVED: Final = ((127, 0), (127, 64), (63, 32), (31, 16), (15, 8), (7, 4), (3, 2), (1, 1))
"""The index of words stands on shelves, each about twice as large as the one before: (mask, what is left of an entry's id
under it). A common word finds enough on the first, a rare one is looked up on all."""
SMALL_FACETS: Final = ("resource_class", "share_type", "format_class", "share_mode", "open_type", "update_cycle")
"""Facets with few values each: their codes stand joined in one column, so that one pass counts them all."""


def indexed(text: str, *, singles: bool = True) -> set[str]:
    """Return every word a query could mean: all dictionary words in the text, and with `singles` each character."""
    found: set[str] = set()
    for run in RUNS.findall(plain(text)):
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
    for run in RUNS.findall(plain(text)[:400]):
        found += rjieba.cut(run, False) if run[0] > "\u33ff" else [run[:_LONGEST]]
    longer = [word for word in found if len(word) > 1]
    return tuple(dict.fromkeys(longer or found))[:_MOST_WORDS]


def plain(text: str) -> str:
    """Return the text as words are compared: one width, small letters."""
    return unicodedata.normalize("NFKC", text).casefold()


def mark(name: str, value: object) -> str:
    """Return the lexeme by which the index knows a property of an entry, such as its provider."""
    return f"{name}={value}"


def quoted(lexeme: str) -> str:
    """Return a lexeme as the text forms of tsvector and tsquery take it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def vector(title: str, labels: Iterable[str], abstract: str, marks: Iterable[str] = ()) -> str:
    """Return the text form of a tsvector: words of the title weigh A, of labels B, of the abstract least.

    Each word stands once, with its best weight; words of the abstract and marks carry no place, which keeps rows small.
    Words hold no quote or backslash (`indexed` finds only letters, digits and Chinese characters).
    """
    places: dict[str, str] = {}
    parts = (title, " ".join(labels), abstract)
    for position, (weight, text) in enumerate(zip(WEIGHTS, parts, strict=True), 1):
        where = f":{position}{weight}" if weight != WEIGHTS[-1] else ""
        for word in indexed(text, singles=weight == WEIGHTS[0]):
            places.setdefault(word, where)
    return " ".join([*(f"'{word}'{where}" for word, where in places.items()), *map(quoted, marks)])
