"""A real gateway that knows one grant of the tests' city, served on a port of its own for the console to call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import msgspec

import gateway_world
from jutong.slices.grants import queries as grants
from jutong.slices.parties.actions.systems import CallKey
from jutong.wire.bundle import Caller, Mount
from jutong.wire.grants import Column, Kind

COLUMNS = (
    Column("公民身份号码", "id"),
    Column("姓名", "name"),
    Column("出生日期", "born", Kind.DATE),
    Column("户籍行政区划", "region"),
    Column("收入", "phone"),
)


class ServedGateway:
    """The gateway in an event loop of its own, behind a plain HTTP server."""

    def __init__(self, home: Path, databases: tuple[str, str]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._world = self.run(self._begun(home, databases))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @staticmethod
    async def _begun(home: Path, databases: tuple[str, str]) -> gateway_world.World:
        return await gateway_world.World(home, databases).__aenter__()

    def run(self, deed: Coroutine[Any, Any, Any]) -> Any:
        """Run something in the gateway's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(deed, self._loop).result(30)

    def learn(self, grant_id: int, key: CallKey, department_id: int, **changes: Any) -> None:
        """Tell the gateway of a grant as the control plane has it, its mount and the calling system."""
        own = {"hash_key": self._world.seal(b"k" * 32), **changes}
        grant = msgspec.structs.replace(grants.wire_grant(grant_id), **own)
        sealed = self._world.seal(bytes.fromhex(key.secret))
        caller = Caller(str(key.system_id), "业务办理系统", str(department_id), key.key_id, sealed, "outer")
        self.run(self._learn(grant, caller))

    async def _learn(self, grant: Any, caller: Caller) -> None:
        say = self._world.control.say
        say("mounts", grant.resource_id, Mount(grant.resource_id, "src1", "public", "people", COLUMNS, ("id",)))
        say("callers", caller.system_id, caller)
        say("grants", grant.id, grant)
        await self._world.caught_up()

    def close(self) -> None:
        """Stop both."""
        self._server.shutdown()
        self._server.server_close()
        self.run(self._world.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _passed(self, method: str, target: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._world.gateway, client=("10.1.2.3", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.request(method, target, headers=headers, content=body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Bridge(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = outer.run(outer._passed("POST", self.path, dict(self.headers.items()), body))
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        return Bridge


@contextmanager
def served_gateway(home: Path) -> Iterator[ServedGateway]:
    """Serve a gateway while the block runs."""
    with gateway_world.two_databases() as databases:
        gateway = ServedGateway(home, databases)
        try:
            yield gateway
        finally:
            gateway.close()
