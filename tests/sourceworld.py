"""Departments' databases and the real probe service, for tests of sources, mounts and deliveries.

    def test_something(world, probe, civil_db):    # probe: the data plane's own, called in process over its real wire
        source = register(world, "civil", civil_db)    # a data source of the department, registered by its engineer
        resource_id = mounted(world, source)           # a published entry, mounted on its table `people`
        grant = granted(world, resource_id)            # a grant of it to `hr`

Sources lie on the tests' own server, so `probe` also switches the demonstration's leave to use this machine on.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from jutong.dataplane import identity
from jutong.dataplane import probe as service
from jutong.kernel import keys, nodes
from jutong.kernel.actors import system_actor
from jutong.kernel.settings import settings
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.datacentre import queries as mounts
from jutong.slices.datacentre.rules import Mapped
from jutong.slices.grants import actions as grants
from jutong.slices.sources import actions as sources
from jutong.slices.sources.queries import probing
from jutong.slices.sources.rules import Details
from jutong.wire.grants import Column, Mode, Quota
from postgres import database_url
from published import published

if TYPE_CHECKING:
    from pathlib import Path

    from jutong.slices.grants.models import Grant
    from jutong.slices.sources.models import DataSource
    from world import World

PEOPLE = """
create table people (id_number varchar(18) primary key, xm text not null, birthday date, division char(6), income numeric(12,2));
comment on table people is '低保对象';
comment on column people.id_number is '公民身份号码';
comment on column people.xm is '姓名';
comment on column people.birthday is '出生日期（公历）';
comment on column people.income is '收入';
insert into people select '51100219800101' || lpad(i::text, 4, '0'), '张' || i, date '1980-01-01' + i, '511002', i * 1.5
from generate_series(1, 25) i;
"""
MAPPING = (
    Mapped("公民身份号码", "id_number", key=True, masking="identity"),
    Mapped("姓名", "xm", masking="name"),
    Mapped("出生日期", "birthday", masking="year"),
    Mapped("户籍行政区划", "division"),
    Mapped("收入", ""),
)


FOLDER_MAPPING = (
    Mapped("公民身份号码", "公民身份号码", key=True), Mapped("姓名", "姓名"), Mapped("出生日期", "出生日期"),
    Mapped("户籍行政区划", "户籍行政区划"), Mapped("收入", ""),
)  # fmt: skip
LINE = "公民身份号码,姓名,出生日期,户籍行政区划\n511002198001010011,张三,1980-01-01,511002\n"
"""A line of a folder's files, under its header."""


class Bridge(httpx.BaseTransport):
    """Carries a call of the control plane to the data plane's ASGI application, in this process."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.calls: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request through the application and return its answer."""
        self.calls.append(request)

        async def carried() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            plain = httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
            async with httpx.AsyncClient(transport=transport) as client:
                answer = await client.send(plain)
                return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

        return asyncio.run(carried())


@pytest.fixture
def node() -> identity.Identity:
    """The node beside the control plane, as `jutong setup` makes it."""
    folder = settings().home / "nodes" / nodes.LOCAL
    from world import AT

    identity.establish(folder, at=AT)
    (folder / "control.pub").write_text(keys.instance().public.hex())
    nodes._public_key.cache_clear()
    nodes.secret.cache_clear()
    return identity.load(folder)


@contextmanager
def answering(folder: Path) -> Iterator[None]:
    """Let the real probe service, with the node in a folder, answer the control plane within this process."""
    app, asked = service.create(), probing.client
    app.state.me, app.state.nonces = identity.load(folder), service.Nonces()
    held, os.environ["JUTONG_SOURCE_ADDRESSES"] = os.environ.get("JUTONG_SOURCE_ADDRESSES", "[]"), '["127.0.0.0/8"]'
    probing.client = lambda: httpx.Client(base_url="http://probe", auth=probing.Proof(), transport=Bridge(app))
    try:
        yield
    finally:
        probing.client, os.environ["JUTONG_SOURCE_ADDRESSES"] = asked, held


