"""What a typed query means: words and the other ways of saying them, what may be a slip, what may be left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import rjieba

from jutong.slices.catalogue.rules.words import RUNS, plain, quoted

MOST_TYPED: Final = 400
MOST_GROUPS: Final = 12
MOST_LOOSE: Final = 6
"""Of so many groups at most a part may be missing."""
_WEAK: Final = (
    "信息 数据 情况 资料 全市 本市 我市 全省 查询 统计 有关 相关 名称 明细 清单 列表 目录 一览 一览表 记录 内容 结果 所有 各类 "
    "哪些 什么 怎么 如何 需要 用于 市级 全部"
)
WEAK: Final = frozenset(_WEAK.split())
"""Words that say little of what is looked for."""
_PARTICLES: Final = frozenset("的了和与及或在是有等之为于对")
_WEAK_WEIGHT: Final = 0.3
_OTHERWISE: Final = 0.9
"""What a synonym counts for beside the word that was typed."""
Way = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One thing asked for: how it was typed, and the ways of saying it, each the lexemes that stand together.

    sure: the words are known ones; otherwise it may be a slip of the pen. run: groups of one number were typed in one
    go. sound: typed by sound or initials.
    """

    typed: str
    ways: tuple[Way, ...]
    sure: bool = True
    run: int = 0
    sound: bool = False

    @property
    def weight(self) -> float:
        """How much of the question lies in this group."""
        return len(self.typed) * (_WEAK_WEIGHT if self.typed in WEAK else 1.0)

    @property
    def sql(self) -> str:
        """The group as tsquery."""
        return " | ".join("(" + " & ".join(map(quoted, way)) + ")" for way in self.ways)


def synonym_terms(sets: Iterable[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return for each term of the sets all terms that mean the same, itself first; all as words are compared."""
    found: dict[str, tuple[str, ...]] = {}
    for one in sets:
        terms = tuple(dict.fromkeys(plain(term) for term in one))
        for term in terms:
            found[term] = tuple(dict.fromkeys((term, *found.get(term, ()), *terms)))
    return found


def pieces(text: str, synonyms: Mapping[str, tuple[str, ...]]) -> tuple[Group, ...]:
    """Cut a query into groups: terms that have synonyms, dictionary words, single characters, foreign words.

    Every group is unsure until `settled` has seen which words are known; synonyms are sure.
    """
    found: list[Group] = []
    for number, run in enumerate(RUNS.findall(plain(text)[:MOST_TYPED])):
        if run[0] <= "\u33ff":
            found.append(_foreign(run, number, synonyms))
            continue
        for piece, means in _split(run, synonyms):
            if means:
                found.append(Group(piece, tuple(dict.fromkeys(lexemes(term) for term in means)), run=number))
            else:
                words = rjieba.cut(piece, False)
                found += [Group(word, ((word,),), sure=False, run=number) for word in words]
    spoken = [group for group in found if group.typed not in _PARTICLES]
    return tuple((spoken or found)[: 2 * MOST_GROUPS])


def _foreign(run: str, number: int, synonyms: Mapping[str, tuple[str, ...]]) -> Group:
    means = synonyms.get(run)
    ways = tuple(dict.fromkeys(lexemes(term) for term in means)) if means else ((run[:80],),)
    return Group(run[:80], ways, sure=means is not None, run=number)


def _split(run: str, synonyms: Mapping[str, tuple[str, ...]]) -> list[tuple[str, tuple[str, ...]]]:
    terms = sorted((term for term in synonyms if term in run), key=len, reverse=True)
    if not terms:
        return [(run, ())]
    parts = re.split("(" + "|".join(map(re.escape, terms)) + ")", run)
    return [(part, synonyms[part] if place % 2 else ()) for place, part in enumerate(parts) if part]


def lexemes(term: str) -> Way:
    """Return the lexemes that an entry holding this term in its title is indexed by."""
    found: list[str] = []
    for run in RUNS.findall(plain(term)):
        words = rjieba.cut(run, False) if run[0] > "\u33ff" else [run[:80]]
        longer = [word for word in words if len(word) > 1]
        found += longer or words
    return tuple(dict.fromkeys(found))


def settled(groups: Sequence[Group], known: Iterable[str]) -> tuple[Group, ...]:
    """Join what is unknown with its unknown neighbours, mark the rest as sure; each typed word once.

    known: the words that the catalogue's vocabulary holds. Single characters are unknown always.
    """
    sure = set(known)
    found: list[Group] = []
    for group in groups:
        if group.sure or group.typed in sure:
            found.append(replace(group, sure=True))
        elif found and not found[-1].sure and found[-1].run == group.run and _han(group.typed):
            last = found[-1]
            found[-1] = replace(last, typed=last.typed + group.typed, ways=(last.ways[0] + group.ways[0],))
        else:
            found.append(group)
    unique = {group.typed: group for group in found}
    return tuple(unique.values())[:MOST_GROUPS]


def _han(text: str) -> bool:
    return text[0] > "\u33ff"


def tsquery(groups: Iterable[Group]) -> str:
    """Return the tsquery that asks for every group."""
    return " & ".join(f"({group.sql})" for group in groups)


def quorum(groups: Sequence[Group], need: int) -> str:
    """Return the tsquery that asks for any `need` of the weightiest groups."""
    some = sorted(groups, key=lambda group: -group.weight)[:MOST_LOOSE]
    return " | ".join(
        "(" + " & ".join(f"({group.sql})" for group in chosen) + ")" for chosen in combinations(some, need)
    )


def any_word(groups: Iterable[Group]) -> str:
    """Return the tsquery that ranks by every word of the groups, single characters included."""
    words = dict.fromkeys(word for group in groups for way in group.ways for word in way)
    return " | ".join(map(quoted, list(words)[:40]))


def marked(chosen: Mapping[str, Sequence[str]]) -> str:
    """Return the tsquery that asks for one of the chosen values of each property."""
    asked = ("(" + " | ".join(quoted(f"{name}={value}") for value in values) + ")" for name, values in chosen.items())
    return " & ".join(asked)


def meant(groups: Iterable[Group]) -> str:
    """Return the groups as a query a person would type."""
    said: list[str] = []
    last = -1
    for group in groups:
        said += ["" if group.run == last else " ", group.typed]
        last = group.run
    return "".join(said).strip()


def relevance(groups: Sequence[Group], title: str, around: str, standing: int) -> float:
    """Return how well an entry answers, the higher the better.

    First what share of the question its title says, or what stands around it (provider, by half), then how little else
    the title says, then how fresh and used the entry is (standing, 0 to 100).
    """
    text, beside = plain(title), plain(around)
    whole = sum(group.weight for group in groups) or 1.0
    said = covered = 0.0
    for group in groups:
        way = max((way for way in group.ways if all(word in text for word in way)), key=_length, default=())
        if way:
            said += group.weight * (1.0 if way == group.ways[0] else _OTHERWISE)
            covered += _length(way)
        elif any(all(word in beside for word in way) for way in group.ways):
            said += group.weight / 2
    return said / whole + 0.25 * min(1.0, covered / max(1, len(text))) + 0.15 * standing / 100


def _length(way: Way) -> int:
    return sum(map(len, way))
