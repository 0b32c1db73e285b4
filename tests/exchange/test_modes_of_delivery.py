"""The four local modes of delivery: each hands over the same records, and a grant of one of them opens no other."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg

from covers import covers
from gateway_world import until
from jutong.client import AsyncClient, Refused
from jutong.crypto import sm4
from jutong.dataplane import identity
from jutong.dataplane.book import open_book
from jutong.dataplane.gateway.app import Gateway
from jutong.dataplane.settings import Settings
from jutong.slices.exchange import actions, queries
from runworld import Control, carried
from sourceworld import granted, mounted, register
from world import World

ITEMS = ["公民身份号码", "姓名", "出生日期", "户籍行政区划"]
KEYS = [{"公民身份号码": f"51100219800101{n:04}"} for n in range(1, 26)]

Row = tuple[str, ...]


def called(own: Settings, world: World, story: Callable[[AsyncClient], Coroutine[Any, Any, Any]]) -> Any:
    """Run a gateway beside this thread, which is its control plane, and let a business system of hr call it."""
    key, control, found = world.system("hr"), Control(), list[Any]()
    world.drain()

    async def knows(client: AsyncClient) -> bool:
        try:
            return bool(await client.grants())
        except Refused:
            return False

    async def work() -> None:
        gateway = Gateway(own, control=control)
        await gateway.start()
        transport = httpx.ASGITransport(app=gateway, client=("10.1.2.3", 4711))
        secret = bytes.fromhex(key.secret)
        try:
            async with AsyncClient(
                "http://gateway", key_id=key.key_id, key=secret, purpose="data_verification", transport=transport
            ) as client:
                await until(lambda: knows(client), seconds=30)
                found.append(await story(client))
        finally:
            await gateway.stop()

    thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
    thread.start()
    while thread.is_alive():
        control.answer_one()
    return found[0]


def plain(own: Settings, artefact_id: str) -> str:
    """Return a batch file as its consumer reads it."""

    async def file_key() -> bytes:
        book = await open_book(own.book_location)
        try:
            artefact = await book.artefact(artefact_id)
        finally:
            await book.close()
        assert artefact is not None
        return identity.load(own.node_folder).signer.unseal(artefact.sealed_key)

    with (own.artefact_folder / f"{artefact_id}.sm4").open("rb") as file:
        return sm4.DecryptingReader(file, asyncio.run(file_key())).read().decode("utf-8-sig")


@covers("R-EXC-003")
def test_each_of_the_four_modes_hands_over_the_same_records_and_opens_no_other(
    world: World, probe: Any, civil_db: str, hr_db: str, own: Settings
) -> None:
    resource = mounted(world, register(world, "civil", civil_db))
    modes = ("system_docking", "front_end_node", "online_query", "batch_download")
    grants = {mode: granted(world, resource, modes=(mode,), case=mode).pk for mode in modes}
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    world.drain()
    at, clerk = datetime.now(UTC), world.client("hr.clerk")
    by = world.actor("hr.clerk")
    table = actions.order_table_transfer(
        by=by, at=at, grant_id=grants["front_end_node"], source_id=target.pk, schema="public", table="dibao"
    )
    file = actions.order_batch(by=by, at=at, grant_id=grants["batch_download"])
    for run in (carried(table, own), carried(file, own)):
        assert run.state == "released", run.message
    with psycopg.connect(hr_db) as connection:
        rows = connection.execute("select id_number, xm, birthday, division from dibao").fetchall()
    delivered = {"front_end_node": sorted(tuple(map(str, row)) for row in rows)}
    heading, *lines = csv.reader(io.StringIO(plain(own, queries.manifest(file.pk, by).artefact_id)))
    assert heading == ITEMS
    delivered["batch_download"] = sorted(map(tuple, lines))

    async def story(client: AsyncClient) -> tuple[dict[str, list[Row]], list[Refused]]:
        found, refusals = dict[str, list[Row]](), list[Refused]()
        for mode, grant in grants.items():
            try:
                answer = await client.query(str(grant), KEYS)
            except Refused as refusal:
                refusals.append(refusal)
            else:
                found[mode] = sorted(tuple(row[item] or "" for item in ITEMS) for row in answer.rows)
        return found, refusals

    online, refusals = called(own, world, story)
    assert set(online) == {"system_docking", "online_query"}
    delivered |= online
    assert len(delivered["online_query"]) == 25
    assert all(rows == delivered["online_query"] for rows in delivered.values()), delivered
    assert [refusal.problem.status for refusal in refusals] == [403, 403]  # table and file open no interface
    assert all("共享方式" in refusal.problem.detail for refusal in refusals)
    wanted = {"grant_id": grants["online_query"], "format": "csv"}
    answer = clerk.post("/api/v1/exchange/runs/batch", wanted, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert "该授权提供的方式为：联机查询" in answer.json()["detail"]
