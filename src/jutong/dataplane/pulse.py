"""Signs of life to the control plane, and the figures of a process that has no HTTP address of its own."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from jutong.dataplane.errors import Refusal
from jutong.dataplane.link import Link
from jutong.wire.alive import Alive

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
GOODBYE_SECONDS = 2.0
RUNNER = CollectorRegistry()
"""What a transfer process counts."""
ENDED = Counter("jutong_runner_runs", "Deliveries by how they ended here", ["state"], registry=RUNNER)
ROWS = Counter("jutong_runner_rows", "Rows released by this process", registry=RUNNER)
BUSY = Gauge("jutong_runner_busy", "Deliveries under way", registry=RUNNER)


async def pulse(link: Link, kind: str, *, busy: Callable[[], int], name: str = "") -> None:
    """Say every five seconds that this process lives, until cancelled; then say that it ends.

    kind: runner or gateway; busy: pieces of work under way; name: unique on the node, the process number by default.
    """
    process = name or f"{kind}-{os.getpid()}"
    told = True
    try:
        while True:
            try:
                await link.post_alive(Alive(process, kind, busy(), version=version("jutong")))
                told = True
            except Refusal as refusal:
                if told:
                    log.warning("运行状态未能上报：%s", refusal.sentence)
                told = False
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        with suppress(Refusal, TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await link.post_alive(Alive(process, kind, stopping=True))


def serve_runner(bind: str) -> None:
    """Serve the runner's figures on `bind` (host:port, empty for none); a busy address costs the figures only."""
    host, _colon, port = bind.rpartition(":")
    if not bind:
        return
    try:
        start_http_server(int(port), host, registry=RUNNER)
    except (OSError, ValueError) as error:
        log.warning("指标监听地址 %s 不可用（%s），本进程不提供指标；可设置 JUTONG_RUNNER_METRICS。", bind, error)
