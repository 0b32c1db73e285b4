"""A row that a source or a target cannot carry: set aside with its place, its reason, and itself for correction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.masking import mask
from jutong.wire.grants import Masking
from jutong.wire.transfers import DirtyRow, Tally

SHOWN = 40
"""Characters of a masked value that a report of a dirty row shows."""

LISTED = 10_000
"""Rows set aside that are listed; the count has them all."""


@dataclass(frozen=True, slots=True)
class Dirty:
    """A row set aside. number: its line (text) or row (workbook, Parquet, JSON) from 1.

    cells: all that was asked for, as read, for correction; masked: only the plan's fields, as they were about to land.
    """

    number: int
    column: str
    value: str
    reason: str
    cells: tuple[str | None, ...] = ()
    masked: bool = False

    def reported(self, masking: Masking = Masking.NONE) -> DirtyRow:
        """Return the row as people may see it: its value masked as granted, by its first character where it is not."""
        shown = mask(Masking.NAME if masking in (Masking.NONE, Masking.KEYED_HASH) else masking, self.value) or ""
        return DirtyRow(self.number, self.column, shown[:SHOWN], self.reason)


class RowRefused(RuleBroken):
    """A target refused a row for what stands in it; a landing that sifts can say which.

    reason, column: for the row's own record, where the engine tells them.
    """

    def __init__(self, sentence: str, reason: str = "", column: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason
        self.column = column


@dataclass(frozen=True, slots=True)
class Sifted:
    """What a sifting landing found. came: all rows as they came; clean: those that stay, both over canonical texts.

    dirty: the first `LISTED` of the rows set aside: what `clean` lacks, and what is `left`: rows of the target that
    should go but that others of its tables still refer to.
    """

    came: Tally
    clean: Tally
    dirty: list[Dirty]
    left: Tally | None = None

    @property
    def refused(self) -> int:
        """How many of the rows that came were set aside."""
        return self.came.rows - self.clean.rows

    @property
    def aside(self) -> int:
        """How many rows were set aside altogether."""
        return self.refused + (self.left.rows if self.left else 0)


@runtime_checkable
class Sifting(Protocol):
    """A landing that, opened for it (`Target.sift`), takes rows as texts and keeps apart what its table cannot hold."""

    async def sift(self, most: int) -> Sifted:
        """Move the staged texts that fit into the staging table; `RuleBroken` when more than `most` do not."""


def joined(one: Tally, other: Tally) -> Tally:
    """Return the portable sum of two sets of rows."""
    return Tally(one.rows + other.rows, str(int(one.checksum) + int(other.checksum)), one.method)


def without(came: Tally, gone: Tally) -> Tally:
    """Return the portable sum of what is left when some of the rows are taken away."""
    return Tally(came.rows - gone.rows, str(int(came.checksum) - int(gone.checksum)), came.method)


def check_number(dirty: list[Dirty], count: int, most: int, *, tried: bool = False) -> None:
    """Refuse more dirty rows than the order lets pass, naming the first. tried: the search ended when there were too many."""
    if count > most:
        first = dirty[0]
        message = (
            f"问题行{'至少' if tried else ''} {count} 行，超过允许的 {most} 行，没有数据放行；第一处在第 {first.number} 行：{first.reason}。"
            "请修正数据，或提高允许的问题行数。"
        )
        raise RuleBroken(message)
