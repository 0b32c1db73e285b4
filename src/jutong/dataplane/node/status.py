"""The node's own status, for whoever stands at the machine: JSON and one plain page, on the loopback address only."""

from __future__ import annotations

import asyncio
import html
import ipaddress
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import msgspec

from jutong.dataplane.book.base import BEIJING
from jutong.dataplane.errors import RuleBroken

LONGEST_HEAD: Final = 8192
PATIENCE_SECONDS: Final = 5.0


class Parcel(msgspec.Struct, frozen=True):
    """A parcel as this page shows it: no names of files, which may be those of people. made_at: at its sender's."""

    id: str
    made_at: datetime
    state: str


class Status(msgspec.Struct, frozen=True):
    """How a node is. parcels: the newest of those that wait, arrived or landed here, newest first."""

    node: str
    title: str
    zone: str
    version: str
    state: str
    centre: str
    last_contact: datetime | None
    trouble: str
    tunnel: bool
    bundle_until: datetime | None
    config_revision: int
    certificate_serial: int
    certificate_until: datetime
    queued: int
    queued_bytes: int
    waiting: int
    disk_free: int
    parcels: tuple[Parcel, ...] = ()
    log: tuple[str, ...] = ()


def _moment(value: datetime | None) -> str:
    return value.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S") if value else "—"


def lines(status: Status) -> list[tuple[str, str]]:
    """Return a status as labelled lines, for the page and the command alike."""
    return [
        ("节点", f"{status.node}（{status.title}）"),
        ("网络区域", {"outer": "政务外网", "inner": "政务内网"}.get(status.zone, status.zone)),
        ("程序版本", status.version),
        ("状态", status.state),
        ("平台地址", status.centre),
        ("最近联系", _moment(status.last_contact)),
        ("联系故障", status.trouble or "无"),
        ("联机通道", "已连接" if status.tunnel else "未连接"),
        ("授权包有效至", _moment(status.bundle_until)),
        ("配置版本", str(status.config_revision)),
        ("证书", f"第 {status.certificate_serial} 号，有效至 {_moment(status.certificate_until)}"),
        ("待发包裹", f"{status.queued} 个，{status.queued_bytes} 字节"),
        ("待收包裹", f"{status.waiting} 个"),
        ("磁盘剩余", f"{status.disk_free} 字节"),
    ]


STATES: Final = {"out": "待发或待回执", "sent": "已送达，有回执", "landed": "已接收"}


def parcel(name: str, box: str) -> Parcel:
    """Return a parcel as the page shows it; its name begins with the nanosecond in which it was made."""
    return Parcel(name, datetime.fromtimestamp(int(name[:20]) / 1e9, UTC), STATES[box])


def page(status: Status) -> bytes:
    """Return the status as an HTML page without scripts."""
    rows = "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(v)}</td></tr>" for k, v in lines(status))
    cells = "".join(
        f"<tr><td>{_moment(one.made_at)}</td><td>{html.escape(one.state)}</td><td>{html.escape(one.id)}</td></tr>"
        for one in status.parcels
    )
    parcels = (
        f"<table><tr><th>时间</th><th>状态</th><th>编号</th></tr>{cells}</table>" if cells else "<p>还没有包裹。</p>"
    )
    log = "".join(f"<li>{html.escape(line)}</li>" for line in reversed(status.log))
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>前置机 {html.escape(status.node)}</title><h1>聚通前置机</h1><table>{rows}</table>"
        f"<h2>最近包裹</h2>{parcels}<h2>最近日志</h2><ul>{log}</ul></html>"
    ).encode()


def check_bind(bind: str) -> tuple[str, int]:
    """Return host and port of a loopback address. RuleBroken for any other: this page is for the machine itself."""
    host, _colon, port = bind.rpartition(":")
    try:
        if ipaddress.ip_address(host.strip("[]")).is_loopback and int(port) < 65536:  # noqa: PLR2004 - ports
            return host.strip("[]"), int(port)
    except ValueError:
        pass
    raise RuleBroken(f"JUTONG_STATUS_BIND 应为回环地址加端口（如 127.0.0.1:8031），现为“{bind}”，请修改。")


async def serve(bind: str, current: Callable[[], Status]) -> asyncio.Server:
    """Answer GET / and GET /status.json until closed."""
    host, port = check_bind(bind)

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_answer(head, current))
            await writer.drain()
        writer.close()

    return await asyncio.start_server(speak, host, port, limit=LONGEST_HEAD)


def _answer(head: bytes, current: Callable[[], Status]) -> bytes:
    first, *rest = head.decode("latin-1").split("\r\n")
    named = next((line.partition(":")[2].strip() for line in rest if line.lower().startswith("host:")), "")
    host = named.rpartition(":")[0] or named
    if host.strip("[]") not in {"127.0.0.1", "localhost", "::1"}:  # a name that somebody made point here
        return _response("421 Misdirected Request", b"", "text/plain")
    if first.startswith("GET /status.json "):
        return _response("200 OK", msgspec.json.encode(current()), "application/json")
    if first.startswith("GET / "):
        return _response("200 OK", page(current()), "text/html; charset=utf-8")
    return _response("404 Not Found", b"", "text/plain")


def _response(status: str, body: bytes, kind: str) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode("ascii") + body
