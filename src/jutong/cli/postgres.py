"""The embedded PostgreSQL: made, hardened, started; shared by the commands of one instance, the last of which stops it."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jutong.cli import binaries, home, roles
from jutong.cli.words import Stopped
from jutong.cli.words import gettext as _

HOST = "127.0.0.1"
SUPERUSER = "postgres"
PORT_SETTING = "JUTONG_POSTGRES_PORT"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_permissions": "0700",
    "wal_level": "logical",
    "password_encryption": "scram-sha-256",
    "max_connections": "120",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "on",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_filename": "postgres-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
}
UNDURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
BUFFERS_MIB = range(128, 1024 + 1)
"""What the server keeps of its pages in memory of its own: an eighth of the machine's memory within these bounds."""
CONTAINER_MEMORY = Path("/sys/fs/cgroup/memory.max")
_SOCKET_PATH_LIMIT = 90  # sun_path holds 107 bytes, the socket's own name takes the rest


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `url` gives each role its own way in (scram-sha-256, 127.0.0.1 only)."""

    home: home.Home
    port: int

    def url(self, role: str, database: str = roles.DATABASE) -> str:
        """Return the address for `role`; the password is the one in JUTONG_HOME/secrets."""
        return f"postgresql://{role}:{self.home.secret(f'postgres.{role}')}@{HOST}:{self.port}/{database}"


@contextmanager
def running(at: home.Home, *, durable: bool = True) -> Iterator[Server]:
    """Yield the server of this home, started if need be; the last user of several processes stops it.

    `durable=False` turns fsync off, for tests that throw the data away.
    """
    at.create()
    runner = _prepare(at)
    users = os.open(at.postgres / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with _only_one(at):
            fcntl.flock(users, fcntl.LOCK_SH)
            server = _up(at, runner, durable=durable)
        yield server
    finally:
        with _only_one(at):
            _stop_if_last(at, runner, users)
        os.close(users)


@contextmanager
def _only_one(at: home.Home) -> Iterator[None]:
    """Hold the lock under which servers are started and stopped."""
    handle = os.open(at.postgres / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _stop_if_last(at: home.Home, runner: binaries.Runner, users: int) -> None:
    """Stop the server unless another process still holds its share of the users' lock."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if _server_pid(at):
        runner.run("pg_ctl", "stop", "-D", str(at.postgres / "data"), "-m", "fast", "-w", log=at.postgres / "stop.log")


def _prepare(at: home.Home) -> binaries.Runner:
    """Return the runner after checking that the data directory is ours and of our version."""
    at.postgres.mkdir(mode=0o700, exist_ok=True)
    runner = binaries.runner(at.root / "postgres-programs")
    data = at.postgres / "data"
    if data.exists() and data.stat().st_uid != runner.uid:
        raise Stopped(
            _("数据库目录 {path} 的所有者不对（编号 {found}，应为 {wanted}）。").format(
                path=data, found=data.stat().st_uid, wanted=runner.uid
            ),
            _("请用当初建立它的用户运行，或执行 chown -R {wanted} {path}。").format(
                wanted=runner.uid, path=at.postgres
            ),
        )
    runner.own(at.postgres)
    _check_version(data)
    return runner


def _check_version(data: Path) -> None:
    """Refuse a data directory that another major version of PostgreSQL made, or one that is damaged."""
    if not data.exists():
        return
    file = data / "PG_VERSION"
    found = file.read_text(encoding="ascii").strip() if file.exists() else _("未知版本")
    if found != str(binaries.MAJOR):
        raise Stopped(
            _("数据库目录 {path} 是 PostgreSQL {found} 建立的，本程序内置的是 PostgreSQL {wanted}。").format(
                path=data, found=found, wanted=binaries.MAJOR
            ),
            _("请先用原版本的聚通导出（pg_dump），换一个 JUTONG_HOME 后导入；或用 pg_upgrade 升级该目录。"),
        )


def _up(at: home.Home, runner: binaries.Runner, *, durable: bool) -> Server:
    """Return the server, started when it does not run; the caller holds the lock."""
    data = at.postgres / "data"
    if not data.exists():
        _initialise(at, runner)
    if _server_pid(at):
        return Server(at, int((at.postgres / "port").read_text(encoding="ascii")))
    at.check_space()
    server = Server(at, _port(at))
    _configure(at, runner, server.port, durable=durable)
    log = at.postgres / "start.log"
    done = runner.run("pg_ctl", "start", "-D", str(data), "-w", "-t", "90", log=log)
    if done.returncode:
        raise explain(done.stdout + _newest_log(data), at)
    roles.ensure(server.url(SUPERUSER, "postgres"), {name: at.secret(f"postgres.{name}") for name in roles.LOGINS})
    return server


