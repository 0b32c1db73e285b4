"""The one process of a front-end node: bundle, orders, parcels, tunnel, heartbeat, chain and status page, beside each other."""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jutong.dataplane import identity
from jutong.dataplane.book import Book, open_book
from jutong.dataplane.bundles import BundleCache
from jutong.dataplane.chain import Chain
from jutong.dataplane.errors import Refusal, Unavailable
from jutong.dataplane.gateway.lookups import Sources
from jutong.dataplane.link import Link
from jutong.dataplane.node import about, status
from jutong.dataplane.node.answering import Answering
from jutong.dataplane.node.boxes import Boxes
from jutong.dataplane.node.configuration import Standing
from jutong.dataplane.node.consignments import Consignments
from jutong.dataplane.node.courier import Courier
from jutong.dataplane.node.heartbeat import Pulse, RecentLines
from jutong.dataplane.node.mail import Mail
from jutong.dataplane.node.parcels import Parcels
from jutong.dataplane.node.tunnel import Tunnel
from jutong.dataplane.settings import Settings
from jutong.dataplane.transfer.runner import Runner
from jutong.wire.nodes import Heartbeat

log = logging.getLogger(__name__)

LAST_WORDS_SECONDS = 3.0
SHOWN = 20
"""Parcels, and runs, on the status page."""


class FrontEnd:
    """A node at work; `run` until cancelled."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.node_folder
        self.me = identity.load(self.folder)
        self.standing = Standing(self.folder, self.me)
        self.recent = RecentLines()
        self.bundles = BundleCache(self.folder / "bundle", self.me, self.standing.certificate.zone)
        self.tunnel: Tunnel | None = None
        self.pulse: Pulse | None = None
        self.boxes = Boxes(settings.boxes_folder)
        self.parcels = self._post_office()
        self.consignments = Consignments(self.parcels, self.me, self.bundles.current)
        self.courier: Courier | None = None
        self.book: Book | None = None

    async def run(self) -> None:
        """Open what a node needs and work until cancelled."""
        settings, me = self.settings, self.me
        logging.getLogger("jutong").addHandler(self.recent)
        async with AsyncExitStack() as closing:
            closing.callback(logging.getLogger("jutong").removeHandler, self.recent)
            link = Mail(settings.control_url, me)
            closing.push_async_callback(link.close)
            book = await open_book(settings.book_location)
            closing.push_async_callback(book.close)
            self.book = book
            chain = await asyncio.to_thread(
                Chain.open,
                self.folder / "chain",
                me,
                most_lines=settings.chain_segment_lines,
                most_seconds=settings.chain_segment_seconds,
            )
            closing.push_async_callback(self._last_words, chain, link)
            self.bundles.load()
            sources = Sources(me.signer, seconds=settings.lookup_seconds)
            closing.push_async_callback(sources.close)
            self.tunnel = Tunnel(me, lambda: self.standing.config, Answering(me, self.bundles, chain, sources))
            self.courier = Courier(link, self.parcels, self.standing)
            self.pulse = Pulse(link, self.standing, self.said)
            server = await status.serve(settings.status_bind, self.status)
            closing.callback(server.close)
            async with asyncio.TaskGroup() as group:
                group.create_task(Runner(settings, me, book, link, self.bundles, self.consignments).run())
                group.create_task(self.pulse.beat())
                group.create_task(self.tunnel.hold())
                for work in (self.courier.pack, self.courier.send, self.courier.receive):
                    group.create_task(work())
                group.create_task(chain.keep(link, keep_days=settings.chain_keep_days))

    def _post_office(self) -> Parcels:
        """Return what sends and lands this node's parcels on its own disk."""
        department = self.standing.certificate.department_id
        return Parcels(self.boxes, self.me, department, self.bundles.current, lambda: self.standing.config)

    async def _last_words(self, chain: Chain, link: Link) -> None:
        await chain.close()
        with suppress(Refusal, TimeoutError):
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await chain.ship(link, at=datetime.now(UTC), keep_days=self.settings.chain_keep_days)

    def said(self) -> Heartbeat:
        """Return what this node says of itself now."""
        return Heartbeat(
            at=datetime.now(UTC),
            version=about.program(),
            encryption=about.ENCRYPTION,
            authentication=about.AUTHENTICATION,
            capabilities=about.CAPABILITIES,
            config_revision=self.standing.config.revision,
            certificate_serial=self.standing.certificate.serial,
            tunnel=bool(self.tunnel and self.tunnel.connected),
            disk_free=shutil.disk_usage(self.folder).free,
            queued=len(self.boxes.queue()),
            queued_bytes=self.boxes.weight(),
            message=self._trouble(),
            log=tuple(self.recent.lines),
        )

    def _trouble(self) -> str:
        try:
            self.bundles.current().check_fresh(datetime.now(UTC))
        except Unavailable as refusal:
            return refusal.sentence
        return (self.courier and self.courier.trouble) or self.parcels.trouble

    async def status(self) -> status.Status:
        """Return how this node is, for the machine itself."""
        certificate, config = self.standing.certificate, self.standing.config
        until: datetime | None = None
        with suppress(Unavailable):
            until = self.bundles.current().valid_until
        trouble = self._trouble()
        return status.Status(
            node=self.me.name,
            title=certificate.title,
            zone=certificate.zone,
            version=about.program(),
            state=trouble or "运行中",
            centre=self.settings.control_url,
            last_contact=self.pulse.last_contact if self.pulse else None,
            trouble=self.pulse.trouble if self.pulse else "",
            tunnel=bool(self.tunnel and self.tunnel.connected),
            bundle_until=until,
            config_revision=config.revision,
            certificate_serial=certificate.serial,
            certificate_until=certificate.valid_until,
            queued=len(self.boxes.queue()),
            queued_bytes=self.boxes.weight(),
            waiting=self.courier.waiting if self.courier else 0,
            disk_free=shutil.disk_usage(self.folder).free,
            parcels=tuple(status.parcel(*one) for one in self.boxes.last(SHOWN)),
            runs=tuple(status.run(one) for one in await self.book.latest(SHOWN)) if self.book else (),
            log=tuple(self.recent.lines),
        )


def enrolled(home: Path) -> list[str]:
    """Return the front-end nodes that signed on this machine."""
    return sorted(
        path.parent.name for path in (home / "nodes").glob("*/certificate.json") if path.parent.name[0] != "."
    )


def settings_of(node: str, **changes: Any) -> Settings:
    """Return the settings of a node that signed here: its name, and its centre unless JUTONG_CONTROL_URL is set."""
    given = Settings(node=node, **changes)
    place = given.node_folder / "centre"
    if "control_url" in given.model_fields_set or not place.exists():
        return given
    return Settings(node=node, control_url=place.read_text(encoding="utf-8").strip(), **changes)


async def _until_told(settings: Settings) -> None:
    work = asyncio.ensure_future(FrontEnd(settings).run())
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, work.cancel)
    with suppress(asyncio.CancelledError):
        await work


def main(node: str) -> int:
    """Run a front-end node until SIGTERM or Ctrl-C; 0 after a clean stop, 1 with the reason on refusal."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("httpx", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        asyncio.run(_until_told(settings_of(node)))
    except Refusal as refusal:
        log.critical("前置机不能启动：%s", refusal.sentence)
        return 1
    return 0
