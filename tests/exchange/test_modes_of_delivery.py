"""The four local modes of delivery: each hands over the same records, and a grant of one of them opens no other."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import psycopg

from covers import covers
from jutong.client import AsyncClient, Refused
from jutong.dataplane.settings import Settings
from jutong.slices.exchange import actions, queries
from runworld import called, carried, fetched
from sourceworld import granted, mounted, register
from world import World

ITEMS = ["公民身份号码", "姓名", "出生日期", "户籍行政区划"]
KEYS = [{"公民身份号码": f"51100219800101{n:04}"} for n in range(1, 26)]

Row = tuple[str, ...]


@covers("R-EXC-003")
def test_each_of_the_four_modes_hands_over_the_same_records_and_opens_no_other(
    world: World, probe: Any, civil_db: str, hr_db: str, own: Settings
) -> None:
    resource = mounted(world, register(world, "civil", civil_db))
    modes = ("system_docking", "front_end_node", "online_query", "batch_download")
    grants = {mode: granted(world, resource, modes=(mode,), case=f"test:{mode}").pk for mode in modes}
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
    batch = fetched(file, own, queries.manifest(file.pk, by).artefact_id)
    heading, *lines = csv.reader(io.StringIO(batch.decode("utf-8-sig")))
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

    online, refusals = called(own, world, "hr", story)
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
