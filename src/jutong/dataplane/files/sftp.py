"""An SFTP server's folder as a store: the host key pinned, names as bytes, many requests under way at once."""

from __future__ import annotations

import base64
import io
import logging
import posixpath
import re
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import paramiko
from paramiko.message import Message
from paramiko.sftp import CMD_CLOSE, CMD_HANDLE, CMD_NAME, CMD_OPENDIR, CMD_READDIR, SFTPError
from paramiko.sftp_attr import SFTPAttributes

from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.dataplane.files.stores import MOST_FILES, Entry, Names, check_name, depth, matcher, part_name, split

logging.getLogger("paramiko").setLevel(logging.WARNING)  # a line per connection and file says nothing

SECONDS = 15.0
WINDOW = 16 << 20
PREFETCH = 64
_RSA = ["rsa-sha2-512", "rsa-sha2-256"]


@dataclass(frozen=True, slots=True)
class Host:
    """How to get there. address: the resolved one. host_key: "TYPE BASE64" as ssh-keyscan writes it.

    secret: a password, or a private key in PEM or OpenSSH form.
    """

    address: str
    port: int
    user: str
    secret: str = field(repr=False)
    host_key: str = ""


def pinned(host_key: str) -> tuple[str, bytes]:
    """Return type and blob of a pinned host key; RuleBroken when it is none."""
    parts = host_key.split()
    parts = parts[1:] if len(parts) > 2 and not parts[0].startswith(("ssh-", "ecdsa-")) else parts  # noqa: PLR2004 - host, type, key
    try:
        kind, blob = parts[0], base64.b64decode(parts[1], validate=True)
        known = Message(blob).get_text() == kind
    except (IndexError, ValueError):
        known = False
    if not known:
        message = (
            "SFTP 数据源必须登记服务器主机公钥（形如“ssh-ed25519 AAAA…”，由 ssh-keyscan 取得并人工核对），请补正。"
        )
        raise RuleBroken(message)
    return kind, blob


def _lined(secret: str) -> str:
    """Return a PEM text with its line ends, which a field for passwords takes away."""
    found = re.fullmatch(r"(-----BEGIN [A-Z ]+-----)(.+)(-----END [A-Z ]+-----)", secret.strip(), re.DOTALL)
    if found is None:
        return secret
    body = "".join(found[2].split())
    return "\n".join([found[1], *(body[n : n + 64] for n in range(0, len(body), 64)), found[3], ""])


def _private(secret: str) -> Any:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with suppress(paramiko.SSHException, ValueError):
            return kind.from_private_key(io.StringIO(_lined(secret)))
    raise RuleBroken("SFTP 私钥无法读取（仅支持未加密的 Ed25519、ECDSA、RSA 私钥），请重新填写。")


def _check_key(transport: Any, blob: bytes) -> None:
    """Refuse a server that is not the pinned one, before any secret is sent."""
    if transport.get_remote_server_key().asbytes() != blob:
        raise Unavailable("SFTP 服务器的主机公钥与登记的不一致，已拒绝连接，请向对方核实后更新登记。")


def connect(host: Host) -> Any:
    """Return an authenticated transport to exactly the pinned server; `Unavailable` with the reason otherwise."""
    kind, blob = pinned(host.host_key)
    key = _private(host.secret) if host.secret.lstrip().startswith("-----BEGIN") else None
    try:
        line = socket.create_connection((host.address, host.port), timeout=SECONDS)
    except OSError as error:
        raise Unavailable("无法连接 SFTP 服务器，请检查地址、端口与网络。") from error
    transport = paramiko.Transport(line, default_window_size=WINDOW)
    try:
        transport.banner_timeout = transport.auth_timeout = SECONDS
        transport.get_security_options().key_types = _RSA if kind == "ssh-rsa" else [kind]
        transport.start_client(timeout=SECONDS)
        _check_key(transport, blob)
        if key is None:
            transport.auth_password(host.user, host.secret)
        else:
            transport.auth_publickey(host.user, key)
    except paramiko.AuthenticationException as error:
        transport.close()
        raise Unavailable("SFTP 服务器拒绝了用户名、口令或私钥，请更新数据源的访问凭据。") from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        transport.close()
        message = "与 SFTP 服务器协商失败（主机公钥与登记的不一致，或算法不被双方支持），请核实后更新登记。"
        raise Unavailable(message) from error
    except BaseException:
        transport.close()
        raise
    return transport


