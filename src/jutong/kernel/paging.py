"""Pages of long lists: a number of rows, which page, how many pages; counts are capped so that no list scans a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
Row = TypeVar("Row")

LARGEST: Final = 200
COUNT_CAP: Final = 100_000


@dataclass(frozen=True, slots=True)
class Page:
    """Where in a list we are; `total` is counted up to COUNT_CAP (then `capped`)."""

    number: int
    size: int
    total: int
    capped: bool = False

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Offset of the page's first row."""
        return (self.number - 1) * self.size


def page(rows: QuerySet[M], number: int = 1, size: int = 20) -> tuple[list[M], Page]:
    """Return one page of an ordered queryset; numbers outside the list give the nearest page."""
    size = max(1, min(size, LARGEST))
    total = rows.order_by()[: COUNT_CAP + 1].count()
    meta = Page(max(1, number), size, min(total, COUNT_CAP), capped=total > COUNT_CAP)
    meta = Page(min(meta.number, meta.pages), size, meta.total, meta.capped)
    return list(rows[meta.first : meta.first + size]), meta


def every(look: Callable[[int], tuple[Sequence[Row], Page]]) -> Iterator[Row]:
    """Yield the rows of every page of a list, for a sheet. look: gives the page of a number."""
    number, pages = 1, 1
    while number <= pages:
        rows, meta = look(number)
        yield from rows
        number, pages = number + 1, meta.pages
