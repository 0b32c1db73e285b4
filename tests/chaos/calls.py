"""Rounds of calls: a gateway of several processes is killed, with its databases and its lines, while systems are asking.

No answer may leave without its durable record, no record may be lost or doubled, and nobody gets another's answer.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import httpx
import msgspec
from test_gateway_process import City, city

from chaos.proxy import Proxy
from chaos.score import Deck, Score
from chaos.servers import Servers
from gateway_world import person, until
from jutong.client import AsyncClient, Refused
from jutong.dataplane.segments import verify_segments
from jutong.wire.usage import ChainRecord

CALLERS = 8
FAULTS = ("kill -9 gateway", "kill -9 database", "cut", "half-close", "slow", "control away")
SETTLED_SECONDS = 30


class Calls:
    """A gateway with two workers and eight systems that never stop asking, anew in every round."""

    def __init__(self, folder: Path, servers: Servers, rng: random.Random) -> None:
        self._folder, self._servers = folder, servers
        self._faults = Deck(rng, FAULTS)

    @cached_property
    def _databases(self) -> tuple[str, str]:
        return self._servers.target.database("gateway"), self._servers.source.database("department")

    def play(self, rng: random.Random, score: Score) -> str:
        """Play one round."""
        asyncio.run(self._story(rng, score))
        return "calls"

    async def _story(self, rng: random.Random, score: Score) -> None:
        home = self._folder / f"calls-{score.rounds}"
        async with city(home, self._databases, chain_segment_seconds=0.3) as world:
            await world.begin(workers=2)
            line = Proxy("127.0.0.1", world.port)
            asking = [asyncio.create_task(_asking(world, line, n, score)) for n in range(1, CALLERS + 1)]
            for _ in range(rng.randrange(1, 4)):
                await asyncio.sleep(rng.uniform(0.2, 0.8))
                fault = self._faults.deal()
                score.faults[fault] += 1
                await self._broken(world, line, fault, rng)
            await asyncio.sleep(0.3)
            for each in asking:
                each.cancel()
            answered = [trace for found in await asyncio.gather(*asking) for trace in found]
            line.stop()
            await _judged(world, answered, score)

    async def _broken(self, world: City, line: Proxy, fault: str, rng: random.Random) -> None:
        async def killed() -> None:
            await world.end(signal.SIGKILL)
            await world.begin(workers=2)

        async def database() -> None:
            server = rng.choice([self._servers.source, self._servers.target])
            await asyncio.to_thread(server.killed)

        async def slow() -> None:
            line.delay = 0.05
            await asyncio.sleep(0.5)
            line.delay = 0.0

        async def away() -> None:
            world.control.away = True
            await asyncio.sleep(0.5)
            world.control.away = False

        deeds: dict[str, Callable[[], Awaitable[None]]] = {
            "kill -9 gateway": killed,
            "kill -9 database": database,
            "slow": slow,
            "control away": away,
        }
        if fault in deeds:
            await deeds[fault]()
        elif fault == "cut":
            line.cut()
        else:
            line.half_close()


async def _asking(world: City, line: Proxy, n: int, score: Score) -> list[str]:
    """Ask for one person until cancelled; returns the trace of every answer, refusals included."""
    answered: list[str] = []
    key = {"身份证号": person(n)}
    with suppress(asyncio.CancelledError):
        while True:
            url, call_key = f"http://127.0.0.1:{line.port}", world.keys["k-s1"]
            async with AsyncClient(url, key_id="k-s1", key=call_key, purpose="verification") as client:
                try:
                    while True:
                        found = await client.query("g1", key)
                        answered.append(found.trace)
                        score.green += [row["姓名"] for row in found.rows] != [f"张{n}"]
                except Refused as refusal:
                    answered.append(refusal.trace)
                except httpx.TransportError:
                    pass
            await asyncio.sleep(0.02)
    return answered


async def _judged(world: City, answered: list[str], score: Score) -> None:
    """Hold what was answered against what is written down here, and what arrived at the centre."""
    told = set(answered) - {""}

    def arrived() -> list[str]:
        lines = [line for _, raw in world.control.segments for line in raw.splitlines()]
        return [msgspec.json.decode(line, type=ChainRecord).trace for line in lines]

    with suppress(TimeoutError):
        await until(lambda: told <= set(arrived()), seconds=SETTLED_SECONDS)
    await world.end()
    written = world.traces()
    score.unrecorded += len(told - set(written))
    score.lost += len(told - set(arrived()))
    score.doubled += len(written) - len(set(written))
    for segments in world.sealed().values():
        score.lost += len(list(verify_segments(segments, world.control.public)))
