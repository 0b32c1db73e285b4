"""Which addresses the data plane may connect to as data sources: decided after name resolution, before connecting."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.dataplane.settings import current

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check_address(address: Address, allowed: Sequence[str]) -> None:
    """Refuse an address outside `allowed` (CIDR); without a list, everything but loopback, link-local and the like."""
    plain = getattr(address, "ipv4_mapped", None) or address
    networks = [ipaddress.ip_network(entry, strict=False) for entry in allowed if not entry.startswith("/")]
    if networks:
        fits = any(plain.version == network.version and plain in network for network in networks)
    else:
        fits = not (
            plain.is_loopback or plain.is_link_local or plain.is_multicast or plain.is_unspecified or plain.is_reserved
        )
    if not fits:
        message = "数据源地址不在允许连接的网段内，请更换地址，或由系统管理员在 JUTONG_SOURCE_ADDRESSES 中登记该网段。"
        raise RuleBroken(message)


def check_socket(folder: str, allowed: Sequence[str]) -> None:
    """Refuse a Unix socket folder unless it lies below a folder that `allowed` names (an entry starting with /)."""
    path = PurePosixPath(folder)
    folders = [PurePosixPath(entry) for entry in allowed if entry.startswith("/")]
    if ".." in path.parts or not any(path.is_relative_to(entry) for entry in folders):
        message = (
            "不允许通过本机套接字连接数据源，请改用网络地址，或由系统管理员在 JUTONG_SOURCE_ADDRESSES 中登记该目录。"
        )
        raise RuleBroken(message)


def check_file(path: str, allowed: Sequence[str]) -> None:
    """Refuse a database file unless it really lies (links followed) below a folder that `allowed` names."""
    if not path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise RuleBroken("数据库文件应写绝对路径，且不含“..”，请修改。")
    real, folders = Path(path).resolve(), [Path(entry).resolve() for entry in allowed if entry.startswith("/")]
    if not any(real.is_relative_to(folder) and real != folder for folder in folders):
        message = "数据库文件不在允许的目录内，请更换路径，或由系统管理员在 JUTONG_SOURCE_ADDRESSES 中登记该目录。"
        raise RuleBroken(message)


async def _addresses(host: str, port: int) -> list[str]:
    """Return every address of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]).partition("%")[0] for entry in found]


async def check_foreign(addresses: Sequence[str], port: int, database: str, own: Sequence[str]) -> None:
    """Refuse the platform's own databases (`own`: their URLs) as a data source, by whatever name they are called."""
    for url in own:
        parts = urlsplit(url)
        if not parts.hostname or (parts.path.lstrip("/"), parts.port or port) != (database, port):
            continue
        with suppress(OSError):
            if set(addresses) & set(await _addresses(parts.hostname, port)):
                raise RuleBroken("平台自身的数据库不能作为数据源，请更换数据源。")


async def resolve(host: str, port: int, database: str) -> str:
    """Return the address to connect to: every address of the name must be allowed, and the first one is used.

    A socket folder is returned as it is. Connecting to the returned address, not to the name, leaves a name server no
    second chance to answer otherwise.
    """
    settings = current()
    allowed = settings.source_addresses
    if not host:
        raise RuleBroken("数据源的主机地址为空，请填写。")
    if host.startswith("/"):
        check_socket(host, allowed)
        return host
    try:
        addresses = await _addresses(host, port)
    except (OSError, UnicodeError) as error:
        raise Unavailable("无法解析数据源的主机名，请检查地址或域名服务。") from error
    for address in addresses:
        check_address(ipaddress.ip_address(address), allowed)
    await check_foreign(addresses, port, database, (settings.database_url, settings.book_url))
    return addresses[0]
