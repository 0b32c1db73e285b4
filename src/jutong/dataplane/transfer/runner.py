"""The transfer process: takes orders by long poll, leases them through the book, runs them, reports, cleans up."""

from __future__ import annotations

import asyncio
import logging
import logging.config
import os
import secrets
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec

from jutong.dataplane import identity, priorities
from jutong.dataplane.book import FINAL, Book, Place, open_book
from jutong.dataplane.bundles import BundleCache
from jutong.dataplane.errors import Refusal, Unavailable
from jutong.dataplane.identity import Identity
from jutong.dataplane.link import Link
from jutong.dataplane.pulse import BUSY, pulse, serve_runner
from jutong.dataplane.settings import Settings
from jutong.dataplane.transfer.batches import run_batch
from jutong.dataplane.transfer.desk import Desk
from jutong.dataplane.transfer.feeds import Watch
from jutong.dataplane.transfer.folders import run_files
from jutong.dataplane.transfer.guard import Guard, LeaseLost, arrival, watched
from jutong.dataplane.transfer.halves import HANDED_OVER, Post, awaits, let_go, told_again
from jutong.dataplane.transfer.outcomes import RELEASED, WAITING, Outcome, outcome_of
from jutong.dataplane.transfer.purge import purge
from jutong.dataplane.transfer.receiving import receive_files, receive_table
from jutong.dataplane.transfer.reports import Reports
from jutong.dataplane.transfer.runs import Run
from jutong.dataplane.transfer.sending import send_files, send_table
from jutong.dataplane.transfer.tables import run_table
from jutong.logs import dictionary
from jutong.wire.transfers import Half, Order, OrderKind, Progress, RunState

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
PURGE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 60.0
DEEDS: dict[tuple[OrderKind, Half], Callable[[Run], Coroutine[Any, Any, None]]] = {
    (OrderKind.TABLE, Half.BOTH): run_table,
    (OrderKind.TABLE, Half.SENDER): send_table,
    (OrderKind.TABLE, Half.RECEIVER): receive_table,
    (OrderKind.BATCH, Half.BOTH): run_batch,
    (OrderKind.FILES, Half.BOTH): run_files,
    (OrderKind.FILES, Half.SENDER): send_files,
    (OrderKind.FILES, Half.RECEIVER): receive_files,
}


