"""Change logs held open at sources: watched, told of when they grow, let go when nobody needs them or they grow too big."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from jutong.crypto import CryptoRefused
from jutong.dataplane import engines, policy
from jutong.dataplane.book import Book, Feed
from jutong.dataplane.engines.base import Logging
from jutong.dataplane.errors import Refusal
from jutong.dataplane.identity import Identity
from jutong.dataplane.snapshots import Snapshot
from jutong.dataplane.transfer.reports import Reports
from jutong.wire.bundle import Access
from jutong.wire.transfers import Progress, RunState

log = logging.getLogger(__name__)
MEBIBYTE = 1 << 20
ALARM = 0.5
"""The part of the most that a log may hold from which on people are told."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks after the change logs of one runner's book. most: mebibytes that a source may have to keep for one log."""

    book: Book
    me: Identity
    reports: Reports
    most: int

    async def look(self, snapshot: Snapshot) -> None:
        """Look at every log once; a source that does not answer is looked at next time."""
        for feed in await self.book.feeds():
            try:
                await self._look(feed, snapshot)
            except (Refusal, CryptoRefused, msgspec.MsgspecError) as refusal:
                log.warning("变更日志 %s 暂时无法检查：%s", feed.name, refusal)

    async def _look(self, feed: Feed, snapshot: Snapshot) -> None:
        source = snapshot.sources.get(feed.source_id)
        grant = snapshot.grants.get(feed.grant_id)
        mount = snapshot.mounts.get(grant.resource_id) if grant else None
        if source is None:
            return
        access = msgspec.json.decode(self.me.signer.unseal(source.sealed), type=Access)
        table = (mount.schema, mount.table) if mount else ("", "")
        async with AsyncExitStack() as closing:
            engine = await engines.open(source, access)
            closing.push_async_callback(engine.close)
            if not isinstance(engine, Logging):
                return
            held = await closing.enter_async_context(engine.log(feed.name, policy.Plan(*table, fields=())))
            retained = await held.retained()
            if retained is None:
                await self.book.drop_feed(feed.name)
                return
            if grant is None or grant.state == "ended" or grant.valid_until <= datetime.now(UTC):
                await held.drop()
                await self.book.drop_feed(feed.name)
                return
            if retained > self.most * MEBIBYTE:
                await held.drop()
                await self.book.drop_feed(feed.name)
                gone = f"来源为本任务保留的变更日志超过 {self.most} MiB，已放弃，下次运行将重新全量复制。"
                await self._tell(feed, "dropped", gone)
            elif retained > ALARM * self.most * MEBIBYTE:
                kept = f"{retained // MEBIBYTE} MiB，上限 {self.most} MiB"
                await self._tell(feed, "growing", f"来源为本任务保留的变更日志已达 {kept}，请尽快恢复本任务的运行。")

    async def _tell(self, feed: Feed, alarm: str, message: str) -> None:
        """Say it in the log and, under the order that read the change log last, as it stands: most have ended by then."""
        log.warning("变更日志 %s：%s", feed.name, message)
        run = await self.book.run(feed.order_id)
        state = RunState(run.state) if run else RunState.QUEUED
        self.reports.put(Progress(feed.order_id, 0, state, datetime.now(UTC), message=message, alarm=alarm))
