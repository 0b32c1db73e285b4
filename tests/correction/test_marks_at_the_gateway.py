"""The whole way of a mark: set by the authority in the control plane, served by a real gateway within the second, taken off again."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from queue import Empty
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
import httpx
import msgspec
import pytest
from django.test import Client
from test_requests import filed, reply

from correction_world import entered, raised, rules
from covers import covers
from gateway_world import PEOPLE, person, two_databases
from jutong.client.signing import CallAuth
from jutong.crypto import sm2
from jutong.dataplane import identity
from jutong.dataplane.gateway.app import Gateway
from jutong.dataplane.settings import Settings
from jutong.kernel import clock, keys, nodes
from jutong.kernel.settings import settings
from jutong.slices.correction import actions
from jutong.slices.grants import actions as grants
from jutong.slices.sharing import actions as sharing
from jutong.wire.bundle import Access, Mount, Source
from jutong.wire.grants import Column, Kind
from nodes_at_work import CALLS, Line
from world import World

pytestmark = pytest.mark.slow

COLUMNS = (
    Column("公民身份号码", "id"), Column("姓名", "name"), Column("出生日期", "born", Kind.DATE),
    Column("户籍行政区划", "region"), Column("收入", "phone"),
)  # fmt: skip
WITHIN = 1.0
"""Seconds from the authority's act to the first answer that carries the mark."""


class Connected:
    """A real gateway in a loop of its own, following this control plane's own endpoints, which this thread answers."""

    def __init__(self, world: World, databases: tuple[str, str], resource: int) -> None:
        folder = settings().home / "nodes" / "local"
        shutil.rmtree(folder / "bundle", ignore_errors=True)  # what the gateway of an earlier test knew
        (folder / "control.pub").write_text(sm2.public_hex(keys.instance().public), encoding="ascii")
        book, self.database = databases
        self._key = world.system("hr")
        world.drain()
        parts = urlsplit(self.database)
        access = Access(
            host=parts.hostname or "", port=parts.port or 5432, database=parts.path[1:], user=unquote(parts.username or ""),
            password=unquote(parts.password or ""), tls="disable",
        )  # fmt: skip
        source = Source(
            "src1", str(world.department("civil")), "postgresql", "民政库", nodes.seal(msgspec.json.encode(access))
        )
        grants.put("sources", [("src1", source)])
        grants.put("mounts", [(str(resource), Mount(str(resource), "src1", "public", "people", COLUMNS, ("id",)))])
        own = Settings(home=settings().home, node="local", database_url=book, bundle_wait_seconds=1)
        self.gateway = Gateway(own, control=Line())
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.run(self._fill())
        self.run(self.gateway.start())

    async def _fill(self) -> None:
        connection = await asyncpg.connect(self.database)
        await connection.execute(PEOPLE)
        await connection.close()

    def run(self, deed: Coroutine[Any, Any, Any]) -> Any:
        """Run something in the gateway's loop; what it asks of the control plane is answered here meanwhile."""
        told = asyncio.run_coroutine_threadsafe(deed, self.loop)
        end = time.monotonic() + 30
        while not told.done() and time.monotonic() < end:
            with suppress(Empty):
                asked, call, kind, headers = CALLS.get(timeout=0.01)
                answer = Client().generic(*call, content_type=kind, **headers)
                if asked.set_running_or_notify_cancel():
                    asked.set_result(answer)
        return told.result(0)

    async def asked(self, grant: str, accept: str = "application/json") -> httpx.Response:
        """Ask for one person as the consumer's system does."""
        auth = CallAuth(self._key.key_id, bytes.fromhex(self._key.secret), purpose="administrative_basis")
        body = msgspec.json.encode({"grant": grant, "keys": {"公民身份号码": person(7)}})
        transport = httpx.ASGITransport(app=self.gateway, client=("10.1.2.3", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", auth=auth) as client:
            return await client.post("/v1/query", content=body, headers={"accept": accept})

    async def seen(self, grant: str, wanted: Callable[[list[Any]], bool]) -> float:
        """Ask until the marks beside the record are as wanted; returns when that was.

        Until the gateway has fetched its first bundle it refuses everybody, and says so.
        """
        while True:
            got = await self.asked(grant)
            if got.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                answer = got.json()
                assert answer.get("count") == 1, answer
                if wanted(answer["marks"]):
                    return time.monotonic()
            await asyncio.sleep(0.02)


@covers("R-COR-014")
def test_a_mark_is_served_in_field_and_header_within_the_second_and_gone_with_the_decision(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8"]')
    identity.establish(settings().home / "nodes" / "local", at=world.at)
    rules("neijiang-2020")
    resource, reviewer, now = entered(world), world.actor("authority.reviewer"), clock.now()
    request = filed(world, resource)
    drafted = reply(conditions=(), use_until=clock.beijing_day(now) + timedelta(days=300))
    sharing.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=drafted)
    grant = str(sharing.agree(request, by=world.actor("civil.head"), at=world.at).grant_id)
    words = {"ground": "error", "text": "本人婚姻状况登记错误", "evidence": "离婚证复印件", "record": person(7)}
    case, _code = raised(world, actions.raise_objection, resource_id=resource, **words)
    with two_databases() as databases:
        plane = Connected(world, databases, resource)
        try:
            plane.run(plane.seen(grant, lambda marks: not marks))
            actions.mark_objection(case, by=reviewer, at=now)
            acted = time.monotonic()
            assert plane.run(plane.seen(grant, bool)) - acted < WITHIN
            (mark,) = plane.run(plane.asked(grant)).json()["marks"]
            assert (mark["kind"], mark["key"]) == ("objection", person(7))
            sheet = plane.run(plane.asked(grant, "text/csv"))
            assert json.loads(unquote(sheet.headers["x-jutong-marks"])) == [mark]
            actions.take_objection(case, by=reviewer, at=now)
            actions.decide_objection(case, by=reviewer, at=now, decision="not_correct", reason="与登记档案一致")
            acted = time.monotonic()
            assert plane.run(plane.seen(grant, lambda marks: not marks)) - acted < WITHIN
        finally:
            plane.run(plane.gateway.stop())
            plane.loop.call_soon_threadsafe(plane.loop.stop)