class Runner:
    """One transfer process; several may share a book, and one order is run by one of them at a time.

    post: of a front-end node, through which the halves of an order between two nodes reach each other.
    """

    def __init__(
        self,
        settings: Settings,
        me: Identity,
        book: Book,
        link: Link,
        bundles: BundleCache,
        post: Post | None = None,
    ) -> None:
        self.name = f"{me.name}-{os.getpid()}-{secrets.token_hex(4)}"
        self.desk = Desk()
        self.reports = Reports(link)
        self._settings = settings
        self._me = me
        self._book = book
        self._link = link
        self._bundles = bundles
        self._post = post
        self._serial = 0
        self._busy: set[str] = set()
        BUSY.set_function(lambda: len(self._busy))

    async def run(self) -> None:
        """Work until cancelled; orders under way are then given back for others to take at once."""
        works = [
            self._beside("授权包", lambda: self._bundles.follow(self._link, wait=self._settings.bundle_wait_seconds)),
            self._beside("任务", self._follow_orders),
            self._beside("进度", self.reports.send),
            self._beside("清理", self._purge),
            self._beside("运行状态", lambda: pulse(self._link, "runner", busy=lambda: len(self._busy), name=self.name)),
            self._beside("变更日志", self._watch_feeds),
            *(self._beside("执行", self._work) for _ in range(self._settings.transfer_runs)),
        ]
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)

    @staticmethod
    async def _beside(name: str, deed: Callable[[], Awaitable[None]]) -> None:
        """Do one thing for ever; a bug in it is logged and it begins anew."""
        while True:
            try:
                await deed()
            except Refusal as refusal:
                log.warning("%s：%s", name, refusal.sentence)
            except Exception:
                log.exception("后台任务 %s 出错，稍后重新开始", name)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _follow_orders(self) -> None:
        """Take orders from the control plane."""
        while True:
            asked_at = time.monotonic()
            found = await self._link.get_orders(since=self._serial, wait=self._settings.bundle_wait_seconds)
            if found is None or found.serial <= self._serial:
                await asyncio.sleep(max(0.0, PAUSE_SECONDS - (time.monotonic() - asked_at)))
                continue
            for order in found.orders:
                run = await self._book.run(order.id)
                again = run and run.state in FINAL and run.state != RunState.RELEASED and not order.cancelled
                if again and order.half is Half.BOTH:  # a half that ended is told of again: its parcel is gone
                    await self._book.reopen(order.id)
            for order in found.orders:
                self.desk.take(order)
            self._serial = found.serial

    async def _purge(self) -> None:
        while True:
            with suppress(Unavailable):
                snapshot = self._bundles.current()
                await purge(self._book, snapshot, self._settings.artefact_folder, at=datetime.now(UTC))
            if self._post:
                await let_go(self._post, self._book)
            await asyncio.sleep(PURGE_SECONDS)

    async def _watch_feeds(self) -> None:
        watch = Watch(self._book, self._me, self.reports, self._settings.change_log_mib)
        while True:
            await asyncio.sleep(self._settings.change_log_seconds)
            with suppress(Unavailable):
                await watch.look(self._bundles.current())

    async def _work(self) -> None:
        """Attempt one due order after another."""
        while True:
            order = await self.desk.due()
            if order.id in self._busy:
                continue
            self._busy.add(order.id)
            try:
                await self._attempt(order)
            except Exception:
                self.desk.again(order.id, seconds=PAUSE_SECONDS)
                raise
            finally:
                self._busy.discard(order.id)

    async def _attempt(self, order: Order) -> None:
        """Lease an order and run it, or come back when another runner's lease may have run out."""
        await arrival(order, self._bundles.current)  # without its grant nobody knows at which source it works
        if self._post and awaits(self._post, self._guard, order):
            if self.desk.first_wait(order.id):
                self._tell(order, 0, WAITING, b"")
            self.desk.again(order.id, seconds=PAUSE_SECONDS)
            return
        at, life = datetime.now(UTC), timedelta(seconds=self._settings.transfer_lease_seconds)
        attempt = await self._book.lease(order.id, runner=self.name, at=at, until=at + life, place=self._place(order))
        if attempt is None:
            await self._not_mine(order)
            return
        try:
            outcome = await self._outcome(order, attempt, at)
        except LeaseLost:
            self.desk.again(order.id, seconds=life.total_seconds())
            return
        except asyncio.CancelledError:
            await asyncio.shield(self._close(order, attempt, RunState.QUEUED))
            raise
        tries = self.desk.tried(order.id)
        if outcome.state is RunState.QUEUED and tries >= self._settings.transfer_attempts:
            outcome = outcome.given_up(tries)
        receipt = (await self._book.receipts(order.id)).get("receiver", b"")
        if outcome.state is not RunState.QUEUED and self._post and order.half is not Half.BOTH:
            self._post.forget(order.id)
        mine = await self._close(order, attempt, outcome.state)
        if outcome.state is RunState.QUEUED:
            self.desk.again(order.id, seconds=min(2.0**tries, LONGEST_PAUSE_SECONDS))
        else:
            self.desk.done(order.id)
        if mine and outcome.state is not RunState.RELEASED:
            self._tell(order, attempt, outcome, receipt if outcome.state is RunState.QUARANTINED else b"")

    def _place(self, order: Order) -> Place:
        """Return where an order works: its task alone, its source among so many at most."""
        with suppress(Unavailable):
            snapshot = self._bundles.current()
            grant = snapshot.grants.get(order.grant_id)
            mount = snapshot.mounts.get(grant.resource_id) if grant else None
            if mount:
                return Place(order.task_id, mount.source_id, self._settings.source_runs)
        return Place(order.task_id)

    async def _close(self, order: Order, attempt: int, state: RunState) -> bool:
        """Write down how the attempt ended; an order given back is free for anyone at once."""
        return await self._book.close_run(
            order.id, runner=self.name, attempt=attempt, state=state, at=datetime.now(UTC)
        )

    async def _not_mine(self, order: Order) -> None:
        """Another runner holds the order, or it has ended: report a release again, in case the report was lost."""
        run = await self._book.run(order.id)
        if run is None or run.state not in FINAL:
            held = run is not None and run.leased_until > datetime.now(UTC)
            self.desk.again(order.id, seconds=self._settings.transfer_lease_seconds / 3 if held else PAUSE_SECONDS)
            return
        self.desk.done(order.id)
        receipts = await self._book.receipts(order.id)
        if order.half is not Half.BOTH:
            for report in told_again(order, run, receipts):
                self.reports.put(report)
        elif run.state == RunState.RELEASED:
            outcome = Outcome(RunState.RELEASED, "数据已放行，两端核对一致。")
            self._tell(order, run.attempt, outcome, receipts.get("receiver", b""))

    def _tell(self, order: Order, attempt: int, outcome: Outcome, receipt: bytes) -> None:
        released = outcome.state is RunState.RELEASED
        report = Progress(
            order_id=order.id,
            attempt=attempt,
            state=outcome.state,
            at=datetime.now(UTC),
            message=outcome.message,
            receipt=receipt,
            artefact_id=order.id if order.kind is OrderKind.BATCH and released else "",
            differing=outcome.differing,
            drift=outcome.drift,
            drift_text=outcome.message if outcome.drift else "",
            position=outcome.position,
            of_source=outcome.of_source,
        )
        self.reports.put(report)

    async def _outcome(self, order: Order, attempt: int, at: datetime) -> Outcome:
        """Run an order and say how it ended."""
        if self._post and order.half is Half.SENDER and self._post.handed(order.id):  # and this process died then
            report = Progress(order.id, attempt, RunState.RELEASED, datetime.now(UTC), message=HANDED_OVER)
            receipts = await self._book.receipts(order.id)
            self.reports.put(msgspec.structs.replace(report, receipt=receipts.get("sender", b"")))
            return RELEASED
        try:
            guard = self._guard(order)
            run = Run(order, attempt, guard, self._settings, self._me, self._book, self.reports, at, self._post)
            run.tell(RunState.SENT, "开始执行。")
            await watched(DEEDS[order.kind, order.half](run), guard.watch(), self._renew(order, attempt))
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - sorted by outcome_of, which logs what nobody expected
            return outcome_of(error, order, attempt)
        return RELEASED

    def _guard(self, order: Order) -> Guard:
        return Guard(order, self._bundles.current, self.desk.cancelled)

    async def _renew(self, order: Order, attempt: int) -> None:
        """Hold on to the lease; `LeaseLost` when another runner has it."""
        life = timedelta(seconds=self._settings.transfer_lease_seconds)
        while True:
            await asyncio.sleep(life.total_seconds() / 4)
            until = datetime.now(UTC) + life
            if not await self._book.renew(order.id, runner=self.name, attempt=attempt, until=until):
                raise LeaseLost