class _Client(paramiko.SFTPClient):  # type: ignore[misc]
    """A session that lists names as bytes."""

    def listed(self, path: bytes) -> Iterator[tuple[bytes, SFTPAttributes]]:
        """Return the entries of a folder with their attributes."""
        kind, answer = self._request(CMD_OPENDIR, path)
        if kind != CMD_HANDLE:
            raise SFTPError("no handle")
        handle = answer.get_binary()
        try:
            while True:
                try:
                    kind, answer = self._request(CMD_READDIR, handle)
                except EOFError:
                    return
                if kind != CMD_NAME:
                    raise SFTPError("no names")
                for _ in range(answer.get_int()):
                    name, _long = answer.get_binary(), answer.get_binary()
                    yield name, SFTPAttributes._from_msg(answer)  # noqa: SLF001 - the library's own way
        finally:
            self._request(CMD_CLOSE, handle)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn errors of the session into refusals, a missing file excepted."""
    try:
        yield
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise Unavailable("SFTP 服务器不允许读写该文件夹，请检查账号权限。") from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise Unavailable("与 SFTP 服务器的连接中断或操作失败，请检查网络与空间后重试。") from error


class SftpStore:
    """One folder of a server; threads share its connection, each with a session of its own."""

    resumes = True

    def __init__(self, host: Host, folder: str, names: Names, transport: Any = None) -> None:
        self._host = host
        self._base = folder
        self._folder = folder.encode("utf-8", "surrogateescape") or b"."
        self._names = names
        self._own = transport is None
        self._transport = transport
        self._made: _Client | None = None
        self._known: set[str] = set()

    @property
    def _client(self) -> _Client:
        if self._made is None:
            self._transport = self._transport or connect(self._host)
            with _refusing():
                made = _Client.from_transport(self._transport, window_size=WINDOW)
                if made is None:
                    raise Unavailable("SFTP 服务器没有开放 SFTP 子系统，请联系对方。")
                made.get_channel().settimeout(60)
                self._made = made
        return self._made

    def describe(self) -> str:
        """See `Store.describe`."""
        with self._missing():
            attributes = self._client.stat(self._folder)
        if not stat.S_ISDIR(attributes.st_mode or 0):
            raise RuleBroken("SFTP 数据源的路径不是文件夹，请修改。")
        return f"SFTP（{self._transport.remote_version.removeprefix('SSH-2.0-')}）"

    @contextmanager
    def _missing(self) -> Iterator[None]:
        try:
            with _refusing():
                yield
        except FileNotFoundError as error:
            raise Unavailable("SFTP 服务器上没有该文件夹或文件，请检查路径。") from error

    def _path(self, name: str) -> bytes:
        return posixpath.join(self._folder, self._names.raw(check_name(name)))

    def entries(self, pattern: str) -> Iterator[Entry]:
        """See `Store.entries`; links are left out."""
        matches, count = matcher(pattern), 0
        for entry in self._walk("", depth(pattern)):
            if matches(entry.name):
                count += 1
                if count > MOST_FILES:
                    raise RuleBroken(f"匹配的文件超过 {MOST_FILES} 个，请缩小文件名模式。")
                yield entry

    def _walk(self, folder: str, deep: int) -> Iterator[Entry]:
        with self._missing():
            found = list(self._client.listed(self._path(folder) if folder else self._folder))
        for raw, attributes in found:
            if raw in (b".", b".."):
                continue
            name = (folder + "/" if folder else "") + self._names.text(raw)
            if stat.S_ISREG(attributes.st_mode or 0):
                yield _entry(name, attributes)
            elif deep and stat.S_ISDIR(attributes.st_mode or 0):
                yield from self._walk(name, deep - 1)

    def entry(self, name: str) -> Entry | None:
        """See `Store.entry`."""
        with _refusing():
            try:
                attributes = self._client.lstat(self._path(name))
            except FileNotFoundError:
                return None
        if not stat.S_ISREG(attributes.st_mode or 0):
            raise RuleBroken("不是普通文件，不能交换。")
        return _entry(name, attributes)

    def reader(self, name: str) -> BinaryIO:
        """See `Store.reader`: reads ahead, many requests at once."""
        with self._missing():
            found = self._client.open(self._path(name), "rb", 1 << 18)
            found.prefetch(max_concurrent_requests=PREFETCH)
        return _Guarded(found)  # type: ignore[return-value]

    def started(self, name: str, tag: str) -> int:
        """See `Store.started`."""
        found = self.entry(part_name(name, tag))
        return found.size if found else 0

    def part_reader(self, name: str, tag: str) -> BinaryIO:
        """See `Store.part_reader`."""
        return self.reader(part_name(name, tag))

    def writer(self, name: str, tag: str, offset: int) -> BinaryIO:
        """See `Store.writer`: does not wait for the answer to each write before the next."""
        self._folders(split(name)[0])
        with self._missing():
            path = self._path(part_name(name, tag))
            if offset:
                self._client.truncate(path, offset)
            found = self._client.open(path, "r+b" if offset else "wb", 1 << 18)
            found.seek(offset)
            found.set_pipelined(pipelined=True)
        return _Guarded(found)  # type: ignore[return-value]

    def _folders(self, folder: str) -> None:
        """Make the folders of a file, once each."""
        parts = folder.split("/") if folder else []
        for n in range(1, len(parts) + 1):
            name = "/".join(parts[:n])
            if name in self._known:
                continue
            with _refusing():
                try:
                    attributes = self._client.lstat(self._path(name))
                except FileNotFoundError:
                    with suppress(OSError):
                        self._client.mkdir(self._path(name), 0o750)
                    attributes = self._client.lstat(self._path(name))
            if not stat.S_ISDIR(attributes.st_mode or 0):
                raise RuleBroken("目标路径中有符号链接或同名文件，不能写入，请清理目标文件夹。")
            self._known.add(name)

    def publish(self, name: str, tag: str) -> None:
        """See `Store.publish`."""
        with self._missing():
            self._client.posix_rename(self._path(part_name(name, tag)), self._path(name))

    def discard(self, name: str, tag: str) -> None:
        """See `Store.discard`."""
        with suppress(FileNotFoundError, Unavailable), _refusing():
            self._client.remove(self._path(part_name(name, tag)))

    def another(self) -> SftpStore:
        """See `Store.another`: another session on the same connection."""
        _ = self._client
        return SftpStore(self._host, self._base, self._names, self._transport)

    def close(self) -> None:
        """See `Store.close`."""
        if self._made is not None:
            self._made.close()
        if self._own and self._transport is not None:
            self._transport.close()


class _Guarded(io.RawIOBase):
    """A remote file whose errors are refusals; closing it waits for every write."""

    def __init__(self, file: Any) -> None:
        super().__init__()
        self._file = file

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def seekable(self) -> bool:
        """Tell that places can be gone to."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return some bytes."""
        with _refusing():
            return self._file.read(size if size >= 0 else None)  # type: ignore[no-any-return]

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def write(self, piece: Any) -> int:
        """Write all of a piece."""
        with _refusing():
            self._file.write(bytes(piece))
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        self._file.seek(offset, whence)
        return self.tell()

    def tell(self) -> int:
        """Return the place."""
        return int(self._file.tell())

    def close(self) -> None:
        """Wait for what is under way and close."""
        if not self.closed:
            super().close()
            with _refusing():
                self._file.close()


def _entry(name: str, found: SFTPAttributes) -> Entry:
    return Entry(name, int(found.st_size or 0), f"{int(found.st_mtime or 0)}")
