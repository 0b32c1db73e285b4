"""Figures of use are handed over once, whatever happens to the answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from jutong.dataplane.errors import Refusal, Unavailable
from jutong.dataplane.usage import UsageCounts
from jutong.wire.usage import UsageBatch

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class LosesAnswers:
    """A control plane that takes every batch, but whose answer to the first is lost on the way."""

    def __init__(self) -> None:
        self.heard: list[UsageBatch] = []

    async def post_usage(self, batch: UsageBatch) -> None:
        """Hear a batch."""
        self.heard.append(batch)
        if len(self.heard) == 1:
            raise Unavailable("连接中断")


def test_a_batch_whose_answer_was_lost_is_sent_again_as_it_was() -> None:
    counts, link = UsageCounts(), LosesAnswers()
    counts.answered("1", "7", at=NOON, mode="query", purpose="x", rows=2, seconds=0.01)
    with pytest.raises(Refusal):
        asyncio.run(counts.flush(link))  # type: ignore[arg-type]
    counts.answered("1", "7", at=NOON, mode="query", purpose="x", rows=3, seconds=0.01)
    asyncio.run(counts.flush(link))  # type: ignore[arg-type]
    first, again, second = link.heard
    assert first == again
    assert (first.number, second.number, first.writer == second.writer) == (1, 2, True)
    assert [(batch.counts[0].calls, batch.counts[0].rows) for batch in (first, second)] == [(1, 2), (1, 3)]
    asyncio.run(counts.flush(link))  # type: ignore[arg-type]
    assert len(link.heard) == 3