@pytest.fixture
def probe(node: identity.Identity, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    """The real probe service; everything but the network between is there."""
    monkeypatch.setattr(settings(), "demo", True)
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["/tmp", "127.0.0.0/8"]')
    app = service.create()
    app.state.me, app.state.nonces = node, service.Nonces()
    bridge = Bridge(app)
    monkeypatch.setattr(
        probing, "client", lambda: httpx.Client(base_url="http://probe", auth=probing.Proof(), transport=bridge)
    )
    return bridge


@pytest.fixture
def civil_db() -> Iterator[str]:
    """The civil affairs bureau's database with its people."""
    with database_url() as url:
        with psycopg.connect(url) as connection:
            connection.execute(PEOPLE)
        yield url


@pytest.fixture
def hr_db() -> Iterator[str]:
    """The empty database of the human resources bureau."""
    with database_url() as url:
        yield url


def details(url: str, **changes: Any) -> Details:
    """Return a database of the tests' server as an engineer would state it."""
    where = conninfo_to_dict(url)
    given = Details(
        title="业务库",
        host=str(where["host"]),
        port=int(where.get("port") or 5432),
        database=str(where["dbname"]),
        user=str(where["user"]),
        password=str(where.get("password") or "none"),
        tls="disable",
    )
    return replace(given, **changes)


def register(world: World, department: str, url: str, **changes: Any) -> DataSource:
    """Register a department's database."""
    by = world.actor(f"{department}.engineer")
    return sources.register(
        by=by, at=world.at, department_id=world.department(department), details=details(url, **changes)
    )


def register_folder(world: World, department: str, folder: Path, **changes: Any) -> Any:
    """Register a folder of this machine as a department's data source."""
    found = details("host=none dbname=none user=none", title="文件库", engine="files", host="", port=0,
                    database=str(folder), user="", password="", **changes)  # fmt: skip
    by = world.actor(f"{department}.engineer")
    return sources.register(by=by, at=world.at, department_id=world.department(department), details=found)


def mounted(world: World, source: DataSource, **changes: Any) -> int:
    """Publish an entry of the civil affairs bureau and mount it; returns its id."""
    resource_id = published(world, "civil", **changes)
    datacentre.mount(
        by=world.actor("civil.officer"), at=world.at, resource_id=resource_id, source_id=source.pk, schema="public",
        table="people", mapping=MAPPING,
    )  # fmt: skip
    return resource_id


def mounted_on(world: World, source: DataSource, resource_id: int, columns: dict[str, str]) -> None:
    """Mount an entry on a source's table `people`: item to column; the identity number is its key, nothing is masked."""
    mapping = tuple(Mapped(item, column, key=item == "公民身份号码") for item, column in columns.items())
    datacentre.mount(
        by=world.actor("civil.officer"), at=world.at, resource_id=resource_id, source_id=source.pk, schema="public",
        table="people", mapping=mapping,
    )  # fmt: skip


def granted(
    world: World,
    resource_id: int,
    *,
    consumer: str = "hr",
    modes: tuple[str, ...] = tuple(Mode),
    case: str = "",
    **more: Any,
) -> Grant:
    """Open a grant of a mounted resource. case: what it came from, where a consumer gets several."""
    mount = mounts.mount_of(resource_id)
    assert mount is not None
    terms = grants.Terms(
        columns=tuple(Column(c.item, c.column, c.kind, c.masking) for c in mount.columns),
        conditions=(),
        key_items=("公民身份号码",),
        modes=modes,
        purposes=("data_verification",),
        valid_from=world.at,
        valid_until=world.at + timedelta(days=365),
        basis="社会救助暂行办法",
        known={c.item: c.kind for c in mount.columns},
        quota=Quota(),
        **more,
    )
    return grants.open_grant(
        grants.Opening(
            region=world.region,
            resource_id=resource_id,
            resource_title=mount.title,
            entry_code=mount.code,
            entry_version=mount.entry_version,
            provider_id=mount.provider_id,
            consumer_id=world.department(consumer),
            authority_id=None,
            case_ref=case or f"test:{resource_id}:{consumer}",
            request_digest="0" * 64,
            terms=terms,
        ),
        by=system_actor("sharing"),
        at=world.at,
    )
