"""Gathering: a lone question is answered at once, many share one batch, and each gets its own answer."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.dataplane.gathering import CROWD, Gathering


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-50, 50), max_size=80), st.integers(1, 20))
def test_every_question_gets_its_own_answer_or_its_own_fault(questions: list[int], most: int) -> None:
    sizes: list[int] = []

    async def work(asked: list[int]) -> list[int | Exception]:
        sizes.append(len(asked))
        await asyncio.sleep(0)
        return [ValueError(str(n)) if n < 0 else n * 2 for n in asked]

    async def run() -> list[int | BaseException]:
        gathering: Gathering[int, int] = Gathering(work, most=most)
        answers = await asyncio.gather(*(gathering.ask(n) for n in questions), return_exceptions=True)
        await gathering.settled()
        return answers

    for question, answer in zip(questions, asyncio.run(run()), strict=True):
        if question < 0:
            assert isinstance(answer, ValueError)
            assert str(answer) == str(question)
        else:
            assert answer == question * 2
    assert sum(sizes) == len(questions)
    assert max(sizes, default=0) <= most


def test_what_is_asked_during_a_batch_waits_for_one_next_batch_and_a_fault_reaches_all() -> None:
    batches: list[list[str]] = []

    async def work(asked: list[str]) -> list[str]:
        batches.append(asked)
        await asyncio.sleep(0.01)
        if "bad" in asked:
            raise OSError("away")
        return asked

    async def run() -> None:
        gathering: Gathering[str, str] = Gathering(work)
        first = gathering.ask("a")
        await asyncio.sleep(0.005)
        later = [gathering.ask(name) for name in "bcd"]
        later[1].cancel()
        assert await first == "a"
        assert [await later[0], await later[2]] == ["b", "d"]
        faulty = [gathering.ask("bad"), gathering.ask("good")]
        for one in faulty:
            with pytest.raises(OSError, match="away"):
                await one
        assert await gathering.ask("again") == "again"

    asyncio.run(run())
    assert batches == [["a"], ["b", "c", "d"], ["bad", "good"], ["again"]]


def test_after_a_crowd_the_next_batch_waits_for_company_and_a_lone_question_never_does() -> None:
    sizes: list[int] = []

    async def work(asked: list[int]) -> list[int]:
        sizes.append(len(asked))
        await asyncio.sleep(0.001)
        return asked

    async def run() -> float:
        gathering: Gathering[int, int] = Gathering(work, pause=0.2)
        await asyncio.gather(*(gathering.ask(n) for n in range(CROWD)))
        later = [gathering.ask(1)]
        await asyncio.sleep(0.05)
        later.append(gathering.ask(2))
        await asyncio.gather(*later)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for n in range(3):
            await gathering.ask(n)
        return loop.time() - began

    assert asyncio.run(run()) < 0.2
    assert sizes == [CROWD, 2, 1, 1, 1]
