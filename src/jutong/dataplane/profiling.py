"""A look over a table: rows, empty and different values, ranges, what the values are, examples masked on the spot.

A source that counts itself is asked once over its first rows; of any other, some rows are read through and counted here.
No value leaves unmasked: whatever looks like personal data is shown masked, everything else by its form only, except
codes that many rows share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from jutong.dataplane.engines.base import Count, Counting, Engine
from jutong.dataplane.masking import mask
from jutong.dataplane.policy import Plan
from jutong.dataplane.recognising import MASKINGS, SHOWN, codes, recognised, shape
from jutong.dataplane.transfer.lines import Lines, parsed
from jutong.dataplane.values import order
from jutong.wire.grants import Column, Kind, Masking
from jutong.wire.probe import ColumnProfile, FoundColumn, FoundTable, Profile

COUNTED: Final = 50_000
"""Rows over which a source counts."""
READ: Final = 5_000
"""Rows that are read of a source that cannot count."""
SAMPLED: Final = 300
MOST_COLUMNS: Final = 200
_RANGED: Final = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP})

Row = Sequence[str | None]


class _EnoughRead(Exception):  # noqa: N818 - it ends a reading, nothing went wrong
    """So many rows were asked for."""


async def profile(engine: Engine, schema: str, table: str) -> tuple[FoundTable, Profile]:
    """Return a table with its columns and what a look over it found; refusals as the engine's own questions."""
    found = await engine.describe(schema, table)
    columns = found.columns[:MOST_COLUMNS]
    plan = Plan(schema, table, tuple(Column(c.name, c.name, c.kind) for c in columns), limit=COUNTED)
    if not columns:
        return found, Profile(found.rows, 0, exact=False, columns=())
    if isinstance(engine, Counting):
        most = COUNTED
        seen, counts = await engine.count(plan)
        rows: Sequence[Row] = await engine.preview(replace(plan, limit=SAMPLED))
    else:
        most = READ
        rows = await _read(engine, replace(plan, limit=READ))
        seen, counts = len(rows), tuple(_count(column, rows, n) for n, column in enumerate(columns))
    exact = seen < most
    looked = tuple(
        _column(column, counts[n], [row[n] or "" for row in rows[:SAMPLED]]) for n, column in enumerate(columns)
    )
    return found, Profile(seen if exact else max(seen, found.rows), seen, exact=exact, columns=looked)


async def _read(engine: Engine, plan: Plan) -> list[Row]:
    """Return the first rows of a plan, missing values as None."""
    lines, rows = Lines(), list[Row]()

    async def take(chunk: bytes) -> None:
        rows.extend(parsed(line) for line in lines.cut(chunk))
        if len(rows) >= plan.limit:
            raise _EnoughRead

    try:
        async with engine.reading(plan) as reading:
            await reading.lines(take)
    except _EnoughRead:
        pass
    return rows[: plan.limit]


def _count(column: FoundColumn, rows: Sequence[Row], place: int) -> Count:
    """Count over a column as a database would."""
    texts = [text for row in rows if (text := row[place]) is not None]
    if not texts or column.kind is Kind.BINARY:
        return Count(len(texts))
    if column.kind in _RANGED:
        ordered = sorted(texts, key=lambda text: order(column.kind, text))
        return Count(len(texts), len(set(texts)), ordered[0], ordered[-1])
    sizes = [len(text) for text in texts]
    return Count(len(texts), len(set(texts)), shortest=min(sizes), longest=max(sizes))


def _column(column: FoundColumn, count: Count, texts: Sequence[str]) -> ColumnProfile:
    """Return what may be told of a column."""
    texts = [text for text in texts if text]
    meaning, share, doubtful = recognised(texts, column.kind)
    personal = doubtful or meaning in MASKINGS
    masking = MASKINGS.get(meaning, Masking.NONE) if meaning else Masking.NONE
    examples, shapes = _examples(texts, column.kind, masking, personal=personal)
    return ColumnProfile(
        name=column.name,
        filled=count.filled,
        distinct=count.distinct,
        least="" if personal else count.least,
        greatest="" if personal else count.greatest,
        shortest=count.shortest,
        longest=count.longest,
        meaning=meaning,
        share=share,
        masking=masking,
        examples=examples,
        shapes=shapes,
    )


def _examples(texts: Sequence[str], kind: Kind, masking: Masking, *, personal: bool) -> tuple[tuple[str, ...], bool]:
    """Return a few values as they may be seen, and whether only their form is shown."""
    if masking is not Masking.NONE:
        masked = (mask(masking, text) or "" for text in texts)
        return tuple(dict.fromkeys(masked))[:SHOWN], False
    if kind is Kind.BOOLEAN or (kind is Kind.TEXT and not personal):
        if found := codes(texts):
            return found, False
    elif not personal:
        return (), False
    return tuple(dict.fromkeys(map(shape, texts)))[:SHOWN], True
