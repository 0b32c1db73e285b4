"""Partitions of a run: into which one a row falls, in Python; an engine that can says the same in its own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from jutong.dataplane.errors import RuleBroken
from jutong.wire.grants import Column, Masking
from jutong.wire.transfers import Part, Split, SplitBy, Tally

MOST_PARTS = 5000
"""Partitions of one run; each is a line of the receipt."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How rows fall into partitions: by the canonical text of the field at `place`, which is `column` at both ends."""

    place: int
    column: str
    by: SplitBy
    size: int = 0

    def name(self, text: str | None) -> str:
        """Return the partition of a row by its field; rows without a value are the partition without a name."""
        if not text:
            return ""
        if self.by is SplitBy.YEAR:
            return text.split("-", 1)[0]
        if self.by is SplitBy.MONTH:
            return "-".join(text.split("-")[:2]).rstrip("-")
        if self.by is SplitBy.PREFIX:
            return text[: self.size]
        if self.by is SplitBy.HASH:
            return str(int.from_bytes(sha256(text.encode()).digest()[:7]) % self.size)
        return text


def cut_of(split: Split, fields: tuple[Column, ...]) -> Cut:
    """Return the cut of a copy's fields, or refuse an item that cannot tell partitions apart at both ends."""
    for place, field in enumerate(fields):
        if field.item == split.item and field.masking is Masking.NONE:
            if split.by in (SplitBy.PREFIX, SplitBy.HASH) and split.size < 1:
                raise RuleBroken("分区方式的 size 应为正整数：按前缀是字符数，按散列是份数，请填写。")
            return Cut(place, field.column, split.by, split.size)
    raise RuleBroken(f"分区数据项“{split.item}”不在授权范围内或已脱敏，请改选未脱敏的授权数据项。")


def check_number(parts: int) -> None:
    """Refuse more partitions than a receipt can list."""
    if parts > MOST_PARTS:
        raise RuleBroken(f"分区超过 {MOST_PARTS} 个，请改选取值较少的数据项，或按年、月、前缀、散列分区。")


def whole(parts: Mapping[str, Tally], method: str) -> Tally:
    """Return the tally of all partitions together: counts and checksums are sums."""
    rows = sum(tally.rows for tally in parts.values())
    return Tally(rows, str(sum(int(tally.checksum) for tally in parts.values())), method)


def paired(source: Mapping[str, Tally], target: Mapping[str, Tally], method: str) -> tuple[Part, ...]:
    """Return both ends of every partition, in the order of their names."""
    none = Tally(0, "0", method)
    names = sorted(source.keys() | target.keys())
    return tuple(Part(name, source.get(name, none), target.get(name, none)) for name in names)


def differing(parts: Iterable[Part]) -> tuple[str, ...]:
    """Return the names of the partitions whose two ends do not agree."""
    return tuple(part.name for part in parts if part.source != part.target)
