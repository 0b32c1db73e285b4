"""The whole way: ordered on the page's actions, carried by the real runner between real databases, proven, fetched."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
from covers import covers
from sourceworld import civil_db, granted, hr_db, mounted, node, probe, register  # noqa: F401 - fixtures
from world import World, world  # noqa: F401 - fixture

from jutong.crypto import sm3, sm4
from jutong.dataplane import identity
from jutong.dataplane.book import open_book
from jutong.dataplane.link import Orders
from jutong.dataplane.settings import Settings
from jutong.dataplane.transfer.runner import serve
from jutong.kernel.settings import settings
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.models import Run
from jutong.slices.grants import queries as grants
from jutong.wire.transfers import Progress


class Control(httpx.AsyncBaseTransport):
    """The control plane's internal endpoints, answered by the same calls in this process."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one internal call of the runner."""
        since = int(request.url.params.get("since", 0))
        answer: Any = None
        if request.url.path == "/internal/bundle" and grants.newest() > since:
            answer = grants.bundle(0, datetime.now(UTC))
        elif request.url.path == "/internal/orders":
            serial, orders = queries.orders_since(since)
            answer = Orders(serial, tuple(orders)) if orders else None
        elif request.url.path == "/internal/progress":
            reports = msgspec.json.decode(await request.aread(), type=list[Progress])
            actions.take_progress(reports, node="local", at=datetime.now(UTC))
        if answer is None:
            await asyncio.sleep(0.1)
            return httpx.Response(204)
        return httpx.Response(200, content=msgspec.json.encode(answer))


def carried(run: Run, own: Settings, *, until: Callable[[], bool] | None = None) -> Run:
    """Let the real runner work until the run has ended."""

    def ended() -> bool:
        run.refresh_from_db()
        return run.state in {"released", "rejected", "quarantined"}

    async def work() -> None:
        runner = asyncio.ensure_future(serve(own, control=Control()))
        try:
            async with asyncio.timeout(60):
                while not (until or ended)():
                    if runner.done():
                        await runner
                    await asyncio.sleep(0.1)
        finally:
            runner.cancel()
            await asyncio.gather(runner, return_exceptions=True)

    asyncio.run(work())
    run.refresh_from_db()
    return run


@pytest.fixture
def own(node: identity.Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the control plane answers in this one thread
    return Settings(
        home=settings().home, node="local", book_url=f"sqlite:///{tmp_path / 'book.sqlite3'}", bundle_wait_seconds=1
    )


@pytest.fixture
def agreed(world: World, probe: Any, civil_db: str, hr_db: str) -> dict[str, Any]:
    """A grant of civil's people to hr, and hr's own database."""
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    world.drain()
    return {"grant_id": grant.pk, "source_id": target.pk}


@covers("R-EXC-019", partly=["R-EXC-003", "R-SHR-025", "R-SHR-032"])
def test_granted_rows_arrive_masked_in_the_consumers_table_with_both_ends_equal(
    world: World, agreed: dict[str, Any], hr_db: str, own: Settings
) -> None:
    run = actions.order_table_transfer(
        by=world.actor("hr.clerk"), at=datetime.now(UTC), schema="public", table="dibao", **agreed
    )
    carried(run, own)
    assert run.state == "released", run.message
    with psycopg.connect(hr_db) as connection:
        rows = connection.execute("select id_number, xm, birthday from dibao order by 1").fetchall()
    assert len(rows) == 25 == run.rows_done
    assert all("********" in number and name.startswith("张*") for number, name, _born in rows)
    detail = queries.run(run.pk, world.actor("civil.officer"))
    assert {receipt.side for receipt in detail.receipts} == {"sender", "receiver", "centre"}
    assert detail.proven
    (receiver,) = (receipt for receipt in detail.receipts if receipt.side == "receiver")
    assert receiver.source == receiver.target


@covers("R-EXC-007")
def test_a_batch_file_holds_the_granted_rows_and_its_manifest_matches(
    world: World, agreed: dict[str, Any], own: Settings
) -> None:
    at = datetime.now(UTC)
    run = carried(actions.order_batch(by=world.actor("hr.clerk"), at=at, grant_id=agreed["grant_id"]), own)
    assert run.state == "released", run.message
    manifest = queries.manifest(run.pk, world.actor("hr.clerk"))

    async def file_key() -> bytes:
        book = await open_book(own.book_location)
        artefact = await book.artefact(manifest.artefact_id)
        await book.close()
        assert artefact is not None
        theirs = msgspec.json.decode(artefact.manifest)
        assert (theirs["rows"], theirs["sm3"]) == (manifest.rows, manifest.sm3)
        return identity.load(own.node_folder).signer.unseal(artefact.sealed_key)

    with (own.artefact_folder / f"{manifest.artefact_id}.sm4").open("rb") as file:
        plain = sm4.DecryptingReader(file, asyncio.run(file_key())).read()
    assert (len(plain), sm3.hexdigest(plain)) == (manifest.bytes, manifest.sm3)
    rows = list(csv.reader(io.StringIO(plain.decode("utf-8-sig"))))
    assert rows[0] == ["公民身份号码", "姓名", "出生日期", "户籍行政区划"]
    assert len(rows) - 1 == manifest.rows == 25


def test_a_cancelled_order_ends_without_data(world: World, agreed: dict[str, Any], hr_db: str, own: Settings) -> None:
    clerk = world.actor("hr.clerk")
    at = datetime.now(UTC)
    run = actions.order_table_transfer(by=clerk, at=at, schema="public", table="dibao", **agreed)
    actions.cancel(run.pk, by=clerk, at=at)
    carried(run, own)
    assert (run.state, run.cancelled) == ("rejected", True)
    with psycopg.connect(hr_db) as connection:
        assert connection.execute("select to_regclass('dibao')").fetchone() == (None,)


def test_a_rejected_order_runs_again_once_its_cause_is_gone(
    world: World, agreed: dict[str, Any], hr_db: str, own: Settings
) -> None:
    clerk = world.actor("hr.clerk")
    with psycopg.connect(hr_db, autocommit=True) as connection:
        connection.execute("create table dibao (something_else int not null)")
        run = actions.order_table_transfer(
            by=clerk, at=datetime.now(UTC), schema="public", table="dibao", mode="append", **agreed
        )
        carried(run, own)
        assert run.state == "rejected"
        assert run.message
        connection.execute("drop table dibao")
        actions.retry(run.pk, by=clerk, at=datetime.now(UTC))
        carried(run, own)
        assert run.state == "released", run.message
        assert connection.execute("select count(*) from dibao").fetchone() == (25,)
