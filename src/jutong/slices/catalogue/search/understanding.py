"""From what was typed to the hits that answer it: known words, synonyms, spellings, slips, and parts of the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from jutong.slices.catalogue.rules.asking import (
    WEAK,
    Group,
    any_word,
    lexemes,
    meant,
    pieces,
    quorum,
    settled,
    synonym_terms,
    tsquery,
)
from jutong.slices.catalogue.rules.spelling import LONGEST_SPELLED, nearest, read, spelling
from jutong.slices.catalogue.rules.words import plain
from jutong.slices.catalogue.search import vocabulary
from jutong.slices.catalogue.search.hits import Hits, Scope, hits

FEW: Final = 10
"""Below so many hits, words that say little may be missing."""
_SUGGESTED_BELOW: Final = 3
_MOST_SOUNDS: Final = 5
Chosen = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answered:
    """How a question was answered.

    groups: what was asked for in the end. hits: of `query`. meant: the corrected question, where it was corrected.
    suggested: another question that may have been meant. partial: no entry holds all the words. full: how many do.
    """

    groups: tuple[Group, ...]
    query: str
    hits: Hits
    meant: str = ""
    suggested: str = ""
    partial: bool = False
    full: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        """The words that were looked for, to be shown."""
        return tuple(group.typed for group in self.groups)


def understood_as(text: str) -> tuple[Group, ...]:
    """Return what a query asks for: its terms with their synonyms, and what letters spell."""
    typed = plain(text)
    groups = pieces(text, synonym_terms(vocabulary.synonyms_in(typed)))
    known = vocabulary.known_words({group.typed for group in groups if not group.sure})
    return tuple(_spelled(settled(groups, known)))


def _spelled(groups: Sequence[Group]) -> list[Group]:
    """Read unknown letters as pinyin or initials; neighbours are read as one."""
    found: list[Group] = []
    for group in groups:
        if group.sure or not _letters(group.typed):
            found.append(group)
        elif found and _letters(found[-1].typed) and not found[-1].sure:
            joined = (found[-1].typed + group.typed)[:LONGEST_SPELLED]
            found[-1] = replace(found[-1], typed=joined, ways=((joined,),))
        else:
            found.append(group)
    return [read_one for group in found for read_one in _read(group)]


def _letters(text: str) -> bool:
    return text.isascii() and text.isalpha() and len(text) > 1


def _read(group: Group) -> list[Group]:
    if group.sure or not _letters(group.typed):
        return [group]
    parts = read(group.typed, vocabulary.spelled_by(group.typed))
    return [Group(words[0], tuple(lexemes(word) for word in words), run=group.run, sound=True) for words in parts] or [
        group
    ]


def answered(text: str, scope: Scope, chosen: Chosen) -> Answered:
    """Return the hits for a question, asking ever more freely until there are some."""
    groups = understood_as(text)
    if not groups:
        return Answered((), "", Hits(0, capped=False))
    strict = _ask(groups, scope, chosen)
    spoken = any(group.sound for group in groups)
    said = replace(strict, meant=meant(groups) if spoken else "")
    if strict.hits.total >= FEW or (strict.hits.total and len(groups) == 1):
        return said
    better = _corrected(groups)
    if strict.hits.total:
        other = meant(better) if better and strict.hits.total < _SUGGESTED_BELOW else ""
        return replace(_without_weak(said, scope, chosen), suggested=other)
    return _freely(groups, better, scope, chosen)


def _ask(groups: Sequence[Group], scope: Scope, chosen: Chosen) -> Answered:
    query = tsquery(groups)
    found = hits(scope, query, chosen, rank=any_word(groups))
    return Answered(tuple(groups), query, found, full=found.total)


def _without_weak(said: Answered, scope: Scope, chosen: Chosen) -> Answered:
    """Let words that say little be missing: what holds all words still comes first."""
    strong = [group for group in said.groups if group.typed not in WEAK]
    if not strong or len(strong) == len(said.groups):
        return said
    query = tsquery(strong)
    found = hits(scope, query, chosen, rank=any_word(said.groups))
    return replace(said, query=query, hits=found) if found.total > said.hits.total else said


def _freely(groups: Sequence[Group], better: Sequence[Group], scope: Scope, chosen: Chosen) -> Answered:
    """Answer a question that nothing answers as it stands: corrected, without what is unsure, by sound, in part."""
    sure = [group for group in groups if group.sure]
    alike = _sounding(sure)
    for tried, corrected in ((better, True), (sure if len(sure) < len(groups) else (), False), (alike, True)):
        if tried:
            answer = _ask(tried, scope, chosen)
            if answer.hits.total:
                said = replace(answer, meant=meant(tried) if corrected else "", partial=not corrected, full=0)
                return _without_weak(said, scope, chosen)
    strong = [group for group in better or groups if group.typed not in WEAK] or list(groups)
    for need in sorted({len(strong) - 1, (len(strong) + 1) // 2, 1} & set(range(1, len(strong))), reverse=True):
        query = quorum(strong, min(need, 5))
        found = hits(scope, query, chosen, rank=any_word(groups))
        if found.total:
            return Answered(tuple(better or groups), query, found, meant=meant(better) if better else "", partial=True)
    return Answered(tuple(groups), tsquery(groups), Hits(0, capped=False), suggested=meant(better) if better else "")


def _corrected(groups: Sequence[Group]) -> tuple[Group, ...]:
    """Return the groups with each slip replaced by the word it most probably means; empty when there is none."""
    found, mended = list(groups), False
    for place, group in enumerate(found):
        if group.sure or group.typed.isdigit():
            continue
        for first, last in _stretches(found, place):
            slip = "".join(one.typed for one in found[first : last + 1])
            known = nearest(slip, [*vocabulary.sounding_like([slip]), *vocabulary.looking_like(slip)])
            if known:
                found[first : last + 1] = [
                    Group(known.word, (lexemes(known.word),), run=group.run),
                    *[_NOTHING] * (last - first),
                ]
                mended = True
                break
    return tuple(group for group in found if group is not _NOTHING and group.sure) if mended else ()


_NOTHING: Final = Group("", (), sure=True, run=-1)


def _stretches(groups: Sequence[Group], place: int) -> list[tuple[int, int]]:
    """Return what may be one word around a slip: itself, with its neighbours of the same run."""
    run = groups[place].run
    before = place - 1 if place and groups[place - 1].run == run and groups[place - 1].typed else place
    after = place + 1 if place + 1 < len(groups) and groups[place + 1].run == run else place
    return list(dict.fromkeys([(place, place), (before, place), (place, after), (before, after)]))


def _sounding(groups: Sequence[Group]) -> tuple[Group, ...]:
    """Return the groups, each with the known words that sound like it; empty when none does."""
    words = vocabulary.sounding_like(group.typed for group in groups)
    found = []
    for group in groups:
        sound = spelling(group.typed).sound
        others = [known for known in words if sound and known.word != group.typed and known.sound == sound]
        best = sorted(others, key=lambda known: -known.entries)[:_MOST_SOUNDS]
        ways = (*group.ways, *(lexemes(known.word) for known in best))
        found.append(replace(group, typed=best[0].word if best else group.typed, ways=ways))
    return tuple(found) if any(len(one.ways) > len(two.ways) for one, two in zip(found, groups, strict=True)) else ()
