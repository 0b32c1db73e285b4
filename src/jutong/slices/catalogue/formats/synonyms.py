"""The list of synonyms as lines of text and as a workbook, out and in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final

from jutong.kernel.terms import N_
from jutong.kernel.workbooks import opened
from jutong.slices.catalogue.rules.synonyms import MOST_SETS, MOST_TERMS, terms_of
from jutong.slices.catalogue.rules.text import clean

HEADERS: Final = (N_("说明"), N_("词语（每格一个，同一行意思相同）"))
_MOST_BYTES: Final = 2 * 1024 * 1024
_MOST_UNPACKED: Final = 32 * 1024 * 1024
Sets = list[tuple[tuple[str, ...], str]]


def as_lines(sets: Iterable[tuple[Sequence[str], str]]) -> str:
    """Return the sets as people edit them: terms with equals signs, the note after a hash."""
    return "\n".join("=".join(terms) + (f" # {note}" if note else "") for terms, note in sets)


def from_lines(text: str) -> Sets:
    """Return the sets of edited lines; empty lines say nothing."""
    found: Sets = []
    for line in text.splitlines():
        terms, _hash, note = line.partition("#")
        if terms.strip():
            found.append((terms_of(terms), note.strip()[:200]))
    return found


def rows_of(sets: Iterable[tuple[Sequence[str], str]]) -> Iterator[list[object]]:
    """Yield the lines of the workbook: the note, then a term a cell."""
    for terms, note in sets:
        yield [note, *terms]


def from_workbook(file: IO[bytes]) -> Sets:
    """Return the sets of a workbook like the one exported; its first line is the heading."""
    book = opened(file, most_bytes=_MOST_BYTES, most_unpacked=_MOST_UNPACKED, template=True)
    try:
        lines = book.worksheets[0].iter_rows(min_row=2, max_row=MOST_SETS + 2, max_col=MOST_TERMS + 2, values_only=True)
        found = [[clean(cell) for cell in line] for line in lines]
    finally:
        book.close()
    return [(terms_of("=".join(cells[1:])), cells[0][:200]) for cells in found if any(cells[1:])]
