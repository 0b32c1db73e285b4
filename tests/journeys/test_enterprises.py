"""A real, dirty business register goes the whole way: mounted, granted, queried, confirmed, transferred, downloaded."""

from __future__ import annotations

import asyncio
import csv
import queue
import shutil
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.test import Client

from covers import covers
from gateway_world import until
from jutong.client import AsyncClient, Refused
from jutong.crypto import sm3
from jutong.dataplane import identity
from jutong.dataplane.gateway.app import Gateway
from jutong.dataplane.settings import Settings
from jutong.dataplane.transfer.runner import serve
from jutong.kernel import keys, nodes
from jutong.kernel.audit import verify
from jutong.kernel.settings import settings
from jutong.site import patience
from jutong.slices.catalogue.rules.content import ItemContent
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.datacentre.rules import Mapped
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.models import Run
from jutong.slices.services.models import UsageDay
from jutong.slices.sharing import actions as sharing
from jutong.wire.transfers import Manifest
from postgres import database_url
from published import published
from realdata import realdata
from sourceworld import node, probe, register  # noqa: F401 - fixtures
from world import World

COLUMNS = {
    "企业名称": ("name", "C", 200), "统一社会信用代码": ("uscc", "C", 18), "注册日期": ("registered_on", "D", None),
    "企业类型": ("kind", "C", 40), "法人代表": ("legal_representative", "C", 40), "注册资金": ("capital", "C", 40),
    "经营范围": ("scope", "C", 2000), "所在省份": ("province", "C", 40), "地区": ("area", "C", 40),
    "注册地址": ("address", "C", 200),
}  # fmt: skip
TABLE = """
create table register (name text not null, uscc text not null, registered_on date, kind text, legal_representative text,
    capital text, scope text, province text, area text, address text);
create index on register (uscc)
"""
KEY = "统一社会信用代码"
GRANTED = [item for item in COLUMNS if item != "法人代表"]
ARRIVED = """
select name, uscc, registered_on::text, kind, capital, scope, province, area, address from enterprise_1998
"""
Row = tuple[str, ...]


@dataclass(frozen=True)
class Register:
    """What lies in the department's table, and the lines that could not be loaded with the reason why."""

    url: str
    rows: list[Row]
    refused: list[tuple[str, int, str]]

    def granted(self) -> list[Row]:
        """The rows as the consumer may have them, in order."""
        return sorted(
            tuple(cell for item, cell in zip(COLUMNS, row, strict=True) if item in GRANTED) for row in self.rows
        )


def wrong(row: Sequence[str]) -> str:
    """Why no database can hold a line as it is; "" for a sound one. Nonsense that is text is no reason."""
    if len(row) != len(COLUMNS):
        return f"列数为 {len(row)}，应为 {len(COLUMNS)}"
    if any("\0" in cell for cell in row):
        return "含有空字符（NUL）"
    try:
        date.fromisoformat(row[2])
    except ValueError:
        return f"注册日期“{row[2]}”不是日期"
    return ""


