"""The real runner carried beside the test's own database, and a grant between two departments for it to work on."""

from __future__ import annotations

import asyncio
import queue
import shutil
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway_world import until
from jutong.client import AsyncClient, Refused
from jutong.crypto import sm4
from jutong.dataplane import identity
from jutong.dataplane.book import open_book
from jutong.dataplane.gateway.app import Gateway
from jutong.dataplane.link import Orders
from jutong.dataplane.settings import Settings
from jutong.dataplane.transfer.runner import serve
from jutong.kernel.settings import settings
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.models import Run
from jutong.slices.grants import queries as grants
from jutong.slices.parties.actions.systems import CallKey
from jutong.wire.transfers import DirtyRows, Progress
from sourceworld import granted, mounted, register
from world import World


class Control(httpx.AsyncBaseTransport):
    """Carries the runner's internal calls to the thread that owns the database, and their answers back."""

    def __init__(self) -> None:
        self.calls: queue.Queue[tuple[httpx.Request, Future[Any]]] = queue.Queue()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hand one call over and wait for its answer; nothing new is told after a short wait."""
        await request.aread()
        promised: Future[Any] = Future()
        self.calls.put((request, promised))
        answer = await asyncio.wrap_future(promised)
        if answer is None:
            await asyncio.sleep(0.1)
            return httpx.Response(204)
        return (
            answer if isinstance(answer, httpx.Response) else httpx.Response(200, content=msgspec.json.encode(answer))
        )

    def answer_one(self) -> None:
        """Answer one waiting call as the control plane's internal endpoints do."""
        with suppress(queue.Empty):
            request, promised = self.calls.get(timeout=0.1)
            if promised.set_running_or_notify_cancel():  # the runner may have been stopped meanwhile
                promised.set_result(self._answer(request))

    @staticmethod
    def _answer(request: httpx.Request) -> Any:
        since = int(request.url.params.get("since", 0))
        if request.url.path == "/internal/bundle":
            return grants.bundle(0, datetime.now(UTC)) if grants.newest() > since else None
        if request.url.path == "/internal/orders":
            serial, orders = queries.orders_since(since)
            return Orders(serial, tuple(orders)) if orders else None
        if request.url.path == "/internal/dirty":
            actions.take_dirty(msgspec.json.decode(request.content, type=DirtyRows), node="local", at=datetime.now(UTC))
            return httpx.Response(204)
        if request.url.path != "/internal/progress":
            return httpx.Response(204)
        reports = msgspec.json.decode(request.content, type=list[Progress])
        actions.take_progress(reports, node="local", at=datetime.now(UTC))
        return None


def carried(run: Run, own: Settings) -> Run:
    """Let the real runner work until the run has ended."""
    control, stop = Control(), threading.Event()

    async def work() -> None:
        runner = asyncio.ensure_future(serve(own, control=control))
        await asyncio.to_thread(stop.wait)
        runner.cancel()
        await asyncio.gather(runner, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
    thread.start()
    end = time.monotonic() + 60
    while run.state not in {"released", "rejected", "quarantined"} and time.monotonic() < end and thread.is_alive():
        control.answer_one()
        run.refresh_from_db()
    stop.set()
    while thread.is_alive():
        control.answer_one()
    run.refresh_from_db()
    return run


def fetched(run: Run, own: Settings, name: str) -> bytes:
    """The plain text of a batch file, opened with its key as the gateway does."""

    async def key() -> bytes:
        book = await open_book(own.book_location)
        artefact = await book.artefact(name)
        await book.close()
        assert artefact is not None, run.message
        return identity.load(own.node_folder).signer.unseal(artefact.sealed_key)

    with (own.artefact_folder / f"{name}.sm4").open("rb") as file:
        return sm4.DecryptingReader(file, asyncio.run(key())).read()


def called(
    own: Settings,
    world: World,
    department: str,
    story: Callable[..., Coroutine[Any, Any, Any]],
    *,
    stranger: CallKey | None = None,
) -> Any:
    """Run a gateway beside this thread, which is its control plane, and let a department's business system call it.

    stranger: a second key, with which the story gets a second client.
    """
    key, control, found = world.system(department), Control(), list[Any]()
    world.drain()

    async def knows(client: AsyncClient) -> bool:
        try:
            await client.grants()
        except Refused:  # it has no bundle yet
            return False
        return True

    async def work() -> None:
        gateway = Gateway(own, control=control)
        await gateway.start()
        transport = httpx.ASGITransport(app=gateway, client=("10.1.2.3", 4711))
        try:
            async with AsyncExitStack() as open_clients:
                clients = [
                    await open_clients.enter_async_context(
                        AsyncClient(
                            "http://gateway", key_id=one.key_id, key=bytes.fromhex(one.secret),
                            purpose="data_verification", transport=transport,
                        )
                    )
                    for one in (key, stranger) if one
                ]  # fmt: skip
                await until(lambda: knows(clients[0]), seconds=30)
                found.append(await story(*clients))
        finally:
            await gateway.stop()

    thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
    thread.start()
    while thread.is_alive():
        control.answer_one()
    return found[0]


@pytest.fixture
def own(node: identity.Identity, tmp_path: Path) -> Settings:
    own = Settings(
        home=settings().home, node="local", book_url=f"sqlite:///{tmp_path / 'book.sqlite3'}", bundle_wait_seconds=1
    )
    for cached in own.node_folder.glob("bundle*"):  # of an earlier test, whose serials were rolled back
        shutil.rmtree(cached) if cached.is_dir() else cached.unlink()
    return own


@pytest.fixture
def agreed(world: World, probe: Any, civil_db: str, hr_db: str) -> dict[str, Any]:
    """A grant of civil's people to hr, and hr's own database."""
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    world.drain()
    return {"grant_id": grant.pk, "source_id": target.pk}
