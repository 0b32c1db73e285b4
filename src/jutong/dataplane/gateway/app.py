"""The gateway's ASGI application: routes, the life of its parts, and one place where refusals become answers."""

from __future__ import annotations

import asyncio
import gc
import logging
import logging.config
import re
import resource
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta

import httpx

from jutong.dataplane import engines, identity, priorities
from jutong.dataplane.book import Book, open_book
from jutong.dataplane.bundles import BundleCache
from jutong.dataplane.chain import Chain
from jutong.dataplane.errors import NotThere, Refusal, Unauthenticated, Unavailable
from jutong.dataplane.gateway.answers import Answer, as_json, refused, send_answer
from jutong.dataplane.gateway.calls import Call, Receive, Scope, Send, read_call, within
from jutong.dataplane.gateway.lookups import Lookups, Opener, Sources
from jutong.dataplane.gateway.passing import SERVICE
from jutong.dataplane.gateway.service import Service
from jutong.dataplane.gateway.tunnels import Tunnels
from jutong.dataplane.gateway.watch import Watch
from jutong.dataplane.link import Link
from jutong.dataplane.pulse import pulse
from jutong.dataplane.settings import Settings
from jutong.logs import dictionary

log = logging.getLogger(__name__)
ARTEFACT = re.compile(r"/v1/artefacts/([A-Za-z0-9_-]{1,64})(/manifest)?")
NODE_PROBE = re.compile(r"/v1/nodes/([a-z0-9-]{1,40})/probe")
FIRST_BUNDLE_SECONDS = 2.0
SWEEP_SECONDS = 60.0
RARELY = 50_000
COLLECT_SECONDS = 2.0


class Broken(Refusal):
    """A fault of ours; the caller learns the trace only."""

    status, code, title = 500, "error", "内部错误"


