"""The catalogue's vocabulary: learning words, and looking up what a slip or a spelling may mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from jutong.slices.catalogue.models import Synonym
from jutong.slices.catalogue.rules.spelling import LONGEST_SPELLED, LONGEST_WORD, Known, beginnings, grams, spelling
from jutong.slices.catalogue.rules.synonyms import STARTING_LIST

_MOST_NEAR = 200


def learn(words: Mapping[str, int]) -> None:
    """Add words with how often they were met. One transaction learns at a time, so that none waits for itself."""
    wanted = sorted(word for word in words if len(word) <= LONGEST_WORD)
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('catalogue_word'))")
        cursor.execute("select word from catalogue_word where word = any(%s)", [wanted])
        known = {row[0] for row in cursor.fetchall()}
        cursor.execute(
            "update catalogue_word w set entries = w.entries + n.many"
            "  from unnest(%s::text[], %s::bigint[]) as n(word, many) where w.word = n.word",
            [sorted(known), [words[word] for word in sorted(known)]],
        )
        new = [(word, words[word], spelling(word)) for word in wanted if word not in known]
        cursor.executemany(
            "insert into catalogue_word (word, entries, pinyin, initials, sound, grams) values (%s, %s, %s, %s, %s, %s)",
            [(word, many, s.pinyin, s.initials, s.sound, list(s.grams)) for word, many, s in new],
        )


def known_words(words: Iterable[str]) -> dict[str, int]:
    """Return which of these words the vocabulary holds, with how often each was met."""
    return {known.word: known.entries for known in _words("word = any(%s)", [list(words)])}


def sounding_like(words: Iterable[str]) -> list[Known]:
    """Return the known words that sound like one of these."""
    sounds = {sound for word in words if (sound := spelling(word).sound)}
    return _words("sound = any(%s)", [list(sounds)]) if sounds else []


def looking_like(word: str) -> list[Known]:
    """Return known words of about this length that share signs with a word, those that share most first."""
    pieces = list(grams(word))
    return _words(
        "grams && %s and length(word) between %s and %s"
        " order by cardinality(array(select unnest(grams) intersect select unnest(%s::varchar[]))) desc, entries desc"
        f" limit {_MOST_NEAR}",
        [[piece for piece in pieces if len(piece) > 1], len(word) - 1, len(word) + 1, pieces],
    )


def spelled_by(letters: str) -> list[Known]:
    """Return the known words whose pinyin, sound or initials occur in these letters."""
    parts = list(beginnings(letters[:LONGEST_SPELLED]))
    return _words("pinyin = any(%s) or sound = any(%s) or initials = any(%s)", [parts, parts, parts])


def _words(condition: str, values: list[Any]) -> list[Known]:
    with connection.cursor() as cursor:
        cursor.execute(f"select word, pinyin, initials, sound, entries from catalogue_word where {condition}", values)  # noqa: S608 - own text
        return [Known(*row) for row in cursor.fetchall()]


def synonyms_in(text: str) -> list[tuple[str, ...]]:
    """Return the sets of synonyms of which a term stands in this text (as words are compared)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select terms from catalogue_synonym"
            " where exists (select from unnest(terms) as t(term) where position(lower(term) in %s) > 0)",
            [text],
        )
        found = [tuple(row[0]) for row in cursor.fetchall()]
    if found or Synonym.objects.exists():
        return found
    return [terms for terms in STARTING_LIST if any(term.casefold() in text for term in terms)]


def synonym_sets() -> list[tuple[tuple[str, ...], str]]:
    """Return every set with its note: the platform's own list, or the starting list while there is none."""
    own = [(tuple(terms), note) for terms, note in Synonym.objects.order_by("pk").values_list("terms", "note")]
    return own or [(terms, "") for terms in STARTING_LIST]
