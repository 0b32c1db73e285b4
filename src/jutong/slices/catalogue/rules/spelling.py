"""Words by sound and by shape: pinyin, initials, what sounds alike, and how alike two words look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

LONGEST_WORD: Final = 24
LONGEST_SPELLED: Final = 40
ALIKE: Final = 0.35
"""From this share of common pieces on two words may be one mistyped."""
SHORTEST_ALIKE: Final = 3
"""Shorter words are compared by sound only: one character in two is no resemblance."""
_MOST_CHOICES: Final = 6
_HAN: Final = re.compile(r"[\u3400-\u9fff]+")
_BLURRED: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a word is written and heard; everything but grams is empty for words that are not Chinese."""

    pinyin: str
    initials: str
    sound: str
    grams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A word of the catalogue, how it is spelled and in how many publications it was met."""

    word: str
    pinyin: str
    initials: str
    sound: str
    entries: int


@lru_cache(maxsize=4096)
def spelling(word: str) -> Spelling:
    """Return how a word is spelled; polyphones are read as in the commonest phrase that holds them."""
    if not _HAN.fullmatch(word):
        return Spelling("", "", "", grams(word))
    from pypinyin import lazy_pinyin  # some forty megabytes of dictionary, for those only who need it

    syllables = lazy_pinyin(word)
    letters = "".join(syllables)
    return Spelling(letters, "".join(s[0] for s in syllables), "".join(map(blurred, syllables)), grams(word))


def blurred(syllable: str) -> str:
    """Return a syllable as it sounds where zh and z, ang and an are one."""
    for sharp, blunt in _BLURRED:
        syllable = syllable.replace(sharp, blunt)
    return syllable


def grams(word: str) -> tuple[str, ...]:
    """Return the pieces two words are compared by: single and double signs, beginning and end marked."""
    ends = f"^{word}$"
    return tuple(sorted({*word, *(ends[place : place + 2] for place in range(len(word) + 1))}))


def alike(one: str, other: str) -> float:
    """Return the share of pieces that two words have in common, 0 to 1."""
    left, right = set(grams(one)), set(grams(other))
    return len(left & right) / len(left | right)


def nearest(slip: str, words: Iterable[Known]) -> Known | None:
    """Return the known word that a slip most probably means, or None.

    The same sound wins over the same shape; among equals the commoner word. Lengths differ by one sign at most.
    """
    sound = spelling(slip).sound
    rated = []
    for known in words:
        same = bool(sound) and known.sound == sound
        likeness = alike(slip, known.word)
        near = abs(len(slip) - len(known.word)) <= 1 and len(slip) >= SHORTEST_ALIKE and likeness >= ALIKE
        if known.word != slip and (same or near):
            rated.append((same, likeness, known.entries, known))
    return max(rated, key=lambda row: row[:3])[3] if rated else None


def beginnings(letters: str) -> set[str]:
    """Return every stretch of the letters that may spell a word."""
    return {
        letters[first:last]
        for first in range(len(letters))
        for last in range(first + 2, min(len(letters), first + LONGEST_WORD) + 1)
    }


def read(letters: str, words: Sequence[Known]) -> tuple[tuple[str, ...], ...]:
    """Return what letters spell: for each stretch the words it may mean, commonest first; empty when they spell nothing.

    words: those whose pinyin, blurred sound or initials occur in the letters. Whole pinyin is read before initials, few
    long words before many short ones.
    """
    whole: dict[str, list[Known]] = {}
    heard: dict[str, list[Known]] = {}
    short: dict[str, list[Known]] = {}
    for known in sorted(words, key=lambda word: -word.entries):
        whole.setdefault(known.pinyin, []).append(known)
        heard.setdefault(known.sound, []).append(known)
        short.setdefault(known.initials, []).append(known)
    return _cheapest(letters, ((whole, 1.0), (heard, 1.2), (short, 2.5)))


def _cheapest(
    letters: str, books: Sequence[tuple[Mapping[str, Sequence[Known]], float]]
) -> tuple[tuple[str, ...], ...]:
    best: list[tuple[float, tuple[tuple[str, ...], ...]] | None] = [(0.0, ()), *[None] * len(letters)]
    for last in range(2, len(letters) + 1):
        for first in range(max(0, last - LONGEST_WORD), last - 1):
            before = best[first]
            if before is None:
                continue
            for book, price in books:
                found = book.get(letters[first:last], ())
                cost = before[0] + price
                held = best[last]
                if found and (held is None or cost < held[0]):
                    best[last] = (cost, (*before[1], tuple(known.word for known in found[:_MOST_CHOICES])))
    final = best[-1]
    return final[1] if final else ()
