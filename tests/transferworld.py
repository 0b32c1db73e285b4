"""A hand-written world for transfers: a control plane over real HTTP, a node with keys, a provider's and a consumer's database."""

# ruff: noqa: S608 - the names in these statements are the tests' own
from __future__ import annotations

import asyncio
import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from jutong.crypto import sm2
from jutong.dataplane import envelopes, identity
from jutong.dataplane.link import Orders, check_proof
from jutong.dataplane.settings import Settings
from jutong.dataplane.transfer.runner import serve
from jutong.wire.bundle import Access, Bundle, Mount, Source
from jutong.wire.grants import Column, Condition, Grant, Kind, Masking, Mode, Quota
from jutong.wire.transfers import DirtyRows, Order, OrderKind, Progress, Receipt, RunState, TableMode
from postgres import database_url

COLUMNS = (
    Column("身份证号", "id_no", masking=Masking.IDENTITY),
    Column("姓名", "name", masking=Masking.NAME),
    Column("区划", "region"),
    Column("出生日期", "born", Kind.DATE),
    Column("金额", "amount", Kind.NUMBER),
    Column("更新时间", "changed", Kind.TIMESTAMP),
    Column("编号", "n", Kind.INTEGER),
)
MAKE_PEOPLE = """
create table people (id_no varchar(18) primary key, name text, region char(6), born date, amount numeric(12,2),
                     changed timestamptz, n bigint not null, secret text);
insert into people select '11010' || lpad(i::text, 13, '0'), '张' || chr(19968 + i %% 2000) || i, (110100 + i %% 3)::text,
       date '1950-01-01' + i %% 20000, i / 7.0, timestamptz '2026-01-01' + make_interval(secs => i), i, 'never'
from generate_series(1, %d) i
"""


