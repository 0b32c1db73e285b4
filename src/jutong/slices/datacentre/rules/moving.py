"""What changed in a table since its entry was compiled; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jutong.kernel.terms import N_
from jutong.wire.probe import FoundColumn

CHANGES: Final = {
    "added": N_("新增列"),
    "removed": N_("列已不在"),
    "type": N_("类型有变化"),
    "comment": N_("注释有变化"),
    "key": N_("主键有变化"),
}


@dataclass(frozen=True, slots=True)
class Moved:
    """One change of one column: a code of `CHANGES`, before and after."""

    kind: str
    column: str
    old: str
    new: str


def moves(known: Sequence[FoundColumn], found: Sequence[FoundColumn]) -> tuple[Moved, ...]:
    """Return every change from the columns an entry knows to those found now, in the order of the table."""
    before, after = ({column.name: column for column in columns} for columns in (known, found))
    seen: list[Moved] = []
    for name, column in after.items():
        old = before.get(name)
        if old is None:
            seen.append(Moved("added", name, "", column.native))
            continue
        pairs = (
            ("type", old.native, column.native),
            ("comment", old.comment, column.comment),
            ("key", str(old.primary_key), str(column.primary_key)),
        )
        seen += [Moved(kind, name, one, other) for kind, one, other in pairs if one != other]
    return (*seen, *(Moved("removed", name, column.native, "") for name, column in before.items() if name not in after))
