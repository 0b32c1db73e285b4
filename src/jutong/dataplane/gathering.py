"""Gathers what is asked while the last batch is under way and answers it all in one next batch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
GATHER_SECONDS = 0.002
"""How long a busy gateway waits for more questions: a fraction of what a call takes under such a load."""
CROWD = 4
"""Questions in one batch from which on the next batch waits a moment for company."""


class Gathering(Generic[Asked, Answer]):
    """One batch at a time: a lone question is answered at once, many wait for each other only as long as the work takes.

    Where a batch was a crowd, the next one waits `pause` seconds first: few large batches cost a fraction of many small
    ones. work: answers a list of questions in their order; an answer that is an exception is raised to its asker alone,
    an exception raised is raised to all. most: questions in one batch.
    """

    def __init__(
        self,
        work: Callable[[list[Asked]], Awaitable[Sequence[Answer | Exception]]],
        *,
        most: int = 1000,
        pause: float = 0.0,
    ) -> None:
        self._work = work
        self._pause = pause
        self._most = most
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._busy: asyncio.Task[None] | None = None

    def ask(self, question: Asked) -> asyncio.Future[Answer]:
        """Put a question; the future may be cancelled when the answer is no longer wanted."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._busy is None:
            self._busy = asyncio.create_task(self._drain())
        return answer

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._busy is not None:
            await asyncio.wait([self._busy])

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._answer(batch)
                if self._pause and len(batch) >= CROWD:
                    await asyncio.sleep(self._pause)
        finally:
            self._busy = None

    async def _answer(self, batch: list[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        answers: Sequence[Answer | Exception]
        try:
            answers = await self._work([question for question, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, each asker gets it
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
