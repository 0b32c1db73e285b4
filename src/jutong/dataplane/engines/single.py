"""A reading whose engine lends its state to one session only: rows and their sum leave in one pass, or one after another."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence

from jutong.dataplane.engines.base import Key, Shape, Sink
from jutong.dataplane.engines.plain import PlainReading
from jutong.dataplane.engines.sorting import Sorted
from jutong.dataplane.partitions import Cut
from jutong.dataplane.policy import Plan
from jutong.dataplane.reconcile import PORTABLE
from jutong.wire.transfers import Tally

STREAM_SECONDS = 0.5


class SingleReading(PlainReading, ABC):
    """A reading over one session, which is asked one thing at a time."""

    methods: tuple[str, ...] = (PORTABLE,)
    shapes: tuple[Shape, ...]

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._turn = asyncio.Lock()
        self._began = asyncio.Event()
        self._wanted = False
        self._summed: Tally | None = None

    @abstractmethod
    async def _stream(self, sink: Sink, *, summed: bool) -> Tally:
        """Hand over all rows as lines and return how many, with their checksum where it is wanted."""

    @abstractmethod
    async def _count(self) -> Tally:
        """Tally the rows without handing them over."""

    @abstractmethod
    async def _parts(self, cut: Cut) -> dict[str, Tally]:
        """Do the same for each partition."""

    @abstractmethod
    async def _highest(self, column: str) -> tuple[str | None, bool]:
        """See `Reading.highest`."""

    @abstractmethod
    def _numbered(self) -> AsyncIterator[list[tuple[Sequence[str | None], str]]]:
        """Return each row's key and portable number, in any order."""

    async def tally(self, method: str) -> Tally:  # noqa: ARG002 - it knows one
        """See `Reading.tally`: the sum that comes with a stream running beside it, else a question of its own."""
        self._wanted = True
        try:
            await asyncio.wait_for(self._began.wait(), STREAM_SECONDS)
        except TimeoutError:
            self._began.set()  # nobody streams beside this tally
        async with self._turn:
            self._summed = self._summed or await self._count()
            return self._summed

    async def parts(self, method: str, cut: Cut) -> dict[str, Tally]:  # noqa: ARG002 - it knows one
        """See `Reading.parts`: a question of its own, before or after the stream."""
        async with self._turn:
            return await self._parts(cut)

    async def highest(self, column: str) -> tuple[str | None, bool]:
        """See `Reading.highest`."""
        async with self._turn:
            return await self._highest(column)

    async def digests(self, method: str) -> AsyncIterator[list[tuple[Key, str]]]:  # noqa: ARG002 - it knows one
        """See `Reading.digests`: read to the end before the first is told, so that rows can be fetched meanwhile."""
        with Sorted(len(self._plan.unique)) as rows:
            async with self._turn:
                async for found in self._numbered():
                    await rows.add(found)
            async for batch in rows.batches():
                yield batch

    def narrow(self, plan: Plan) -> None:
        """See `Reading.narrow`."""
        self._plan = plan
        self._summed = None

    async def lines(self, sink: Sink) -> int:
        """See `Reading.lines`."""
        async with self._turn:
            summed = self._wanted
            self._began.set()
            told = await self._stream(sink, summed=summed)
            self._summed = told if summed else None
            return told.rows
