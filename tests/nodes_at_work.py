"""Front-end nodes at work in this process, against the centre's real endpoints: runner, courier and post of each.

one, two = machine(node, home), machine(other, home)
work([one, two], until=lambda: Run.objects.get().state == "released")
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

import httpx
from django.test import Client

from jutong.dataplane.book import open_book
from jutong.dataplane.bundles import BundleCache
from jutong.dataplane.node.boxes import Boxes
from jutong.dataplane.node.configuration import Standing
from jutong.dataplane.node.consignments import Consignments
from jutong.dataplane.node.courier import Courier
from jutong.dataplane.node.mail import Mail
from jutong.dataplane.node.parcels import Parcels
from jutong.dataplane.settings import Settings
from jutong.dataplane.transfer.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jutong.wire.transfers import Progress
    from nodeworld import Node

CALLS: Queue[Any] = Queue()


class Line(httpx.AsyncBaseTransport):
    """The way to the centre, whose answers come from the thread that holds the test's transaction."""

    def __init__(self) -> None:
        self.refused: tuple[str, ...] = ()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one call."""
        body = await request.aread()
        if f"{request.method} {request.url.path}" in self.refused:
            raise httpx.ConnectError("cut")
        headers = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in request.headers.items() if k.startswith("x-")}
        kind = request.headers.get("content-type", "application/json")
        told: Future[Any] = Future()
        CALLS.put((told, (request.method, request.url.raw_path.decode(), body), kind, headers))
        answer = await asyncio.wrap_future(told)
        return httpx.Response(answer.status_code, content=answer.content)


@dataclass
class Machine:
    """One node: its folders outlive every `run`, as they outlive a process."""

    node: Node
    home: Path
    line: Line = field(default_factory=Line)
    settings: Settings = field(init=False)
    bundles: BundleCache = field(init=False)
    parcels: Parcels = field(init=False)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        me = self.node.me
        book = f"sqlite:///{self.home / f'{me.name}.sqlite3'}"
        self.settings = Settings(
            home=self.home, node=me.name, book_url=book, bundle_wait_seconds=1, transfer_lease_seconds=3
        )
        self.standing = Standing(self.node.folder, me)
        self.bundles = BundleCache(self.node.folder / "bundle", me, self.standing.certificate.zone)
        department = self.standing.certificate.department_id
        boxes = Boxes(self.home / "exchange")
        self.parcels = Parcels(boxes, me, department, self.bundles.current, lambda: self.standing.config)
        self.post = Consignments(self.parcels, me, self.bundles.current)

    def _overheard(self, tell: Any) -> Any:
        async def told(reports: Sequence[Progress]) -> None:
            self.said += [f"{report.state}: {report.message}" for report in reports]
            await tell(reports)

        return told

    async def run(self) -> None:
        """Work until cancelled."""
        link = Mail("http://centre", self.node.me, transport=self.line)
        book = await open_book(self.settings.book_location)
        courier = Courier(link, self.parcels, self.standing)
        link.post_progress = self._overheard(link.post_progress)  # type: ignore[method-assign]
        runner = Runner(self.settings, self.node.me, book, link, self.bundles, self.post)
        try:
            async with asyncio.TaskGroup() as group:
                for deed in (runner.run(), courier.send(), courier.receive()):
                    group.create_task(deed)
        finally:
            await book.close()
            await link.close()


def work(machines: Sequence[Machine], until: Callable[[], object], *, seconds: float = 40) -> None:
    """Let the machines work until something is true; the centre answers them here."""
    stop = threading.Event()

    async def run() -> None:
        works = [asyncio.ensure_future(machine.run()) for machine in machines]
        await asyncio.to_thread(stop.wait)
        for each in works:
            each.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    end = time.monotonic() + seconds
    found = False
    while thread.is_alive():
        with suppress(Empty):
            told, call, kind, headers = CALLS.get(timeout=0.02)
            answer = Client().generic(*call, content_type=kind, **headers)
            if told.set_running_or_notify_cancel():
                told.set_result(answer)
        found = found or bool(until())
        if found or time.monotonic() > end:
            stop.set()
    assert found, f"it never came true: {[log for machine in machines for log in machine.said]}"
