"""A department's interface behind a resource of the gateway's world, with a grant that opens some of its calls."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway_world import World
from interface_server import Interface
from jutong.wire.bundle import Access, Endpoint, Mount, Source
from jutong.wire.grants import Column, Kind, Masking

PERSON = "110105194912310007"
ITEMS = (
    Column("身份证号", "idCard"),
    Column("姓名", "xm"),
    Column("年龄", "age", Kind.INTEGER),
    Column("城市", "/home/city"),
    Column("收入", "income", Kind.NUMBER),
)
GRANTED = (
    Column("姓名", "xm", masking=Masking.NAME),
    Column("年龄", "age", Kind.INTEGER),
    Column("城市", "/home/city"),
)
ENDPOINTS = (
    Endpoint("person", "GET", "/api/people", "/data/list", ("id",)),
    Endpoint("search", "POST", "/api/people", "/data/list", ("page", "size")),
    Endpoint("secret", "GET", "/api/secret", "", ()),
)


def publish(world: World, interface: Interface, name: str = "g3", **changes: Any) -> None:
    """Register a department's interface behind resource r3, and grant two of its endpoints to s1."""
    options = {"path": "/api/people", "auth": "guangdong", "service": "S-1"}
    access = Access("127.0.0.1", interface.server.server_port, "", "paas-1", "s3cret", "disable", options)
    sealed = world.seal(msgspec.json.encode(access))
    world.control.say("sources", "api", Source("api", "公安", "http", "公安接口", sealed, endpoints=ENDPOINTS))
    world.control.say("mounts", "r3", Mount("r3", "api", ".", "people", ITEMS, ("idCard",)))
    given = {"columns": GRANTED, "endpoints": ("person", "search")} | changes
    world.grant(name, resource_id="r3", **given)
