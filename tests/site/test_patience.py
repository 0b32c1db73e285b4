"""Many front-end nodes that ask for news beside people who want their pages: the web process as it is really served."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest

from covers import covers
from jutong.dataplane import identity
from jutong.dataplane.identity import Identity
from jutong.dataplane.node.mail import Mail
from jutong.site.patience import Seats
from served import inside, prepared_home, serving

NODES = 24
WATCHED_SECONDS = 12.0

REGISTERED = """
from jutong.kernel import keys
from jutong.kernel.terms import Level
from jutong.slices.parties.models import Department, Region
from jutong.slices.sources.models import FrontEndNode
region, _new = Region.objects.get_or_create(code="511000", defaults={"name": "内江市", "level": Level.CITY})
home = Department.objects.order_by("pk").first() or Department.objects.create(
    name="民政局", region=region, level=Level.CITY, created_at=clock.now())
from datetime import timedelta
for name, public, secret in NODES:
    FrontEndNode.objects.create(
        name=name, title=name, department=home, region="511000", zone="outer", state="signed_for", public=public,
        secret=keys.conceal(bytes.fromhex(secret)), serial=int(name[1:]), applied_at=clock.now(),
        started_on=clock.now().date(), profile="national-2025@1",
        certificate_until=clock.now() + timedelta(days=1))
"""


def test_whoever_finds_no_seat_is_answered_at_once_and_told_when_to_come_back() -> None:
    seats = Seats(1, again=2)

    def look() -> list[int]:
        inner = time.monotonic()
        assert seats.wait_for(list, wait=9) == ([], 2)
        assert time.monotonic() - inner < 1
        return [1]

    first = iter([[], look])

    def looked() -> list[int]:
        found = next(first)
        return found() if callable(found) else found

    assert seats.wait_for(looked, wait=5) == ([1], 0)
    assert seats.wait_for(list, wait=0) == ([], 0), "who does not want to wait needs no seat"
    assert seats.wait_for(list, wait=0.1) == ([], 0), "and the seat is free again"


async def _for_ever(ask: Callable[[], Awaitable[object]]) -> None:
    while True:
        await ask()


async def _pages(address: str, nodes: list[Identity]) -> list[float]:
    """Return how long a page took each time, while every node polls for bundle, orders and parcels."""
    links = [Mail(address, node) for node in nodes]
    polls = [
        asyncio.create_task(_for_ever(ask))
        for link in links
        for ask in (
            lambda link=link: link.get_bundle(since=1 << 40, wait=20),
            lambda link=link: link.get_orders(since=0, wait=20),
            lambda link=link: link.get_waiting(wait=20),
        )
    ]
    took = []
    end = time.monotonic() + WATCHED_SECONDS
    async with httpx.AsyncClient(base_url=address, timeout=60) as person:
        await asyncio.sleep(2)
        while time.monotonic() < end:
            began = time.monotonic()
            assert (await person.get("/", follow_redirects=True)).status_code == 200
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.1)
    assert not [poll for poll in polls if poll.done()], [poll.exception() for poll in polls if poll.done()]
    for poll in polls:
        poll.cancel()
    await asyncio.gather(*polls, return_exceptions=True)
    for link in links:
        await link.close()
    return took


@pytest.mark.slow(seconds=32)
@covers(partly=["R-EXC-004"])
def test_the_calls_of_many_nodes_do_not_starve_the_pages(tmp_path: Path) -> None:
    nodes = [identity.establish(tmp_path / f"n{n}", at=datetime.now(UTC)) for n in range(1, NODES + 1)]
    with prepared_home() as environment, serving(environment) as process:
        told = [(node.name, node.signer.public.hex(), node.secret.hex()) for node in nodes]
        inside(environment, REGISTERED.replace("NODES", repr(told)))
        web = [
            child
            for child in psutil.Process(process.pid).children(recursive=True)
            if "jutong.site.wsgi:application" in child.cmdline() or "granian" in child.name()
        ]
        before = sum(sum(child.cpu_times()[:2]) for child in web if child.is_running())
        took = asyncio.run(_pages(f"http://{environment['JUTONG_WEB_BIND']}", nodes))
        spent = sum(sum(child.cpu_times()[:2]) for child in web if child.is_running()) - before
    took.sort()
    print(
        f"{NODES} nodes: {len(took)} pages, median {statistics.median(took):.3f} s, longest {took[-1]:.3f} s, "
        f"CPU of the processes {spent / WATCHED_SECONDS:.2f} cores"
    )
    assert len(took) > WATCHED_SECONDS
    assert took[-1] < 3, took[-5:]
