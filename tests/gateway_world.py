"""A small world around a gateway: a control plane that signs bundles, a department database, business systems that call."""

from __future__ import annotations

import asyncio
import atexit
import base64
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import httpx
import msgspec

from jutong.client import AsyncClient, Refused
from jutong.crypto import SoftwareSigner, sm2, sm3, sm4
from jutong.dataplane import identity
from jutong.dataplane.book import Artefact
from jutong.dataplane.envelopes import seal
from jutong.dataplane.gateway.app import Gateway
from jutong.dataplane.link import check_proof
from jutong.dataplane.settings import Settings
from jutong.dataplane.transfer import batches
from jutong.wire.bundle import Access, Bundle, Caller, Mount, Source
from jutong.wire.envelope import Envelope
from jutong.wire.grants import Column, Grant, Kind, Masking, Mode, Quota
from jutong.wire.transfers import Manifest
from jutong.wire.usage import ChainRecord, Usage, UsageBatch
from postgres import database_url

PEOPLE = """
CREATE TABLE people (id text PRIMARY KEY, name text, born date, phone text, region text);
INSERT INTO people SELECT '11010119800101' || lpad(n::text, 4, '0'), '张' || n, date '1980-01-01' + n, '1380000' || lpad(n::text, 4, '0'),
    CASE WHEN n % 2 = 0 THEN '360100' ELSE '360200' END FROM generate_series(1, 1000) AS n;
"""
COLUMNS = (
    Column("身份证号", "id"),
    Column("姓名", "name"),
    Column("出生日期", "born", Kind.DATE),
    Column("电话", "phone"),
    Column("区划", "region"),
)
SECRET_COLUMNS = (
    Column("身份证号", "id", masking=Masking.IDENTITY),
    Column("姓名", "name"),
    Column("出生日期", "born", Kind.DATE),
)


def person(n: int) -> str:
    """Return the identity number of the n-th person."""
    return f"11010119800101{n:04d}"


@cache
def registered_node() -> tuple[SoftwareSigner, Path, identity.Identity]:
    """Make a control plane's key and a node's folder once; deriving keys from passphrases is slow on purpose."""
    signer = SoftwareSigner.of(sm2.generate())
    folder = Path(tempfile.mkdtemp(prefix="jutong-node-")) / "gateway"
    folder.mkdir()
    (folder / "control.pub").write_text(sm2.public_hex(signer.public))
    node = identity.establish(folder, at=datetime.now(UTC))
    atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    return signer, folder, node


