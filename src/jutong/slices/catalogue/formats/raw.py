"""What every reader hands over: entries as found, with their lines in the file, before any value is understood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from jutong.slices.catalogue.rules.findings import Finding
from jutong.slices.catalogue.rules.repairs import Repair

Kind = Literal["guide", "two_sheet", "table"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: its number as a person counts (from 1) and its cells by header position."""

    number: int
    cells: Sequence[object]


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One entry as found: `values` and `items` by element name, and the lines it came from.

    item_lines: the lines of its items where they stand on a sheet of their own. flaws: cells nobody could read.
    mended: what the reader itself filled in, such as merged cells.
    """

    lines: tuple[Line, ...]
    values: Mapping[str, object]
    items: tuple[Mapping[str, object], ...] = ()
    item_lines: tuple[Line, ...] = ()
    flaws: tuple[Finding, ...] = ()
    mended: tuple[Repair, ...] = ()

    @property
    def number(self) -> int:
        """The number of its first line."""
        return self.lines[0].number


@dataclass(frozen=True, slots=True)
class Table:
    """A file without a known template: headers and lines that a mapping has yet to name."""

    headers: tuple[str, ...]
    lines: Sequence[Line]

    def sample(self, most: int = 50) -> list[Sequence[object]]:
        """Return some lines spread over the whole file, for proposing a mapping."""
        step = max(1, len(self.lines) // most)
        return [line.cells for line in self.lines[::step][:most]]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its kind, headers, where each element stands, and its entries or its table.

    `columns` gives the header position of each element (items' elements as ``item.<name>``), for marking faults;
    `item_columns` the same on the items' own sheet. notes: what a person should know of how the file was read.
    """

    kind: Kind
    headers: tuple[str, ...]
    columns: Mapping[str, int] = field(default_factory=dict)
    entries: Sequence[RawEntry] = ()
    table: Table | None = None
    encoding: str = ""
    item_headers: tuple[str, ...] = ()
    item_columns: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def mapped(table: Table, mapping: Mapping[str, str]) -> Iterator[RawEntry]:
    """Yield the table's lines as entries under a mapping {element: header}."""
    places = [(element, table.headers.index(header)) for element, header in mapping.items() if header in table.headers]
    for line in table.lines:
        width = len(line.cells)
        yield RawEntry((line,), {element: line.cells[place] for element, place in places if place < width})