class Gateway:
    """Bare ASGI: one instance per process."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        control: httpx.AsyncBaseTransport | None = None,
        opener: Opener = engines.open,
    ) -> None:
        self._settings = settings or Settings()
        self._control = control
        self._opener = opener
        self._closing = AsyncExitStack()
        self._strangers: dict[str, float] = {}
        self._under_way = 0
        self._deeds: dict[tuple[str, str], Callable[[Call], Awaitable[Answer]]] = {}
        self.service: Service | None = None
        self._watch: Watch | None = None
        self.tunnels: Tunnels | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI: lifespan, http, and the nodes' websocket."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            if self.tunnels:
                await self.tunnels.serve(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1012})

    async def start(self) -> None:
        """Open identity, book, chain and bundles, and start what runs beside the calls."""
        settings = self._settings
        me = await asyncio.to_thread(identity.load, settings.node_folder)
        book = await open_book(settings.book_location)
        self._closing.push_async_callback(book.close)
        chain = await asyncio.to_thread(
            Chain.open,
            settings.node_folder / "chain",
            me,
            most_lines=settings.chain_segment_lines,
            most_seconds=settings.chain_segment_seconds,
        )
        link = Link(settings.control_url, me, transport=self._control)
        self._closing.push_async_callback(link.close)
        self._closing.push_async_callback(self._last_words, chain, link)
        bundles = BundleCache(settings.node_folder / "bundle", me, settings.zone)
        bundles.load()
        with suppress(TimeoutError, Refusal):
            async with asyncio.timeout(FIRST_BUNDLE_SECONDS):
                await bundles.fetch(link, wait=0, at=datetime.now(UTC))
        self.tunnels = Tunnels(settings, bundles.current)
        sources = Sources(me.signer, self._opener, seconds=settings.lookup_seconds, ask=self.tunnels.ask)
        self._closing.push_async_callback(sources.close)
        lookups = Lookups(sources, me.signer, most=settings.gathered_keys)
        self.service = Service(settings, me, bundles, book, chain, lookups)
        self._deeds = _deeds(self.service)
        self._closing.push_async_callback(self.service.settled)
        self._watch = Watch(settings, bundles, book, chain, self.service.usage, lambda: self._under_way)
        self._beside("figures", self._watch.note)
        self._beside("pulse", lambda: pulse(link, "gateway", busy=lambda: self._under_way))
        self._beside("bundles", lambda: bundles.follow(link, wait=settings.bundle_wait_seconds))
        self._beside("chain", lambda: chain.keep(link, keep_days=settings.chain_keep_days))
        self._beside("usage", lambda: self._count(link))
        self._beside("sweep", lambda: self._sweep(book))
        self._beside("collector", _collect)

    async def stop(self) -> None:
        """Finish what is under way, seal and ship the chain, hand over the counts, close everything."""
        await self._closing.aclose()
        self.service = None

    def _beside(self, name: str, deed: Callable[[], Awaitable[None]]) -> None:
        async def forever() -> None:
            while True:
                try:
                    await deed()
                except Refusal as refusal:
                    log.warning("后台任务 %s：%s", name, refusal.sentence)
                except Exception:
                    log.exception("后台任务 %s 出错，一秒后重新开始", name)
                await asyncio.sleep(1)

        task = asyncio.create_task(forever(), name=name)

        async def end() -> None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        self._closing.push_async_callback(end)

    async def _last_words(self, chain: Chain, link: Link) -> None:
        await chain.close()
        with suppress(Refusal, TimeoutError):
            async with asyncio.timeout(FIRST_BUNDLE_SECONDS):
                await chain.ship(link, at=datetime.now(UTC), keep_days=self._settings.chain_keep_days)
                if self.service:
                    await self.service.usage.flush(link)

    async def _count(self, link: Link) -> None:
        while True:
            await asyncio.sleep(self._settings.usage_seconds)
            if self.service:
                with suppress(Refusal):
                    await self.service.usage.flush(link)

    async def _sweep(self, book: Book) -> None:
        life = timedelta(seconds=3 * self._settings.clock_tolerance_seconds)
        while True:
            await book.forget(before=datetime.now(UTC) - life)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except (Refusal, OSError) as error:
                    await self._closing.aclose()
                    reason = str(error) if isinstance(error, Refusal) else f"{error}，请检查目录权限与磁盘空间。"
                    log.critical("网关不能启动：%s", reason)
                    await send({"type": "lifespan.startup.failed", "message": reason})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in {"/healthz", "/metrics"}:
            await send_answer(await self._watched(scope), send)
            return
        if self._under_way >= self._settings.waiting_calls:
            await send_answer(refused(Unavailable("当前调用过多，请稍后重试。"), ""), send)
            return
        self._under_way += 1
        try:
            answer = await self._answer(scope, receive)
        finally:
            self._under_way -= 1
        await send_answer(answer, send, receive)  # a slow reader no longer counts: downloads have limits of their own

    async def _watched(self, scope: Scope) -> Answer:
        """Answer /healthz (200, or 503 naming the failed parts) and, to the addresses set for it, /metrics."""
        address = str((scope.get("client") or ("",))[0])
        if scope["path"] == "/metrics":
            if self._watch is None or not within(address, self._settings.metrics_addresses):
                return refused(NotThere("没有这个接口，请对照 /v1/openapi.json 检查方法与路径。"), "")
            text = await asyncio.to_thread(self._watch.exposition, time.time())
            return Answer(200, [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")], text)
        failed = await self._watch.failed(datetime.now(UTC)) if self._watch else ["启动"]
        return as_json({"ok": not failed, "failed": failed}, status=503 if failed else 200)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        call = read_call(scope, self._settings.trusted_proxies)
        try:
            await call.read(receive, limit=self._settings.body_limit)
            return await self._route(call)
        except Refusal as refusal:
            return await self._refuse(call, refusal)
        except Exception:
            log.exception("网关内部错误，审计编号 %s", call.trace)
            return await self._refuse(call, Broken(f"平台内部错误，请将审计编号 {call.trace} 告知平台运行单位。"))

    async def _route(self, call: Call) -> Answer:
        service = self.service
        if service is None:
            raise Unavailable("网关正在启动或停止，请稍后重试。")
        if deed := self._deeds.get((call.method, call.path)):
            return await deed(call)
        if call.method == "POST" and (found := NODE_PROBE.fullmatch(call.path)):
            return await service.probe(call, found[1], self.tunnels)
        if call.method == "GET" and (found := ARTEFACT.fullmatch(call.path)):
            return await (service.manifest if found[2] else service.download)(call, found[1])
        if call.method in ("GET", "POST") and (found := SERVICE.fullmatch(call.path)):
            return await service.through(call, found[1], found[2])
        raise NotThere("没有这个接口，请对照 /v1/openapi.json 检查方法与路径。")

    async def _refuse(self, call: Call, refusal: Refusal) -> Answer:
        """Write the refusal to the chain, then answer it; strangers get one line a second for each address."""
        if self.service is None:
            return refused(refusal, "")
        if not call.who and isinstance(refusal, Unauthenticated | NotThere) and not self._first_in_second(call.address):
            return refused(refusal, "")
        try:
            await self.service.write_refusal(call, refusal)
        except Refusal as worse:
            return refused(worse, call.trace)
        return refused(refusal, call.trace)

    def _first_in_second(self, address: str) -> bool:
        """Tell whether an address was not yet written down in the last second: nobody unknown may fill the disk."""
        now = time.monotonic()
        if now - self._strangers.get(address, float("-inf")) < 1:
            return False
        if len(self._strangers) > 10_000:  # noqa: PLR2004 - forget them all rather than grow
            self._strangers.clear()
        self._strangers[address] = now
        return True


async def _collect() -> None:
    """Collect by the clock what runs beside the calls leaves in cycles: a shipped segment of the chain is megabytes."""
    while True:
        await asyncio.sleep(COLLECT_SECONDS)
        gc.collect()


def _deeds(service: Service) -> dict[tuple[str, str], Callable[[Call], Awaitable[Answer]]]:
    """Return the deeds whose addresses name nothing, by method and path."""
    return {
        ("POST", "/v1/query"): service.query,
        ("POST", "/v1/confirm"): service.confirm,
        ("POST", "/v1/list"): service.listing,
        ("POST", "/v1/queries"): service.several,
        ("POST", "/v1/tickets"): service.ticket,
        ("GET", "/v1/grants"): service.grants,
        ("GET", "/v1/openapi.json"): service.openapi,
    }


def create() -> Gateway:
    """Return the application; the factory granian calls in each of its processes.

    What is loaded by now stays for good, and a call leaves no cycles: the collector looks by the clock. The threads of the
    server and of the audit chain do not interrupt the one that answers.
    """
    logging.config.dictConfig(dictionary(Settings().log_format))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each download holds a file and a connection
    priorities.by_turns()
    gc.freeze()
    gc.set_threshold(RARELY, 20, 20)
    return Gateway()