async def serve(settings: Settings, *, control: httpx.AsyncBaseTransport | None = None) -> None:
    """Open what a runner needs and work until cancelled. control: another way to the control plane, for tests."""
    me = await asyncio.to_thread(identity.load, settings.node_folder)
    async with AsyncExitStack() as closing:
        book = await open_book(settings.book_location)
        closing.push_async_callback(book.close)
        link = Link(settings.control_url, me, transport=control)
        closing.push_async_callback(link.close)
        bundles = BundleCache(settings.node_folder / "bundle", me, settings.zone)
        bundles.load()
        await Runner(settings, me, book, link, bundles).run()


async def _until_told() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = Settings()
    serve_runner(settings.runner_metrics)
    work = asyncio.ensure_future(serve(settings))
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, work.cancel)
    with suppress(asyncio.CancelledError):
        await work


def main(node: str = "") -> int:
    """Run a transfer process for a node (JUTONG_NODE when empty); 0 after a clean stop, 1 with the reason on refusal."""
    logging.config.dictConfig(dictionary(Settings().log_format))
    if node:
        os.environ["JUTONG_NODE"] = node
    priorities.by_turns()
    try:
        asyncio.run(_until_told())
    except Refusal as refusal:
        log.critical("传输进程不能启动：%s", refusal.sentence)
        return 1
    return 0
