"""Rows that drag-fill made: titles counted up over rows that are otherwise the same are one resource (reject 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from jutong.slices.catalogue.formats.raw import RawEntry
from jutong.slices.catalogue.rules.repairs import Repair
from jutong.slices.catalogue.rules.text import clean, clean_title, counted
from jutong.slices.catalogue.rules.typical import RUN

_COUNTED_TOO: Final = frozenset({"title", "sequence"})


def undragged(entries: Sequence[RawEntry]) -> list[RawEntry]:
    """Return entries with each run of drag-filled rows joined into one, its items together, as a repair.

    A run is `RUN` or more successive rows whose titles count up by one and which agree in everything else.
    """
    return [_joined(run) if len(run) >= RUN else run[0] for run in _runs(entries)]


def _runs(entries: Sequence[RawEntry]) -> Iterator[list[RawEntry]]:
    run: list[RawEntry] = []
    for entry in entries:
        if run and not _follows(run[-1], entry):
            yield from [run] if len(run) >= RUN else [[one] for one in run]
            run = []
        run.append(entry)
    yield from [run] if len(run) >= RUN else [[one] for one in run]


def _follows(before: RawEntry, entry: RawEntry) -> bool:
    first, second = (counted(clean_title(one.values.get("title"))) for one in (before, entry))
    if not first or not second or first[0] != second[0] or second[1] != first[1] + 1:
        return False
    names = (before.values.keys() | entry.values.keys()) - _COUNTED_TOO
    return all(clean(before.values.get(name)) == clean(entry.values.get(name)) for name in names)


def _joined(run: Sequence[RawEntry]) -> RawEntry:
    first = run[0]
    stem = (counted(clean_title(first.values["title"])) or ("", 0))[0]
    items: list[Mapping[str, object]] = []
    seen: set[str] = set()
    flaws = list(first.flaws)
    for entry in run:
        if entry is not first:
            flaws += [replace(flaw, item=flaw.item + len(items)) if flaw.item >= 0 else flaw for flaw in entry.flaws]
        for item in entry.items:
            name = clean_title(item.get("name"))
            if name not in seen or not name:
                seen.add(name)
                items.append(item)
    titles = [clean_title(entry.values["title"]) for entry in run]
    mended = [Repair("title", "drag_fill", f"{titles[0]} … {titles[-1]}", stem)]
    return RawEntry(
        tuple(line for entry in run for line in entry.lines),
        {**first.values, "title": stem},
        tuple(items),
        tuple(line for entry in run for line in entry.item_lines),
        tuple(flaws),
        (*(repair for entry in run for repair in entry.mended), *mended),
    )