class ControlPlane:
    """The other side of /internal: serves signed bundles by long poll and takes in counts and sealed segments."""

    def __init__(self, folder: Path) -> None:
        self.signer, template, self.node = registered_node()
        shutil.copytree(template, folder)
        self.public = {self.node.signer.key_id: self.node.signer.public}
        self.life = timedelta(minutes=15)
        self.serial = 0
        self.entries: dict[str, dict[str, Any]] = {
            "grants": {},
            "mounts": {},
            "sources": {},
            "callers": {},
            "marks": {},
        }
        self.log: list[tuple[int, str, str]] = []  # serial, kind, id
        self.usage: list[Usage] = []
        self.segments: list[tuple[Envelope, bytes]] = []
        self.polls: list[int] = []
        self.away = False
        self._news = asyncio.Event()

    def say(self, kind: str, name: str, entry: object | None) -> None:
        """Set (or, with None, remove) one entry and wake whoever waits."""
        self.serial += 1
        if entry is None:
            self.entries[kind].pop(name, None)
        else:
            self.entries[kind][name] = entry
        self.log.append((self.serial, kind, name))
        self._news.set()
        self._news = asyncio.Event()

    def bundle(self, since: int) -> Envelope:
        """Return everything, or what changed since a serial."""
        now = datetime.now(UTC)
        changed = {(kind, name) for serial, kind, name in self.log if serial > since or not since}
        there: dict[str, tuple[Any, ...]] = {
            kind: tuple(entry for name, entry in entries.items() if (kind, name) in changed)
            for kind, entries in self.entries.items()
        }
        gone = {kind: tuple(n for k, n in changed if k == kind and n not in self.entries[kind]) for kind in there}
        bundle = Bundle("市级平台", self.serial, since, now, now + self.life, full=not since, **there, removed=gone)
        return seal("bundle", msgspec.json.encode(bundle), self.signer)

    async def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Answer one internal call after checking its proof."""
        now = int(datetime.now(UTC).timestamp() * 1000)
        check_proof(headers, self.node.secret, node=self.node.name, method=method, target=target, body=body, at_ms=now)
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path == "/internal/bundle":
            since = int(query["since"][0])
            self.polls.append(since)
            if since >= self.serial:
                try:
                    await asyncio.wait_for(self._news.wait(), int(query["wait"][0]))
                except TimeoutError:
                    return 204, b""
            return 200, msgspec.json.encode(self.bundle(since))
        if path == "/internal/usage":
            self.usage += msgspec.json.decode(body, type=UsageBatch).counts
        elif path == "/internal/segments":
            shipped = msgspec.json.decode(body)
            one = (msgspec.convert(shipped["envelope"], Envelope), base64.b64decode(shipped["lines"]))
            if one not in self.segments:  # a writer that died before it heard of the arrival ships again
                self.segments.append(one)
        return 204, b""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Speak ASGI, for a server of its own or httpx's transport."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        target = scope["path"] + (f"?{query}" if query else "")
        if self.away:
            status, content = 503, b""
        else:
            status, content = await self.answer(scope["method"], target, headers, body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": content})

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak just enough HTTP/1.1 on a socket for gateways in processes of their own."""
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, target, _ = first.split(" ")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status, content = (503, b"") if self.away else await self.answer(method, target, headers, body)
                length = f"Content-Length: {len(content)}\r\n" if status != 204 else ""
                writer.write(f"HTTP/1.1 {status} -\r\n{length}\r\n".encode() + content)
                await writer.drain()
        writer.close()

    def transport(self) -> httpx.AsyncBaseTransport:
        """Return the way a gateway in the same process reaches this control plane."""
        inner = httpx.ASGITransport(app=self)

        class Wire(httpx.AsyncBaseTransport):
            async def handle_async_request(wire, request: httpx.Request) -> httpx.Response:  # noqa: N805
                if self.away:
                    raise httpx.ConnectError("away")
                return await inner.handle_async_request(request)

        return Wire()


@contextmanager
def two_databases() -> Iterator[tuple[str, str]]:
    """Yield a database for the book and one for the department."""
    with database_url() as book, database_url() as department:
        yield book, department