def _initialise(at: home.Home, runner: binaries.Runner) -> None:
    """Make the data directory: UTF-8, builtin collation, scram on every line of pg_hba.conf, page checksums.

    It gets its name when it is complete; what a first start that was cut off has left is made anew.
    """
    partial = at.postgres / "data.new"
    shutil.rmtree(partial, ignore_errors=True)
    password = at.postgres / "password"
    password.write_text(at.secret(f"postgres.{SUPERUSER}"), encoding="ascii")
    password.chmod(0o600)
    runner.own(password)
    try:
        done = runner.run(
            "initdb", "-D", str(partial), "-U", SUPERUSER, f"--pwfile={password}", "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
        )  # fmt: skip
    finally:
        password.unlink()
    if done.returncode:
        raise explain(done.stderr, at)
    partial.rename(at.postgres / "data")


def _configure(at: home.Home, runner: binaries.Runner, port: int, *, durable: bool) -> None:
    """Write our settings into a file of their own, which postgresql.conf includes last."""
    data = at.postgres / "data"
    sockets = at.postgres / "run"
    shutil.rmtree(sockets, ignore_errors=True)  # a killed server leaves its socket's lock behind
    sockets.mkdir(mode=0o700)
    runner.own(sockets)
    where = str(sockets) if len(str(sockets)) < _SOCKET_PATH_LIMIT else ""
    buffers = min(max(_memory() // 8 >> 20, BUFFERS_MIB[0]), BUFFERS_MIB[-1]) if durable else BUFFERS_MIB[0]
    values = {**SETTINGS, "shared_buffers": f"{buffers}MB", "port": str(port), "unix_socket_directories": where}
    values |= {} if durable else UNDURABLE
    ours = data / "jutong.conf"
    ours.write_text("".join(f"{name} = '{value}'\n" for name, value in values.items()), encoding="utf-8")
    runner.own(ours)
    main = data / "postgresql.conf"
    line = "include = 'jutong.conf'\n"
    if line not in main.read_text(encoding="utf-8"):
        with main.open("a", encoding="utf-8") as file:
            file.write(line)


def _memory() -> int:
    """Return the bytes of memory there are: the machine's, or what a container may have of them."""
    import psutil

    whole = int(psutil.virtual_memory().total)
    try:
        return min(whole, int(CONTAINER_MEMORY.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return whole


def _port(at: home.Home) -> int:
    """Return the port of this home: the one asked for, else the one of last time, else a free one, now kept."""
    kept = at.postgres / "port"
    asked = os.environ.get(PORT_SETTING) or (kept.read_text(encoding="ascii") if kept.exists() else "0")
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, int(asked)))
            port = int(probe.getsockname()[1])
    except (ValueError, OverflowError) as error:
        raise Stopped(
            _("{name} 的值 {value} 不是端口号。").format(name=PORT_SETTING, value=asked),
            _("请填写 1024 到 65535 的整数。"),
        ) from error
    except OSError as error:
        raise _port_busy(asked) from error
    kept.write_text(str(port), encoding="ascii")
    return port


def _port_busy(port: str) -> Stopped:
    return Stopped(
        _("内置数据库的端口 {port} 已被别的程序占用。").format(port=port),
        _("请停止那个程序，或把 {name} 设为一个空闲端口后重试。").format(name=PORT_SETTING),
    )


def _server_pid(at: home.Home) -> int | None:
    """Return the process of the running server; a pid file left by a crash, whoever has the number now, is removed."""
    import psutil

    file = at.postgres / "data" / "postmaster.pid"
    for _try in range(50):
        try:
            pid = int(file.read_text(encoding="ascii").split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        try:
            process = psutil.Process(pid)
            command = " ".join(process.cmdline())
        except psutil.NoSuchProcess:
            command = ""
        if str(at.postgres / "data") not in command:
            file.unlink(missing_ok=True)
            return None
        if "ready" in file.read_text(encoding="ascii"):
            return pid
        time.sleep(0.1)  # it is just starting or stopping
    return None


def _newest_log(data: Path) -> str:
    logs = sorted((data / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
    return logs[-1].read_text(encoding="utf-8", errors="replace")[-4000:] if logs else ""


def explain(output: str, at: home.Home) -> Stopped:
    """Return what PostgreSQL's own English complaint means, in one sentence with the remedy."""
    if "No space left on device" in output:
        return home.disk_full(at.root, shutil.disk_usage(at.root).free)
    if "Address already in use" in output or "could not create any TCP/IP sockets" in output:
        port = at.postgres / "port"
        return _port_busy(port.read_text(encoding="ascii") if port.exists() else "")
    if "Permission denied" in output:
        return Stopped(
            _("数据库的系统用户进不了数据目录 {path}：上级目录不允许。").format(path=at.postgres),
            _("请把 JUTONG_HOME 设到其他用户可以经过的位置（例如 /var/lib/jutong），聚通不会改动上级目录的权限。"),
        )
    if "shared memory" in output or "could not map anonymous" in output:
        return Stopped(_("内存不足，内置数据库无法启动。"), _("请关闭别的程序或增加内存后重试。"))
    last = re.findall(r"(?:FATAL|PANIC|error|ERROR):\s*(.+)", output)
    return Stopped(
        _("内置数据库无法启动：{reason}。").format(reason=last[-1] if last else _("原因不明")),
        _("详情见 {path}。").format(path=at.postgres / "data" / "log"),
    )
