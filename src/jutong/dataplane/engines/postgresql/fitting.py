"""Whether a target's column takes what comes, and how canonical lines are written for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from jutong.dataplane.engines.base import Shape
from jutong.dataplane.engines.postgresql import tallies
from jutong.dataplane.engines.postgresql.types import NAME, neutral
from jutong.dataplane.engines.types import holds

STRING = frozenset({"text", "character varying", "bpchar"})
WIDER = {
    "smallint": frozenset({"integer", "bigint", "numeric"}),
    "integer": frozenset({"bigint", "numeric"}),
    "bigint": frozenset({"numeric"}),
    **dict.fromkeys(STRING, STRING),
}
"""Base types that another base type can enter without losing anything; lengths are the target's to refuse."""

TAKEN = tallies.HASHABLE - {"bpchar", "uuid", "jsonb"}
"""Base types that give back the canonical text they were given; blanks, hyphens and keys change in the others."""


def fits(shape: Shape, row: Any) -> bool:
    """Tell whether an existing column takes every value of a shape: by name within PostgreSQL, else by what it holds."""
    if shape.engine == NAME:
        return row["base"] == shape.base or row["base"] in WIDER.get(shape.base, ())
    return row["common"] and row["base"] in TAKEN and holds(neutral(row["full"], row["base"]), shape.neutral)


async def prefixed(chunks: AsyncIterator[bytes], hexed: Sequence[int]) -> AsyncIterator[bytes]:
    """Write the binaries of canonical lines (bare hex) as PostgreSQL reads them; `hexed`: their places."""
    rest = b""
    async for chunk in chunks:
        whole, _, rest = (rest + chunk).rpartition(b"\n")
        lines = []
        for line in whole.split(b"\n") if whole else ():
            cells = line.split(b"\t")
            for n in hexed:
                cells[n] = cells[n] if cells[n] == b"\\N" else rb"\\x" + cells[n]
            lines.append(b"\t".join(cells) + b"\n")
        yield b"".join(lines)
    yield rest
