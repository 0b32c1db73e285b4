"""A reading over a source that can only be passed through: filter, masking and tally happen here, in Arrow."""

# ruff: noqa: ARG002 - the port's arguments, some without meaning here
from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jutong.dataplane import values
from jutong.dataplane.dirty import LISTED, Dirty
from jutong.dataplane.engines.base import Shape, Sink
from jutong.dataplane.engines.plain import PlainReading
from jutong.dataplane.engines.types import TEXT, Type
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.files import shaping
from jutong.dataplane.files.rows import Batch
from jutong.dataplane.partitions import Cut
from jutong.dataplane.policy import Plan
from jutong.dataplane.reconcile import PORTABLE, RunningTally
from jutong.dataplane.verbatim import Piece, PieceSink
from jutong.wire.grants import Column, Kind, Masking
from jutong.wire.transfers import Tally

Pass = Callable[[Sequence[Column]], Iterator[Batch]]
"""Begins a pass: the asked columns of all rows, in the same order whenever it is begun; blocks, and runs in a thread."""

MOST_DIRTY = 10_000
"""Rows that one pass sets aside unless the order allows others; the first `LISTED` are kept in memory."""

_NO_STREAM = "该数据源没有可直接转发的二进制数据流。"

COMING_SECONDS = 0.5
"""How long a tally waits for the rows to be asked for, to be taken in the same pass."""


def typed(column: Column) -> Type:
    """Return what a field holds as it leaves: its kind, or text where masking has made it one."""
    if column.masking not in (Masking.NONE, Masking.SUPPRESS):
        return TEXT
    return Type(column.kind, bits=64 if column.kind is Kind.INTEGER else 0)


