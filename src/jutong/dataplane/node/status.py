"""The node's own status, for whoever stands at the machine: JSON and one plain page, on the loopback address only."""

from __future__ import annotations

import asyncio
import html
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import msgspec

from jutong.dataplane.book.base import BEIJING, Attempt
from jutong.dataplane.errors import RuleBroken
from jutong.wire.envelope import Envelope
from jutong.wire.transfers import Receipt

LONGEST_HEAD: Final = 8192
PATIENCE_SECONDS: Final = 5.0


class Parcel(msgspec.Struct, frozen=True):
    """A parcel as this page shows it: no names of files, which may be those of people. made_at: at its sender's."""

    id: str
    made_at: datetime
    state: str


class Run(msgspec.Struct, frozen=True):
    """A run as this page shows it: figures of its receipt, None before there is one. No table, no title, no value of a row."""

    id: str
    attempt: int
    state: str
    started_at: datetime
    ended_at: datetime | None
    sent: int | None = None
    arrived: int | None = None
    set_aside: int | None = None
    reconciled: bool | None = None


class Status(msgspec.Struct, frozen=True):
    """How a node is. parcels: the newest of those that wait, arrived or landed here, newest first; runs: the newest first."""

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
    runs: tuple[Run, ...] = ()
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


RUN_STATES: Final = {
    "queued": "等待重试",
    "sent": "执行中",
    "released": "已放行",
    "rejected": "未执行",
    "quarantined": "已隔离",
}


def run(attempt: Attempt) -> Run:
    """Return an attempt as the page shows it."""
    shown = Run(
        attempt.order_id,
        attempt.number,
        RUN_STATES.get(attempt.state, attempt.state),
        attempt.started_at,
        attempt.ended_at,
    )
    if not attempt.receipt:
        return shown
    envelope = msgspec.json.decode(attempt.receipt, type=Envelope)
    found = msgspec.json.decode(envelope.payload, type=Receipt)
    return msgspec.structs.replace(
        shown,
        sent=found.source.rows,
        arrived=found.target.rows,
        set_aside=found.dirty,
        reconciled=found.reconciled,
    )


def _count(value: int | None) -> str:
    return "—" if value is None else f"{value:,}"


def _runs(runs: tuple[Run, ...]) -> str:
    """Return the runs as a table."""
    agreed = {None: "—", True: "两端一致", False: "两端不一致"}
    heads = ("开始", "结束", "任务", "状态", "发送行数或文件数", "接收行数或文件数", "另行登记行数", "核对")
    cells = [
        (
            _moment(one.started_at),
            _moment(one.ended_at),
            f"{one.id}（第 {one.attempt} 次）",
            one.state,
            _count(one.sent),
            _count(one.arrived),
            _count(one.set_aside),
            agreed[one.reconciled],
        )
        for one in runs
    ]
    return _table(heads, cells) if cells else "<p>还没有执行过任务。</p>"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def page(status: Status) -> bytes:
    """Return the status as an HTML page without scripts."""
    rows = "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(v)}</td></tr>" for k, v in lines(status))
    carried = [(_moment(one.made_at), one.state, one.id) for one in status.parcels]
    parcels = _table(("时间", "状态", "编号"), carried) if carried else "<p>还没有包裹。</p>"
    log = "".join(f"<li>{html.escape(line)}</li>" for line in reversed(status.log))
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>前置机 {html.escape(status.node)}</title><h1>聚通前置机</h1><table>{rows}</table>"
        f"<h2>最近任务</h2>{_runs(status.runs)}"
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


async def serve(bind: str, current: Callable[[], Awaitable[Status]]) -> asyncio.Server:
    """Answer GET / and GET /status.json until closed."""
    host, port = check_bind(bind)

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(await _answer(head, current))
            await writer.drain()
        writer.close()

    return await asyncio.start_server(speak, host, port, limit=LONGEST_HEAD)


async def _answer(head: bytes, current: Callable[[], Awaitable[Status]]) -> bytes:
    first, *rest = head.decode("latin-1").split("\r\n")
    named = next((line.partition(":")[2].strip() for line in rest if line.lower().startswith("host:")), "")
    host = named.rpartition(":")[0] or named
    if host.strip("[]") not in {"127.0.0.1", "localhost", "::1"}:  # a name that somebody made point here
        return _response("421 Misdirected Request", b"", "text/plain")
    if first.startswith("GET /status.json "):
        return _response("200 OK", msgspec.json.encode(await current()), "application/json")
    if first.startswith("GET / "):
        return _response("200 OK", page(await current()), "text/html; charset=utf-8")
    return _response("404 Not Found", b"", "text/plain")


def _response(status: str, body: bytes, kind: str) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode("ascii") + body
