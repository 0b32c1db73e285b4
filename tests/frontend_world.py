"""A gateway and a front-end node as processes of their own, and a control plane that tells each what concerns it.

async with front_end(tmp_path, databases) as city:     # 公安's database sits behind node n1
    answer = await city.caller().query("g1", {"身份证号": person(1)})
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
from test_gateway_process import City

from gateway_world import PEOPLE, ControlPlane, until
from jutong.crypto import sm2
from jutong.dataplane import identity
from jutong.dataplane.envelopes import seal
from jutong.dataplane.link import Orders, check_proof
from jutong.dataplane.node.status import Status
from jutong.wire.bundle import Bundle
from jutong.wire.nodes import Certificate, Heartbeat, HeartbeatAnswer, NodeConfig, NodePass

NODE = "n1"


def free_port() -> int:
    """Return a port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Front:
    """The node's side: its folder, signed by the control plane, and its process."""

    def __init__(self, home: Path, control: ControlPlane, *, control_url: str, gateway_url: str) -> None:
        self.home, self.port = home, free_port()
        folder = home / "nodes" / NODE
        folder.mkdir(parents=True)
        (home / "jutong.home").touch()
        (folder / "control.pub").write_text(sm2.public_hex(control.signer.public))
        self.me = identity.establish(folder, at=datetime.now(UTC))
        now = datetime.now(UTC)
        public = self.me.signer.public.hex()
        certificate = Certificate(1, NODE, "公安前置机", "公安", "outer", public, now, now + timedelta(days=9))
        config = NodeConfig(NODE, 1, heartbeat_seconds=1, gateway=gateway_url)
        for name, kind, said in (
            ("certificate.json", "certificate", certificate),
            ("config.json", "node_config", config),
        ):
            (folder / name).write_bytes(msgspec.json.encode(seal(kind, msgspec.json.encode(said), control.signer)))
        (folder / "centre").write_text(control_url)
        self.folder = folder
        self.told: dict[str, dict[str, Any]] = {"grants": {}, "mounts": {}, "sources": {}, "nodes": {}}
        self.serial = 1
        self.beats: list[Heartbeat] = []
        self.process: asyncio.subprocess.Process | None = None

    def passport(self, *, active: bool = True, tunnel: bool = True) -> NodePass:
        """Return the node as gateways know it."""
        return NodePass(NODE, "公安前置机", "公安", "outer", self.me.signer.public.hex(), active, tunnel)

    async def answer(
        self, control: ControlPlane, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> Any:
        """Answer this node's internal calls."""
        now = datetime.now(UTC)
        at_ms = int(now.timestamp() * 1000)
        check_proof(headers, self.me.secret, node=NODE, method=method, target=target, body=body, at_ms=at_ms)
        path = target.partition("?")[0]
        if path == "/internal/bundle":
            parts = {kind: tuple(found.values()) for kind, found in self.told.items()}
            bundle = Bundle("市级平台", self.serial, 0, now, now + control.life, full=True, **parts)
            if f"since={self.serial}&" in target:
                await asyncio.sleep(0.2)
                return 204, b""
            return 200, msgspec.json.encode(seal("bundle", msgspec.json.encode(bundle), control.signer))
        if path == "/internal/heartbeat":
            self.beats.append(msgspec.json.decode(body, type=Heartbeat))
            return 200, msgspec.json.encode(HeartbeatAnswer(now))
        if path == "/internal/orders":
            return 200, msgspec.json.encode(Orders(0))
        return 204, b""

    async def begin(self) -> None:
        """Start `jutong node run`."""
        environment = os.environ | {
            "JUTONG_HOME": str(self.home), "JUTONG_STATUS_BIND": f"127.0.0.1:{self.port}",
            "JUTONG_SOURCE_ADDRESSES": '["127.0.0.0/8"]', "PYTHONPATH": "src",
        }  # fmt: skip
        environment.pop("JUTONG_DATABASE_URL", None)
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jutong", "node", "run", env=environment, start_new_session=True
        )

    async def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and return its exit code."""
        assert self.process
        self.process.send_signal(how)
        return await asyncio.wait_for(self.process.wait(), 20)

    async def status(self) -> Status:
        """Ask the node on its loopback address."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{self.port}/status.json")
            return msgspec.json.decode(answer.content, type=Status)


class FrontCity(City):
    """A city whose police database sits behind node n1."""

    def __init__(self, home: Path, databases: tuple[str, str], **settings: Any) -> None:
        super().__init__(home / "centre", databases, **settings)
        control_url = f"http://127.0.0.1:{self.control_port}"
        self.front = Front(home / "front", self.control, control_url=control_url, gateway_url=self.url)
        answered = self.control.answer

        async def answer(method: str, target: str, headers: dict[str, str], body: bytes) -> Any:
            if headers.get("x-jutong-node") == NODE:
                return await self.front.answer(self.control, method, target, headers, body)
            return await answered(method, target, headers, body)

        self.control.answer = answer  # type: ignore[method-assign]

    def settle(self) -> None:
        """Place the source behind the node: its access is sealed to the node alone, the gateway only knows where."""
        access = sm2.seal(self.front.me.signer.public, msgspec.json.encode(self.access()))
        self.mount(sealed=access, node=NODE)
        self.control.say("nodes", NODE, self.front.passport())
        for kind, name in (("grants", "g1"), ("mounts", "r1"), ("sources", "src1")):
            self.front.told[kind][name] = self.control.entries[kind][name]

    async def connected(self) -> bool:
        """Tell whether the node says that its tunnel stands."""
        with suppress(httpx.TransportError):
            return (await self.front.status()).tunnel
        return False


@asynccontextmanager
async def front_end(home: Path, databases: tuple[str, str], **settings: Any) -> AsyncIterator[FrontCity]:
    """Raise the city, gateway and node, and take them down again."""
    city = FrontCity(home, databases, **settings)
    city.control.entries["nodes"] = {}
    server = await asyncio.start_server(city.control.speak, "127.0.0.1", city.control_port)
    city.register("s1", "民政")
    city.mount()
    city.grant("g1")
    city.settle()
    connection = await asyncpg.connect(city.database)
    if not await connection.fetchval("SELECT to_regclass('people')"):
        await connection.execute(PEOPLE)
    await connection.close()
    try:
        await city.begin()
        await city.front.begin()
        await until(city.connected, seconds=20)
        yield city
    finally:
        for process in (city.front.process, city.process):
            if process and process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        server.close()