class PassReading(PlainReading):
    """One plan over one source that is read from beginning to end.

    dirty: the first of what the last pass of `lines` set aside; aside: how many there were. most_dirty: more than so
    many stop it.
    """

    def __init__(self, plan: Plan, engine: str, source: Pass) -> None:
        self.shapes = tuple(
            Shape(field.column, field.kind.value, field.kind.value, typed(field), engine) for field in plan.fields
        )
        self.dirty: list[Dirty] = []
        self.aside = 0
        self.most_dirty = MOST_DIRTY
        self._plan = plan
        self._source = source
        self._counting = False
        self._begun = asyncio.Event()
        self._passed: asyncio.Future[Tally] = asyncio.get_running_loop().create_future()

    @property
    def methods(self) -> tuple[str, ...]:
        """See `Reading.methods`."""
        return (PORTABLE,)

    def narrow(self, plan: Plan) -> None:
        """See `Reading.narrow`."""
        self._plan = plan

    def cast(self, casts: Sequence[str]) -> None:
        """See `Reading.cast`: nothing of this kind is relayed."""

    async def relay(self, sink: Sink) -> int:
        """See `Reading.relay`: there is no binary stream."""
        raise RuleBroken(_NO_STREAM)

    def _batches(self) -> Iterator[tuple[list[Any], Batch]]:
        """Return the plan's fields of each batch, filtered and masked, beside the batch they come from."""
        wanted, left = shaping.needed(self._plan), self._plan.limit
        for batch in self._source(wanted):
            named = {column.column: found for column, found in zip(wanted, batch.columns, strict=True)}
            fields = shaping.shaped(self._plan, shaping.admitted(self._plan, named), hashed=False)
            if self._plan.cut and self._plan.parts:
                fields = shaping.within(fields, self._plan.cut, self._plan.parts)
            if left:
                fields = [field.slice(0, left) for field in fields]
                left -= len(fields[0])
            yield fields, batch
            if self._plan.limit and left <= 0:
                return

    def counter(self) -> Callable[[bytes], int]:
        """See `Reading.counter`: as `relay`."""
        raise RuleBroken(_NO_STREAM)

    async def lines(self, sink: Sink) -> int:
        """See `Reading.lines`."""

        async def take(piece: Piece) -> None:
            await sink(piece[0])

        return await self._handed(take, as_csv=False)

    async def pieces(self, sink: PieceSink) -> int:
        """Hand over all rows like `lines`, but as they stand in the source's CSV wherever that is the very same."""
        return await self._handed(sink, as_csv=self._whole())

    def _whole(self) -> bool:
        """Tell whether the plan lets every row through, unmasked."""
        plan = self._plan
        bare = all(field.masking is Masking.NONE for field in plan.fields)
        return bare and not (plan.where or plan.limit or (plan.cut and plan.parts))

    async def _handed(self, sink: PieceSink, *, as_csv: bool) -> int:
        await asyncio.sleep(0)  # whoever began a tally beside us has it taken in this pass
        self._begun.set()
        tally, rows, batches = RunningTally(), 0, self._batches()
        self.dirty, self.aside = [], 0
        try:
            while (found := await asyncio.to_thread(self._written, batches, tally, as_csv=as_csv)) is not None:
                piece, count, dirty = found
                rows += count
                self._set_aside(dirty)
                if count:
                    await sink(piece)
        except BaseException as error:
            if self._counting and not self._passed.done():
                self._passed.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            raise
        if self._counting:
            self._passed.set_result(tally.tally())
        return rows

    def _set_aside(self, dirty: list[Dirty]) -> None:
        """Keep dirty rows, or stop when there are more than may be."""
        self.aside += len(dirty)
        self.dirty += dirty[: LISTED - len(self.dirty)]
        if self.aside > self.most_dirty:
            first = self.dirty[0]
            raise RuleBroken(
                f"问题行已超过允许的 {self.most_dirty} 行，运行已停止，没有数据放行；"
                f"第一处在第 {first.number} 行：{first.reason}。请提供部门修正数据，或提高允许的问题行数。"
            )

    def _written(
        self, batches: Iterator[tuple[list[Any], Batch]], tally: RunningTally, *, as_csv: bool
    ) -> tuple[Piece, int, list[Dirty]] | None:
        """Return the next batch with its rows, tallied where somebody asked for it; None at the end."""
        found = next(batches, None)
        if found is None:
            return None
        fields, batch = found
        rows = len(fields[0]) if fields else 0
        if self._counting and rows:
            tally.add(shaping.digests(fields))
        return self._piece(fields, batch, as_csv=as_csv) if rows else (b"", None), rows, batch.dirty

    def _piece(self, fields: list[Any], batch: Batch, *, as_csv: bool) -> Piece:
        """Return rows as CSV where it holds the plan's fields and no other column, else as lines."""
        if as_csv and batch.csv and sorted(batch.csv[1].columns) == sorted(field.column for field in self._plan.fields):
            return batch.csv
        return shaping.copy_text(fields), None

    async def tally(self, method: str) -> Tally:
        """See `Reading.tally`: in the pass of `lines` that runs beside it, else in one of its own."""
        if not self._begun.is_set():
            self._counting = True
            try:
                await asyncio.wait_for(self._begun.wait(), COMING_SECONDS)
            except TimeoutError:
                self._counting = False
            else:
                return await asyncio.shield(self._passed)
        return await asyncio.to_thread(self._tallied)

    def _tallied(self) -> Tally:
        tally = RunningTally()
        for fields, _ in self._batches():
            tally.add(shaping.digests(fields))
        return tally.tally()

    async def parts(self, method: str, cut: Cut) -> dict[str, Tally]:
        """See `Reading.parts`, in a pass of its own."""
        return await asyncio.to_thread(self._cut, cut)

    def _cut(self, cut: Cut) -> dict[str, Tally]:
        tallies: dict[str, RunningTally] = {}
        for fields, _ in self._batches():
            names = shaping.by_value_or(fields[cut.place], cut.name).to_pylist()
            for name, digest in zip(names, shaping.digests(fields), strict=True):
                tallies.setdefault(name, RunningTally()).add([digest])
        return {name: tally.tally() for name, tally in tallies.items()}

    async def highest(self, column: str) -> tuple[str | None, bool]:
        """See `Reading.highest`, in a pass of its own."""
        return await asyncio.to_thread(self._highest, column)

    def _highest(self, name: str) -> tuple[str | None, bool]:
        wanted = shaping.needed(self._plan)
        kind = next(column.kind for column in wanted if column.column == name)
        best, missing = None, False
        for batch in self._source(wanted):
            named = {column.column: found for column, found in zip(wanted, batch.columns, strict=True)}
            for text in shaping.admitted(self._plan, named)[name].unique().to_pylist():
                missing = missing or text is None
                if text is not None and (best is None or values.order(kind, text) > values.order(kind, best)):
                    best = text
        return best, missing