class World:
    """One gateway with everything around it. Departments 公安 provides, 民政 consumes with system `s1`."""

    def __init__(self, home: Path, databases: tuple[str, str], **settings: Any) -> None:
        book, self.database = databases  # the platform's own, and the department's
        self.control = ControlPlane(home / "nodes" / "gateway")
        self.settings = Settings(home=home, database_url=book, **settings)
        self.keys: dict[str, bytes] = {}
        self.gateway = Gateway(self.settings, control=self.control.transport())

    async def __aenter__(self) -> Self:
        """Fill the department database, register, and start the gateway."""
        connection = await asyncpg.connect(self.database)
        if not await connection.fetchval("SELECT to_regclass('people')"):
            await connection.execute(PEOPLE)
        await connection.close()
        self.register("s1", "民政")
        self.register("s2", "教育")
        self.mount()
        self.grant("g1")
        await self.gateway.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.stop()

    def seal(self, content: bytes) -> bytes:
        """Seal to the node's key."""
        return sm2.seal(self.control.node.signer.public, content)

    def register(self, system: str, department: str, **changes: Any) -> None:
        """Register a business system with a new call key `k-<system>`."""
        key = self.keys.setdefault(f"k-{system}", secrets.token_bytes(32))
        caller = Caller(system, f"{department}业务系统", department, f"k-{system}", self.seal(key), "政务外网")
        self.control.say("callers", system, msgspec.structs.replace(caller, **changes))

    def access(self) -> Access:
        """Return the way into the department database."""
        parts = urlsplit(self.database)
        return Access(
            host=parts.hostname or "",
            port=parts.port or 5432,
            database=parts.path[1:],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls="disable",
        )

    def mount(self, **changes: Any) -> None:
        """Mount table people of the department database as resource r1."""
        source = Source("src1", "公安", "postgresql", "公安人口库", self.seal(msgspec.json.encode(self.access())))
        self.control.say("sources", "src1", msgspec.structs.replace(source, **changes))
        self.control.say("mounts", "r1", Mount("r1", "src1", "public", "people", COLUMNS, ("id",)))

    def grant(self, name: str, **changes: Any) -> Grant:
        """Grant r1 to 民政's system s1: number masked, name and birthday plain, phone and region not at all."""
        now = datetime.now(UTC)
        grant = Grant(
            id=name,
            version=1,
            resource_id="r1",
            resource_title="人口基本信息",
            entry_code="307000/0001",
            provider_id="公安",
            consumer_id="民政",
            systems=("s1",),
            columns=SECRET_COLUMNS,
            key_items=("身份证号",),
            conditions=(),
            modes=(Mode.ONLINE_QUERY, Mode.BATCH_DOWNLOAD),
            purposes=("verification",),
            basis="社会救助暂行办法",
            valid_from=now - timedelta(days=1),
            valid_until=now + timedelta(days=30),
            quota=Quota(),
            confirm_items=("姓名", "电话"),
        )
        grant = msgspec.structs.replace(grant, **changes)
        self.control.say("grants", name, grant)
        return grant

    def client(self, system: str = "s1", *, purpose: str = "verification", **given: Any) -> AsyncClient:
        """Return a business system's client."""
        transport = httpx.ASGITransport(app=self.gateway, client=(given.pop("address", "10.1.2.3"), 4711))
        key_id = given.pop("key_id", f"k-{system}")
        key = given.pop("key", self.keys.get(key_id, b"?" * 32))
        return AsyncClient("http://gateway", key_id=key_id, key=key, purpose=purpose, transport=transport)

    async def caught_up(self) -> None:
        """Wait until the gateway knows everything that was said."""
        await until(lambda: self.service._bundles.current().serial == self.control.serial)

    @property
    def service(self) -> Any:
        """Return the running service."""
        assert self.gateway.service is not None
        return self.gateway.service

    async def artefact(
        self, name: str, content: bytes, *, grant: str = "g1", consumer: str = "民政", hours: int = 1
    ) -> Manifest:
        """Put an encrypted batch file into the book, as a runner would."""
        now = datetime.now(UTC)
        key = secrets.token_bytes(16)
        self.settings.artefact_folder.mkdir(parents=True, exist_ok=True)
        with (
            (self.settings.artefact_folder / f"{name}.sm4").open("wb") as file,
            sm4.EncryptingWriter(file, key, chunk_size=batches.CHUNK) as writer,
        ):
            writer.write(content)
        manifest = Manifest(
            name, "o1", grant, "人口基本信息", "307000/0001", consumer, content.count(b"\n"), len(content),
            sm3.hexdigest(content), "0", "count", "csv", "utf-8", SECRET_COLUMNS, "verification", now,
            now + timedelta(hours=hours),
        )  # fmt: skip
        raw = msgspec.json.encode(manifest)
        entry = Artefact(name, "o1", grant, consumer, self.seal(key), raw, now, manifest.expires_at)
        await self.service._book.add_artefact(entry)
        return manifest

    def lines(self) -> list[ChainRecord]:
        """Return every line of the gateway's chain: delivered, sealed and open."""
        folder = self.settings.node_folder / "chain"
        files = sorted([*folder.rglob("*.jsonl"), *folder.rglob("*.open")], key=lambda path: path.name)
        raw = b"".join(path.read_bytes() for path in files)
        return [msgspec.json.decode(line, type=ChainRecord) for line in raw.splitlines()]


async def until(true: Callable[[], bool | Awaitable[bool]], *, seconds: float = 5) -> None:
    """Wait until something is true, failing after some seconds."""
    async with asyncio.timeout(seconds):
        while True:
            found = true()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


async def refused(deed: Awaitable[Any]) -> tuple[int, str]:
    """Return status and sentence of the refusal that a deed must end in."""
    try:
        await deed
    except Refused as refusal:
        return refusal.problem.status, refusal.problem.detail
    raise AssertionError("it was not refused")
