"""Dirty rows of a run: told to the control plane before anything lands, their contents sealed for correction."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from jutong.dataplane.dirty import LISTED, Dirty
from jutong.dataplane.engines.base import Reading
from jutong.dataplane.engines.passing import PassReading
from jutong.dataplane.files import shaping
from jutong.dataplane.masking import mask
from jutong.dataplane.transfer.runs import Run
from jutong.wire.grants import Masking
from jutong.wire.transfers import DirtyRow, DirtyRows, KeptRow, RunState

PARCEL_ROWS = 1000
PARCEL_BYTES = 1 << 20
"""Rows and sealed bytes of one parcel."""

SERIAL, KEY_SHOWN = 10, 80
"""Characters up to which a key is taken for a serial number and shown plain; characters of a key that are shown."""


def allow(run: Run, reading: Reading) -> None:
    """Let a reading set aside as many rows as the order allows."""
    if isinstance(reading, PassReading):
        reading.most_dirty = run.order.most_dirty


def dirty_of(reading: Reading) -> tuple[Dirty, ...]:
    """Return the first of what a reading set aside itself."""
    return tuple(reading.dirty) if isinstance(reading, PassReading) else ()


def aside_of(reading: Reading) -> int:
    """Return how many rows a reading set aside itself."""
    return reading.aside if isinstance(reading, PassReading) else 0


def counted(aside: int, dirty: Sequence[Dirty]) -> str:
    """Return how many rows were set aside, in words, and how many of them are listed where that is not all."""
    return f"{aside} 行问题数据已隔离待修正" + (f"（仅列出前 {len(dirty)} 行）" if len(dirty) < aside else "")


async def set_aside(
    run: Run, dirty: Sequence[Dirty], aside: int, *, sifted: bool, group: str = "", first: bool = True
) -> None:
    """Report rows set aside, masked as granted: the first `LISTED` of `aside`; before the others are committed.

    sifted: the target has looked at the rows one by one. group: see `DirtyRows`. first: this is the attempt's first landing, so that an earlier attempt may have told of rows
    that were never committed; what is told now takes their place, even when it is nothing.
    Unavailable when the control plane does not take them: rows that nobody can see and correct must not be missing from
    what lands.
    """
    dirty = dirty[:LISTED]
    if dirty:
        run.tell(RunState.SENT, f"{counted(aside, dirty)}。", dirty=0 if group else aside)
    elif not (run.order.most_dirty and run.attempt > 1 and first):
        return
    for batch, start in enumerate(range(0, max(1, len(dirty)), PARCEL_ROWS)):
        some = dirty[start : start + PARCEL_ROWS]
        rows = tuple(_reported(run, each) for each in some)
        content = _sealed(run, some) if some else b""
        look = 2 * run.attempt + sifted
        await run.reports.set_aside(DirtyRows(run.order.id, batch, rows, content, group, look, aside))


def _reported(run: Run, dirty: Dirty) -> DirtyRow:
    """Return a dirty row for people, its column by the item's name and its value masked as the item is."""
    field = next((each for each in run.plan.fields if each.column == dirty.column), None)
    key = _key(run, dirty)
    if field is None:
        return msgspec.structs.replace(dirty.reported(), key=key)
    return msgspec.structs.replace(dirty.reported(field.masking), item=field.item, key=key)


def _key(run: Run, dirty: Dirty) -> str:
    """Return the key of a row as people may see it: as granted; longer than a serial number as an identity number is."""
    columns = run.plan.fields if dirty.masked else shaping.needed(run.plan)
    if len(columns) != len(dirty.cells):
        return ""
    cells = dict(zip((column.column for column in columns), dirty.cells, strict=True))
    masked = {field.column: field.masking for field in run.plan.fields}
    return "、".join(_shown(cells.get(name) or "", masked.get(name), done=dirty.masked) for name in run.plan.unique)


def _shown(text: str, masking: Masking | None, *, done: bool) -> str:
    """Return one column of a key. masking: as granted, None for a column that is not; done: it has been applied."""
    if masking not in (None, Masking.NONE, Masking.KEYED_HASH):
        return (text if done else mask(masking, text) or "")[:KEY_SHOWN]
    plain = len(text) <= SERIAL and text.isascii()
    return text if plain else (mask(Masking.IDENTITY, text) or "")[:KEY_SHOWN]


def _sealed(run: Run, dirty: Sequence[Dirty]) -> bytes:
    """Return the rows themselves as JSON lines, sealed to this node; nothing where they are too large for a report."""
    lines = b"\n".join(msgspec.json.encode(KeptRow(each.number, each.cells, each.masked)) for each in dirty)
    return run.sealed(lines) if len(lines) <= PARCEL_BYTES else b""
