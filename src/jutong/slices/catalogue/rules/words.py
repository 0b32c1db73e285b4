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


def indexed(text: str) -> set[str]:
    """Return every word a query could mean: all dictionary words in the text and its single characters."""
    found: set[str] = set()
    for run in _RUNS.findall(_plain(text)):
        if run[0] > "\u33ff":
            found.update(rjieba.cut_all(run))
        else:
            found.add(run[:_LONGEST])
            found.update(part for part in re.split(r"[._-]", run[:_LONGEST]) if part)
    return found


def asked(text: str) -> tuple[str, ...]:
    """Return the words of a query, at most 20; each is one that `indexed` yields for any text containing it."""
    found: list[str] = []
    for run in _RUNS.findall(_plain(text)[:400]):
        found += rjieba.cut(run, False) if run[0] > "\u33ff" else [run[:_LONGEST]]
    return tuple(dict.fromkeys(found))[:_MOST_WORDS]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def vector(title: str, labels: Iterable[str], abstract: str) -> str:
    """Return the text form of a tsvector: words of the title weigh A, of labels B, of the abstract C.

    Words hold no quote or backslash (`indexed` finds only letters, digits and Chinese characters).
    """
    places: dict[str, str] = {}
    parts = (title, " ".join(labels), abstract)
    for position, (weight, text) in enumerate(zip(WEIGHTS, parts, strict=True), 1):
        for word in indexed(text):
            places[word] = f"{places[word]},{position}{weight}" if word in places else f"{position}{weight}"
    return " ".join(f"'{word}':{where}" for word, where in places.items())
