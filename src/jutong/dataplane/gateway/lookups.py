"""Single-record questions to data sources: plans compiled once per grant, concurrent questions gathered into one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from jutong.crypto import CryptoRefused, Signer
from jutong.dataplane import engines, policy, values
from jutong.dataplane.engines.base import Engine, Paging, Passing
from jutong.dataplane.engines.remote import Ask, RemoteEngine
from jutong.dataplane.errors import Refusal, RuleBroken, TooLarge, Unavailable
from jutong.dataplane.gateway.admission import Listing, mounted
from jutong.dataplane.gathering import GATHER_SECONDS, Gathering
from jutong.dataplane.policy import Plan
from jutong.dataplane.snapshots import Snapshot
from jutong.wire.bundle import Access, Endpoint, Source
from jutong.wire.grants import Condition, Grant

log = logging.getLogger(__name__)
Found = TypeVar("Found")
Rows = list[dict[str, str | None]]
Key = tuple[str, ...]
Opener = Callable[[Source, Access], Awaitable[Engine]]


def passing(engine: Engine) -> Passing:
    """Return an engine that passes calls through, or refuse."""
    if not isinstance(engine, Passing):
        raise Unavailable("该资源不是接口数据源，不能直通调用，请改用查询。")
    return engine


class Sources:
    """Opened data sources by id; one is opened anew when its address or password changed.

    ask: puts a question to a front-end node; sources behind one are asked through it.
    """

    def __init__(
        self, signer: Signer, opener: Opener = engines.open, *, seconds: float, ask: Ask | None = None
    ) -> None:
        self._signer = signer
        self._opener = opener
        self._seconds = seconds
        self._ask = ask
        self._open: dict[str, tuple[Source, asyncio.Task[Engine]]] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def ask(self, source: Source, question: Callable[[Engine], Awaitable[Found]]) -> Found:
        """Put a question to a source; `Unavailable` when it is away, slow, or refuses us."""
        try:
            async with asyncio.timeout(self._seconds):
                return await question(await self._engine(source))
        except TimeoutError as error:
            raise Unavailable(f"数据源“{source.title}”在 {self._seconds:g} 秒内没有应答，请稍后重试。") from error

    async def _engine(self, source: Source) -> Engine:
        known = self._open.get(source.id)
        if known is None or _moved(known[0], source):
            if known:
                self._leave(known[1])
            known = (source, asyncio.create_task(self._connect(source)))
            self._open[source.id] = known
        try:
            return await asyncio.shield(known[1])
        except Exception as error:
            if self._open.get(source.id) is known:
                del self._open[source.id]
            log.warning("数据源 %s 打不开：%s（%s）", source.id, type(error).__name__, error)
            raise Unavailable(f"数据源“{source.title}”暂时无法连接，请联系数据提供部门。") from error

    async def _connect(self, source: Source) -> Engine:
        if source.node and self._ask:
            return RemoteEngine(source, self._ask)
        access = msgspec.json.decode(self._signer.unseal(source.sealed), type=Access)
        return await self._opener(source, access)

    def _leave(self, opened: asyncio.Task[Engine]) -> None:
        """Close a replaced source once its last questions must be over, or when the gateway stops."""

        async def later() -> None:
            try:
                await asyncio.sleep(self._seconds)
            finally:
                with suppress(Exception):  # one that never opened has nothing to close
                    await (await opened).close()

        task = asyncio.create_task(later())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Give all connections back."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        for _, opened in self._open.values():
            if opened.done() and not opened.cancelled() and opened.exception() is None:
                await opened.result().close()


def _moved(known: Source, source: Source) -> bool:
    """Tell whether a source lies elsewhere, or is reached otherwise, than it did."""
    return (known.sealed, known.engine, known.node) != (source.sealed, source.engine, source.node)


class Point:
    """One compiled question of one grant, asked again and again for other keys."""

    def __init__(self, sources: Sources, source: Source, plan: Plan, *, most: int) -> None:
        self._sources = sources
        self._source = source
        self._plan = plan
        self._gathering: Gathering[Key, Rows] = Gathering(self._gathered, most=most, pause=GATHER_SECONDS)

    def key(self, asked: Mapping[str, str]) -> Key:
        """Return a key's canonical values in the plan's order, or raise `RuleBroken`."""
        columns = self._plan.key_columns
        if len(asked) != len(columns):
            raise RuleBroken("keys 中每个标识应包含相同的数据项，请分次查询。")
        return tuple(values.check(found.item, found.kind, asked[found.item]) for found in columns)

    def ask(self, key: Key) -> asyncio.Future[Rows]:
        """Ask for one record, together with whoever else asks."""
        return self._gathering.ask(key)

    async def ask_all(self, keys: Sequence[Key]) -> list[Rows]:
        """Ask for many records at once."""
        plan = policy.with_keys(self._plan, keys)
        return await self._sources.ask(self._source, lambda engine: engine.lookup_each(plan))

    async def _gathered(self, keys: list[Key]) -> Sequence[Rows | Exception]:
        try:
            return await self.ask_all(keys)
        except (TooLarge, RuleBroken):
            if len(keys) == 1:
                raise
        # Some key among them is at fault: each is asked alone, so that nobody suffers for another's question.
        return await asyncio.gather(*(self._alone(key) for key in keys))

    async def _alone(self, key: Key) -> Rows | Exception:
        try:
            return (await self.ask_all([key]))[0]
        except Refusal as refusal:
            return refusal


class Lookups:
    """The questions a gateway asks, compiled once per grant, items and key items, and dropped with each new snapshot."""

    def __init__(self, sources: Sources, signer: Signer, *, most: int) -> None:
        self._sources = sources
        self._signer = signer
        self._most = most
        self._snapshot: Snapshot | None = None
        self._points: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Point] = {}

    def query(
        self,
        snapshot: Snapshot,
        grant: Grant,
        keys: Sequence[Mapping[str, str]],
        items: tuple[str, ...],
        filters: Sequence[Condition],
    ) -> asyncio.Future[Rows]:
        """Start a query and return its rows to come; `NotAllowed`, `RuleBroken` at once for what the grant forbids."""
        if filters:
            point = self._compile(snapshot, grant, keys[0], items, filters)
        else:
            if snapshot is not self._snapshot:
                self._snapshot, self._points = snapshot, {}
            name = (grant.id, items, tuple(keys[0]))
            found = self._points.get(name)
            point = self._points[name] = found or self._compile(snapshot, grant, keys[0], items, ())
        asked = [point.key(key) for key in keys] if all(key.keys() == keys[0].keys() for key in keys) else []
        if not asked:
            raise RuleBroken("keys 中每个标识应包含相同的数据项，请分次查询。")
        return point.ask(asked[0]) if len(asked) == 1 else asyncio.ensure_future(self._many(point, asked))

    async def page(
        self, snapshot: Snapshot, grant: Grant, asked: Listing, after: tuple[str, ...]
    ) -> tuple[Rows, tuple[str, ...]]:
        """Return a page of records and the key after which the next one begins, empty on the last page."""
        mount, source = mounted(snapshot, grant)
        plan = policy.compile_page(
            grant, mount, items=asked.items, filters=asked.filters, after=after, limit=asked.limit,
            hash_key=self._hash_key(grant),
        )  # fmt: skip

        async def turned(engine: Engine) -> list[tuple[tuple[str, ...], dict[str, str | None]]]:
            if not isinstance(engine, Paging):
                raise Unavailable("该类数据源不支持逐页列出，请改用查询或批量下载。")
            return await engine.page(plan)

        found = await self._sources.ask(source, turned)
        last = found[: asked.limit][-1][0] if len(found) > asked.limit else ()
        if last and found[asked.limit][0] == last:
            raise Unavailable("资源的主键有重复，无法逐页列出，请联系提供部门修正资源挂接。")
        return [row for _key, row in found[: asked.limit]], last

    async def confirm(
        self, snapshot: Snapshot, grant: Grant, keys: Mapping[str, str], facts: Mapping[str, str]
    ) -> tuple[bool, bool]:
        """Return (found, match) of a confirmation (R-EXC-008)."""
        mount, source = mounted(snapshot, grant)
        plan = policy.compile_confirm(grant, mount, keys, facts)
        return await self._sources.ask(source, lambda engine: engine.confirm(plan))

    async def through(self, snapshot: Snapshot, grant: Grant, endpoint: Endpoint, given: Mapping[str, Any]) -> Rows:
        """Return what a call passed through to a department's interface answers, narrowed to what the grant shows."""
        mount, source = mounted(snapshot, grant)
        plan = policy.compile_through(grant, mount, hash_key=self._hash_key(grant))
        return await self._sources.ask(source, lambda engine: passing(engine).through(plan, endpoint, given))

    def _compile(
        self,
        snapshot: Snapshot,
        grant: Grant,
        key: Mapping[str, str],
        items: tuple[str, ...],
        filters: Sequence[Condition],
    ) -> Point:
        mount, source = mounted(snapshot, grant)
        hash_key = self._hash_key(grant)
        plan = policy.compile_lookup(grant, mount, [key], items=items, filters=filters, hash_key=hash_key)
        return Point(self._sources, source, plan, most=self._most)

    def _hash_key(self, grant: Grant) -> bytes:
        try:
            return self._signer.unseal(grant.hash_key) if grant.hash_key else b""
        except CryptoRefused as error:
            raise Unavailable("授权的散列密钥无法打开，请联系平台运行单位。") from error

    @staticmethod
    async def _many(point: Point, asked: Sequence[Key]) -> Rows:
        return [row for rows in await point.ask_all(asked) for row in rows]
