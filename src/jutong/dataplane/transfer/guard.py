"""Whether a run may go on: its order stands, its grant is active and unchanged, and what we know is fresh."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from jutong.dataplane.book.base import BEIJING
from jutong.dataplane.errors import NotAllowed, RuleBroken, Unavailable
from jutong.dataplane.snapshots import Snapshot, inactive_reason
from jutong.wire.grants import Grant, Mode
from jutong.wire.transfers import Order, OrderKind, Read

Result = TypeVar("Result")

LOOK_SECONDS = 0.5
"""Between two looks at order and grant; with the bundle's own delay a revocation stops a run within 2 s."""

ARRIVAL_SECONDS = 0.1
ARRIVAL_LOOKS = 30

MODES = {
    OrderKind.TABLE: (Mode.FRONT_END_NODE, Mode.SYSTEM_DOCKING),
    OrderKind.BATCH: (Mode.BATCH_DOWNLOAD,),
    OrderKind.FILES: (Mode.FRONT_END_NODE, Mode.SYSTEM_DOCKING),
}
"""Delivery modes under which a kind of order may run; one of them must be granted."""


async def arrival(order: Order, current: Callable[[], Snapshot]) -> None:
    """Wait a little for the bundle that brings an order's grant: the two come by different calls."""
    for _ in range(ARRIVAL_LOOKS):
        with suppress(Unavailable):
            grant = current().grants.get(order.grant_id)
            if grant is not None and grant.version >= order.grant_version:
                return
        await asyncio.sleep(ARRIVAL_SECONDS)


class LeaseLost(Exception):  # noqa: N818 - another runner has the order: nothing to report
    """Another runner took the order over."""


class Guard:
    """Watches one run. `seal` is the last look, after which the run may no longer be stopped."""

    def __init__(self, order: Order, current: Callable[[], Snapshot], cancelled: Callable[[str], bool]) -> None:
        self._order = order
        self._current = current
        self._cancelled = cancelled
        self._sealed = False
        self._left = "此前已同步的变更保留。" if order.read is Read.CHANGES else "没有数据放行。"
        self.snapshot = current()
        self.grant = self._grant(self.snapshot)
        self.check(datetime.now(UTC))

    def _grant(self, snapshot: Snapshot) -> Grant:
        found = snapshot.grants.get(self._order.grant_id)
        if found is None and snapshot.issued_at > self._order.ordered_at:
            raise NotAllowed("授权不存在或已被移除，运行已停止，没有数据放行。")
        if found is None or found.version < self._order.grant_version:
            raise Unavailable("授权包还没有更新到本次任务所依据的授权版本，稍后自动重试。")
        return found

    def check(self, at: datetime) -> None:
        """Raise NotAllowed when the run must end, Unavailable when it must be begun again later."""
        snapshot = self._current()
        if self._cancelled(self._order.id):
            raise NotAllowed(f"任务已取消，运行已停止，{self._left}")
        until = self._order.not_after
        if until is not None and at >= until and self._order.read is not Read.CHANGES:
            raise RuleBroken(
                f"运行时段已于 {until.astimezone(BEIJING):%Y-%m-%d %H:%M} 结束，任务没有完成，没有数据放行。"
            )
        snapshot.check_fresh(at)
        grant = self._grant(snapshot)
        reason = inactive_reason(grant, at)
        if reason:
            raise NotAllowed(f"{reason}运行已停止，{self._left}")
        if not set(MODES[self._order.kind]) & set(grant.modes):
            raise NotAllowed("授权不包含本次任务的提供方式，请按已授权的方式获取或另行申请。")
        if (grant, snapshot.mounts.get(grant.resource_id)) != (
            self.grant,
            self.snapshot.mounts.get(self.grant.resource_id),
        ):
            raise Unavailable("授权或资源挂接在运行中发生变更，将按最新授权重新执行。")

    def seal(self, at: datetime) -> None:
        """Look for the last time, right before data are released."""
        self.check(at)
        self._sealed = True

    async def watch(self) -> None:
        """Look again and again; returns by a refusal only, and never after the seal."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self._sealed:
                self.check(datetime.now(UTC))


async def together(*works: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run works at once; the first failure stops the others, and only when all have stopped it is raised.

    A work that ends cancelled because another failed (a sum, whose stream broke) is not the failure: raising that
    would end whoever called us.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        done = [task for task in tasks if task.done()]
        failed = next((task for task in done if not task.cancelled() and task.exception()), None)
        return [failed.result()] if failed else [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def watched(work: Coroutine[Any, Any, Result], *watches: Coroutine[Any, Any, None]) -> Result:
    """Run one work as long as no watch objects; a work that was done all the same counts as done."""
    task = asyncio.ensure_future(work)
    eyes = [asyncio.ensure_future(watch) for watch in watches]
    try:
        await asyncio.wait([task, *eyes], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
            if task.cancelled() or task.exception():
                for eye in eyes:
                    if eye.done():
                        eye.result()
        return task.result()
    finally:
        for each in (task, *eyes):
            each.cancel()
        await asyncio.gather(task, *eyes, return_exceptions=True)
