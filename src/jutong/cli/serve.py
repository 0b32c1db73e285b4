"""`jutong setup`, `serve`, `status` and `worker`: from an empty folder to a running platform on one machine."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from jutong.cli import home, instance, migrating, roles
from jutong.cli.supervisor import Child, Supervisor
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _

WEB_SETTING = "JUTONG_WEB_BIND"
WEB_BIND = "127.0.0.1:8000"
READY_SECONDS = 60.0
MOST_PROCESSES = 64
AS_FACTORY = ("--interface", "asgi", "--factory")
CROWDED = ("--backlog", "4096", "--backpressure", "16384")
"""For the gateway: a slow reader holds its connection for long, and a thousand of them must leave room for the quick."""
SHARED_FIGURES = "PROMETHEUS_MULTIPROC_DIR"


@click.command(help=_("建立数据目录、密钥、数据库和表结构；可以重复执行。"))
def setup() -> None:
    """Make or bring up to date everything an instance needs (idempotent)."""
    with instance.opened() as ours:
        prepare(ours)
        say(_("准备就绪：数据目录 {path}。").format(path=ours.home.root))


@click.command(help=_("启动全部进程（网页、后台任务、网关、探测、传输），按 Ctrl-C 停止。"))
@click.option("--quiet", is_flag=True, help=_("不在终端显示各进程的日志（仍写入日志目录）。"))
def serve(*, quiet: bool) -> None:
    """Run the whole platform on this machine until SIGTERM or Ctrl-C."""
    at = home.find().create()
    with _alone(at), instance.opened() as ours:
        _check_binds()
        if subprocess.run([sys.executable, "-m", "jutong", "setup"], check=False).returncode:
            raise Stopped(_("准备工作没有完成。"), _("请按上面的提示处理后重试。"))
        say(_("聚通已启动：网页 http://{web}，网关 http://{gateway}。按 Ctrl-C 停止。").format(**binds()))
        asyncio.run(Supervisor(children(ours), logs=at.logs, say=_silence if quiet else say).run())
        say(_("已全部停止。"))


@click.command(help=_("显示本机实例的状态。"))
def status() -> None:
    """Say whether the instance runs and which addresses answer; exit code 1 when it does not."""
    at = home.find()
    pid = holder(at)
    say(_("数据目录：{path}").format(path=at.root))
    for name, address in binds().items():
        say(f"{name:8} {address:24} {_('可连接') if _answers(address) else _('未启动')}")
    if pid is None:
        raise Stopped(_("聚通没有运行。"), _("请执行 jutong serve。"))
    say(_("聚通正在运行（进程 {pid}）。").format(pid=pid))


@click.command(hidden=True, help=_("运行后台任务进程（由 serve 启动）。"))
def worker() -> None:
    """Run the jobs, the clocks, the outbox and the sealer; started by `serve`."""
    instance.set_up()
    from jutong.kernel.jobs import run_worker

    run_worker()


def prepare(ours: instance.Instance) -> None:
    """Make secrets, keys and the node beside us, migrate as the owner, apply the grants."""
    instance.load_django(ours, roles.OWNER)
    _make_keys(ours.home)
    from django.db import connection

    from jutong.kernel import handovers

    if instance.migrations()[1]:  # a start with nothing to migrate need not imagine every model there ever was
        migrating.migrate()
    handovers.finish()
    connection.close()
    roles.apply_grants(ours.database(roles.OWNER))


def _make_keys(at: home.Home) -> None:
    """Make the instance's SM2 key and the local node's secret and key, each once; tell the node our public key."""
    from jutong.crypto import keyfile, sm2
    from jutong.kernel import clock, keys

    folder = at.nodes / instance.NODE
    folder.mkdir(mode=0o700, exist_ok=True)
    passphrase = home.keep(folder / "passphrase", home.random_words())
    keyfile.load_or_create(folder / "key.json", passphrase, at=clock.now())
    home.keep(folder / "secret", home.random_hex())
    (folder / "control.pub").write_text(sm2.public_hex(keys.instance().public), encoding="ascii")


def binds() -> dict[str, str]:
    """Return the addresses on which the processes listen, host:port by name."""
    from jutong.dataplane.settings import Settings

    plane = Settings()
    return {
        "web": os.environ.get(WEB_SETTING, WEB_BIND),
        "gateway": plane.gateway_bind,
        "probe": plane.probe_bind,
    }


def children(ours: instance.Instance) -> list[Child]:
    """Return the processes of one machine."""
    where = binds()
    node = {
        **ours.node_environment(),
        "JUTONG_CONTROL_URL": os.environ.get("JUTONG_CONTROL_URL", f"http://{where['web']}"),
    }
    return [
        Child(
            "web",
            granian(
                "jutong.site.wsgi:application",
                where["web"],
                "--interface",
                "wsgi",
                "--blocking-threads",
                "16",
                workers=count("web_workers"),
            ),
            {**origins(where), **ours.environment(roles.WEB), SHARED_FIGURES: str(_figures(ours.home))},
        ),
        Child(
            "worker",
            [sys.executable, "-m", "jutong", "worker"],
            {**origins(where), **ours.environment(roles.WORKER)},
        ),
        *plane_children(where, node),
    ]


def origins(where: dict[str, str]) -> dict[str, str]:
    """Return where the processes find each other: what is set, else the addresses on which they listen."""
    names = {f"JUTONG_{name.upper()}_ORIGIN": f"http://{address}" for name, address in where.items()}
    return {name: os.environ.get(name, origin) for name, origin in names.items()}


def plane_children(where: dict[str, str], environment: dict[str, str]) -> list[Child]:
    """Return the processes of the data plane: what also runs alone, on a front-end node."""
    return [
        Child(
            "gateway",
            granian(
                "jutong.dataplane.gateway.app:create",
                where["gateway"],
                "--ws",
                *AS_FACTORY,
                *CROWDED,
                workers=count("gateway_workers"),
            ),
            environment,
        ),
        Child("probe", granian("jutong.dataplane.probe:create", where["probe"], *AS_FACTORY), environment),
        *runners(environment),
    ]


def runners(environment: dict[str, str]) -> list[Child]:
    """Return the transfer processes, as many as JUTONG_RUNNERS says, each with an address of its own for its figures."""
    from jutong.dataplane.settings import Settings

    command, bind = [sys.executable, "-m", "jutong", "node", "runner"], Settings().runner_metrics
    found = []
    for number in range(count("runners")):
        host, port = split(bind) if bind else ("", 0)
        own = {"JUTONG_RUNNER_METRICS": f"{host}:{port + number}" if bind else ""}
        found.append(Child("runner" if number == 0 else f"runner-{number + 1}", command, {**environment, **own}))
    return found


def count(what: str) -> int:
    """Return how many processes of a kind (runners, web_workers, gateway_workers) are wanted; 1 by default, at most 64."""
    name = f"JUTONG_{what.upper()}"
    given = os.environ.get(name, "1")
    if not given.isdecimal() or not 1 <= int(given) <= MOST_PROCESSES:
        raise Stopped(_("{name} 的值 {value} 不对。").format(name=name, value=given), _("请填写 1 到 64 的整数。"))
    return int(given)


def _figures(at: home.Home) -> Path:
    """Return the folder in which the web processes add their figures up, emptied of those of an earlier start."""
    folder = at.root / "figures"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def granian(target: str, bind: str, *options: str, workers: int = 1) -> Sequence[str]:
    """Return the command that serves `target` on `bind` with so many worker processes."""
    host, port = split(bind)
    return [
        sys.executable, "-m", "granian", "--host", host, "--port", str(port), "--workers", str(workers),
        "--workers-kill-timeout", "5", "--log-level", "error", *(() if "--ws" in options else ("--no-ws",)), *options, target,
    ]  # fmt: skip


def split(bind: str) -> tuple[str, int]:
    """Return host and port of "host:port"; refuses anything else."""
    host, _colon, port = bind.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the largest port there is
        raise Stopped(_("监听地址 {bind} 不对。").format(bind=bind), _("请写成 主机:端口，例如 127.0.0.1:8000。"))
    return host.strip("[]"), int(port)


def _check_binds() -> None:
    """Refuse to start where another program holds one of our addresses."""
    for name, bind in binds().items():
        host, port = split(bind)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise Stopped(
                    _("{name} 的监听地址 {bind} 不可用（已被占用，或不是本机地址）。").format(name=name, bind=bind),
                    _("请停止占用它的程序，或设置 {setting}。").format(setting=f"JUTONG_{name.upper()}_BIND"),
                ) from error


def _answers(bind: str) -> bool:
    """Say whether something accepts connections there."""
    try:
        with socket.create_connection(split(bind), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def _alone(at: home.Home) -> Iterator[None]:
    """Hold the instance's lock; a lock of a process that died is no lock."""
    handle = os.open(at.root / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Stopped(
            _("聚通已在运行（进程 {pid}）。").format(pid=holder(at)), _("请直接使用它，或先停止它再启动。")
        ) from error
    try:
        os.truncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)


def holder(at: home.Home) -> int | None:
    """Return the process that serves this home, or None."""
    path = at.root / "serve.lock"
    if not path.exists():
        return None
    with path.open(encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read() or 0)
    return None


def _silence(line: str) -> None:
    """Show nothing; the line is in the log."""
    del line


@contextmanager
def serving(*options: str, logs: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run `jutong serve` in a process of its own until the block ends; yields once web and gateway answer."""
    _check_binds()
    with open(logs or os.devnull, "ab") as output:  # noqa: PTH123 - also /dev/null
        process = subprocess.Popen([sys.executable, "-m", "jutong", "serve", *options], stdout=output, stderr=output)  # noqa: S603
        try:
            _wait_until_ready(process)
            yield process
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    """Wait for every address to answer; refuse when the process ends or a minute has passed."""
    end = time.monotonic() + READY_SECONDS
    while not all(_answers(bind) for bind in binds().values()):
        if process.poll() is not None or time.monotonic() > end:
            raise Stopped(_("聚通没有启动成功。"), _("请查看 {path} 下的日志。").format(path=home.find().logs))
        time.sleep(0.2)