@pytest.fixture
def register_of_1998() -> Iterator[Register]:
    """The business register of 1998 in a database of the market bureau, as found."""
    rows: list[Row] = []
    refused: list[tuple[str, int, str]] = []
    for path in sorted(realdata("enterprises", "1998").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if number > 1 and (reason := wrong(row)):
                    refused.append((path.stem, number, reason))
                elif number > 1:
                    rows.append(tuple(row))
    with database_url() as url:
        with psycopg.connect(url) as connection:
            connection.execute(TABLE)
            with connection.cursor().copy("copy register from stdin") as target:
                for row in rows:
                    target.write_row(row)
        yield Register(url, rows, refused)


class Control(httpx.AsyncBaseTransport):
    """The site's own internal endpoints, all middlewares included; called in the thread that owns the transaction."""

    def __init__(self) -> None:
        self._site = Client()
        self._calls: queue.Queue[tuple[httpx.Request, Future[httpx.Response]]] = queue.Queue()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hand one call of a node over and wait for the answer."""
        await request.aread()
        promised: Future[httpx.Response] = Future()
        self._calls.put((request, promised))
        answer = await asyncio.wrap_future(promised)
        if answer.status_code == httpx.codes.NO_CONTENT and request.method == "GET":
            await asyncio.sleep(0.1)
        return answer

    def beside(self, work: Callable[[], Coroutine[Any, Any, Any]], *, look: Callable[[], object] = lambda: None) -> Any:
        """Run the data plane's work in a thread of its own and answer its calls here until it is done."""
        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(asyncio.run, work())
            while not working.done():
                with suppress(queue.Empty):
                    request, promised = self._calls.get(timeout=0.1)
                    if promised.set_running_or_notify_cancel():
                        promised.set_result(self._answer(request))
                look()
            return working.result()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        answer = self._site.generic(
            request.method, target, request.content, content_type="application/json", headers=dict(request.headers)
        )
        return httpx.Response(answer.status_code, content=answer.content)


@pytest.fixture
def plane(node: identity.Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:  # noqa: F811
    """The data plane's settings: a home of its own with the node's keys, and a control plane in this thread."""
    monkeypatch.setattr(patience, "LONGEST_WAIT", 0.0)
    own = tmp_path / "nodes" / nodes.LOCAL
    shutil.copytree(
        settings().home / "nodes" / nodes.LOCAL, own, ignore=shutil.ignore_patterns("bundle", "chain", "book*")
    )
    return Settings(
        home=tmp_path, node=nodes.LOCAL, book_url=f"sqlite:///{tmp_path / 'book.sqlite3'}", bundle_wait_seconds=1
    )


def agreed(world: World, url: str) -> int:
    """Publish the register, mount it, ask for it and agree; returns the grant."""
    source = register(world, "market", url, title="市场主体库")
    items = tuple(
        ItemContent(name=item, column=column, type=kind, length=length, key=item == KEY)
        for item, (column, kind, length) in COLUMNS.items()
    )
    resource = published(world, "market", title="企业登记信息（1998年）", items=items, personal=False)
    datacentre.mount(
        by=world.actor("market.officer"), at=world.at, resource_id=resource, source_id=source.pk, schema="public",
        table="register", mapping=[Mapped(item, column, key=item == KEY) for item, (column, *_) in COLUMNS.items()],
    )  # fmt: skip
    modes = ("online_query", "front_end_node", "batch_download")
    asked = sharing.Asked(
        resource_id=resource, items=tuple(GRANTED), key_items=(KEY,), modes=modes, purposes=("administrative_basis",),
        use_basis="《中华人民共和国社会保险法》第五十七条", use_scene="办理社会保险登记时核对用人单位的登记信息",
        use_scope="社会保险经办人员使用", duty="社会保险登记", use_from=date(2026, 3, 2), use_until=date(2027, 3, 1),
        declared=True,
    )  # fmt: skip
    case = sharing.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked)
    sharing.consent(case, by=world.actor("hr.head"), at=world.at)
    sharing.file_request(case, by=world.actor("hr.clerk"), at=world.at)
    reply = sharing.Reply(
        agree=True, items=tuple(sharing.GrantedItem(item) for item in GRANTED), key_items=(KEY,), modes=modes,
        confirm_items=("企业名称", "所在省份"), purposes=("administrative_basis",),
    )  # fmt: skip
    sharing.prepare_reply(case, by=world.actor("market.officer"), at=world.at, reply=reply)
    case = sharing.agree(case, by=world.actor("market.head"), at=world.at)
    world.drain()
    return int(case.grant_id)


async def knows(client: AsyncClient) -> bool:
    """Tell whether the gateway has its bundle and knows the caller."""
    try:
        return bool(await client.grants())
    except Refused:
        return False


def called(
    plane: Settings, world: World, story: Callable[[AsyncClient], Coroutine[Any, Any, Any]], name: str = "社保经办系统"
) -> Any:
    """Run a gateway and let a new business system of hr call it."""
    key, control = world.system("hr", name), Control()
    world.drain()  # its key goes to the data plane

    async def work() -> Any:
        running = Gateway(plane, control=control)
        await running.start()
        transport = httpx.ASGITransport(app=running, client=("10.1.2.3", 4711))
        secret = bytes.fromhex(key.secret)
        try:
            async with AsyncClient(
                "http://gateway", key_id=key.key_id, key=secret, purpose="administrative_basis", transport=transport
            ) as client:
                await until(lambda: knows(client), seconds=30)
                return await story(client)
        finally:
            await running.stop()

    return control.beside(work)


def carried(run: Run, plane: Settings) -> Run:
    """Let the real runner work until the run has ended."""
    control, ended = Control(), threading.Event()

    async def work() -> None:
        runner = asyncio.ensure_future(serve(plane, control=control))
        await until(lambda: ended.is_set() or runner.done(), seconds=120)
        runner.cancel()
        await asyncio.gather(runner, return_exceptions=True)

    def look() -> None:
        run.refresh_from_db()
        if run.state in {"released", "rejected", "quarantined"}:
            ended.set()

    control.beside(work, look=look)
    return run


def check_proven(run: Run, world: World, rows: int) -> None:
    """Both ends and the centre signed the same count and checksum."""
    assert run.state == "released", run.message
    detail = queries.run(run.pk, world.actor("market.officer"))
    assert detail.proven
    assert {receipt.side for receipt in detail.receipts} == {"sender", "receiver", "centre"}
    ends = [receipt for receipt in detail.receipts if receipt.side != "centre"]
    assert {receipt.source.rows for receipt in ends} == {rows} == {run.rows_done}
    assert all(receipt.source == receipt.target for receipt in ends if receipt.side == "receiver")


def asked_online(plane: Settings, world: World, register: Register, grant: str) -> None:
    """Records come one by one as they stand in the files; facts are confirmed without handing a record over."""
    by_code: dict[str, list[Row]] = {}
    for row in register.granted():
        by_code.setdefault(row[1], []).append(row)
    short = next(code for code in by_code if len(code) == 15)  # a registration number of former times
    twice = next(code for code, rows in by_code.items() if len(rows) == 2)
    nothing = next(row[1] for row in register.granted() if "N/A" in row)

    async def story(client: AsyncClient) -> None:
        for code in (short, twice, nothing):
            answer = await client.query(grant, {KEY: code})
            assert sorted(tuple(row[item] for item in GRANTED) for row in answer.rows) == by_code[code]
        assert (await client.query(grant, {KEY: "91000000000000000X"})).rows == []
        name, province = by_code[short][0][0], by_code[short][0][6]
        confirmed = await client.confirm(grant, {KEY: short}, {"企业名称": name, "所在省份": province})
        assert (confirmed.found, confirmed.match) == (True, True)
        denied = await client.confirm(grant, {KEY: short}, {"企业名称": name + "（集团）"})
        assert (denied.found, denied.match) == (True, False)

    called(plane, world, story)


def downloaded(plane: Settings, world: World, run: Run, path: Path) -> Manifest:
    """Fetch the batch file through the gateway."""
    manifest: Manifest = called(plane, world, lambda client: client.download(run.artefact_id, path), "社保统计系统")
    return manifest


def check_use_and_chain(world: World) -> None:
    """What the gateway counted and wrote down has arrived in the centre, whole."""
    used = list(UsageDay.objects.filter(mode="online_query").values_list("calls", "rows"))
    assert used, "no use was reported"
    assert sum(calls for calls, _rows in used) == 6
    world.drain(datetime.now(UTC))
    found = verify.online(keys.instance().public.hex(), nodes.PublicKeys())
    assert [fault.sentence for fault in found.faults] == []
    assert found.segments >= 1


@pytest.mark.slow(seconds=40)
@covers("R-EXC-006", "R-EXC-007", "R-EXC-008", "R-EXC-019", partly=["R-EXC-003", "R-SHR-025", "R-SHR-032", "R-SEC-007"])
def test_a_real_register_is_queried_confirmed_transferred_and_downloaded_and_every_row_is_accounted_for(
    world: World,
    probe: Callable[..., Any],  # noqa: F811
    plane: Settings,
    register_of_1998: Register,
    tmp_path: Path,
) -> None:
    found = register_of_1998
    assert len(found.rows) + len(found.refused) == 78_242
    assert found.refused == [("湖北", 151, "含有空字符（NUL）")]
    grant = agreed(world, found.url)
    asked_online(plane, world, found, str(grant))
    check_use_and_chain(world)
    with database_url() as consumer, psycopg.connect(consumer, autocommit=True) as connection:
        target = register(world, "hr", consumer, title="社保库", provides=False, receives=True)
        world.drain()
        clerk, at = world.actor("hr.clerk"), datetime.now(UTC)
        run = actions.order_table_transfer(
            by=clerk, at=at, grant_id=grant, source_id=target.pk, schema="public", table="enterprise_1998"
        )
        file = actions.order_batch(
            by=clerk, at=at, grant_id=grant
        )  # now: none is taken once the runner has said goodbye
        check_proven(carried(run, plane), world, len(found.rows))
        assert sorted(connection.execute(ARRIVED).fetchall()) == found.granted()
    batch = carried(file, plane)
    check_proven(batch, world, len(found.rows))
    manifest = downloaded(plane, world, batch, tmp_path / "register.csv")
    raw = (tmp_path / "register.csv").read_bytes()
    assert (manifest.rows, manifest.bytes, manifest.sm3) == (len(found.rows), len(raw), sm3.hexdigest(raw))
    heading, *lines = csv.reader(raw.decode("utf-8-sig").splitlines(keepends=True))
    assert heading == GRANTED
    assert sorted(tuple(line) for line in lines) == sorted(
        tuple("'" + cell if cell[:1] in tuple("=+-@\t\r\n＝＋－＠") else cell for cell in row)
        for row in found.granted()
    )