class Control:
    """The control plane's side of the wire: bundle, orders, progress; long polls as agreed."""

    def __init__(self) -> None:
        self.key = sm2.generate()
        self.secret = b""
        self.progress: list[Progress] = []
        self.dirty: list[DirtyRows] = []
        self.away = False
        self.deaf = False  # to rows set aside
        self._serial = 1
        self._orders: list[tuple[int, Order]] = []
        self._bundle: dict[str, Any] = {"grants": (), "mounts": (), "sources": ()}
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def publish(self, **changes: Any) -> None:
        """Change the bundle."""
        with self._news:
            self._bundle |= changes
            self._serial += 1
            self._news.notify_all()

    def order(self, order: Order) -> None:
        """Send an order."""
        with self._news:
            self._orders.append((len(self._orders) + 1, order))
            self._news.notify_all()

    def wait(self, ready: Callable[[], Any], seconds: float = 40) -> Any:
        """Wait until something has been reported."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = ready()
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"never reported; progress: {[(p.state, p.message) for p in self.progress][-10:]}")

    def ended(self, order_id: str) -> Progress | None:
        """Return the last word about an order."""
        last = (RunState.RELEASED, RunState.REJECTED, RunState.QUARANTINED)
        return next(
            (p for p in reversed(self.progress) if p.order_id == order_id and p.state in last and not p.alarm), None
        )

    def _bundled(self, since: int) -> bytes:
        now = datetime.now(UTC)
        bundle = Bundle("here", self._serial, 0, now, now + timedelta(minutes=15), full=True, **self._bundle)
        signer = identity.keyfile.SoftwareSigner.of(self.key)
        return msgspec.json.encode(envelopes.seal("bundle", msgspec.json.encode(bundle), signer))

    def _poll(self, path: str, since: int, wait: float) -> bytes | None:
        with self._news:
            if path == "/internal/bundle":
                self._news.wait_for(lambda: self._serial > since, wait)
                return self._bundled(since) if self._serial > since else None
            self._news.wait_for(lambda: len(self._orders) > since, wait)
            found = tuple(order for serial, order in self._orders if serial > since)
            return msgspec.json.encode(Orders(len(self._orders), found)) if found else None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        control = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                now = time.time_ns() // 1_000_000
                check_proof(
                    headers, control.secret, node="mover", method=self.command, target=self.path, body=body, at_ms=now
                )
                parts = urlsplit(self.path)
                answer = None
                if control.away or (control.deaf and parts.path == "/internal/dirty"):
                    self.send_response(503)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if self.command == "GET":
                    asked = parse_qs(parts.query)
                    answer = control._poll(parts.path, int(asked["since"][0]), min(5, float(asked["wait"][0])))
                elif parts.path == "/internal/progress":
                    control.progress.extend(msgspec.json.decode(body, type=list[Progress]))
                elif parts.path == "/internal/dirty":
                    control.dirty.append(msgspec.json.decode(body, type=DirtyRows))
                self.send_response(200 if answer else 204)
                self.send_header("Content-Length", str(len(answer or b"")))
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(answer or b"")

            do_GET = do_POST = _answer  # noqa: N815 - names the standard library calls

        return Handler

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve in a thread."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            with self._news:
                self._news.notify_all()
            self._server.shutdown()
            thread.join()
            self._server.server_close()


class World:
    """One provider with a table of people, one consumer with an empty database, one node, one grant."""

    def __init__(self, folder: Path, urls: tuple[str, str, str]) -> None:
        self.provider, self.consumer, self.book = urls
        self.control = Control()
        self.me = identity.establish(folder / "nodes/mover", at=datetime.now(UTC))
        self.control.secret = self.me.secret
        (folder / "nodes/mover/control.pub").write_text(self.control.key.public.hex())
        self.settings = Settings(
            home=folder,
            node="mover",
            control_url=self.control.url,
            book_url=self.book,
            transfer_lease_seconds=3,
            bundle_wait_seconds=2,
        )
        self.told: int | None = None  # where runners of their own say what happens; as this process when None
        now = datetime.now(UTC)
        self.grant = Grant(
            id="grant-1",
            version=1,
            resource_id="people",
            resource_title="人口基本信息",
            entry_code="307001/000001",
            provider_id="provider",
            consumer_id="consumer",
            systems=("system",),
            columns=COLUMNS,
            key_items=("身份证号",),
            conditions=(),
            modes=(Mode.FRONT_END_NODE, Mode.BATCH_DOWNLOAD),
            purposes=("低保核查",),
            basis="national-2025#21",
            valid_from=now - timedelta(days=1),
            valid_until=now + timedelta(days=30),
        )
        self.mount = Mount("people", "source", "public", "people", COLUMNS, ("id_no",))

    def sealed(self, url: str) -> bytes:
        """Return the access to a database, sealed to the node."""
        found = conninfo_to_dict(url)
        access = Access(
            host=str(found["host"]),
            port=int(found.get("port") or 5432),
            database=str(found["dbname"]),
            user=str(found.get("user") or "postgres"),
            password=str(found.get("password") or ""),
            tls="disable",
        )
        return sm2.seal(self.me.signer.public, msgspec.json.encode(access))

    def publish(self, **changes: Any) -> None:
        """Publish grant, mount and sources, the grant changed as named."""
        self.grant = msgspec.structs.replace(self.grant, **changes)
        sources = (
            Source("source", "provider", "postgresql", "提供方库", self.sealed(self.provider)),
            Source("target", "consumer", "postgresql", "需求方库", self.sealed(self.consumer)),
        )
        self.control.publish(grants=(self.grant,), mounts=(self.mount,), sources=sources)

    def people(self, count: int) -> None:
        """Fill the provider's table."""
        self.sql(self.provider, MAKE_PEOPLE % count)

    def sql(self, url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement in a database."""
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(statement, values or None)
            return found.fetchall() if found.description else []

    def order(self, order_id: str = "order-1", **changes: Any) -> Order:
        """Send an order: a table order unless changed."""
        order = Order(
            id=order_id,
            kind=OrderKind.TABLE,
            grant_id=self.grant.id,
            grant_version=self.grant.version,
            ordered_at=datetime.now(UTC),
            digest="00" * 32,
            target_source_id="target",
            target_schema="public",
            target_table="people_copy",
            target_mode=TableMode.REPLACE,
        )
        order = msgspec.structs.replace(order, **changes)
        self.control.order(order)
        return order

    def ended(self, order_id: str = "order-1", seconds: float = 40) -> Progress:
        """Wait for the end of an order."""
        found: Progress = self.control.wait(lambda: self.control.ended(order_id), seconds)
        return found

    def receipt(self, raw: bytes) -> Receipt:
        """Return a receipt after checking its signature."""
        envelope = msgspec.json.decode(raw, type=envelopes.Envelope)
        payload = envelopes.opened(envelope, "receipt", {self.me.signer.key_id: self.me.signer.public})
        return msgspec.json.decode(payload, type=Receipt)

    def expected(self, table: str = "people") -> list[tuple[Any, ...]]:
        """Return what the consumer must hold of the provider's people: granted columns, masked by an independent hand."""
        masked = """select left(id_no, 6) || '********' || right(id_no, 4),
            left(name, 1) || repeat('*', length(name) - 1), region, born, amount, changed, n from """
        return sorted(self.sql(self.provider, masked + table), key=lambda row: row[-1])

    def arrived(self, table: str = "people_copy") -> list[tuple[Any, ...]]:
        """Return what the consumer holds."""
        names = ", ".join(column.column for column in COLUMNS)
        return sorted(self.sql(self.consumer, f"select {names} from {table}"), key=lambda row: row[-1])

    @contextmanager
    def running(self, count: int = 1, **settings: Any) -> Iterator[list[asyncio.AbstractEventLoop]]:
        """Run runners in threads of this process until left."""
        chosen = self.settings.model_copy(update=settings)
        loops: list[asyncio.AbstractEventLoop] = []
        tasks: list[asyncio.Future[None]] = []
        failures: list[BaseException] = []

        def live() -> None:
            async def main() -> None:
                task = asyncio.ensure_future(serve(chosen))
                loops.append(asyncio.get_running_loop())
                tasks.append(task)
                with suppress(asyncio.CancelledError):
                    await task

            try:
                asyncio.run(main())
            except BaseException as error:  # noqa: BLE001 - told to the test
                failures.append(error)

        threads = [threading.Thread(target=live) for _ in range(count)]
        for thread in threads:
            thread.start()
        self.control.wait(lambda: len(tasks) == count or failures)
        try:
            yield loops
        finally:
            for loop, task in zip(loops, tasks, strict=True):
                loop.call_soon_threadsafe(task.cancel)
            for thread in threads:
                thread.join(20)
        assert not failures, failures

    def process(self) -> subprocess.Popen[bytes]:
        """Start a runner as a process of its own."""
        command = "import sys; from jutong.dataplane.transfer.runner import main; sys.exit(main('mover'))"
        environment = os.environ | {
            "JUTONG_HOME": str(self.settings.home),
            "JUTONG_CONTROL_URL": self.control.url,
            "JUTONG_BOOK_URL": self.book,
            "JUTONG_TRANSFER_LEASE_SECONDS": "3",
            "JUTONG_BUNDLE_WAIT_SECONDS": "2",
        }
        return subprocess.Popen([sys.executable, "-c", command], env=environment, stderr=self.told)


@cache
def databases() -> tuple[str, str, str]:
    """Return three databases of this process, made once."""
    closing = ExitStack()
    urls = tuple(closing.enter_context(database_url()) for _ in range(3))
    atexit.register(closing.close)
    return urls[0], urls[1], urls[2]


def emptied(url: str) -> str:
    """Return a database after throwing out whoever and whatever was left in it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        connection.execute("drop schema if exists book cascade; drop schema public cascade; create schema public")
    return url


@contextmanager
def world(folder: Path, people: int = 1000, kind: type[World] = World) -> Iterator[Any]:
    """Build the world with so many people, published and served."""
    before = os.environ.get("JUTONG_SOURCE_ADDRESSES")
    os.environ["JUTONG_SOURCE_ADDRESSES"] = json.dumps(["127.0.0.0/8", "::1/128", "/tmp", "/var/run"])  # noqa: S108 - sockets of test servers
    provider, consumer, book = map(emptied, databases())
    made = kind(folder, (provider, consumer, book))
    made.people(people)
    try:
        with made.control.serving():
            made.publish()
            yield made
    finally:
        os.environ.pop("JUTONG_SOURCE_ADDRESSES", None)
        if before is not None:
            os.environ["JUTONG_SOURCE_ADDRESSES"] = before


@asynccontextmanager
async def opened(url: str, title: str = "测试库") -> AsyncIterator[Any]:
    """Open a database as an engine."""
    from jutong.dataplane import engines

    found = conninfo_to_dict(url)
    access = Access(
        host=str(found["host"]),
        port=int(found.get("port") or 5432),
        database=str(found["dbname"]),
        user=str(found.get("user") or "postgres"),
        password=str(found.get("password") or ""),
        tls="disable",
    )
    engine = await engines.open(Source("s", "d", "postgresql", title, b""), access)
    try:
        yield engine
    finally:
        await engine.close()


__all__ = ["COLUMNS", "Condition", "Quota", "World", "opened", "world"]
